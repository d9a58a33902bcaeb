//! The two small functions that keep the digits of binomial and Poisson weights.
//!
//! Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000), the method
//! of R's `dbinom` and `dpois`.

use std::f64::consts::PI;

/// x ln(x / m) + m − x, at least 0: how far a count of `x` > 0 is from its mean `m` ≥ 0, both below
/// 1e303.
pub(crate) fn deviance(x: f64, m: f64) -> f64 {
    deviance_by_gap(x, m, x - m)
}

/// [`deviance`] when `gap` = x − m is known to more digits than x and m give.
///
/// About x = m the terms cancel, so the logarithm is taken as a series.
pub(crate) fn deviance_by_gap(x: f64, m: f64, gap: f64) -> f64 {
    let v = gap / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).max(f64::MIN_POSITIVE).ln() - gap;
    }
    // ln(x / m) = 2 artanh(v), whose first term is taken with -gap.
    let square = v * v;
    let mut total = gap * v;
    let mut power = 2.0 * x * v;
    for odd in (3..).step_by(2) {
        power *= square;
        let next = total + power / f64::from(odd);
        if next == total {
            break;
        }
        total = next;
    }
    total
}

/// ln Γ(a + 1) − (a + ½) ln a + a − ln √(2π), for a > 0: what Stirling's formula leaves out.
pub(crate) fn stirling_error(a: f64) -> f64 {
    if a < 16.0 {
        return libm::lgamma(a + 1.0) - (a + 0.5) * a.ln() + a - 0.5 * (2.0 * PI).ln();
    }
    // From 16 up the seventh term of the series is below 1e-17.
    let s = 1.0 / (a * a);
    let coefficients =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    coefficients.iter().rev().fold(0.0, |sum, c| sum * s + c) / a
}

/// C(n, x) p^x (1 − p)^(n − x) where `gap` = x − n p, for x in 0..=n and p in [0, 1].
pub(crate) fn binomial_weight(x: f64, n: f64, gap: f64) -> f64 {
    let rest = n - x;
    let (mean, mean_rest) = (x - gap, rest + gap);
    if mean <= 0.0 || mean_rest <= 0.0 {
        let certain = (mean <= 0.0 && x == 0.0) || (mean_rest <= 0.0 && rest == 0.0);
        return if certain { 1.0 } else { 0.0 };
    }
    if x == 0.0 {
        return (n * (-mean / n).ln_1p()).exp();
    }
    if rest == 0.0 {
        return (n * (-mean_rest / n).ln_1p()).exp();
    }
    let deviance = deviance_by_gap(x, mean, gap) + deviance_by_gap(rest, mean_rest, -gap);
    (stirling_error(n) - stirling_error(x) - stirling_error(rest) - deviance).exp()
        * (n / (2.0 * PI * x * rest)).sqrt()
}
