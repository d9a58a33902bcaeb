//! How a candidate becomes stable, and how it does not: the state machine of a rollout.
//!
//! ```text
//!            advance          advance           finish          finish
//! step 0 ───────────► step 1 ───────► … last step ────► watching ────► done
//!    │                   │               │                 │             │ by hand
//!    └───────────────────┴───────────────┴── roll back ────┴─────────────┘
//!                                              ▼
//!                                         rolled back
//! ```
//!
//! A step is a share of the traffic in percent; at a share of 0 the candidate answers as a shadow.
//! [`decide`] says what evidence asks for, [`Rollout::take`] is the table of what may follow what,
//! and whoever drives a rollout does nothing else to it.
//!
//! **Invariant:** a verdict is a function of policy, evidence and time. Both are kept with it, and
//! say the same again.

mod evidence;
mod guard;
mod latency;
mod policy;
mod state;
mod verdict;

pub use evidence::{Evidence, Paired, Sample};
pub use guard::{Finding, Guard, Judge, Limit, Metric, Reading, micros};
pub use latency::{BUCKETS, Latencies, bucket_of};
pub use policy::{Burst, Policy, Strategy};
pub use state::{Rollout, Stage, TakeError};
pub use verdict::{Action, Verdict, decide};
