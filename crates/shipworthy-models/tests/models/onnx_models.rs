//! ONNX models, run by the real ONNX Runtime, against what it answers through Python.

use std::path::PathBuf;
use std::sync::Arc;

use shipworthy_models::encode::Levels;
use shipworthy_models::format::{self, Format};
use shipworthy_models::onnx::{Error, Runtime};
use shipworthy_models::{ModelFile, Options, Predictor};
use shipworthy_rows::{Column, DataType, Field, RowBatch, Schema};

use crate::fixtures::{Table, data};

/// Models of scikit-learn through skl2onnx, and a network built by hand: case and table.
const CASES: [(&str, &str); 7] = [
    ("onnx_cnn", "digits"),
    ("onnx_extra_trees_multi", "digits"),
    ("onnx_gradient_boosting", "flights_complete"),
    ("onnx_hist_gb", "flights_numeric"),
    ("onnx_logreg_pipeline", "credit_onnx"),
    ("onnx_mlp", "digits"),
    ("onnx_random_forest", "flights_complete"),
];

pub(crate) fn runtime() -> Runtime {
    #[allow(clippy::disallowed_methods, reason = "a test is told here where the library is")]
    let library = std::env::var_os("SHIPWORTHY_ONNXRUNTIME").map(PathBuf::from);
    let library = library.expect(
        "SHIPWORTHY_ONNXRUNTIME must name the library of ONNX Runtime: `cargo xtask test --only \
         rust` installs it and says where it is",
    );
    Runtime::open(&library, 2).unwrap()
}

fn bytes(case: &str) -> Vec<u8> {
    std::fs::read(data(&format!("{case}/model.onnx"))).unwrap()
}

pub(crate) fn load_bytes(bytes: &[u8]) -> Result<ModelFile, format::Error> {
    ModelFile::load(bytes, &Options { onnx: Some(runtime()), ..Options::default() })
}

fn load(case: &str) -> ModelFile {
    load_bytes(&bytes(case)).unwrap()
}

/// A table as the model's inputs by name, or else as columns of its only tensor.
fn batch(model: &ModelFile, table: &Table) -> RowBatch {
    let signature = model.signature();
    let types = |name: &str| {
        let input = signature.inputs.iter().find(|input| *input.name == *name);
        input.unwrap_or(&signature.inputs[0]).element.data_type()
    };
    let fields = table.names.iter().map(|name| Field::new(name.as_str(), types(name)));
    let schema: Arc<Schema> = Arc::new(fields.collect());
    let columns = schema.fields().iter().enumerate().map(|(at, field)| {
        let cells = table.rows.iter().map(|row| row[at].as_str());
        match field.data_type {
            DataType::String => Column::String(cells.map(Some).collect()),
            DataType::Integer => Column::Integer(cells.map(|cell| cell.parse().ok()).collect()),
            _ => Column::Float(cells.map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()),
        }
    });
    let columns = columns.collect();
    RowBatch::new(schema, columns).unwrap()
}

fn bind(model: &ModelFile, batch: &RowBatch) -> Arc<dyn Predictor> {
    let all: Vec<usize> = (0..batch.schema().len()).collect();
    model.bind(batch.schema(), &all, &Levels::new()).unwrap()
}

