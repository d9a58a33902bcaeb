//! The main job, from the outside: the real program, its ports, its files and its exit codes.

#![allow(clippy::unwrap_used, reason = "tests; clippy knows only the functions marked so")]
#![allow(clippy::panic, reason = "tests; clippy knows only the functions marked so")]

mod archiving;
mod bare;
mod claims;
mod coding;
mod command;
mod command_line;
mod configuration;
mod contracts;
mod crashes;
mod damage;
mod evaluating;
mod events;
mod export;
mod full_ledger;
mod gating;
mod given;
mod grpc;
mod grpc_client;
mod grpc_stopping;
mod handed;
mod headers;
mod http;
mod importing;
mod killing;
mod lineage;
mod mlflow;
mod openapi;
mod past;
mod pipelines;
mod predicting;
mod project;
mod proxy;
mod pruning;
mod rebuilding;
mod recording;
mod refusing;
mod releasing;
mod reloading;
mod scoring;
mod server;
mod signing;
mod starting;
mod stopping;
mod tokens;
mod traffic;
mod training;
mod training_command;
mod validating;
