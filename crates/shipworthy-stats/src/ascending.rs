//! Numbers in order.

/// Below so many numbers, comparing them is faster than counting their digits.
const FEW: usize = 2048;

/// Bits of a key that one round sorts by: the counts of all rounds then stay in the first cache.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// The sign, the exponent and six decimal places are sorted by; few numbers share all these.
const ROUNDS: usize = 3;

/// The bits of a key behind those.
const REST_BITS: u32 = u64::BITS - ROUNDS as u32 * DIGIT_BITS;

/// A copy of the numbers in the order of [`f64::total_cmp`].
///
/// Source: a radix sort from the lowest digit (Knuth, The Art of Computer Programming 3, 5.2.5) of
/// their first 33 bits; runs that share these are compared. Allocates two more lists of numbers.
pub(crate) fn ascending(values: &[f64]) -> Vec<f64> {
    if values.len() < FEW {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        return sorted;
    }
    let mut keys: Vec<u64> = values.iter().map(|value| key(*value)).collect();
    let mut counts = vec![[0_usize; DIGITS]; ROUNDS];
    for key in &keys {
        counts.iter_mut().enumerate().for_each(|(round, counts)| counts[digit(*key, round)] += 1);
    }
    let mut next = vec![0; keys.len()];
    for (round, places) in counts.iter_mut().enumerate() {
        // Where all have one digit, nothing moves.
        if places.contains(&keys.len()) {
            continue;
        }
        let mut start = 0;
        for place in places.iter_mut() {
            start += std::mem::replace(place, start);
        }
        for key in &keys {
            let place = &mut places[digit(*key, round)];
            next[*place] = *key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut next);
    }
    for run in keys.chunk_by_mut(|a, b| a >> REST_BITS == b >> REST_BITS) {
        run.sort_unstable();
    }
    keys.into_iter().map(value).collect()
}

/// The bits of a number, in an order that is that of the numbers.
const fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

const fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

const fn digit(key: u64, round: usize) -> usize {
    (key >> (REST_BITS + round as u32 * DIGIT_BITS)) as usize % DIGITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_order_is_that_of_comparing(
            some in prop::collection::vec(prop::num::f64::ANY, 1..50),
            rows in prop_oneof![0..100_usize, FEW..2 * FEW],
        ) {
            let values: Vec<f64> =
                (0..rows).map(|row| some[row % some.len()] * ((row % 7) as f64 - 3.0)).collect();
            let mut expected = values.clone();
            expected.sort_unstable_by(f64::total_cmp);
            let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(bits(ascending(&values)), bits(expected));
        }
    }
}
