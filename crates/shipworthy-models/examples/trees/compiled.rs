//! Trees that other tools compile to machine code: tl2cgen, lleaves, and CatBoost's own C++.

#![allow(unsafe_code, reason = "compiled models are called through C")]

use std::ffi::{CStr, c_char, c_int};
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::contender::Predict;
use crate::library;
use crate::rows::Rows;

/// What tl2cgen writes: one row at a time, each number in a union that says when it is missing.
pub(crate) enum Tl2cgen {
    Single { predict: Tl2cgenPredict<Entry32, f32>, row: Vec<Entry32> },
    Double { predict: Tl2cgenPredict<Entry64, f64>, row: Vec<Entry64> },
}

/// Row, whether without the transform, answer.
type Tl2cgenPredict<E, F> = unsafe extern "C" fn(*mut E, c_int, *mut F);

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) union Entry32 {
    missing: c_int,
    value: f32,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) union Entry64 {
    missing: c_int,
    value: f64,
}

const MISSING: c_int = -1;

impl Tl2cgen {
    pub(crate) fn load(library: &Path, width: usize) -> Result<Self> {
        let library = library::load(library)?;
        let number_type = |name| -> Result<&'static CStr> {
            // SAFETY: the signature in the header that tl2cgen writes.
            let get: unsafe extern "C" fn() -> *const c_char =
                unsafe { library::export(library, name)? };
            // SAFETY: a constant of the library, which is never unloaded.
            Ok(unsafe { CStr::from_ptr(get()) })
        };
        let types = (number_type("get_threshold_type")?, number_type("get_leaf_output_type")?);
        Ok(match (types.0.to_bytes(), types.1.to_bytes()) {
            (b"float32", b"float32") => Self::Single {
                // SAFETY: the signature in the header that tl2cgen writes for these types.
                predict: unsafe { library::export(library, "predict")? },
                row: vec![Entry32 { missing: MISSING }; width],
            },
            (b"float64", b"float64") => Self::Double {
                // SAFETY: as above.
                predict: unsafe { library::export(library, "predict")? },
                row: vec![Entry64 { missing: MISSING }; width],
            },
            _ => bail!("a model of {types:?}"),
        })
    }
}

impl Predict for Tl2cgen {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        match self {
            Self::Single { predict, row } => {
                ensure!(row.len() == rows.width, "rows of another model");
                for (from, out) in rows.single(&range).chunks_exact(row.len()).zip(out) {
                    for (entry, &value) in row.iter_mut().zip(from) {
                        *entry = Entry32 { value };
                        if value.is_nan() {
                            entry.missing = MISSING;
                        }
                    }
                    let mut answer = 0.0;
                    // SAFETY: a row of the model's width, and place for its one answer.
                    unsafe { predict(row.as_mut_ptr(), 0, &raw mut answer) };
                    *out = f64::from(answer);
                }
            }
            Self::Double { predict, row } => {
                ensure!(row.len() == rows.width, "rows of another model");
                for (from, out) in rows.double(&range).chunks_exact(row.len()).zip(out) {
                    for (entry, &value) in row.iter_mut().zip(from) {
                        *entry = Entry64 { value };
                        if value.is_nan() {
                            entry.missing = MISSING;
                        }
                    }
                    *out = 0.0;
                    // SAFETY: a row of the model's width, and place for its one answer.
                    unsafe { predict(row.as_mut_ptr(), 0, &raw mut *out) };
                }
            }
        }
        Ok(())
    }
}

/// What lleaves compiles: rows, answers, from which row on and up to which.
pub(crate) struct Lleaves {
    forest_root: unsafe extern "C" fn(*const f64, *mut f64, c_int, c_int),
    width: usize,
}

impl Lleaves {
    pub(crate) fn load(library: &Path, width: usize) -> Result<Self> {
        let library = library::load(library)?;
        // SAFETY: the signature that lleaves calls it with.
        Ok(Self { forest_root: unsafe { library::export(library, "forest_root")? }, width })
    }
}

impl Predict for Lleaves {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        let values = rows.double(&range);
        ensure!(rows.width == self.width && out.len() == range.len(), "rows of another model");
        let count = c_int::try_from(range.len())?;
        // SAFETY: so many rows of the model's width, and place for an answer to each.
        unsafe { (self.forest_root)(values.as_ptr(), out.as_mut_ptr(), 0, count) };
        Ok(())
    }
}

/// What CatBoost writes as C++, called row by row behind a function in C that takes numbers and
/// their count, and returns a margin.
pub(crate) struct CatboostCpp {
    apply: unsafe extern "C" fn(*const f32, usize) -> f64,
    width: usize,
}

impl CatboostCpp {
    pub(crate) fn load(library: &Path, width: usize) -> Result<Self> {
        let library = library::load(library)?;
        // SAFETY: the signature of the function that is compiled with it.
        Ok(Self { apply: unsafe { library::export(library, "apply")? }, width })
    }
}

impl Predict for CatboostCpp {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        ensure!(rows.width == self.width, "rows of another model");
        for (row, out) in rows.single(&range).chunks_exact(self.width).zip(out) {
            // SAFETY: a row of the model's width.
            let margin = unsafe { (self.apply)(row.as_ptr(), row.len()) };
            *out = 1.0 / (1.0 + (-margin).exp());
        }
        Ok(())
    }
}
