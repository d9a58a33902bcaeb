//! The ledger's tests, from the outside.

#![allow(clippy::panic, reason = "these are tests; clippy knows only the functions marked so")]
#![allow(clippy::cast_possible_truncation, reason = "the numbers in these tests are small")]

mod appending;
mod damage;
mod failures;
mod golden;
mod hostile;
mod power_loss;
mod reading;
mod recovering;
mod workload;
