//! One file per command: what it takes, and what it does.

pub(crate) mod checklist;
pub(crate) mod ci;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod contract;
pub(crate) mod evaluate;
pub(crate) mod health;
pub(crate) mod image;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod lineage;
pub(crate) mod predict;
pub(crate) mod release;
pub(crate) mod reload;
pub(crate) mod score;
pub(crate) mod serve;
pub(crate) mod test;
pub(crate) mod token;
pub(crate) mod traffic;
pub(crate) mod train;
pub(crate) mod up;
pub(crate) mod validate;
