//! Known answers of mpmath 1.4 with 50 digits, and the corners.

use super::*;

#[track_caller]
fn check(actual: f64, expected: f64) {
    let gap = (actual - expected).abs();
    assert!(gap <= 1e-12 * expected.abs(), "{actual:e}, expected {expected:e}");
}

#[test]
fn the_normal_distribution_keeps_its_digits_in_the_tails() {
    let known = [
        (-37.0, 5.725_571_222_524_577e-300),
        (-8.0, 6.220_960_574_271_784e-16),
        (-1.96, 0.024_997_895_148_220_435),
        (-0.1, 0.460_172_162_722_971),
        (0.0, 0.5),
        (1.0, 0.841_344_746_068_543),
        (5.0, 0.999_999_713_348_428_1),
        (f64::INFINITY, 1.0),
    ];
    for (x, probability) in known {
        check(normal_cdf(x), probability);
        check(normal_sf(-x), probability);
    }
}

#[test]
fn the_normal_quantile_inverts_the_distribution() {
    let known = [
        (1e-300, -37.047_096_299_361_2),
        (1e-20, -9.262_340_089_798_408),
        (0.001, -3.090_232_306_167_813_5),
        (0.025, -1.959_963_984_540_054_2),
        (0.3, -0.524_400_512_708_040_8),
        (0.49, -0.025_068_908_258_711_057),
        (0.5, 0.0),
        (0.9, 1.281_551_565_544_600_6),
    ];
    for (p, x) in known {
        check(normal_quantile(p).expect("p is inside"), x);
    }
    for p in [0.0, 1.0, -0.5, 1.5, f64::NAN] {
        assert!(matches!(normal_quantile(p), Err(Error::OutOfDomain { argument: "p", .. })));
    }
}

#[test]
fn the_incomplete_gamma_function_keeps_its_digits_in_both_tails() {
    let known = [
        (0.5, 0.01, 0.112_462_916_018_284_9, 0.887_537_083_981_715),
        (0.5, 3.0, 0.985_694_121_564_570_4, 0.014_305_878_435_429_64),
        (0.5, 300.0, 1.0, 1.674_167_984_691_788e-132),
        (1.0, 1.0, 0.632_120_558_828_557_7, 0.367_879_441_171_442_3),
        (3.5, 0.1, 2.515_625_083_091_617_2e-5, 0.999_974_843_749_169_1),
        (48.5, 20.0, 4.980_350_911_335_194e-8, 0.999_999_950_196_490_9),
        (48.5, 48.0, 0.490_380_251_548_909_4, 0.509_619_748_451_090_6),
        (48.5, 120.0, 0.999_999_999_999_959_4, 4.061_760_180_770_509e-14),
        (5000.0, 4500.0, 1.269_773_170_520_442e-13, 0.999_999_999_999_873),
        (5000.0, 5600.0, 0.999_999_999_999_999_8, 1.510_566_030_076_126_5e-16),
        (1e5, 1e5, 0.500_420_522_110_365_2, 0.499_579_477_889_634_8),
        (1e5, 1.1e5, 1.0, 2.655_400_479_376_695e-206),
    ];
    for (a, x, lower, upper) in known {
        check(incomplete_gamma_lower(a, x).expect("inside"), lower);
        check(incomplete_gamma_upper(a, x).expect("inside"), upper);
        check(chi_squared_sf(2.0 * x, 2.0 * a).expect("inside"), upper);
    }
}

#[test]
fn the_incomplete_beta_function_keeps_its_digits_in_both_tails() {
    let known = [
        (0.5, 0.5, 0.3, 0.369_010_119_565_545_4),
        (0.5, 10.0, 1e-4, 0.035_228_841_114_085_23),
        (2.5, 1.0, 0.9, 0.768_433_471_420_916_2),
        (10.0, 77.0, 0.05, 0.010_742_552_609_828_167),
        (10.0, 77.0, 0.3, 0.999_985_575_736_707),
        (1000.0, 1000.0, 0.45, 3.683_198_869_007_578e-6),
        (1000.0, 1000.0, 0.51, 0.814_447_340_568_488_6),
        (50.0, 1e5, 2e-4, 1.259_121_633_361_481_5e-8),
        (1e5, 1e5, 0.5, 0.5),
        (1e5, 1e5, 0.495, 3.870_184_835_468_702e-6),
    ];
    for (a, b, x, probability) in known {
        check(incomplete_beta(a, b, x).expect("inside"), probability);
    }
    // Next to the gamma distribution, P(2, 2).
    let skewed = incomplete_beta(2.0, 1e13, 2e-13).expect("inside");
    assert!((skewed - 0.593_994_150_290_161_9).abs() < 1e-12, "{skewed}");
    check(incomplete_beta(77.0, 10.0, 0.7).expect("inside"), 1.0 - 0.999_985_575_736_707);
}

