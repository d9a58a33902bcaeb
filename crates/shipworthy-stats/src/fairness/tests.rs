use super::*;

fn at(level: f64) -> Coverage {
    Coverage::two_sided(level).expect("a valid level")
}

/// Selected and rejected rows of each group, all of them positive.
fn positive(groups: &[(usize, usize)]) -> Groups {
    let mut rows = (vec![], vec![]);
    for (group, &(selected, rejected)) in groups.iter().enumerate() {
        rows.0.extend((0..selected + rejected).map(|row| row < selected));
        rows.1.extend(std::iter::repeat_n(group, selected + rejected));
    }
    let (decisions, numbers) = rows;
    Groups::of(&vec![true; decisions.len()], &decisions, &numbers, groups.len()).expect("valid")
}

#[test]
fn gaps_are_between_the_extreme_groups() {
    let groups = positive(&[(50, 50), (80, 20), (70, 30)]);
    let gap = groups.demographic_parity_difference(at(0.95)).expect("three groups");
    assert!((gap.value - 0.3).abs() < 1e-15);
    assert!(gap.interval.lower > 0.0 && gap.interval.lower < 0.3 && gap.interval.upper > 0.3);
    let ratio = groups.demographic_parity_ratio(at(0.95)).expect("three groups");
    assert_eq!(ratio.value, 0.625);
    assert!(ratio.interval.lower < 0.625 && ratio.interval.upper > 0.625);
    assert_eq!(groups.equal_opportunity_difference(at(0.95)), Ok(gap));
    assert_eq!(groups.four_fifths_rule(at(0.95)), Ok(false));
}

#[test]
fn a_small_group_makes_a_wide_interval() {
    let width = |groups: &[(usize, usize)]| {
        let gap = positive(groups).demographic_parity_difference(at(0.95)).expect("two groups");
        gap.interval.upper - gap.interval.lower
    };
    assert!(width(&[(500, 500), (1, 1)]) > 2.0 * width(&[(500, 500), (100, 100)]));
}

#[test]
fn a_rate_without_rows_is_left_out_and_told() {
    let labels = [true, true, false, false, true];
    let decisions = [true, false, true, false, true];
    let groups = Groups::of(&labels, &decisions, &[0, 1, 1, 2, 0], 4).expect("a valid input");
    assert_eq!(groups.without(Rate::TruePositive).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(groups.without(Rate::FalsePositive).collect::<Vec<_>>(), [0, 3]);
    let gap = groups.equal_opportunity_difference(at(0.95)).expect("two groups have it");
    assert_eq!(gap.value, 1.0);
    assert_eq!(groups.equalized_odds_ratio(at(0.95)).map(|ratio| ratio.value), Ok(0.0));
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let alone = positive(&[(1, 1), (0, 0)]);
    let error = Error::TooFewGroups { found: 1 };
    assert_eq!(alone.demographic_parity_difference(at(0.9)), Err(error));
    let error = Error::TooFewGroups { found: 0 };
    let pair = positive(&[(0, 1), (0, 1)]);
    assert_eq!(pair.equalized_odds_difference(at(0.9)), Err(error));
    assert_eq!(pair.demographic_parity_ratio(at(0.9)), Err(Error::NoRate));
    assert_eq!(pair.four_fifths_rule(at(0.9)), Err(Error::NoRate));
}

#[test]
fn bad_input_is_named() {
    assert_eq!(Groups::of(&[], &[], &[], 1), Err(Error::Empty));
    let error = Error::LengthsDiffer { labels: 1, predictions: 0 };
    assert_eq!(Groups::of(&[true], &[true], &[], 1), Err(error));
    let error = Error::ClassOutOfRange { input: "groups", index: 0, class: 1, classes: 1 };
    assert_eq!(Groups::of(&[true], &[true], &[1], 1), Err(error));
    for count in [0, MAX_GROUPS + 1] {
        let error = Error::GroupCount { count, max: MAX_GROUPS };
        assert_eq!(Groups::of(&[true], &[true], &[0], count), Err(error));
    }
}
