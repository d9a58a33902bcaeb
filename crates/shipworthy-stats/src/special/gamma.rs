//! Log-gamma, the incomplete gamma function and the chi-squared distribution.

use std::f64::consts::PI;

use super::deviance::{deviance, stirling_error};
use super::{LARGEST_ARGUMENT, MOST_TERMS, check_domain, normal_cdf};
use crate::Error;

/// Shape beyond which the series would take too many terms (about 8 √a). The normal approximation
/// by the signed root of the deviance is then off by at most 2e-7.
const LARGEST_SHAPE: f64 = 1e12;

/// Natural logarithm of Γ(x), for x > 0.
///
/// Source: `libm`'s `lgamma` (FreeBSD's msun). Checked with mpmath.
///
/// # Errors
/// [`Error::OutOfDomain`]; [`Error::Overflow`] from about 2.5e305.
pub fn ln_gamma(x: f64) -> Result<f64, Error> {
    check_domain("log-gamma", "x", x, x > 0.0 && x < f64::INFINITY)?;
    crate::input::finite_result("log-gamma", libm::lgamma(x))
}

/// The regularised lower incomplete gamma function P(a, x), in [0, 1]: chance that a gamma variable
/// of shape `a` is at most `x`.
///
/// Source: DLMF 8.11.4 (series) below the mean, 8.9.2 (continued fraction) above, with Loader's
/// prefactor. Checked with mpmath for a from 0.5 to 1e5. `a` is in (0, 1e300], `x` ≥ 0 may be infinite.
///
/// # Errors
/// [`Error::OutOfDomain`].
pub fn incomplete_gamma_lower(a: f64, x: f64) -> Result<f64, Error> {
    Ok(tails(a, x)?.0)
}

/// The regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x), in [0, 1].
///
/// Source and domain: as [`incomplete_gamma_lower`].
///
/// # Errors
/// [`Error::OutOfDomain`].
pub fn incomplete_gamma_upper(a: f64, x: f64) -> Result<f64, Error> {
    Ok(tails(a, x)?.1)
}

/// Chance that a chi-squared variable with `degrees` of freedom is above `statistic`, in [0, 1].
///
/// Source: Q(degrees / 2, statistic / 2). `degrees` is in (0, 2e300], `statistic` ≥ 0 may be
/// infinite. Checked with mpmath and scipy's `chi2.sf`.
///
/// # Errors
/// [`Error::OutOfDomain`].
pub fn chi_squared_sf(statistic: f64, degrees: f64) -> Result<f64, Error> {
    incomplete_gamma_upper(0.5 * degrees, 0.5 * statistic)
}

/// P(a, x) and Q(a, x).
fn tails(a: f64, x: f64) -> Result<(f64, f64), Error> {
    check_domain("the incomplete gamma function", "a", a, a > 0.0 && a <= LARGEST_ARGUMENT)?;
    check_domain("the incomplete gamma function", "x", x, x >= 0.0)?;
    if x == 0.0 {
        return Ok((0.0, 1.0));
    }
    if x > 100.0 * LARGEST_ARGUMENT {
        return Ok((1.0, 0.0));
    }
    if a > LARGEST_SHAPE {
        let root = (2.0 * deviance(a, x)).sqrt().copysign(x - a);
        return Ok((normal_cdf(root), normal_cdf(-root)));
    }
    // x^a e^-x / Γ(a + 1)
    let weight = (-deviance(a, x) - stirling_error(a)).exp() / (2.0 * PI * a).sqrt();
    if x < a + 1.0 {
        let lower = (weight * series(a, x)).min(1.0);
        Ok((lower, 1.0 - lower))
    } else {
        let upper = (weight * a * continued_fraction(a, x)).min(1.0);
        Ok((1.0 - upper, upper))
    }
}

/// Σ x^n / ((a + 1) … (a + n)), for x < a + 1.
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut total, mut n) = (1.0, 1.0, 1.0);
    while term > total * f64::EPSILON * 0.1 {
        term *= x / (a + n);
        total += term;
        n += 1.0;
    }
    total
}

/// Γ(a, x) eˣ x⁻ᵃ for x ≥ a + 1, by the modified Lentz method.
fn continued_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = f64::INFINITY;
    let mut d = 1.0 / b;
    let mut value = d;
    for n in (1..MOST_TERMS).map(f64::from) {
        let numerator = n * (a - n);
        b += 2.0;
        d = 1.0 / nonzero(numerator * d + b);
        c = nonzero(b + numerator / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= 2.0 * f64::EPSILON {
            break;
        }
    }
    value
}

/// A denominator of a continued fraction, moved off zero.
pub(super) fn nonzero(value: f64) -> f64 {
    if value == 0.0 { f64::MIN_POSITIVE } else { value }
}
