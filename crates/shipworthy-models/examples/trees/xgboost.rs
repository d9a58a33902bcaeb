//! XGBoost through its C interface: `XGBoosterPredictFromDense`, the in-place prediction.

#![allow(unsafe_code, reason = "another library is called through C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ops::Range;
use std::path::Path;
use std::ptr;
use std::slice;

use anyhow::{Result, bail, ensure};
use libloading::Library;
use serde_json::json;

use crate::contender::Predict;
use crate::library;
use crate::rows::Rows;

type Handle = *mut c_void;
type LastError = unsafe extern "C" fn() -> *const c_char;
type Create = unsafe extern "C" fn(*const Handle, u64, *mut Handle) -> c_int;
type LoadModel = unsafe extern "C" fn(Handle, *const c_char) -> c_int;
type SetParam = unsafe extern "C" fn(Handle, *const c_char, *const c_char) -> c_int;
type CreateProxy = unsafe extern "C" fn(*mut Handle) -> c_int;
/// Values and configuration in JSON, a matrix without meta data; the shape and its length, and the
/// answers, all three in the booster's own memory.
type FromDense = unsafe extern "C" fn(
    Handle,
    *const c_char,
    *const c_char,
    Handle,
    *mut *const u64,
    *mut u64,
    *mut *const f32,
) -> c_int;

/// Transformed predictions of all trees in the file.
const CONFIG: &CStr = cr#"{"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"cache_id":0,"missing":NaN}"#;

/// A booster, with a buffer whose description in JSON is kept: it is made once for a batch size.
pub(crate) struct Xgboost {
    booster: Handle,
    /// A call that is given none makes one, which doubles the time of one row.
    proxy: Handle,
    from_dense: FromDense,
    last_error: LastError,
    values: Vec<f32>,
    /// The array interface of `values`.
    interface: CString,
}

impl Xgboost {
    pub(crate) fn load(library: &Path, model: &Path) -> Result<Self> {
        let library = library::load(library)?;
        let (create, load_model, set_param, create_proxy) = functions(library)?;
        // SAFETY: signatures of xgboost/c_api.h.
        let (from_dense, last_error): (FromDense, LastError) = unsafe {
            (
                library::export(library, "XGBoosterPredictFromDense")?,
                library::export(library, "XGBGetLastError")?,
            )
        };
        let (mut booster, mut proxy): (Handle, Handle) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: no matrices are cached, and the handle is written before it is read.
        check(last_error, unsafe { create(ptr::null(), 0, &raw mut booster) })?;
        let path = library::c_path(model)?;
        // SAFETY: a live booster and strings that end with a zero byte.
        check(last_error, unsafe { load_model(booster, path.as_ptr()) })?;
        // SAFETY: as above.
        check(last_error, unsafe { set_param(booster, c"nthread".as_ptr(), c"1".as_ptr()) })?;
        // SAFETY: the handle is written before it is read.
        check(last_error, unsafe { create_proxy(&raw mut proxy) })?;
        let (values, interface) = (Vec::new(), CString::default());
        Ok(Self { booster, proxy, from_dense, last_error, values, interface })
    }

    fn resize(&mut self, rows: usize, width: usize) -> Result<()> {
        self.values = vec![0.0; rows * width];
        let interface = json!({
            "data": [self.values.as_ptr() as usize, true],
            "shape": [rows, width],
            "typestr": "<f4",
            "version": 3,
        });
        self.interface = CString::new(interface.to_string())?;
        Ok(())
    }
}

impl Predict for Xgboost {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        let values = rows.single(&range);
        if self.values.len() != values.len() {
            self.resize(range.len(), rows.width)?;
        }
        self.values.copy_from_slice(values);
        let (mut shape, mut dimensions, mut answers) = (ptr::null(), 0, ptr::null());
        // SAFETY: live handles; `interface` describes `values`, which lives on; the three results are written
        // before they are read.
        check(self.last_error, unsafe {
            (self.from_dense)(
                self.booster,
                self.interface.as_ptr(),
                CONFIG.as_ptr(),
                self.proxy,
                &raw mut shape,
                &raw mut dimensions,
                &raw mut answers,
            )
        })?;
        // SAFETY: the booster's own array of `dimensions` numbers, valid until its next call.
        let shape = unsafe { slice::from_raw_parts(shape, usize::try_from(dimensions)?) };
        let count = shape.iter().product::<u64>();
        ensure!(out.len() as u64 == count, "{count} answers to {} rows", out.len());
        // SAFETY: the booster's own array of that shape, valid until its next call.
        let answers = unsafe { slice::from_raw_parts(answers, out.len()) };
        out.iter_mut().zip(answers).for_each(|(out, &answer)| *out = f64::from(answer));
        Ok(())
    }
}

fn functions(library: &'static Library) -> Result<(Create, LoadModel, SetParam, CreateProxy)> {
    // SAFETY: signatures of xgboost/c_api.h.
    unsafe {
        Ok((
            library::export(library, "XGBoosterCreate")?,
            library::export(library, "XGBoosterLoadModel")?,
            library::export(library, "XGBoosterSetParam")?,
            library::export(library, "XGProxyDMatrixCreate")?,
        ))
    }
}

fn check(last_error: LastError, code: c_int) -> Result<()> {
    if code != 0 {
        // SAFETY: a string of the library's own, after a call that failed.
        bail!("{}", unsafe { library::message(last_error()) });
    }
    Ok(())
}
