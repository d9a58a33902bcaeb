//! Why a metric has no value.

/// Why a metric has no value for this input.
///
/// Indices are 0-based positions in the named input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no row.
    #[error("the input is empty")]
    Empty,

    /// The two inputs are not about the same rows.
    #[error("there are {labels} labels but {predictions} predictions")]
    LengthsDiffer {
        /// Number of labels or targets.
        labels: usize,
        /// Number of scores or predictions.
        predictions: usize,
    },

    /// A row-major matrix does not have `rows × classes` values.
    #[error("{rows} rows of {classes} classes were expected, but there are {values} values")]
    ShapeDiffers {
        /// Expected number of rows.
        rows: usize,
        /// Expected number of columns.
        classes: usize,
        /// Number of values given.
        values: usize,
    },

    /// A metric that compares the two classes was given only one.
    #[error("every label is {label}; both classes are needed")]
    OneClass {
        /// The only label that occurs.
        label: bool,
    },

    /// No label is positive, so recall and F1 have no denominator.
    #[error("no label is positive")]
    NoPositiveLabels,

    /// No row is predicted positive, so precision has no denominator.
    #[error("no row is predicted positive")]
    NoPositivePredictions,

    /// Every target is the same, so there is no variance to explain.
    #[error("every target is the same; there is no variance to explain")]
    ConstantTarget,

    /// Something is the same everywhere, where the result measures how it varies.
    #[error("the {what} does not vary")]
    NoVariation {
        /// What is constant.
        what: &'static str,
    },

    /// A variance, or a test, needs more rows.
    #[error("at least {needed} rows {of} are needed, not {found}")]
    TooFewRows {
        /// Which rows: `in all`, `of each class`, `of the positive class` or `in each sample`.
        of: &'static str,
        /// Least number.
        needed: usize,
        /// Number of rows given.
        found: usize,
    },

    /// A confidence level is outside of its range.
    #[error("a confidence level lies between {min} and 1, not at {level}")]
    LevelOutOfRange {
        /// The level given.
        level: f64,
        /// What it must exceed.
        min: f64,
    },

    /// More successes than trials.
    #[error("{successes} successes of {trials} trials are impossible")]
    CountOutOfRange {
        /// Number of successes given.
        successes: u64,
        /// Number of trials given.
        trials: u64,
    },

    /// A margin of non-inferiority is negative.
    #[error("a margin is at least 0, not {margin}")]
    MarginOutOfRange {
        /// The margin given.
        margin: f64,
    },

    /// The number of resamples is too small for an interval, or beyond the limit.
    #[error("between {min} and {max} resamples are possible, not {resamples}")]
    ResamplesOutOfRange {
        /// Number given.
        resamples: usize,
        /// Smallest possible number.
        min: usize,
        /// Largest possible number.
        max: usize,
    },

    /// The metric has a value, but none on a resample: there are too few rows of some kind.
    #[error("there are too few rows for an interval: the metric has no value on a resample")]
    UndefinedOnResample {
        /// Why it has none.
        #[source]
        source: Box<Error>,
    },

    /// The resamples lie so far to one side of the value that no correction reaches them.
    #[error("the resamples are biased to one side of the value, too far for an interval")]
    BiasedResamples,

    /// The number of groups is zero or beyond the limit.
    #[error("between 1 and {max} groups are possible, not {count}")]
    GroupCount {
        /// Number of groups given.
        count: usize,
        /// Largest possible number.
        max: usize,
    },

    /// Fewer than two groups have the rate that is compared.
    #[error("two groups are needed to compare, but only {found} have such rows")]
    TooFewGroups {
        /// Number of groups that have it.
        found: usize,
    },

    /// The rate is 0 in every group, so there is no ratio.
    #[error("the rate is 0 in every group, so there is no ratio")]
    NoRate,

    /// A probability lies outside [0, 1].
    #[error("the probability at {index} is {value}, outside [0, 1]")]
    ScoreOutOfRange {
        /// Where it stands.
        index: usize,
        /// The offending value.
        value: f64,
    },

    /// A value is NaN or infinite.
    #[error("the value at {index} of the {input} is not a finite number")]
    NotFinite {
        /// Which input, such as `scores`, `threshold` or `targets`.
        input: &'static str,
        /// Where it stands; 0 for a single number.
        index: usize,
    },

    /// The class probabilities of a row do not sum to one.
    #[error("the class probabilities of row {row} sum to {sum}, not to 1")]
    RowSum {
        /// Which row.
        row: usize,
        /// What it sums to.
        sum: f64,
    },

    /// The number of a class, or of a group, is not below their number.
    #[error("class {class} at {index} of the {input} is not below {classes}")]
    ClassOutOfRange {
        /// Which input: `labels`, `predictions` or `groups`.
        input: &'static str,
        /// Where it stands.
        index: usize,
        /// The offending class number.
        class: usize,
        /// Number of classes.
        classes: usize,
    },

    /// Fewer than two classes.
    #[error("at least two classes are needed, not {classes}")]
    TooFewClasses {
        /// Number of classes given.
        classes: usize,
    },

    /// More classes than a table of pairs of classes has room for.
    #[error("at most {max} classes are possible, not {classes}")]
    TooManyClasses {
        /// Number of classes given.
        classes: usize,
        /// Largest possible number.
        max: usize,
    },

    /// No row is of a class that is compared with the others.
    #[error("no row is of class {class}, so it cannot be compared with the others")]
    ClassAbsent {
        /// Which class.
        class: usize,
    },

    /// The number of bins is zero or beyond the limit.
    #[error("between 1 and {max} bins are possible, not {bins}")]
    BinsOutOfRange {
        /// Number of bins given.
        bins: usize,
        /// Largest possible number.
        max: usize,
    },

    /// One of the samples has no row.
    #[error("the {sample} sample is empty")]
    EmptySample {
        /// Which one: `reference`, `current` or `sample`.
        sample: &'static str,
    },

    /// What must vary has one value only.
    #[error("the {input} have one value only; there is no variance to compare with")]
    Constant {
        /// Which input: `reference` or `values`, which are both samples.
        input: &'static str,
    },

    /// A proportion above one.
    #[error("there are {successes} successes in {rows} rows")]
    MoreSuccessesThanRows {
        /// Number of successes.
        successes: u64,
        /// Number of rows.
        rows: u64,
    },

    /// Two samples are counted into different cells.
    #[error("the reference has {reference} cells but the current sample has {current}")]
    CellsDiffer {
        /// Cells of the reference.
        reference: usize,
        /// Cells of the current sample.
        current: usize,
    },

    /// A cell is empty on one side, so that a logarithm is infinite.
    #[error(
        "one sample leaves cell {cell} empty, of those that either fills; the divergence is infinite"
    )]
    ZeroShare {
        /// Which cell, of those that either sample fills.
        cell: usize,
    },

    /// The current sample fills a cell that the reference leaves empty.
    #[error("{rows} current rows are in cell {cell}, where the reference has none")]
    Unseen {
        /// Which cell.
        cell: usize,
        /// Its current rows.
        rows: u64,
    },

    /// The edges of bins do not ascend.
    #[error("edge {index} is not above the one before")]
    EdgesOutOfOrder {
        /// Which edge.
        index: usize,
    },

    /// Two histograms have different bins.
    #[error("the histograms have different edges")]
    EdgesDiffer,

    /// Two quantile sketches have different accuracies.
    #[error("the sketches have different accuracies")]
    AccuraciesDiffer,

    /// A method that compares numbers was given categories.
    #[error("the method compares numbers, not categories")]
    MethodNeedsNumbers,

    /// More categories than there is room for.
    #[error("there are more than {most} categories")]
    TooManyCategories {
        /// Room.
        most: usize,
    },

    /// An argument lies where a function is not defined.
    #[error("{argument} = {value} is outside the domain of {function}")]
    OutOfDomain {
        /// Which function.
        function: &'static str,
        /// Which of its arguments.
        argument: &'static str,
        /// The offending value.
        value: f64,
    },

    /// The inputs are finite, but the result is beyond the range of `f64`.
    #[error("{metric} is beyond the range of a 64-bit float")]
    Overflow {
        /// Which metric.
        metric: &'static str,
    },
}
