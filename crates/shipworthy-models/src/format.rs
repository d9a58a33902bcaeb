//! Which format a file has, by its content.

use crate::{TreeEnsemble, catboost, lightgbm, onnx, xgboost};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// XGBoost in JSON.
    XgboostJson,
    /// XGBoost in Universal Binary JSON.
    XgboostUbjson,
    /// LightGBM in text.
    Lightgbm,
    /// `CatBoost` in JSON.
    CatboostJson,
    /// An ONNX model.
    Onnx,
}

/// Why a file cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A known format that is not read, with what to do instead.
    #[error("the file is {what}, which is not read: {advice}")]
    NotRead {
        /// What it is.
        what: &'static str,
        /// How to save the model so that it is.
        advice: &'static str,
    },
    /// Nothing known.
    #[error(
        "the file is no model of a known format (XGBoost JSON or UBJSON, LightGBM text, CatBoost \
         JSON, ONNX)"
    )]
    Unknown,
    /// An XGBoost model that does not load.
    #[error(transparent)]
    Xgboost(#[from] xgboost::Error),
    /// A LightGBM model that does not load.
    #[error(transparent)]
    Lightgbm(#[from] lightgbm::Error),
    /// A `CatBoost` model that does not load.
    #[error(transparent)]
    Catboost(#[from] catboost::Error),
    /// An ONNX model that does not load.
    #[error(transparent)]
    Onnx(Box<onnx::Error>),
}

/// Boxed: it is larger than all others, which would pay for it.
impl From<onnx::Error> for Error {
    fn from(error: onnx::Error) -> Self {
        Self::Onnx(Box::new(error))
    }
}

impl Format {
    /// The format of a file's bytes.
    ///
    /// # Errors
    /// When it is none that is read.
    pub fn detect(bytes: &[u8]) -> Result<Self, Error> {
        if let Some(refused) = not_read(bytes) {
            return Err(refused);
        }
        if xgboost::is_ubjson(bytes) {
            return Ok(Self::XgboostUbjson);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        if text.starts_with(b"tree\n") || text.starts_with(b"tree\r\n") {
            return Ok(Self::Lightgbm);
        }
        if text.first() == Some(&b'{') {
            return json(text);
        }
        if onnx(bytes) { Ok(Self::Onnx) } else { Err(Error::Unknown) }
    }

    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XgboostJson => "xgboost_json",
            Self::XgboostUbjson => "xgboost_ubjson",
            Self::Lightgbm => "lightgbm_text",
            Self::CatboostJson => "catboost_json",
            Self::Onnx => "onnx",
        }
    }

    /// The end of the name of such a file, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::XgboostJson | Self::CatboostJson => "json",
            Self::XgboostUbjson => "ubj",
            Self::Lightgbm => "txt",
            Self::Onnx => "onnx",
        }
    }
}

/// Loads a tree model of any format; `None` for an ONNX model, which needs a runtime. `all_trees`
/// as in [`xgboost::Options`].
///
/// # Errors
/// When the file is of no format that is read, damaged, or of a kind that is not supported.
pub fn load_trees(bytes: &[u8], all_trees: bool) -> Result<Option<TreeEnsemble>, Error> {
    Ok(Some(match Format::detect(bytes)? {
        Format::XgboostJson | Format::XgboostUbjson => {
            xgboost::load_with(bytes, xgboost::Options { all_trees })?
        }
        Format::Lightgbm => lightgbm::load(bytes)?,
        Format::CatboostJson => catboost::load(bytes)?,
        Format::Onnx => return Ok(None),
    }))
}

/// Formats that people have, and should not have to guess about.
fn not_read(bytes: &[u8]) -> Option<Error> {
    let (what, advice) = match bytes {
        [0x80, 2..=5, ..] => (
            "a Python pickle",
            "save the model itself: XGBoost `save_model(\"model.json\")`, LightGBM \
             `booster_.save_model(\"model.txt\")`, CatBoost `save_model(\"model.json\", \
             format=\"json\")`, scikit-learn with skl2onnx",
        ),
        [b'C', b'B', b'M', b'1', ..] => (
            "a CatBoost binary model",
            "save it with `save_model(\"model.json\", format=\"json\")`",
        ),
        [b'b', b'i', b'n', b'f', ..] | [b'b', b's', b'6', b'4', ..] => (
            "an XGBoost model of the old binary format",
            "load it in an XGBoost below 3.1 and save it with `save_model(\"model.json\")`",
        ),
        [b'P', b'K', 3, 4, ..] => {
            ("a zip archive (a joblib, PyTorch or Keras file, perhaps)", "export the model to ONNX")
        }
        [0x1f, 0x8b, ..] => ("compressed with gzip", "unpack it first"),
        _ => return None,
    };
    Some(Error::NotRead { what, advice })
}

/// XGBoost and `CatBoost` by their top-level keys.
fn json(text: &[u8]) -> Result<Format, Error> {
    #[derive(serde::Deserialize)]
    struct Keys {
        learner: Option<serde::de::IgnoredAny>,
        oblivious_trees: Option<serde::de::IgnoredAny>,
        trees: Option<serde::de::IgnoredAny>,
        features_info: Option<serde::de::IgnoredAny>,
        tree_info: Option<serde::de::IgnoredAny>,
    }
    let is = |key: &[u8]| text.windows(key.len()).any(|window| window == key);
    match serde_json::from_slice::<Keys>(text) {
        Ok(keys) if keys.learner.is_some() => Ok(Format::XgboostJson),
        Ok(keys) if keys.tree_info.is_some() => Err(Error::NotRead {
            what: "a LightGBM model dumped as JSON",
            advice: "save it with `save_model(\"model.txt\")`",
        }),
        Ok(
            Keys { oblivious_trees: Some(_), .. }
            | Keys { trees: Some(_), features_info: Some(_), .. },
        ) => Ok(Format::CatboostJson),
        Ok(_) => Err(Error::Unknown),
        // Damaged: the format's own loader says where.
        Err(_) if is(b"\"learner\"") => Ok(Format::XgboostJson),
        Err(_) if is(b"\"features_info\"") => Ok(Format::CatboostJson),
        Err(_) => Err(Error::Unknown),
    }
}

/// Whether a protocol buffer begins as ONNX's `ModelProto` does: `ir_version` (field 1, a small
/// number) or `producer_name` (field 2) first.
fn onnx(bytes: &[u8]) -> bool {
    /// The newest version is 13; far from text, which begins above.
    const MAX_IR_VERSION: u8 = 31;
    match bytes {
        [0x08, version, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..] => {
            (1..=MAX_IR_VERSION).contains(version)
        }
        _ => false,
    }
}
