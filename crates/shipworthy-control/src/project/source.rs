//! `[source]`: the data that the model is trained on.

use std::path::{Component, Path, PathBuf};

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, value};

/// The keys of `[source]`.
pub(super) const SECTION: Section = Section::new(
    "[source]",
    &[
        Key::new("path", "a path such as \"data/flights.parquet\"", "required"),
        Key::new("event_timestamp", "the name of a column", "none: rows have no time"),
    ],
);

/// Where the training data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, relative to the project's directory and inside it.
    pub path: PathBuf,
    /// The column that orders the rows in time.
    pub event_timestamp: Option<String>,
}

/// `[source]` as typed.
#[derive(Debug)]
pub(super) struct TypedSource {
    /// Whether the file has the section.
    pub(super) is_present: bool,
    path: Option<Located<String>>,
    /// The column that orders the rows in time.
    pub(super) event_timestamp: Option<Located<String>>,
}

impl TypedSource {
    pub(super) fn read(table: Table<'_>, mistakes: &Mistakes) -> Self {
        let is_present = table.is_present();
        let path = table.field("path").required().name();
        let path = path.filter(|path| check_path(path, "the data", mistakes));
        let event_timestamp = table.field("event_timestamp").name();
        table.finish();
        Self { is_present, path, event_timestamp }
    }

    /// `None` when it could not be read; `Some` of `None` when there is none.
    pub(super) fn validated(self) -> Option<Option<Source>> {
        if !self.is_present {
            return Some(None);
        }
        let path = PathBuf::from(self.path?.value);
        Some(Some(Source { path, event_timestamp: value(self.event_timestamp) }))
    }
}

/// Whether the path of `what` stays inside the project; reports it when it does not. What lies
/// outside would be out of the reach of the commit that a release names.
pub(super) fn check_path(path: &Located<String>, what: &str, mistakes: &Mistakes) -> bool {
    let mut depth = 0_i32;
    let is_inside = Path::new(&path.value).components().all(|component| {
        depth += match component {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => return false,
        };
        depth >= 0
    });
    if is_inside {
        return true;
    }
    let message = format!("{:?} is outside of the project", path.value);
    let expected = "expected a path relative to the project file, inside its directory";
    let help = format!("copy or link {what} into the project's directory");
    mistakes.add(Mistake::at(&path.span, message, expected).help(help));
    false
}
