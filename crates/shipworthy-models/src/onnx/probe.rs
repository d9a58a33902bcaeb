//! Whether a library is ONNX Runtime, asked before anything trusts it to be: the binding takes the
//! answer for granted, and would end the process.

#![allow(unsafe_code, reason = "a foreign library is asked for two functions by their names")]

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

use super::Error;

/// ONNX Runtime's `OrtApiBase`, the one structure that no version changes.
#[repr(C)]
struct ApiBase {
    api: Option<unsafe extern "C" fn(version: u32) -> *const c_void>,
    version: Option<unsafe extern "C" fn() -> *const c_char>,
}

type GetApiBase = unsafe extern "C" fn() -> *const ApiBase;

/// Loads the library and asks for its version and API; it stays loaded.
pub(super) fn check(library: &Path) -> Result<(), Error> {
    let refuse = |why| Error::NotOnnxRuntime { library: library.to_owned(), why };
    // SAFETY: the library's initialisers run; it is the one that the operator named or installed.
    let loaded = unsafe { libloading::Library::new(library) }
        .map_err(|source| Error::Library { library: library.to_owned(), source })?;
    // SAFETY: the symbol of this name has this type in every release of ONNX Runtime's C API.
    let base = unsafe { loaded.get::<GetApiBase>(b"OrtGetApiBase\0") }
        .map_err(|_| refuse("it does not have `OrtGetApiBase`"))?;
    // SAFETY: it takes nothing and gives a pointer to a static structure, or null.
    let base = unsafe { base().as_ref() }.ok_or_else(|| refuse("it has no API"))?;
    let (Some(api), Some(version)) = (base.api, base.version) else {
        return Err(refuse("its API has no functions"));
    };
    // SAFETY: it takes any number and gives null for a version that it does not have.
    let has_api = !unsafe { api(ort::MINOR_VERSION) }.is_null();
    if !has_api {
        // SAFETY: it takes nothing and gives a static text, ended by zero.
        let version = unsafe { version().as_ref().map(|text| CStr::from_ptr(text)) };
        let version = version.map_or_else(String::new, |text| text.to_string_lossy().into_owned());
        return Err(Error::TooOld { library: library.to_owned(), version });
    }
    // Its threads and statics would not survive an unloading.
    std::mem::forget(loaded);
    Ok(())
}
