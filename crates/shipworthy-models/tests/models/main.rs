//! Models against the tools that made them, against damage, and against themselves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a test: what does not hold stops it, and the numbers are small"
)]

mod annotated;
mod cases;
mod catboost_models;
mod damaged;
mod damaged_catboost;
mod damaged_lightgbm;
mod damaged_onnx;
mod damaged_ubjson;
mod encoded;
mod fixtures;
mod hessboost_models;
mod lightgbm_models;
mod objectives;
mod onnx_models;
mod oracles;
mod properties;
mod ubjson_models;
