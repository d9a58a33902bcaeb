use std::io::Write;

use super::*;
use crate::{Cell, Column, DataType, Timestamp};

fn csv_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_types_of_a_csv_file_are_those_of_all_its_values() {
    let text = "a,b,c,d,e,f\n1,1,true,JFK,2013-01-01 05:00:00,\n-2,1.5,false,,NA,\n,NaN,,7,,\n";
    let file = csv_file(text);
    let rows = RowFile::open(file.path()).unwrap();
    let types: Vec<_> = rows.schema().fields().iter().map(|f| f.data_type.name()).collect();
    assert_eq!(types, ["integer", "float", "boolean", "string", "timestamp", "string"]);
}

#[test]
fn a_value_of_another_type_is_a_misfit_and_missing() {
    let file = csv_file("a,b\n1,x\ntwo,y\n3,z\n");
    let wanted = Arc::new(Schema::new([("b", DataType::String), ("a", DataType::Integer)]));
    let rows = RowFile::open(file.path()).unwrap();
    let batches: Result<Vec<_>, _> = rows.batches(&wanted, 2).unwrap().collect();
    let batches = batches.unwrap();
    assert_eq!(batches.iter().map(|(batch, _)| batch.rows()).collect::<Vec<_>>(), [2, 1]);
    let (batch, misfits) = &batches[0];
    assert_eq!(batch.cell(1, 0), Cell::String("y"));
    assert_eq!(batch.cell(1, 1), Cell::Missing);
    assert_eq!(misfits[..], [Misfit { row: 1, column: 1, found: "\"two\"".to_owned() }]);
}

#[test]
fn a_whole_number_may_be_written_as_pandas_writes_it() {
    let file = csv_file("a\n5.0\n5.5\n");
    let wanted = Arc::new(Schema::new([("a", DataType::Integer)]));
    let rows = RowFile::open(file.path()).unwrap();
    let (batch, misfits) = rows.batches(&wanted, 10).unwrap().next().unwrap().unwrap();
    assert_eq!((batch.cell(0, 0), batch.cell(1, 0)), (Cell::Integer(5), Cell::Missing));
    assert_eq!(misfits[..], [Misfit { row: 1, column: 0, found: "\"5.5\"".to_owned() }]);
}

#[test]
fn a_missing_column_is_an_error_or_a_gap() {
    let file = csv_file("a\n1\n");
    let wanted = Arc::new(Schema::new([("b", DataType::Integer)]));
    let rows = RowFile::open(file.path()).unwrap();
    let refused = rows.batches(&wanted, 10).err().unwrap().to_string();
    assert!(refused.ends_with("no column `b`; it has a"), "{refused}");
    let (batch, misfits) = rows.batches_with_gaps(&wanted, 10).unwrap().next().unwrap().unwrap();
    assert_eq!((batch.rows(), misfits.len()), (1, 0));
    assert_eq!(batch.cell(0, 0), Cell::Missing);
}

#[test]
fn parquet_and_csv_say_the_same() {
    use arrow::array::{
        ArrayRef, Float32Array, Int16Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    };
    let columns: [(&str, ArrayRef); 4] = [
        ("origin", Arc::new(StringArray::from(vec![Some("JFK"), None]))),
        ("distance", Arc::new(Int16Array::from(vec![Some(2475), None]))),
        ("gust", Arc::new(Float32Array::from(vec![f32::NAN, 1.5]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![5_000_000, 0]).with_timezone("UTC"))),
    ];
    let record = RecordBatch::try_from_iter(columns).unwrap();
    let file = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
    let target = file.reopen().unwrap();
    let mut writer = ::parquet::arrow::ArrowWriter::try_new(target, record.schema(), None).unwrap();
    writer.write(&record).unwrap();
    writer.close().unwrap();

    let text =
        "origin,distance,gust,at\nJFK,2475,,1970-01-01T00:00:05Z\n,,1.5,1970-01-01T00:00:00Z\n";
    let csv = csv_file(text);
    let read = |path: &Path| {
        let rows = RowFile::open(path).unwrap();
        let wanted = Arc::new(rows.schema().clone());
        let (batch, misfits) = rows.batches(&wanted, 10).unwrap().next().unwrap().unwrap();
        assert!(misfits.is_empty());
        batch
    };
    let (parquet, csv) = (read(file.path()), read(csv.path()));
    assert_eq!(parquet.schema(), csv.schema());
    for row in 0..2 {
        for column in 0..4 {
            assert_eq!(parquet.cell(row, column), csv.cell(row, column), "{row} {column}");
        }
    }
    assert_eq!(parquet.cell(0, 3), Cell::Timestamp(Timestamp::from_micros(5_000_000)));
}

