//! Whether two samples come from one distribution: tests and distances on raw values.
//!
//! `reference` is what was expected, `current` is what came; both are any finite numbers in any
//! order, and every function is blind to that order. Missing values are dropped by the caller. Each
//! function allocates a sorted copy of both samples and takes O(n log n) time, unless it says more.

mod cramer_von_mises;
mod energy;
mod kolmogorov_smirnov;
mod mann_whitney;
mod means;
mod proportions;
mod sorted;

pub use crate::paired::TestResult;
pub use cramer_von_mises::cramer_von_mises;
pub use energy::{energy_distance, wasserstein_distance, wasserstein_normalised};
pub use kolmogorov_smirnov::{
    LARGEST_EXACT_SAMPLE, kolmogorov_smirnov, kolmogorov_smirnov_asymptotic,
    kolmogorov_smirnov_one_sample,
};
pub use mann_whitney::mann_whitney;
pub use means::{student_t, welch_t, z_of_means};
pub use proportions::two_proportion_z;

/// What the reference is suspected of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// Its values differ from the current ones.
    TwoSided,
    /// Its values are the smaller ones.
    Less,
    /// Its values are the larger ones.
    Greater,
}

impl Alternative {
    /// The p-value of a statistic that is standard normal, and large when the reference is large.
    fn p_of_normal(self, z: f64) -> f64 {
        use crate::special::{normal_cdf, normal_sf};
        match self {
            Self::TwoSided => (2.0 * normal_sf(z.abs())).min(1.0),
            Self::Less => normal_cdf(z),
            Self::Greater => normal_sf(z),
        }
    }
}

#[cfg(test)]
mod tests;
