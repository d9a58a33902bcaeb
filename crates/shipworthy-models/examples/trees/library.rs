//! Shared libraries, loaded for good: what they export stays valid as long as the program runs.

#![allow(unsafe_code, reason = "other libraries are called through C")]

use std::ffi::{CStr, CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result};
use libloading::Library;

/// Loads a library and runs its initialisers.
pub(crate) fn load(path: &Path) -> Result<&'static Library> {
    // SAFETY: the caller names a library of the kind that its binding is written for; the
    // initialisers of those do nothing but set up their own state.
    let library = unsafe { Library::new(path) };
    let library = library.with_context(|| format!("cannot load {}", path.display()))?;
    Ok(Box::leak(Box::new(library)))
}

/// What the library exports by this name.
///
/// # Safety
/// `F` must be the type of that export: a function pointer with its signature.
pub(crate) unsafe fn export<F: Copy>(library: &'static Library, name: &str) -> Result<F> {
    // SAFETY: the caller knows the type, and the library is never unloaded.
    let symbol = unsafe { library.get::<F>(name) };
    Ok(*symbol.with_context(|| format!("no function {name}"))?)
}

/// A path as C takes it.
pub(crate) fn c_path(path: &Path) -> Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// What a library says went wrong.
///
/// # Safety
/// `message` must be null or a string that ends with a zero byte.
pub(crate) unsafe fn message(message: *const c_char) -> String {
    if message.is_null() {
        return "no reason given".into();
    }
    // SAFETY: not null, so a string by the caller's word.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}