#[test]
fn what_is_no_file_of_rows_is_refused() {
    let not_parquet = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
    assert!(matches!(RowFile::open(not_parquet.path()), Err(Error::Parquet { .. })));
    assert!(matches!(RowFile::open(Path::new("x.xlsx")), Err(Error::Format { .. })));
    assert!(matches!(RowFile::open(Path::new("absent.csv")), Err(Error::Open { .. })));
    let twice = csv_file("a,a\n1,2\n");
    assert!(matches!(RowFile::open(twice.path()), Err(Error::DuplicateColumn { .. })));
}

#[test]
fn what_is_written_is_read_back_with_its_types_and_gaps() {
    let schema =
        Arc::new(Schema::new(DataType::ALL.map(|data_type| (data_type.name(), data_type))));
    let at = Timestamp::from_micros(1_364_774_400_000_001);
    let first = [
        Cell::Boolean(true),
        Cell::Integer(i64::MAX),
        Cell::Float(0.1),
        Cell::String("007"),
        Cell::Timestamp(at),
    ];
    let columns = first.iter().zip(DataType::ALL).map(|(cell, data_type)| {
        let mut column = Column::with_capacity(data_type, 2);
        assert!(column.push(*cell));
        column.push_missing();
        column
    });
    let batch = RowBatch::new(Arc::clone(&schema), columns.collect()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("rows.parquet");
    write_parquet(&path, &batch).unwrap();
    let file = RowFile::open(&path).unwrap();
    assert_eq!((file.schema(), file.rows()), (&*schema, Some(2)));
    let (read, misfits) = file.batches(&schema, 10).unwrap().next().unwrap().unwrap();
    assert_eq!(misfits, []);
    for (column, cell) in first.into_iter().enumerate() {
        let cells = [read.cell(0, column), read.cell(1, column)];
        assert_eq!(cells, [cell, Cell::Missing], "{}", schema.fields()[column].name);
    }
    let again = place.path().join("again.parquet");
    write_parquet(&again, &batch).unwrap();
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&path).unwrap());
    let refused = write_parquet(&place.path().join("none/rows.parquet"), &batch).unwrap_err();
    assert!(matches!(refused, Error::Write { .. }), "{refused:?}");
}

fn json_lines_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".jsonl").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_columns_of_json_lines_are_those_of_all_lines() {
    let text = "{\"a\": 1, \"b\": \"5\", \"c\": null, \"t\": \"2013-01-01T05:00:00Z\"}\n\n\
                {\"b\": 7, \"a\": 2.5, \"d\": true, \"e\": [1]}\n";
    let file = json_lines_file(text);
    let rows = RowFile::open(file.path()).unwrap();
    let fields = rows.schema().fields().iter();
    let columns: Vec<_> = fields.map(|f| format!("{} {}", f.name, f.data_type)).collect();
    assert_eq!(columns, ["a float", "b string", "c string", "t timestamp", "d boolean"]);
    assert_eq!(rows.rows(), Some(2));
    let wanted = Arc::new(rows.schema().clone());
    let batches: Result<Vec<_>, _> = rows.batches(&wanted, 1).unwrap().collect();
    let batches = batches.unwrap();
    assert_eq!(batches.len(), 2);
    assert!(batches.iter().all(|(_, misfits)| misfits.is_empty()));
    let (first, second) = (&batches[0].0, &batches[1].0);
    assert_eq!((first.cell(0, 0), first.cell(0, 1)), (Cell::Float(1.0), Cell::String("5")));
    assert_eq!((first.cell(0, 2), first.cell(0, 4)), (Cell::Missing, Cell::Missing));
    assert_eq!((second.cell(0, 1), second.cell(0, 4)), (Cell::String("7"), Cell::Boolean(true)));
}

#[test]
fn a_json_value_of_another_type_is_a_misfit() {
    let file = json_lines_file("{\"a\": 5.0}\n{\"a\": \"x\"}\n{\"a\": {}}");
    let wanted = Arc::new(Schema::new([("a", DataType::Integer)]));
    let rows = RowFile::open(file.path()).unwrap();
    let (batch, misfits) = rows.batches_with_gaps(&wanted, 10).unwrap().next().unwrap().unwrap();
    assert_eq!((batch.cell(0, 0), batch.cell(1, 0)), (Cell::Integer(5), Cell::Missing));
    let found: Vec<_> = misfits.iter().map(|misfit| (misfit.row, &misfit.found[..])).collect();
    assert_eq!(found, [(1, "\"x\""), (2, "{}")]);
}

#[test]
fn a_line_that_is_no_object_is_named() {
    for (text, line) in [("{}\n[1]\n", 2), ("{\"a\": NaN}", 1)] {
        let file = json_lines_file(text);
        let error = RowFile::open(file.path()).unwrap_err().to_string();
        assert!(error.ends_with(&format!("line {line} is not a JSON object")), "{error}");
    }
}
