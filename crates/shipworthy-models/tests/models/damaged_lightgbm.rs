//! LightGBM files that are cut off, corrupt or hostile: a typed error, or a model that works; never
//! a panic, a hang or memory without end.

use proptest::prelude::*;
use shipworthy_models::lightgbm::{self, Error, TreeError};
use shipworthy_models::{FeatureMatrix, Model, TreeEnsemble};

use crate::cases::{Cases, text};
use crate::fixtures::{predict, survives};

/// A split by number, and a split by category with a linear leaf behind it.
const SMALL: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=number kind
feature_infos=[0:9] 1:40
tree_sizes=100 200

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=0.5
decision_type=10
left_child=-1
right_child=-2
leaf_value=1 2
is_linear=0
shrinkage=1

Tree=1
num_leaves=3
num_cat=1
split_feature=1 0
threshold=0 7
decision_type=1 4
left_child=-1 -2
right_child=1 -3
leaf_value=10 20 30
cat_boundaries=0 2
cat_threshold=2 256
is_linear=1
leaf_const=10 20 300
num_features=0 0 2
leaf_features=  0 1
leaf_coeff=  0.5 0
shrinkage=1

end of trees

feature_importances:
number=2
kind=1

parameters:
[categorical_feature: 1]

end of parameters

pandas_categorical:null
";

fn load(text: &str) -> Result<TreeEnsemble, Error> {
    lightgbm::load(text.as_bytes())
}

/// With one line in the place of its first (`0`) or second (`1`) namesake.
fn with(occurrence: usize, line: &str) -> String {
    let (key, _) = line.split_once('=').unwrap();
    let key = format!("\n{key}=");
    let mut places = SMALL.match_indices(&key).map(|(at, _)| at + 1);
    let start = places.nth(occurrence).expect("there is such a line");
    let end = start + SMALL[start..].find('\n').unwrap();
    [&SMALL[..start], line, &SMALL[end..]].concat()
}

fn margin(model: &TreeEnsemble, row: [f64; 2]) -> f64 {
    let mut features = FeatureMatrix::new();
    features.reset(1, 2);
    features.row_mut(0).copy_from_slice(&row);
    predict(model, &features).margin(0)[0]
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = load(text).unwrap_err();
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    assert_eq!(format!("{error}{}", source.unwrap_or_default()), expected);
}

#[test]
fn a_small_model_answers_as_its_text_says() {
    let model = load(SMALL).unwrap();
    for (row, expected) in [
        ([0.5, 1.0], 11.0),
        ([0.6, 40.0], 12.0),
        ([0.5, 40.9], 11.0),
        ([0.5, 0.0], 21.0),
        ([0.5, -0.5], 21.0),
        ([0.5, 64.0], 21.0),
        ([0.5, 1e300], 21.0),
        ([7.0, f64::NAN], 22.0),
        ([8.0, 2.0], 306.0),     // 2 + 300 + 8 / 2
        ([0.0, 2.0], 301.0),     // zero goes right by default
        ([f64::NAN, 2.0], 31.0), // and with it what is missing, which a linear leaf cannot use
    ] {
        assert_eq!(margin(&model, row), expected, "{row:?}");
    }
}

#[test]
fn levels_are_named_as_their_values() {
    let named = |levels: &str| {
        let text = SMALL.replace("categorical:null", &format!("categorical:[[{levels}]]"));
        load(&text).unwrap().features()[1].levels.join(" ")
    };
    let zeros = "0, ".repeat(40);
    assert_eq!(
        named(&format!("{zeros}1.0, -2.5, 1e300, true")),
        format!("{}1 -2.5 1e+300 true", "0 ".repeat(40))
    );
}

