//! The life of a release: what a project declares, how its model is trained, what the release is
//! made of, and the control plane where people steer it.
//!
//! **Invariant:** a control action has an actor, the name of a token, and a reason; both are in
//! the event that it leaves.

pub mod comparison;
pub mod diagnose;
pub mod gate;
pub mod git;
pub mod golden;
pub mod image;
pub mod import;
pub mod lineage;
pub mod models;
pub mod outbox;
pub mod plane;
pub mod project;
pub mod rebuild;
pub mod reference;
pub mod release;
pub mod runner;
pub mod statement;
pub mod traffic;
pub mod train;
pub mod validation;

pub use git::{Checkout, Commit, Origin};