#[test]
fn students_distribution_has_heavy_tails() {
    let known = [
        (1.0, 1.0, 0.25),
        (-2.0, 3.5, 0.936_930_738_712_043_2),
        (2.5, 10.0, 0.015_723_422_118_304_402),
        (30.0, 10.0, 1.980_896_171_015_662e-11),
        (1e-8, 7.0, 0.499_999_996_150_085_5),
        (4.0, 1e5, 3.169_399_877_859_767e-5),
        (0.0, 5.0, 0.5),
        (f64::INFINITY, 5.0, 0.0),
        (-1e300, 5.0, 1.0),
    ];
    for (t, degrees, probability) in known {
        check(student_t_sf(t, degrees).expect("inside"), probability);
    }
}

#[test]
fn enormous_and_tiny_arguments_have_answers() {
    let shapes = [1e-300, 1e-10, 1.0, 1e9, 1e12, 1e15, 1e300];
    for a in shapes {
        for x in [0.0, 5e-324, 1e-10, 1.0, 1e9, 1e15, 1e300, f64::MAX, f64::INFINITY] {
            let (p, q) = (incomplete_gamma_lower(a, x), incomplete_gamma_upper(a, x));
            let (p, q) = (p.expect("inside"), q.expect("inside"));
            assert!((0.0..=1.0).contains(&p) && (p + q - 1.0).abs() < 1e-15, "{a} {x}: {p} {q}");
        }
        for b in shapes {
            for x in [0.0, 5e-324, 1e-10, 0.5, 1.0 - 1e-10, 1.0] {
                let p = incomplete_beta(a, b, x).expect("inside");
                assert!((0.0..=1.0).contains(&p), "{a} {b} {x}: {p}");
                let far = (b > 1e6 * a && x == 0.5) || x == 1.0;
                assert!(!far || p > 1.0 - 1e-6, "{a} {b} {x}: {p}");
            }
        }
    }
    assert!((incomplete_gamma_lower(1e12, 1e12).expect("inside") - 0.5).abs() < 1e-6);
    assert!((incomplete_beta(1e15, 1e15, 0.5).expect("inside") - 0.5).abs() < 1e-7);
}

#[test]
fn the_domain_is_checked() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(incomplete_gamma_lower(bad, 1.0).is_err());
        assert!(incomplete_beta(bad, 1.0, 0.5).is_err());
        assert!(incomplete_beta(1.0, bad, 0.5).is_err());
        assert!(student_t_sf(1.0, bad).is_err());
        assert!(ln_gamma(bad).is_err());
    }
    for bad in [-0.1, f64::NAN] {
        assert!(incomplete_gamma_upper(1.0, bad).is_err());
        assert!(incomplete_beta(1.0, 1.0, bad).is_err());
        assert!(chi_squared_sf(bad, 1.0).is_err());
    }
    assert!(matches!(ln_gamma(1e308), Err(Error::Overflow { .. })));
    check(ln_gamma(0.5).expect("inside"), 0.572_364_942_924_700_1);
}

#[test]
fn the_kolmogorov_distribution_is_that_of_scipy() {
    let known = [
        (1, 0.75, 0.5),
        (5, 0.15, 0.9988),
        (10, 0.3, 0.270_535_574_799_999_46),
        (10, 0.5, 0.007_777_41),
        (100, 0.08, 0.518_219_364_548_067_2),
        (100, 0.15, 0.019_839_242_125_643_017),
        (140, 0.3, 1.137_025_171_073_731e-11),
        (1000, 0.02, 0.810_897_165_689_557_7),
        (1000, 0.04, 0.079_339_560_590_002_24),
        (1000, 0.06, 0.001_428_597_887_952_891),
        (20_000, 0.005, 0.697_408_840_632_761_3),
        (100_000, 0.003, 0.328_456_332_772_695_6),
        (1_000_000, 0.001, 0.269_821_074_425_893_76),
        (1_000_000, 0.01, 2.737_330_441_548_120_5e-87),
        (10, 0.0, 1.0),
        (10, -1.0, 1.0),
        (10, 1.0, 0.0),
        (10, f64::INFINITY, 0.0),
        (1 << 62, 0.5, 0.0),
    ];
    for (n, gap, probability) in known {
        let actual = kolmogorov_sf(n, gap).expect("inside");
        assert!((actual - probability).abs() <= 1e-10 * probability, "{n} {gap}: {actual}");
    }
    assert!(kolmogorov_sf(0, 0.5).is_err() && kolmogorov_sf(5, f64::NAN).is_err());
}

#[test]
fn the_cramer_von_mises_distribution_is_that_of_scipy() {
    let known = [
        (0.005, 0.999_999_999_977_997_5),
        (0.01, 0.999_994_135_567_190_1),
        (0.02, 0.996_999_385_698_398_1),
        (0.05, 0.876_280_931_041_351),
        (0.1, 0.584_873_438_406_797_1),
        (0.347_30, 0.100_003_082_790_201_54),
        (0.743_46, 0.009_999_961_915_457),
        (1.167_86, 0.000_999_990_914_880_2),
        (0.0, 1.0),
        (f64::INFINITY, 0.0),
    ];
    for (x, probability) in known {
        let actual = cramer_von_mises_sf(x).expect("inside");
        // scipy stops its series at 1e-7.
        assert!((actual - probability).abs() <= 2e-7, "{x}: {actual}");
    }
    assert!(cramer_von_mises_sf(f64::NAN).is_err());
}
