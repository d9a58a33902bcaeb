//! ONNX Runtime through its C interface: `Run` on tensors that are made once for a batch size.

#![allow(unsafe_code, reason = "another library is called through C")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::mem;
use std::ops::Range;
use std::path::Path;
use std::ptr;

use anyhow::{Context, Result, bail, ensure};

use crate::contender::Predict;
use crate::library;
use crate::rows::Rows;

/// `OrtApiBase`.
#[repr(C)]
struct Base {
    get_api: unsafe extern "C" fn(u32) -> *const Api,
    version: unsafe extern "C" fn() -> *const c_char,
}

/// The oldest version of `OrtApi`, with which every newer one begins.
type Api = [*const c_void; 102];
const API_VERSION: u32 = 1;

/// Places in `OrtApi`, and what stands there. A null status means that all went well.
const GET_ERROR_MESSAGE: usize = 2;
type GetErrorMessage = unsafe extern "C" fn(Pointer) -> *const c_char;
const CREATE_ENV: usize = 3;
type CreateEnv = unsafe extern "C" fn(c_int, *const c_char, *mut Pointer) -> Pointer;
const CREATE_SESSION: usize = 7;
type CreateSession = unsafe extern "C" fn(Pointer, *const c_char, Pointer, *mut Pointer) -> Pointer;
const RUN: usize = 9;
/// Session, no options; names, tensors and number of inputs; names, number and tensors of outputs.
type Run = unsafe extern "C" fn(
    Pointer,
    Pointer,
    *const *const c_char,
    *const Pointer,
    usize,
    *const *const c_char,
    usize,
    *mut Pointer,
) -> Pointer;
const CREATE_SESSION_OPTIONS: usize = 10;
type CreateSessionOptions = unsafe extern "C" fn(*mut Pointer) -> Pointer;
const SET_INTRA_OP_NUM_THREADS: usize = 24;
type SetThreads = unsafe extern "C" fn(Pointer, c_int) -> Pointer;
const CREATE_TENSOR_WITH_DATA: usize = 49;
/// Kind of memory, data and their bytes, shape and its length, kind of values; the tensor.
type CreateTensor = unsafe extern "C" fn(
    Pointer,
    *mut c_void,
    usize,
    *const i64,
    usize,
    c_int,
    *mut Pointer,
) -> Pointer;
const CREATE_CPU_MEMORY_INFO: usize = 69;
type CreateCpuMemoryInfo = unsafe extern "C" fn(c_int, c_int, *mut Pointer) -> Pointer;
const RELEASE_VALUE: usize = 96;
type ReleaseValue = unsafe extern "C" fn(Pointer);

/// To something of the library's own.
type Pointer = *mut c_void;

const LOG_ERRORS: c_int = 3;
const ARENA_ALLOCATOR: c_int = 1;
const DEFAULT_MEMORY: c_int = 0;
const FLOAT32: c_int = 1;

/// A session of one thread, with an input and an output that are kept.
pub(crate) struct Onnxruntime {
    api: &'static Api,
    session: Pointer,
    memory: Pointer,
    run: Run,
    /// The output that is asked for, and its columns: the prediction is the last of them.
    output: CString,
    columns: usize,
    input: Tensor,
    answers: Tensor,
}

/// Numbers, and the library's handle on them.
struct Tensor {
    values: Vec<f32>,
    handle: Pointer,
}

impl Onnxruntime {
    pub(crate) fn load(library: &Path, model: &Path, output: &str, columns: usize) -> Result<Self> {
        let api = api(library)?;
        // SAFETY: the places and signatures of onnxruntime_c_api.h.
        let (create_env, create_session): (CreateEnv, CreateSession) =
            unsafe { (function(api, CREATE_ENV), function(api, CREATE_SESSION)) };
        // SAFETY: as above.
        let (create_options, set_threads): (CreateSessionOptions, SetThreads) = unsafe {
            (function(api, CREATE_SESSION_OPTIONS), function(api, SET_INTRA_OP_NUM_THREADS))
        };
        // SAFETY: as above.
        let create_memory: CreateCpuMemoryInfo = unsafe { function(api, CREATE_CPU_MEMORY_INFO) };
        let path = library::c_path(model)?;
        let mut env = ptr::null_mut();
        let mut options = ptr::null_mut();
        let mut session = ptr::null_mut();
        let mut memory = ptr::null_mut();
        // SAFETY: strings that end with a zero byte, handles that the calls before made (none goes
        // on after a failure), and results that are written before they are read.
        unsafe {
            check(api, create_env(LOG_ERRORS, c"trees".as_ptr(), &raw mut env))?;
            check(api, create_options(&raw mut options))?;
            check(api, set_threads(options, 1))?;
            check(api, create_session(env, path.as_ptr(), options, &raw mut session))?;
            check(api, create_memory(ARENA_ALLOCATOR, DEFAULT_MEMORY, &raw mut memory))?;
        }
        // SAFETY: the place and signature of onnxruntime_c_api.h.
        let run = unsafe { function(api, RUN) };
        let (output, input, answers) = (CString::new(output)?, Tensor::empty(), Tensor::empty());
        Ok(Self { api, session, memory, run, output, columns, input, answers })
    }