fn numbers(column: &Column) -> Vec<f64> {
    match column {
        Column::Float(values) => values.clone(),
        #[allow(clippy::cast_precision_loss, reason = "labels are small")]
        Column::Integer(values) => values.iter().map(|value| value.unwrap() as f64).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_onnx_file_is_known_by_its_content() {
    for (case, _) in CASES {
        assert_eq!(Format::detect(&bytes(case)).unwrap(), Format::Onnx, "{case}");
        assert!(format::load_trees(&bytes(case), false).unwrap().is_none(), "{case}");
    }
}

#[test]
fn an_onnx_file_is_refused_where_no_runtime_is_given() {
    let refused = ModelFile::load(&bytes("onnx_cnn"), &Options::default()).map(drop).unwrap_err();
    let format::Error::Onnx(error) = refused else { panic!("{refused}") };
    assert!(matches!(*error, Error::NoRuntime), "{error}");
}

#[test]
fn answers_are_those_of_the_runtime_through_python() {
    for (case, table) in CASES {
        let model = load(case);
        let batch = batch(&model, &Table::read(&format!("{table}.csv")));
        let predictor = bind(&model, &batch);
        let found = predictor.predict(&batch).unwrap();
        let expected = Table::read(&format!("{case}/expected.csv"));
        for (output, column) in predictor.signature().outputs.iter().zip(&found.columns) {
            let name = output.name.strip_prefix("output_").unwrap_or(&output.name);
            let expected = expected.numbers(&format!("onnx_{name}")).unwrap().concat();
            let found = numbers(column);
            assert_eq!(found.len(), expected.len(), "{case} {name}");
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let error = (found - expected).abs();
                assert!(error <= 1e-5 * expected.abs().max(1.0), "{case} {name} {at}: {error}");
            }
        }
    }
}

#[test]
fn a_row_alone_gets_what_it_gets_among_others() {
    let model = load("onnx_logreg_pipeline");
    let table = Table::read("credit_onnx.csv");
    let all = batch(&model, &table);
    let predictor = bind(&model, &all);
    let together = numbers(&predictor.predict(&all).unwrap().columns[1]);
    for row in [0, 1, 7] {
        let one = Table { names: table.names.clone(), rows: vec![table.rows[row].clone()] };
        let alone = numbers(&predictor.predict(&batch(&model, &one)).unwrap().columns[1]);
        let among = &together[2 * row..2 * row + 2];
        for (alone, among) in alone.iter().zip(among) {
            assert!((alone - among).abs() <= 1e-6, "row {row}");
        }
    }
}

#[test]
fn a_model_says_what_it_takes_and_answers() {
    let signature = load("onnx_logreg_pipeline").signature();
    let inputs = signature.inputs.iter();
    let inputs: Vec<_> = inputs.map(|input| (&*input.name, input.element.name())).collect();
    assert_eq!(inputs[..2], [("Seniority", "FP32"), ("Home", "BYTES")]);
    assert_eq!((signature.format, signature.inputs.len()), ("onnx", 13));
    let image = &load("onnx_cnn").signature().inputs[0];
    assert_eq!((image.shape.as_slice(), image.width()), (&[1, 8, 8][..], 64));
}

#[test]
fn several_threads_ask_one_model() {
    let model = load("onnx_logreg_pipeline");
    let batch = batch(&model, &Table::read("credit_onnx.csv"));
    let predictor = bind(&model, &batch);
    let expected = predictor.predict(&batch).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(predictor.predict(&batch).unwrap(), expected);
                }
            });
        }
    });
}

#[test]
fn a_missing_text_is_an_error_that_names_the_column() {
    let model = load("onnx_logreg_pipeline");
    let full = batch(&model, &Table::read("credit_onnx.csv"));
    let schema = Arc::clone(full.schema());
    let home = schema.index_of("Home").unwrap();
    let mut columns = full.clone().into_columns();
    let Column::String(texts) = &columns[home] else { panic!("Home is text") };
    let texts = texts.iter().enumerate().map(|(row, text)| text.filter(|_| row != 3));
    columns[home] = Column::String(texts.collect());
    let batch = RowBatch::new(schema, columns).unwrap();
    let error = bind(&model, &batch).predict(&batch).unwrap_err().to_string();
    assert!(error.starts_with("row 3 has no value in column `Home`"), "{error}");
}

#[test]
fn a_column_that_is_no_feature_has_no_place_in_the_tensor() {
    let model = load("onnx_mlp");
    let digits = batch(&model, &Table::read("digits.csv"));
    let expected = bind(&model, &digits).predict(&digits).unwrap();
    let key = Field::new("key", DataType::Float);
    let fields = std::iter::once(key).chain(digits.schema().fields().iter().cloned());
    let columns = std::iter::once(Column::Float(vec![0.5; digits.rows()]));
    let columns = columns.chain(digits.columns().iter().cloned()).collect();
    let keyed = RowBatch::new(Arc::new(fields.collect()), columns).unwrap();
    let features: Vec<usize> = (1..keyed.schema().len()).collect();
    let predictor = model.bind(keyed.schema(), &features, &Levels::new()).unwrap();
    assert_eq!(predictor.predict(&keyed).unwrap(), expected);
}
