//! LightGBM through its C interface: `…SingleRowFast` for one row, `…ForMat` for more.

#![allow(unsafe_code, reason = "another library is called through C")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ops::Range;
use std::path::Path;
use std::ptr;

use anyhow::{Result, bail, ensure};

use crate::contender::Predict;
use crate::library;
use crate::rows::Rows;

type Handle = *mut c_void;
type LastError = unsafe extern "C" fn() -> *const c_char;
type Create = unsafe extern "C" fn(*const c_char, *mut c_int, *mut Handle) -> c_int;
/// Booster, kind of prediction, first and number of iterations, type and number of values,
/// parameters; the prepared call.
type FastInit = unsafe extern "C" fn(
    Handle,
    c_int,
    c_int,
    c_int,
    c_int,
    i32,
    *const c_char,
    *mut Handle,
) -> c_int;
type Fast = unsafe extern "C" fn(Handle, *const c_void, *mut i64, *mut f64) -> c_int;
/// Booster, values and their type, rows, columns, whether row after row, kind of prediction, first
/// and number of iterations, parameters; number of answers, answers.
type ForMat = unsafe extern "C" fn(
    Handle,
    *const c_void,
    c_int,
    i32,
    i32,
    c_int,
    c_int,
    c_int,
    c_int,
    *const c_char,
    *mut i64,
    *mut f64,
) -> c_int;

const FLOAT64: c_int = 1;
const NORMAL: c_int = 0;
const ROW_MAJOR: c_int = 1;
const ALL_ITERATIONS: c_int = -1;
const PARAMETERS: &CStr = c"num_threads=1";

pub(crate) struct Lightgbm {
    booster: Handle,
    /// One row of that many values, prepared.
    single: Handle,
    width: usize,
    fast: Fast,
    for_mat: ForMat,
    last_error: LastError,
}

impl Lightgbm {
    pub(crate) fn load(library: &Path, model: &Path, width: usize) -> Result<Self> {
        let library = library::load(library)?;
        // SAFETY: signatures of LightGBM/c_api.h.
        let (create, fast_init, last_error): (Create, FastInit, LastError) = unsafe {
            (
                library::export(library, "LGBM_BoosterCreateFromModelfile")?,
                library::export(library, "LGBM_BoosterPredictForMatSingleRowFastInit")?,
                library::export(library, "LGBM_GetLastError")?,
            )
        };
        // SAFETY: as above.
        let (fast, for_mat): (Fast, ForMat) = unsafe {
            (
                library::export(library, "LGBM_BoosterPredictForMatSingleRowFast")?,
                library::export(library, "LGBM_BoosterPredictForMat")?,
            )
        };
        let path = library::c_path(model)?;
        let (mut booster, mut single, mut iterations) = (ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: a string that ends with a zero byte; both results are written before they are
        // read.
        let code = unsafe { create(path.as_ptr(), &raw mut iterations, &raw mut booster) };
        check(last_error, code)?;
        let columns = i32::try_from(width)?;
        // SAFETY: a live booster, and as above.
        check(last_error, unsafe {
            fast_init(
                booster,
                NORMAL,
                0,
                ALL_ITERATIONS,
                FLOAT64,
                columns,
                PARAMETERS.as_ptr(),
                &raw mut single,
            )
        })?;
        Ok(Self { booster, single, width, fast, for_mat, last_error })
    }
}

impl Predict for Lightgbm {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        let values = rows.double(&range);
        ensure!(rows.width == self.width && out.len() == range.len(), "rows of another model");
        let mut answered = 0;
        let code = if range.len() == 1 {
            // SAFETY: `values` has the width that the call was prepared for, `out` has place for
            // the one answer that the model gives.
            unsafe {
                (self.fast)(
                    self.single,
                    values.as_ptr().cast(),
                    &raw mut answered,
                    out.as_mut_ptr(),
                )
            }
        } else {
            // SAFETY: `values` has as many rows and columns as said, `out` has place for an answer
            // to each row.
            unsafe {
                (self.for_mat)(
                    self.booster,
                    values.as_ptr().cast(),
                    FLOAT64,
                    i32::try_from(range.len())?,
                    i32::try_from(self.width)?,
                    ROW_MAJOR,
                    NORMAL,
                    0,
                    ALL_ITERATIONS,
                    PARAMETERS.as_ptr(),
                    &raw mut answered,
                    out.as_mut_ptr(),
                )
            }
        };
        check(self.last_error, code)?;
        ensure!(answered == i64::try_from(out.len())?, "{answered} answers to {} rows", out.len());
        Ok(())
    }
}

fn check(last_error: LastError, code: c_int) -> Result<()> {
    if code != 0 {
        // SAFETY: a string of the library's own, after a call that failed.
        bail!("{}", unsafe { library::message(last_error()) });
    }
    Ok(())
}
