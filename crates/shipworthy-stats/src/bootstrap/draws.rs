//! Which rows are drawn.

use super::JACKKNIFE_GROUPS;

/// SplitMix64: a counter in steps of the golden ratio, and a mixer.
///
/// Source: Steele, Lea & Flood 2014, with the constants of Java's `SplittableRandom`.
pub(super) struct Draws {
    state: u64,
}

impl Draws {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`. A number's chance is off by at most `bound` / 2⁶⁴.
    const fn below(&mut self, bound: usize) -> usize {
        ((self.next() as u128 * bound as u128) >> 64) as usize
    }

    /// Draws as many rows as there are, with replacement, in ascending order: `counts` and `indices`
    /// have one place a row, and `counts` is all 0 before and after.
    pub(super) fn resample(&mut self, counts: &mut [u32], indices: &mut [usize]) {
        for _ in 0..counts.len() {
            counts[self.below(counts.len())] += 1;
        }
        let drawn = counts
            .iter_mut()
            .enumerate()
            .flat_map(|(row, count)| std::iter::repeat_n(row, std::mem::take(count) as usize));
        indices.iter_mut().zip(drawn).for_each(|(index, row)| *index = row);
    }
}

/// All rows but one group of them, for each group in turn; one row is a group where there are no
/// more than [`JACKKNIFE_GROUPS`].
pub(crate) fn left_out(rows: usize, seed: u64) -> impl Iterator<Item = Vec<usize>> {
    let groups = rows.min(JACKKNIFE_GROUPS);
    let mut place: Vec<usize> = (0..rows).collect();
    if groups < rows {
        let mut draws = Draws::new(!seed);
        for last in (1..rows).rev() {
            place.swap(last, draws.below(last + 1));
        }
    }
    (0..groups).map(move |group| (0..rows).filter(|&row| place[row] % groups != group).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs for this seed in S. Vigna's reference code.
        let mut draws = Draws::new(1_234_567);
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([draws.next(), draws.next(), draws.next()], expected);
    }

    #[test]
    fn a_resample_has_as_many_rows_in_ascending_order() {
        let (mut counts, mut indices) = ([0; 50], [0; 50]);
        let mut draws = Draws::new(7);
        for _ in 0..20 {
            draws.resample(&mut counts, &mut indices);
            assert!(indices.is_sorted() && indices[49] < 50);
            assert_eq!(counts, [0; 50]);
        }
    }

    #[test]
    fn every_row_is_left_out_once() {
        for rows in [1, 7, JACKKNIFE_GROUPS, JACKKNIFE_GROUPS + 1, 3 * JACKKNIFE_GROUPS + 5] {
            let mut left_in = vec![0; rows];
            let mut groups = 0;
            for indices in left_out(rows, 3) {
                indices.iter().for_each(|&row| left_in[row] += 1);
                groups += 1;
            }
            assert_eq!(groups, rows.min(JACKKNIFE_GROUPS));
            assert!(left_in.iter().all(|&count| count == groups - 1));
        }
    }
}