#[test]
fn a_header_that_makes_no_sense_is_refused() {
    for (line, expected) in [
        ("num_tree_per_iteration=0", "`num_tree_per_iteration` is `0`"),
        ("num_tree_per_iteration=-1", "`num_tree_per_iteration` is `-1`"),
        ("num_tree_per_iteration=3", "`Tree` has 2 entries instead of 3"),
        ("num_tree_per_iteration=99999999", "99999999 outputs: more than 16384"),
        ("max_feature_idx=4000000000", "4000000001 features: more than 1048576"),
        (
            "max_feature_idx=18446744073709551615",
            "18446744073709551615 features: more than 1048576",
        ),
        ("max_feature_idx=2", "`feature_names` has 2 entries instead of 3"),
        ("feature_infos=none", "`feature_infos` has 1 entries instead of 2"),
        ("objective=mine", "objective `mine` is not supported"),
        ("objective=binary sigmoid:steep", "`objective` is `steep`"),
        ("objective=binary sigmoid:inf", "`objective` is `binary sigmoid:inf`"),
        ("tree_sizes=100", "`tree_sizes` has 1 entries instead of 2"),
        ("tree_sizes=100 200 300", "`tree_sizes` has 3 entries instead of 2"),
    ] {
        refused(&with(0, line), expected);
    }
    refused("not a tree\n", "the file is not a LightGBM model in text");
    refused("tree\nversion=v4\n", "the file has no `num_tree_per_iteration`");
    let levels = SMALL.replace("categorical:null", "categorical:[[\"a\"");
    refused(&levels, "`pandas_categorical` is `[[\"a\"`");
    assert!(matches!(lightgbm::load(b"tree\nname=\xff\n"), Err(Error::NotText)));
}

#[test]
fn a_tree_that_is_none_is_refused() {
    for (tree, line, expected) in [
        (0, "num_leaves=0", "it has 0 leaves"),
        (0, "num_leaves=16777217", "it has 16777217 leaves"),
        (0, "num_leaves=2.5", "entry 0 of `num_leaves` is not a number of its kind"),
        (0, "num_leaves=16777216", "`split_feature` has 1 entries instead of 16777215"),
        (0, "num_leaves=1", "`leaf_value` has 2 entries instead of 1"),
        (0, "threshold=0.5 1", "`threshold` has 2 entries instead of 1"),
        (0, "threshold=nan", "entry 0 of `threshold` is not finite"),
        (0, "leaf_value=1 inf", "entry 1 of `leaf_value` is not finite"),
        (0, "leaf_value=1 two", "entry 1 of `leaf_value` is not a number of its kind"),
        (0, "split_feature=2", "node 0 splits on feature 2 of 2"),
        (0, "split_feature=-1", "node 0 splits on feature -1 of 2"),
        (0, "decision_type=14", "split 0 has decision type 14"),
        (0, "decision_type=256", "entry 0 of `decision_type` is not a number of its kind"),
        (0, "decision_type=1", "split 0 has no set of categories"),
        (0, "left_child=0", "node 0 is reached more than once"),
        (0, "left_child=-2", "node 2 is reached more than once"),
        (0, "right_child=-3", "node 0 has child 3, outside the tree of 3 nodes"),
        (1, "right_child=1 1", "node 1 is reached more than once"),
        (1, "left_child=-1 0", "node 0 is reached more than once"),
        (1, "threshold=1 7", "split 0 has no set of categories"),
        (1, "threshold=-1 7", "split 0 has no set of categories"),
        (1, "threshold=1e300 7", "split 0 has no set of categories"),
        (1, "num_cat=18446744073709551615", LONG_BOUNDARIES),
        (1, "cat_boundaries=0 3", "entry 0 of `cat_boundaries` is not a number of its kind"),
        (1, "cat_boundaries=2 0", "entry 0 of `cat_boundaries` is not a number of its kind"),
        (1, "cat_threshold=2 4294967296", "entry 1 of `cat_threshold` is not a number of its kind"),
        (1, "leaf_const=10 20 nan", "entry 2 of `leaf_const` is not finite"),
        (1, "leaf_coeff=1e400 0", "entry 0 of `leaf_coeff` is not finite"),
        (1, "leaf_coeff=1", "`leaf_coeff` has 1 entries instead of 2"),
        (1, "leaf_features=0 2", "node 4 splits on feature 2 of 2"),
        (1, "num_features=1 18446744073709551615 2", LONG_FEATURES),
    ] {
        // A line that only the second tree has is the first of its name.
        let only_second = ["cat_", "leaf_const", "leaf_coeff", "leaf_features", "num_features"];
        let is_only_second = only_second.iter().any(|start| line.starts_with(start));
        let text = with(if is_only_second { 0 } else { tree }, line);
        refused(&text, &format!("tree {tree} is damaged: {expected}"));
    }
    let without = |field: &str| SMALL.replace(&format!("\n{field}="), "\nother=");
    for field in ["num_leaves", "split_feature", "leaf_value", "right_child"] {
        refused(&without(field), &format!("tree 0 is damaged: it has no `{field}`"));
    }
    refused(&without("leaf_const"), "tree 1 is damaged: it has no `leaf_const`");
}

