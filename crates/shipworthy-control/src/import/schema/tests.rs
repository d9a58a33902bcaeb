//! Signatures and what becomes of them.

use serde_json::json;
use shipworthy_models::Element;

use super::*;

fn model(format: &'static str, names: &[&str]) -> Signature {
    let inputs = names.iter().map(|name| Tensor::scalar((*name).into(), Element::Fp32));
    Signature { format, inputs: inputs.collect(), outputs: Vec::new() }
}

fn column(data_type: &str, name: &str, required: bool) -> Value {
    json!({"type": data_type, "name": name, "required": required})
}

/// The columns as `name type role required`, and the notes.
fn translated(inputs: &[Value], model: &Signature) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut notes = Vec::new();
    let contract = contract(inputs, model, &mut notes)?;
    let columns = contract.columns.iter().map(|column| {
        let role = if column.role == Role::Feature { "feature" } else { "context" };
        let required = if column.required { "required" } else { "optional" };
        format!("{} {} {role} {required}", column.name, column.data_type)
    });
    Ok((columns.collect(), notes))
}

#[test]
fn columns_keep_their_names_types_and_what_must_be_there() {
    let inputs = [
        column("long", "a", true),
        column("double", "b", false),
        column("string", "c", true),
        column("boolean", "d", true),
    ];
    let (columns, notes) = translated(&inputs, &model("xgboost", &["c", "a", "b"])).unwrap();
    assert_eq!(
        columns,
        [
            "a integer feature required",
            "b float feature optional",
            "c string feature required",
            "d boolean context required"
        ]
    );
    assert_eq!(notes, ["`d` is recorded as context: the model does not read it"]);
}

#[test]
fn a_file_without_names_or_with_its_own_spelling_is_read_in_the_order_of_the_signature() {
    let inputs = [column("double", "a b", true), column("long", "c", true)];
    let (columns, notes) = translated(&inputs, &model("lightgbm", &["a_b", "c"])).unwrap();
    assert_eq!(columns, ["a_b float feature required", "c integer feature required"]);
    assert_eq!(notes, ["`a b` is called `a_b`, as in the model file"]);
    let (columns, notes) = translated(&inputs, &model("xgboost", &["f0", "f1"])).unwrap();
    assert_eq!(columns, ["f0 float feature required", "f1 integer feature required"]);
    assert_eq!(notes.len(), 2);
    let unnamed = [json!({"type": "double"}), json!({"type": "double"})];
    assert_eq!(translated(&unnamed, &model("catboost", &["x", "y"])).unwrap().1.len(), 0);
    let other = translated(&inputs, &model("xgboost", &["c", "d"])).unwrap_err();
    assert!(other.to_string().contains("the model reads `d`"), "{other}");
}

#[test]
fn the_columns_of_one_tensor_keep_their_names() {
    let tensor = Tensor { shape: vec![2], ..Tensor::scalar("X".into(), Element::Fp32) };
    let onnx = Signature { format: "onnx", inputs: vec![tensor], outputs: Vec::new() };
    let inputs = [column("double", "a", false), column("long", "b", false)];
    let (columns, notes) = translated(&inputs, &onnx).unwrap();
    assert_eq!(columns, ["a float feature optional", "b integer feature required"]);
    assert_eq!(notes, ["`b` is required: ONNX has missing values among floats alone"]);
    let shape = |width| json!({"type": "tensor", "tensor-spec": {"shape": [-1, width]}});
    assert_eq!(translated(&[shape(2)], &onnx).unwrap().0, ["X float feature optional"]);
    assert!(matches!(translated(&[shape(3)], &onnx), Err(Error::Width { signature: 3, model: 2 })));
}

#[test]
fn what_no_column_holds_is_refused_by_name() {
    let refused = |input: Value| translated(&[input], &model("xgboost", &["a"])).unwrap_err();
    for data_type in ["binary", "array", "object", "map", "any", "sparse_vector"] {
        let error = refused(json!({"type": data_type, "name": "a"})).to_string();
        assert!(error.contains(&format!("`a` is of MLflow's type {data_type}")), "{error}");
    }
    assert!(matches!(refused(json!({"name": "a"})), Error::Shape { at: 1 }));
    let mixed = [json!({"type": "tensor"}), column("long", "a", true)];
    assert!(matches!(translated(&mixed, &model("xgboost", &["a"])), Err(Error::Mixed)));
}
