//! Ranks of values.

/// The rank of every value from 1, a tie getting the mean of the ranks it spans.
///
/// The values are finite. O(n log n) time; allocates two numbers a value.
pub(crate) fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    // total_cmp puts -0.0 beside 0.0, and == ties them.
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = below as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|&at| ranks[at] = rank);
        below += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_shares_the_mean_of_its_ranks() {
        assert_eq!(midranks(&[3.0, 0.0, 1.0, -0.0, 1.0, 1.0]), [6.0, 1.5, 4.0, 1.5, 4.0, 4.0]);
        assert!(midranks(&[]).is_empty());
    }
}
