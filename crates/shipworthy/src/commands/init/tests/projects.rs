//! What is proposed for data of every kind.

use shipworthy_contract::Checks;

use super::*;

/// 200 rows of `columns`, each a name and the text of a row.
fn rows(columns: &[(&str, &dyn Fn(u32) -> String)]) -> String {
    let header: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let mut csv = header.join(",") + "\n";
    for row in 0..200 {
        let values: Vec<_> = columns.iter().map(|(_, value)| value(row)).collect();
        csv.push_str(&(values.join(",") + "\n"));
    }
    csv
}

fn amount(row: u32) -> String {
    (row * 7919 % 101).to_string()
}

fn flag(row: u32) -> String {
    (row * 31 % 7 % 2).to_string()
}

#[test]
fn the_task_follows_from_the_target() {
    let text = |of: [&'static str; 3]| move |row: u32| of[row as usize % 3].to_owned();
    let pair = |row: u32| (1 + row % 2).to_string();
    let csv = rows(&[
        ("x", &amount),
        ("flag", &flag),
        ("pair", &pair),
        ("two", &text(["no", "yes", "no"])),
        ("three", &text(["a", "b", "c"])),
        ("grade", &|row| (row % 5).to_string()),
        ("price", &|row| format!("{}.5", row * 37 % 150)),
    ]);
    let model = |target| project_of(&csv, &["--target", target]).unwrap().0.model;
    assert_eq!((model("flag").task, model("three").task), (Task::Binary, Task::Multiclass));
    assert_eq!((model("grade").task, model("price").task), (Task::Multiclass, Task::Regression));
    assert_eq!(model("two").positive.as_deref(), Some("yes"));
    let pair = model("pair");
    assert_eq!(pair.label.unwrap().to_string(), "pair == 2");
    assert_eq!(pair.classes, Classes::Named(vec!["1".to_owned(), "2".to_owned()]));
}

#[test]
fn a_target_is_guessed_or_asked_for() {
    let guessed = |csv: &str| project_of(csv, &[]).map(|(project, _)| project.model.target);
    let named = rows(&[("x", &amount), ("other", &flag), ("is_churned", &flag)]);
    assert_eq!(guessed(&named).unwrap(), "is_churned");
    let only = rows(&[("x", &amount), ("other", &flag)]);
    assert_eq!(guessed(&only).unwrap(), "other");
    let none = rows(&[("x", &amount), ("one", &flag), ("two", &flag)]);
    let error = guessed(&none).unwrap_err().to_string();
    assert!(error.contains("--target COLUMN\nthe columns are\n  \"x\": integer, 101"), "{error}");
}

#[test]
fn a_target_that_cannot_be_one_is_refused_with_the_reason() {
    let csv = rows(&[
        ("Amount", &amount),
        ("same", &|_| "1".to_owned()),
        ("at", &|row| format!("2024-01-01T00:{:02}:00Z", row % 60)),
        ("text", &|row| format!("text {row}")),
    ]);
    for (target, reason) in [
        ("amount", "there is no column \"amount\"; did you mean \"Amount\"?"),
        ("same", "it has the same value in every row"),
        ("at", "an instant cannot be predicted"),
        ("text", "it is text of 200 different values"),
    ] {
        let error = project_of(&csv, &["--target", target]).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn names_and_values_suggest_roles() {
    let (project, text) = project_of(
        &rows(&[
            ("row", &|row| row.to_string()),
            ("order_id", &|row| format!("o{row}")),
            ("customer_id", &|row| (row % 40).to_string()),
            ("note", &|row| format!("said {row} things")),
            ("email", &|row| format!("{row}@example.com")),
            ("Age", &|row| (20 + row % 50).to_string()),
            ("at", &|row| format!("2024-01-{:02}T10:00:00Z", 1 + row % 28)),
            ("country", &|row| ["DE", "FR"][row as usize % 2].to_owned()),
            ("amount", &amount),
            ("same", &|_| "7".to_owned()),
            ("empty", &|_| String::new()),
            ("label", &flag),
        ]),
        &[],
    )
    .unwrap();
    let roles = ["order_id", "customer_id", "note", "Age", "at", "country", "amount"];
    let roles = roles.map(|name| role(&project, name).unwrap());
    use Role::{Context, Feature, Key, Protected, Subject};
    assert_eq!(roles, [Key, Subject, Context, Protected, Context, Feature, Feature]);
    assert_eq!(project.columns.len(), roles.len());
    assert_eq!(project.source.unwrap().event_timestamp.as_deref(), Some("at"));
    assert_eq!(project.rollout.key.as_deref(), Some("customer_id"));
    assert!(text.contains("# \"same\" is left out. Every row has the same value"), "{text}");
    assert!(!text.contains("example.com"), "a person is in the project file");
}

#[test]
fn a_column_that_gives_the_answer_away_is_commented_out_with_the_number() {
    let later = |row: u32| if flag(row) == "1" { amount(row) } else { String::new() };
    let csv = rows(&[("amount", &amount), ("closed", &later), ("label", &flag)]);
    let (project, text) = project_of(&csv, &[]).unwrap();
    assert_eq!(role(&project, "closed"), None);
    let reason =
        "# \"closed\" is left out. Suspicious: whether it is missing, alone, has an AUC of";
    assert!(text.contains(reason), "{text}");
    assert!(text.contains("# name = \"closed\"\n"), "{text}");
}

#[test]
fn the_only_column_is_a_feature_even_on_suspicion() {
    let (project, text) = project_of(&rows(&[("copy", &flag), ("label", &flag)]), &[]).unwrap();
    assert_eq!(role(&project, "copy"), Some(Role::Feature));
    assert!(text.contains("It is a feature all the same"), "{text}");
}

#[test]
fn without_a_feature_every_column_is_told_why() {
    let csv = rows(&[("label", &flag), ("id", &|row| row.to_string()), ("a", &|_| "1".into())]);
    let error = project_of(&csv, &[]).unwrap_err().to_string();
    assert!(error.starts_with("no column is left to learn \"label\" from\n"), "{error}");
    assert!(error.contains("  \"a\": Every row has the same value"), "{error}");
    let alone = project_of("label\n0\n1\n", &[]).unwrap_err().to_string();
    assert!(alone.ends_with("  \"label\": the target"), "{alone}");
}

/// Names and values that need care in TOML, in comments, in labels and in CSV.
const STRANGE: &[&str] = &[
    "",
    " ",
    "a\"b",
    "a'b",
    "a\\",
    "a # b",
    "a\nb = 1",
    "[[x]]",
    "é 数",
    "\u{1}",
    "\u{7f}",
    "\u{202e}x",
    "a > b",
    "=",
    "0",
    "yes",
    "2024-01-01",
    "id",
    "age",
    "y",
    "-1e300",
    "1e308",
    "NaN",
    "1",
    "0.5",
    "true",
    "9223372036854775807",
];

/// A name or a value.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(STRANGE).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

fn csv(header: &[String], rows: &[Vec<String>]) -> String {
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |texts: &[String]| texts.iter().map(quoted).collect::<Vec<_>>().join(",");
    let lines = std::iter::once(line(header)).chain(rows.iter().map(|row| line(row)));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// A table: a few values in each column, so that targets, sets and constants occur.
fn table() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    let column = (text(), prop::collection::vec(text(), 1..4));
    let picks = prop::collection::vec(any::<[u8; 6]>(), 0..80);
    (prop::collection::vec(column, 1..6), picks).prop_map(|(columns, picks)| {
        let value = |row: &[u8; 6], index: usize| {
            let values = &columns[index].1;
            values[usize::from(row[index]) % values.len()].clone()
        };
        let header = columns.iter().map(|(name, _)| name.clone()).collect();
        let rows = picks.iter().map(|row| (0..columns.len()).map(|c| value(row, c)).collect());
        (header, rows.collect())
    })
}

/// What an error of `init` must say, one of these: no other error is the user's.
const USER_ERRORS: [&str; 6] = [
    "no column stands out",
    "no column is left to learn",
    "has no rows",
    "has no columns",
    "two columns are called",
    "cannot be the target",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_file_makes_a_valid_project_or_a_clear_error(
        (header, rows) in table(), asks in any::<bool>(),
    ) {
        let target = format!("--target={}", header[0].trim());
        let options = if asks { vec![target.as_str()] } else { Vec::new() };
        let directory = Directory::new().with("a.csv", &csv(&header, &rows));
        match init(&directory.path("a.csv"), &options) {
            Ok(_) => {
                let text = fs::read_to_string(directory.path(PROJECT_FILE)).unwrap();
                let project = Project::parse(&text, "test").unwrap();
                prop_assert_eq!(violations(&project, &directory.path("a.csv")), 0, "{}", text);
            }
            Err(error) => {
                let error = error.to_string();
                prop_assert!(USER_ERRORS.iter().any(|known| error.contains(known)), "{}", error);
            }
        }
    }
}

/// How often the data breaks the contract that was made from it.
fn violations(project: &Project, data: &Path) -> usize {
    let checks = Checks::compile(&project.contract()).unwrap();
    let file = RowFile::open(data).unwrap();
    let batches = file.batches(checks.schema(), 1_000).unwrap();
    let found = batches.map(|read| {
        let (mut batch, misfits) = read.unwrap();
        checks.check(&mut batch, &misfits).violations.len()
    });
    found.sum()
}
