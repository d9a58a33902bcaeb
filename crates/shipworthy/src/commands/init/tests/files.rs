//! Where the project and its data go.

use super::*;

const CSV: &str = "amount,late\n1,0\n2,1\n3,0\n4,1\n";

#[test]
fn the_project_goes_beside_its_data() {
    let directory = Directory::new().with("a.csv", CSV);
    init(&directory.path("a.csv"), &[]).unwrap();
    let text = fs::read_to_string(directory.path(PROJECT_FILE)).unwrap();
    let project = Project::parse(&text, "test").unwrap();
    assert_eq!(project.source.unwrap().path, Path::new("a.csv"));
    assert_eq!(project.identity.name, "a");
}

#[test]
fn a_project_is_replaced_only_by_force() {
    let directory = Directory::new().with("a.csv", CSV).with(PROJECT_FILE, "mine");
    let error = init(&directory.path("a.csv"), &[]).unwrap_err().to_string();
    assert!(error.contains("is there already; --force replaces it"), "{error}");
    assert_eq!(fs::read_to_string(directory.path(PROJECT_FILE)).unwrap(), "mine");
    init(&directory.path("a.csv"), &["--force"]).unwrap();
    assert_ne!(fs::read_to_string(directory.path(PROJECT_FILE)).unwrap(), "mine");
}

#[test]
fn data_from_elsewhere_is_copied_into_the_project() {
    let directory = Directory::new().with("raw/a.csv", CSV);
    let output = directory.path("made/here");
    init(&directory.path("raw/a.csv"), &["--output", output.to_str().unwrap()]).unwrap();
    assert_eq!(fs::read_to_string(output.join("data/a.csv")).unwrap(), CSV);
    let text = fs::read_to_string(output.join(PROJECT_FILE)).unwrap();
    assert_eq!(
        Project::parse(&text, "test").unwrap().source.unwrap().path,
        Path::new("data/a.csv")
    );
}

#[test]
fn data_inside_of_the_project_stays_where_it_is() {
    let directory = Directory::new().with("raw/a.csv", CSV);
    let output = directory.0.to_str().unwrap();
    init(&directory.path("raw/../raw/a.csv"), &["--output", output]).unwrap();
    let text = fs::read_to_string(directory.path(PROJECT_FILE)).unwrap();
    assert_eq!(Project::parse(&text, "test").unwrap().source.unwrap().path, Path::new("raw/a.csv"));
    assert!(!directory.path("data").exists());
}

#[test]
fn another_file_under_the_name_of_the_copy_is_kept() {
    let directory = Directory::new().with("raw/a.csv", CSV).with("made/data/a.csv", "mine");
    let output = directory.path("made");
    let output = output.to_str().unwrap();
    init(&directory.path("raw/a.csv"), &["--output", output]).unwrap_err();
    assert_eq!(fs::read_to_string(directory.path("made/data/a.csv")).unwrap(), "mine");
    assert!(!directory.path("made").join(PROJECT_FILE).exists());
}

#[cfg(unix)]
#[test]
fn a_link_to_the_data_is_replaced_and_the_data_kept() {
    let directory = Directory::new().with("raw/a.csv", CSV).with("made/data/b.csv", "");
    let copy = directory.path("made/data/a.csv");
    std::os::unix::fs::symlink(directory.path("raw/a.csv"), &copy).unwrap();
    let output = directory.path("made");
    let options = ["--force", "--output", output.to_str().unwrap()];
    init(&directory.path("raw/a.csv"), &options).unwrap();
    for path in [directory.path("raw/a.csv"), copy] {
        assert_eq!(fs::read_to_string(path).unwrap(), CSV);
    }
}

#[test]
fn nothing_is_written_when_there_is_no_project_to_write() {
    let directory = Directory::new().with("raw/a.csv", "a\n1\n2\n");
    let output = directory.path("made");
    init(&directory.path("raw/a.csv"), &["--output", output.to_str().unwrap()]).unwrap_err();
    assert!(!output.exists());
}

#[test]
fn what_is_no_data_is_refused_with_the_reason() {
    let directory = Directory::new()
        .with("empty.csv", "")
        .with("header.csv", "a,b\n")
        .with("twice.csv", "a,a\n1,2\n")
        .with("a.txt", "a,b\n");
    for (file, reason) in [
        ("empty.csv", "has no columns"),
        ("header.csv", "has no rows"),
        ("twice.csv", "two columns are called `a`"),
        ("a.txt", "not a .parquet, .csv or .jsonl file"),
        ("none.csv", "cannot read"),
        ("", "is a directory"),
    ] {
        let error = init(&directory.path(file), &[]).unwrap_err().to_string();
        assert!(error.contains(reason), "{file}: {error}");
    }
}
