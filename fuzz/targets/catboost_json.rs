//! `CatBoost` models in JSON.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use shipworthy_models::format::Format;

fuzz_target!(|bytes: &[u8]| -> Corpus { fuzz::model_file(bytes, Format::CatboostJson) });
