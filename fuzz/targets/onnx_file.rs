//! What is checked of an ONNX file before the runtime is given it.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { fuzz::onnx_file(bytes) });
