//! The shape of the file, as far as prediction reads it. Fields that are not named here are
//! skipped. Parameters are numbers written as text; old versions write some flags as booleans.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::Error;

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) learner: Learner<'a>,
}

#[derive(Deserialize)]
pub(super) struct Learner<'a> {
    #[serde(borrow, default)]
    pub(super) attributes: Attributes<'a>,
    #[serde(borrow, default)]
    pub(super) feature_names: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) feature_types: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) gradient_booster: Booster<'a>,
    #[serde(borrow)]
    pub(super) learner_model_param: LearnerParameters<'a>,
    #[serde(borrow)]
    pub(super) objective: ObjectiveBlock<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct Attributes<'a> {
    #[serde(borrow)]
    pub(super) best_iteration: Option<Number<'a>>,
}

#[derive(Deserialize)]
pub(super) struct LearnerParameters<'a> {
    #[serde(borrow)]
    pub(super) base_score: Number<'a>,
    #[serde(borrow)]
    pub(super) num_class: Option<Number<'a>>,
    #[serde(borrow)]
    pub(super) num_feature: Number<'a>,
    #[serde(borrow)]
    pub(super) num_target: Option<Number<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ObjectiveBlock<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct Booster<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    /// Where `gbtree` keeps its trees (`gblinear` its weights).
    #[serde(borrow)]
    model: Option<TreesBlock<'a>>,
    /// Where `dart` keeps them.
    #[serde(borrow)]
    gbtree: Option<DartTrees<'a>>,
    weight_drop: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct DartTrees<'a> {
    #[serde(borrow)]
    model: TreesBlock<'a>,
}

#[derive(Deserialize)]
pub(super) struct TreesBlock<'a> {
    #[serde(borrow, default)]
    pub(super) gbtree_model_param: ForestParameters<'a>,
    pub(super) cats: Option<Categories>,
    pub(super) iteration_indptr: Option<Vec<i64>>,
    #[serde(default)]
    pub(super) tree_info: Vec<i64>,
    #[serde(borrow, default)]
    pub(super) trees: Vec<TreeBlock<'a>>,
    /// Where writers after 3.2 keep the weights of `dart` trees.
    weight_drop: Option<Vec<f32>>,
}

#[derive(Default, Deserialize)]
pub(super) struct ForestParameters<'a> {
    #[serde(borrow)]
    pub(super) num_parallel_tree: Option<Number<'a>>,
    #[serde(borrow)]
    pub(super) num_trees: Option<Number<'a>>,
}

/// Category names of every feature, since 3.1.
#[derive(Deserialize)]
pub(super) struct Categories {
    #[serde(default)]
    pub(super) enc: Vec<CategoryColumn>,
}

/// Text (all names in one buffer, with offsets) or numbers.
#[derive(Deserialize)]
pub(super) struct CategoryColumn {
    pub(super) offsets: Option<Vec<i64>>,
    #[serde(default)]
    pub(super) values: Vec<serde_json::Number>,
}

#[derive(Deserialize)]
pub(super) struct TreeBlock<'a> {
    #[serde(borrow, default)]
    tree_param: TreeParameters<'a>,
    pub(super) left_children: Vec<i64>,
    pub(super) right_children: Vec<i64>,
    pub(super) split_indices: Vec<i64>,
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<Flag>,
    /// Absent before 1.3: all numeric.
    #[serde(default)]
    pub(super) split_type: Vec<i64>,
    #[serde(default)]
    pub(super) categories: Vec<i64>,
    #[serde(default)]
    pub(super) categories_nodes: Vec<i64>,
    #[serde(default)]
    pub(super) categories_segments: Vec<i64>,
    #[serde(default)]
    pub(super) categories_sizes: Vec<i64>,
}

#[derive(Default, Deserialize)]
struct TreeParameters<'a> {
    #[serde(borrow)]
    size_leaf_vector: Option<Number<'a>>,
}

impl<'a> Booster<'a> {
    /// The trees and, of `dart`, the weight of each.
    pub(super) fn trees(&self) -> Result<(&TreesBlock<'a>, Option<&[f32]>), Error> {
        let (block, field) = match self.name.as_ref() {
            "gbtree" => (self.model.as_ref(), "gradient_booster.model"),
            "dart" => (self.gbtree.as_ref().map(|dart| &dart.model), "gradient_booster.gbtree"),
            name => return Err(Error::Booster { name: name.to_owned() }),
        };
        let block = block.ok_or(Error::MissingField { field })?;
        let weights = self.weight_drop.as_ref().or(block.weight_drop.as_ref());
        if self.name == "dart" && weights.is_none() {
            return Err(Error::MissingField { field: "weight_drop" });
        }
        let expected = block.trees.len();
        if let Some(number) = &block.gbtree_model_param.num_trees {
            let declared = number.count("num_trees")?;
            if declared != expected {
                return Err(Error::Length { field: "trees", expected: declared, found: expected });
            }
        }
        if let Some(weights) = weights {
            if weights.len() != expected {
                let found = weights.len();
                return Err(Error::Length { field: "weight_drop", expected, found });
            }
            if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
                let value = weight.to_string();
                return Err(Error::Parameter { field: "weight_drop", value });
            }
        }
        Ok((block, weights.map(Vec::as_slice)))
    }
}

impl TreeBlock<'_> {
    /// Values per leaf; 0 and 1 both mean one.
    pub(super) fn leaf_width(&self) -> Result<usize, Error> {
        let width = self.tree_param.size_leaf_vector.as_ref();
        width.map_or(Ok(1), |number| number.count("size_leaf_vector"))
    }
}

/// A parameter: a number as text (as XGBoost writes it), or as a number.
pub(super) struct Number<'a>(pub(super) Cow<'a, str>);

impl Number<'_> {
    /// As a count.
    pub(super) fn count(&self, field: &'static str) -> Result<usize, Error> {
        self.0.trim().parse().map_err(|_| Error::Parameter { field, value: self.0.to_string() })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl<'de> Visitor<'de> for NumberVisitor {
            type Value = Number<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number as text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Number(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Number(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Number(Cow::Owned(value.to_string())))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Number(Cow::Owned(value.to_string())))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Number(Cow::Owned(value.to_string())))
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// 0 or 1, or in old files a boolean.
#[derive(Clone, Copy)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;
        impl Visitor<'_> for FlagVisitor {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0, 1, true or false")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Flag, E> {
                match value {
                    0 => Ok(Flag(false)),
                    1 => Ok(Flag(true)),
                    other => Err(E::invalid_value(de::Unexpected::Signed(other), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Flag, E> {
                match value {
                    0 => Ok(Flag(false)),
                    1 => Ok(Flag(true)),
                    other => Err(E::invalid_value(de::Unexpected::Unsigned(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(FlagVisitor)
    }
}
