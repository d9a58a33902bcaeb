//! The pure heart: what a release is, what time and chance are, and what the checklist says.
//!
//! **Invariant:** nothing here reads a file, a clock, a seed or a variable, and nothing waits.
//! The shell loads, asks the core, persists and records.

pub mod attestation;
pub mod canonical;
pub mod checklist;
mod clock;
mod decision;
pub mod drill;
mod entropy;
pub mod lineage;
mod manifest;
pub mod rollout;
pub mod routing;
pub mod signing;

pub use clock::{Clock, SimulatedClock};
pub use decision::{DecisionId, ParseDecisionIdError, Policy, Task};
pub use entropy::{Entropy, SeededEntropy};
pub use manifest::{
    FileDigest, Golden, Manifest, Output, ParseReleaseIdError, ReleaseId, SourceFile, Trainer,
    TrainingSet,
};
