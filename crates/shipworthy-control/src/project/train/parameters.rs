//! `[train.parameters]`: what the built-in trainer is told. The names, and the defaults where
//! XGBoost has one, are XGBoost's.

use crate::project::fields::{Key, Section};
use crate::project::reader::{Table, value_or};
use crate::project::units::Interval;

/// The keys of `[train.parameters]`.
pub(in crate::project) const SECTION: Section = Section::new(
    "[train.parameters]",
    &[
        Key::new("learning_rate", "a number above 0 and at most 1", "`0.1`"),
        Key::new("max_depth", "a whole number", "`6`"),
        Key::new("min_child_weight", "a number at least 0", "`1.0`"),
        Key::new("subsample", "a number above 0 and at most 1", "`1.0`"),
        Key::new("colsample_bytree", "a number above 0 and at most 1", "`1.0`"),
        Key::new("reg_lambda", "a number at least 0", "`1.0`"),
        Key::new("reg_alpha", "a number at least 0", "`0.0`"),
        Key::new("gamma", "a number at least 0", "`0.0`"),
        Key::new("max_bin", "a whole number", "`256`"),
    ],
);

/// What the built-in trainer is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// How much of each tree is taken, in (0, 1].
    pub learning_rate: f64,
    /// The most splits between the root and a leaf.
    pub max_depth: u32,
    /// The least sum of second derivatives in a leaf.
    pub min_child_weight: f64,
    /// The share of rows that each tree sees, in (0, 1].
    pub subsample: f64,
    /// The share of features that each tree sees, in (0, 1].
    pub colsample_bytree: f64,
    /// L2 regularisation of leaf values.
    pub reg_lambda: f64,
    /// L1 regularisation of leaf values.
    pub reg_alpha: f64,
    /// The least gain of a split.
    pub gamma: f64,
    /// The most bins of a numeric feature.
    pub max_bin: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            max_depth: 6,
            min_child_weight: 1.0,
            subsample: 1.0,
            colsample_bytree: 1.0,
            reg_lambda: 1.0,
            reg_alpha: 0.0,
            gamma: 0.0,
            max_bin: 256,
        }
    }
}

impl Parameters {
    /// Reads `[train.parameters]`; a wrong value is reported and its default stands in.
    pub(super) fn read(table: Table<'_>) -> Self {
        /// Deeper trees than this have more leaves than any data has rows.
        const MAX_DEPTH: u32 = 32;
        /// The codes of bins and of categories are 16 bits wide.
        const MAX_CODES: u32 = 65_535;
        let number =
            |name, interval, default| value_or(table.field(name).number_in(interval), default);
        let whole = |name, range, default| value_or(table.field(name).whole_in(range), default);
        let rate = Interval::SHARE;
        let usual = Self::default();
        let read = Self {
            learning_rate: number("learning_rate", rate, usual.learning_rate),
            max_depth: whole("max_depth", 1..=MAX_DEPTH, usual.max_depth),
            min_child_weight: number(
                "min_child_weight",
                Interval::NOT_NEGATIVE,
                usual.min_child_weight,
            ),
            subsample: number("subsample", rate, usual.subsample),
            colsample_bytree: number("colsample_bytree", rate, usual.colsample_bytree),
            reg_lambda: number("reg_lambda", Interval::NOT_NEGATIVE, usual.reg_lambda),
            reg_alpha: number("reg_alpha", Interval::NOT_NEGATIVE, usual.reg_alpha),
            gamma: number("gamma", Interval::NOT_NEGATIVE, usual.gamma),
            max_bin: whole("max_bin", 2..=MAX_CODES, usual.max_bin),
        };
        table.finish();
        read
    }
}
