//! ONNX files are told from all others; they are no trees of ours.

use shipworthy_models::format::{self, Format};
use shipworthy_models::{ModelFile, Options};

use crate::fixtures::data;

/// Models of scikit-learn through skl2onnx, and a network built by hand.
const CASES: [&str; 7] = [
    "onnx_cnn",
    "onnx_extra_trees_multi",
    "onnx_gradient_boosting",
    "onnx_hist_gb",
    "onnx_logreg_pipeline",
    "onnx_mlp",
    "onnx_random_forest",
];

#[test]
fn an_onnx_file_is_known_by_its_content() {
    for case in CASES {
        let bytes = std::fs::read(data(&format!("{case}/model.onnx"))).unwrap();
        assert_eq!(Format::detect(&bytes).unwrap(), Format::Onnx, "{case}");
        assert!(format::load_trees(&bytes, false).unwrap().is_none(), "{case}");
    }
}

#[test]
fn an_onnx_file_is_refused_while_no_runtime_reads_it() {
    for case in CASES {
        let bytes = std::fs::read(data(&format!("{case}/model.onnx"))).unwrap();
        let refused = ModelFile::load(&bytes, Options::default()).map(drop).unwrap_err();
        assert!(refused.to_string().starts_with("the file is an ONNX model"), "{case}: {refused}");
    }
}
