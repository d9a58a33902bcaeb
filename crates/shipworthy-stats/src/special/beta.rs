//! The incomplete beta function and Student's distribution.

use std::f64::consts::PI;

use super::deviance::{deviance_by_gap, stirling_error};
use super::gamma::nonzero;
use super::{LARGEST_ARGUMENT, MOST_TERMS, check_domain, normal_cdf};
use crate::Error;

/// Size of both parameters beyond which the continued fraction would take too many terms. The normal
/// approximation by the signed root of the deviance is then off by at most 2e-7.
const LARGEST_SHAPE: f64 = 1e12;

/// The regularised incomplete beta function I(x; a, b), in [0, 1]: chance that a beta variable is
/// at most `x`.
///
/// Source: the continued fraction of Didonato & Morris, ACM TOMS 708 (1992), from the nearer side of
/// the mean, with Loader's prefactor. Checked with mpmath for a and b from 0.5 to 1e5. `a` and `b` are in
/// (0, 1e300], `x` is in [0, 1]. The upper tail is I(1 − x; b, a).
///
/// # Errors
/// [`Error::OutOfDomain`].
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> Result<f64, Error> {
    const NAME: &str = "the incomplete beta function";
    check_domain(NAME, "a", a, a > 0.0 && a <= LARGEST_ARGUMENT)?;
    check_domain(NAME, "b", b, b > 0.0 && b <= LARGEST_ARGUMENT)?;
    check_domain(NAME, "x", x, (0.0..=1.0).contains(&x))?;
    Ok(lower_tail(a, b, x, 1.0 - x))
}

/// Chance that a Student variable with `degrees` of freedom is above `t`, in [0, 1].
///
/// Source: half of I(ν / (ν + t²); ν / 2, ½) for t ≥ 0, its complement below. `degrees` is in
/// (0, 1e300], `t` any number or infinity. Checked with mpmath.
///
/// # Errors
/// [`Error::OutOfDomain`].
pub fn student_t_sf(t: f64, degrees: f64) -> Result<f64, Error> {
    const NAME: &str = "Student's distribution";
    check_domain(NAME, "t", t, !t.is_nan())?;
    check_domain(NAME, "degrees", degrees, degrees > 0.0 && degrees <= LARGEST_ARGUMENT)?;
    // t² / ν, which may overflow to infinity: then x is 0.
    let ratio = (t / degrees.sqrt()).powi(2);
    let (x, y) = (1.0 / (1.0 + ratio), 1.0 / (1.0 + 1.0 / ratio));
    let tail = 0.5 * lower_tail(0.5 * degrees, 0.5, x, y);
    Ok(if t >= 0.0 { tail } else { 1.0 - tail })
}

/// I(x; a, b) where y = 1 − x.
fn lower_tail(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x == 0.0 || y == 0.0 {
        return if x == 0.0 { 0.0 } else { 1.0 };
    }
    let n = a + b;
    // The two gaps are one: from the smaller of x and y, which has the more digits.
    let gap = if x <= y { a - n * x } else { n * y - b };
    let deviance = deviance_by_gap(a, n * x, gap) + deviance_by_gap(b, n * y, -gap);
    if a.min(b) > LARGEST_SHAPE {
        return normal_cdf((2.0 * deviance).sqrt().copysign(-gap));
    }
    // x^a y^b / B(a, b)
    let weight = (stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance).exp()
        * (a * (b / n) / (2.0 * PI)).sqrt();
    let tail = |a: f64, b: f64, x: f64, y: f64, gap: f64| {
        // Where the weight vanishes, the fraction may overflow.
        if weight == 0.0 { 0.0 } else { (weight * continued_fraction(a, b, x, y, gap)).min(1.0) }
    };
    if gap >= 0.0 { tail(a, b, x, y, gap) } else { 1.0 - tail(b, a, y, x, -gap) }
}

/// I(x; a, b) B(a, b) x⁻ᵃ y⁻ᵇ where `gap` = a − (a + b) x ≥ 0, by the modified Lentz method.
///
/// Source: Didonato & Morris 1992, equation 9. It holds the gap itself, so that nothing cancels when
/// x is near 1.
fn continued_fraction(a: f64, b: f64, x: f64, y: f64, gap: f64) -> f64 {
    let partial_denominator = |m: f64| {
        m + m * (b - m) * x / (a + 2.0 * m - 1.0)
            + (a + m) / (a + 2.0 * m + 1.0) * (gap + 1.0 + m * (1.0 + y))
    };
    let mut d = (a + 1.0) / (a * (gap + 1.0));
    let mut c = f64::INFINITY;
    let mut value = d;
    for m in (1..MOST_TERMS).map(f64::from) {
        let ratio = x / (a + 2.0 * m - 1.0);
        let numerator = (a + m - 1.0) * ratio * (a + b + m - 1.0) * ratio * m * (b - m);
        let denominator = partial_denominator(m);
        d = 1.0 / nonzero(denominator + numerator * d);
        c = nonzero(denominator + numerator / c);
        value *= c * d;
        if (c * d - 1.0).abs() <= 2.0 * f64::EPSILON {
            break;
        }
    }
    value
}
