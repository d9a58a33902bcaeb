use super::{Bins, Builder, GROUP_ROWS, Missing, Reading};
use crate::FeatureMatrix;
use crate::scalar::Scalar;
use crate::simd::Simd;

/// The bins of values in one column with the thresholds 0 to `count`, found alone and in a group.
fn check<S: Scalar>(count: usize, missing: Missing, values: &[f64]) {
    let mut builder = Builder::<S>::new();
    let column = builder.column(0, Reading::Number(missing));
    // Twice, and from the highest to the lowest.
    for threshold in (0..count).rev().chain(0..count) {
        builder.add_threshold(column, S::from_f64(threshold as f64).key());
    }
    let (quantizer, places) = builder.finish(Vec::new());
    let mut features = FeatureMatrix::new();
    features.reset(values.len(), 1);
    features.column_mut(0).zip(values).for_each(|(to, value)| *to = *value);
    for simd in Simd::levels() {
        let mut bins = Bins::default();
        let group = quantizer.fill_groups(simd, 1, features.rows_from(0, values.len()), &mut bins);
        let group = group.to_vec();
        for (row, value) in values.iter().enumerate() {
            let one = quantizer.fill_one(simd, &[*value], &mut bins).as_flattened();
            for threshold in 0..count {
                let test = places[0].above(S::from_f64(threshold as f64).key());
                let expected = match missing {
                    Missing::Right if value.is_nan() => true,
                    Missing::AsZero if value.is_nan() => 0.0 > threshold as f64,
                    _ => *value > threshold as f64,
                };
                let slot = test.slot as usize;
                assert_eq!(one[slot] > test.bound, expected, "{simd:?} {value} {threshold}");
                assert_eq!(group[slot][row] > test.bound, expected, "{simd:?} {value} {threshold}");
            }
        }
    }
}

#[test]
fn a_bin_is_above_a_threshold_when_its_value_is() {
    for count in [1, 2, 15, 16, 17, 31, 32, 100, 254, 255, 256, 257, 511, 600] {
        let mut values = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, -1.0, 0.5, 1e9];
        let last = count as f64 - 1.0;
        values.extend([last - 0.5, last, last + 0.5, last / 2.0, (last / 2.0).floor()]);
        values.extend((values.len()..GROUP_ROWS).map(|at| (at * 11) as f64 - 8.5));
        for missing in [Missing::Left, Missing::Right, Missing::AsZero] {
            check::<f32>(count, missing, &values);
            check::<f64>(count, missing, &values);
        }
    }
}
