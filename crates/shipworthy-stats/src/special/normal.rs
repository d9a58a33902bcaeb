//! The standard normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::check_domain;
use crate::Error;

/// Chance that a standard normal is at most `x`, in [0, 1].
///
/// Source: Φ(x) = erfc(−x / √2) / 2 with the `erfc` of `libm`. NaN for NaN, and only then. Checked
/// with mpmath.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Chance that a standard normal is above `x`, in [0, 1]; keeps its digits where 1 − Φ(x) has none.
///
/// Source: Φ(−x). NaN for NaN, and only then. Checked with mpmath.
#[must_use]
pub fn normal_sf(x: f64) -> f64 {
    normal_cdf(-x)
}

/// Density of the standard normal at `x`, in [0, 0.4].
///
/// NaN for NaN, and only then.
#[must_use]
pub fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// The x at which [`normal_cdf`] is `p`.
///
/// Source: the rational start of Abramowitz & Stegun 26.2.23 (error below 4.5e-4), then three
/// Halley steps, each of which triples the digits. Checked with mpmath from p = 1e-300 up. `p` is
/// in (0, 1).
///
/// # Errors
/// [`Error::OutOfDomain`].
pub fn normal_quantile(p: f64) -> Result<f64, Error> {
    check_domain("the normal quantile", "p", p, p > 0.0 && p < 1.0)?;
    // 1 - p is exact above one half.
    Ok(if p > 0.5 { -lower_half_quantile(1.0 - p) } else { lower_half_quantile(p) })
}

fn lower_half_quantile(p: f64) -> f64 {
    let t = (-2.0 * p.ln()).sqrt();
    let start = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    let step = |x: f64| {
        let newton = excess(x, p) / normal_density(x);
        x - newton / (1.0 + 0.5 * x * newton)
    };
    step(step(step(-start)))
}

/// Φ(x) − p, without cancellation about the middle.
fn excess(x: f64, p: f64) -> f64 {
    if p > 0.25 { 0.5 * libm::erf(x * FRAC_1_SQRT_2) + (0.5 - p) } else { normal_cdf(x) - p }
}