const LONG_BOUNDARIES: &str = "`cat_boundaries` has 2 entries instead of 18446744073709551615";
const LONG_FEATURES: &str = "`leaf_features` has 2 entries instead of 18446744073709551615";

#[test]
fn codes_that_no_set_can_hold_are_refused() {
    let mut words = vec!["0"; (1 << 19) + 1];
    words[1 << 19] = "1";
    let text = with(0, &format!("cat_boundaries=0 {}", words.len()));
    let text = text.replace("cat_threshold=2 256", &format!("cat_threshold={}", words.join(" ")));
    let Err(Error::Tree { tree: 1, source: TreeError::Shape(source) }) = load(&text) else {
        panic!("it loads")
    };
    assert_eq!(source.to_string(), "node 0 has category code 16777216, outside 0 to 16777215");
}

#[test]
fn a_chain_of_splits_hits_the_depth_limit() {
    let splits = 5_000;
    let list = |entry: &dyn Fn(i64) -> i64| {
        (0..splits).map(|split| entry(split).to_string()).collect::<Vec<_>>().join(" ")
    };
    let zeros = list(&|_| 0);
    let mut text = with(0, &format!("num_leaves={}", splits + 1));
    for (old, new) in [
        ("split_feature=0\n", format!("split_feature={zeros}\n")),
        ("threshold=0.5\n", format!("threshold={zeros}\n")),
        ("decision_type=10\n", format!("decision_type={zeros}\n")),
        ("left_child=-1\n", format!("left_child={}\n", list(&|split| -1 - split))),
        ("right_child=-2\n", {
            let child = |split| if split + 1 < splits { split + 1 } else { -1 - splits };
            format!("right_child={}\n", list(&child))
        }),
        ("leaf_value=1 2\n", format!("leaf_value={zeros} 0\n")),
    ] {
        text = text.replacen(old, &new, 1);
    }
    refused(&text, "tree 0 is damaged: more than 4096 levels in one tree");
}

/// Up to the line after the last tree nothing may be missing. What follows it may: old versions
/// write less there.
#[test]
fn a_file_cut_anywhere_before_its_end_of_trees_is_refused() {
    let cases = Cases::read("lightgbm_4.7.0.json").cases;
    let large = cases["part_multiclass"].model.as_ref();
    for (text, step) in [(SMALL.to_owned(), 1), (text(large), 7)] {
        let end = text.find("end of trees").unwrap();
        for cut in (0..end).step_by(step) {
            assert!(load(&text[..cut]).is_err(), "{cut}");
        }
        for cut in (end..text.len()).step_by(step) {
            survives(load(&text[..cut]));
        }
        assert!(load(&text[..end + "end of trees".len()]).is_ok());
    }
    refused(&SMALL[..500], "the file ends in or after tree 2 of 2: it is cut off");
}

fn odd_word() -> impl Strategy<Value = String> {
    let number = any::<i32>().prop_map(|number| number.to_string());
    prop_oneof![prop::sample::select(ODD_WORDS).prop_map(str::to_owned), number]
}

const ODD_WORDS: &[&str] = &[
    "nan",
    "inf",
    "-inf",
    "-1",
    "-2",
    "-3",
    "0",
    "1",
    "2",
    "3",
    "4",
    "31",
    "32",
    "64",
    "1e300",
    "-0.0",
    "1e-36",
    "1e999",
    "",
    "x",
    "255",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "0 1",
    "=",
    "\n",
    "Tree=2",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_words_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), odd_word()), 1..4),
    ) {
        let mut words: Vec<&str> = SMALL.split_inclusive([' ', '=', '\n']).collect();
        for (place, word) in &changes {
            let place = place.index(words.len());
            words[place] = word;
        }
        survives(load(&words.concat()));
    }

    #[test]
    fn a_word_changed_for_another_never_panics(
        place in any::<prop::sample::Index>(), word in odd_word(),
    ) {
        let mut words: Vec<String> = SMALL.split_inclusive([' ', '=', '\n']).map(str::to_owned).collect();
        let place = place.index(words.len());
        let end = words[place].pop().unwrap();
        words[place] = format!("{word}{end}");
        survives(load(&words.concat()));
    }

    #[test]
    fn changed_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = SMALL.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        survives(lightgbm::load(&bytes));
    }
}
