//! What answers are expected to be distributed as, and how far they may be from that.

use shipworthy_core::Task;
use shipworthy_stats::bound::CellDistance;
use shipworthy_stats::counts::LogBase;

use super::declared::named;

/// The share that an emptier cell counts as in a population stability index, which would be infinite
/// without it.
const LEAST_SHARE: f64 = 1e-4;

/// How far two distributions are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// The largest difference of the two distribution functions.
    KolmogorovSmirnov,
    /// How far answers must move, in their unit.
    Wasserstein,
    /// The same in standard deviations of what is expected.
    WassersteinNormalised,
    /// The root of twice the area of the squared difference of the two distribution functions.
    Energy,
    /// Population stability index, of shares.
    Psi,
    /// Jensen–Shannon distance of shares, in bits: from 0 to 1.
    JensenShannonBase2,
    /// Jensen–Shannon distance of shares, in nats: from 0 to 0.8326.
    JensenShannonBaseE,
    /// Hellinger distance, of shares.
    Hellinger,
    /// Total variation distance, of shares.
    TotalVariation,
}

impl Distance {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 9] = [
        ("kolmogorov_smirnov", Self::KolmogorovSmirnov),
        ("wasserstein", Self::Wasserstein),
        ("wasserstein_normalised", Self::WassersteinNormalised),
        ("energy", Self::Energy),
        ("psi", Self::Psi),
        ("jensen_shannon_base_2", Self::JensenShannonBase2),
        ("jensen_shannon_base_e", Self::JensenShannonBaseE),
        ("hellinger", Self::Hellinger),
        ("total_variation", Self::TotalVariation),
    ];

    /// The name in project files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        named(&Self::ALL, self)
    }

    /// Whether it is one of shares: of classes, or of numbers that are counted into cells.
    #[must_use]
    pub const fn is_of_shares(self) -> bool {
        self.of_shares().is_some()
    }

    /// Whether a task's answers have it: classes have shares and no order.
    #[must_use]
    pub const fn is_of(self, task: Task) -> bool {
        self.is_of_shares() || !matches!(task, Task::Multiclass)
    }

    pub(super) const fn of_shares(self) -> Option<CellDistance> {
        Some(match self {
            Self::Psi => CellDistance::PopulationStabilityIndex { floor: LEAST_SHARE },
            Self::JensenShannonBase2 => CellDistance::JensenShannon(LogBase::Two),
            Self::JensenShannonBaseE => CellDistance::JensenShannon(LogBase::Natural),
            Self::Hellinger => CellDistance::Hellinger,
            Self::TotalVariation => CellDistance::TotalVariation,
            _ => return None,
        })
    }
}

/// What answers are held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Against {
    /// Its own answers to the rows that it learned from.
    Reference,
    /// What stable answers to the same rows.
    Stable,
    /// The share of each cell, or of each class, in sum 1.
    Declared(Vec<f64>),
}

impl Against {
    /// What reports call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reference => "the training rows'",
            Self::Stable => "stable's",
            Self::Declared(_) => "the declared shares",
        }
    }
}

/// What answers that are numbers are counted into; classes are counted as they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// So many with the same share of what is expected, by its quantiles.
    Quantiles(usize),
    /// Those between these edges, which ascend: below the first, from an edge up to the next one, and
    /// from the last on.
    Edges(Vec<f64>),
}
