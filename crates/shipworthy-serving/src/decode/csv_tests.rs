use super::*;
use proptest::prelude::*;
use shipworthy_rows::{Cell, DataType, Field};

fn schema() -> Arc<Schema> {
    let fields = [
        Field::new("origin", DataType::String),
        Field::new("distance", DataType::Float),
        Field::new("hour", DataType::Integer),
        Field::tensor("pair", DataType::Float, 2),
    ];
    Arc::new(fields.into_iter().collect())
}

fn read(body: &[u8]) -> Result<Decoded, Failure> {
    decode(body, Rows { schema: &schema(), features: &[0, 1, 2, 3], max_rows: 3 })
}

#[track_caller]
fn refused(body: &[u8], expect: &str) {
    assert_eq!(read(body).unwrap_err().to_string(), expect, "{body:?}");
}

#[test]
fn cells_are_found_by_the_header() {
    let body = b",hour,distance,origin,x,pair\r\n0,5, 2475 ,\"J\"\"FK\n\",1,\"[1, [2]]\"\r\n\
                 1,6.0,,,2,\n";
    let decoded = read(body).unwrap();
    let row = |row| -> Vec<Cell<'_>> { (0..4).map(|c| decoded.batch.cell(row, c)).collect() };
    let first = [Cell::String("J\"FK"), Cell::Float(2475.0), Cell::Integer(5), Cell::Float(1.0)];
    assert_eq!(row(0), first);
    assert_eq!(row(1), [Cell::Missing, Cell::Missing, Cell::Integer(6), Cell::Missing]);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (4, 0));
    assert_eq!(decoded.batch.cells(0, 3).collect::<Vec<_>>()[1], Cell::Float(2.0));
}

#[test]
fn columns_left_out_are_missing_and_bad_cells_are_told() {
    let decoded = read(b"distance,pair\nfar,[1\n3,7\n4,[1]\n").unwrap();
    let told: Vec<_> = decoded.misfits.iter().map(|m| (m.row, m.column, &*m.found)).collect();
    let size = "an array of 1 values instead of 2";
    assert_eq!(told, [(0, 1, "\"far\""), (0, 3, "\"[1\""), (1, 3, "7"), (2, 3, size)]);
    assert_eq!(decoded.batch.cell(0, 0), Cell::Missing);
}

#[test]
fn what_is_no_table_is_refused_with_the_line() {
    refused(b"", "the body has no rows");
    refused(b"hour\n", "the body has no rows");
    refused(b"hour,hour\n1,2\n", "the header has `hour` twice");
    refused(b"hour,x\n1,2\n1\n", "line 3: 1 cells for 2 columns");
    refused(b"hour,x\n1,\xff\n", "line 2: cell 2 is not UTF-8");
    refused(b"hour\n1\n2\n3\n4\n", "the request has more than 3 rows");
}

proptest! {
    #[test]
    fn no_text_that_is_nearly_a_table_panics(body in "(hour,pair\n)?[hour,\"\r\n\\[\\]0-9 .]{0,40}") {
        let _ = read(body.as_bytes());
    }

    #[test]
    fn no_bytes_panic(body in any::<Vec<u8>>()) {
        let _ = read(&body);
    }
}