    fn tensor(&self, rows: usize, width: usize) -> Result<Tensor> {
        // SAFETY: the place and signature of onnxruntime_c_api.h.
        let create: CreateTensor = unsafe { function(self.api, CREATE_TENSOR_WITH_DATA) };
        let mut tensor = Tensor { values: vec![0.0; rows * width], handle: ptr::null_mut() };
        let shape = [i64::try_from(rows)?, i64::try_from(width)?];
        // SAFETY: `values` is of this shape and never grows, so it stays where it is.
        check(self.api, unsafe {
            create(
                self.memory,
                tensor.values.as_mut_ptr().cast(),
                mem::size_of_val(&*tensor.values),
                shape.as_ptr(),
                shape.len(),
                FLOAT32,
                &raw mut tensor.handle,
            )
        })?;
        Ok(tensor)
    }

    /// Lets go of the tensors of another batch size and makes those of this one.
    fn resize(&mut self, rows: usize, width: usize) -> Result<()> {
        // SAFETY: the place and signature of onnxruntime_c_api.h.
        let release: ReleaseValue = unsafe { function(self.api, RELEASE_VALUE) };
        let input = self.tensor(rows, width)?;
        let answers = self.tensor(rows, self.columns)?;
        for old in [mem::replace(&mut self.input, input), mem::replace(&mut self.answers, answers)]
        {
            // SAFETY: null, which does nothing, or a tensor that is used no more.
            unsafe { release(old.handle) };
        }
        Ok(())
    }
}

impl Predict for Onnxruntime {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        let values = rows.single(&range);
        if self.input.values.len() != values.len() {
            self.resize(range.len(), rows.width)?;
        }
        self.input.values.copy_from_slice(values);
        let input = self.input.handle;
        let (input_name, output_name) = (c"x".as_ptr(), self.output.as_ptr());
        // SAFETY: one input and one output, each with its name; both tensors are live and of the
        // shapes that the model takes and gives, which the library checks.
        check(self.api, unsafe {
            (self.run)(
                self.session,
                ptr::null_mut(),
                &raw const input_name,
                &raw const input,
                1,
                &raw const output_name,
                1,
                &raw mut self.answers.handle,
            )
        })?;
        let answers = self.answers.values.chunks_exact(self.columns);
        ensure!(answers.len() == out.len(), "{} answers to {} rows", answers.len(), out.len());
        for (out, answer) in out.iter_mut().zip(answers) {
            *out = f64::from(answer[self.columns - 1]);
        }
        Ok(())
    }
}

impl Tensor {
    const fn empty() -> Self {
        Self { values: Vec::new(), handle: ptr::null_mut() }
    }
}

fn api(library: &Path) -> Result<&'static Api> {
    let library = library::load(library)?;
    // SAFETY: the signature of onnxruntime_c_api.h.
    let base: unsafe extern "C" fn() -> *const Base =
        unsafe { library::export(library, "OrtGetApiBase")? };
    // SAFETY: both tables live as long as the library, and the version is asked for that `Api` has.
    let api = unsafe { ((*base()).get_api)(API_VERSION).as_ref() };
    api.context("the library does not offer the C interface any more")
}

/// The function at a place of the table.
///
/// # Safety
/// `F` must be the function pointer that stands at `place`.
unsafe fn function<F: Copy>(api: &Api, place: usize) -> F {
    const { assert!(size_of::<F>() == size_of::<Pointer>(), "a function pointer") };
    // SAFETY: of the same size, and of the right type by the caller's word.
    unsafe { mem::transmute_copy(&api[place]) }
}

fn check(api: &Api, status: Pointer) -> Result<()> {
    if !status.is_null() {
        // SAFETY: the place and signature of onnxruntime_c_api.h.
        let text: GetErrorMessage = unsafe { function(api, GET_ERROR_MESSAGE) };
        // SAFETY: a status that a call returned, not null.
        bail!("{}", unsafe { library::message(text(status)) });
    }
    Ok(())
}
