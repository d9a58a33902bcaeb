//! The rows of the source: read, labelled, and passed through the contract.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use shipworthy_contract::{Checks, Contract, Role};
use shipworthy_core::SourceFile;
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Cell, Column, DataType, Misfit, RowBatch, Schema, Timestamp};

use super::label::{self, Raw};
use super::{Error, Progress, expectations};
use crate::project::{self, Project, Test};

/// Rows that can be learned from or tested on.
pub(super) struct Source {
    /// The contract's columns.
    pub(super) batch: RowBatch,
    /// The target of each row, as the data has it.
    pub(super) labels: Vec<Raw>,
    /// Where each row stands.
    pub(super) places: Vec<Place>,
    /// The file that they come from.
    pub(super) file: SourceFile,
    /// Rows in the file.
    pub(super) rows: u64,
    /// Rows without a label: dropped.
    pub(super) without_label: u64,
    /// Rows that the contract refuses: dropped.
    pub(super) breaking_contract: u64,
    /// Rows in no window: left out.
    pub(super) outside_windows: u64,
}

/// Where a row stands in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number in the file, from 0.
    pub(super) row: u64,
    /// Its event time, if the project names one.
    pub(super) at: Option<Timestamp>,
}

/// Rows read at a time.
const BATCH_ROWS: usize = 16 * 1024;

/// Reads the source of a project that lies in `directory`.
pub(super) fn read(
    project: &Project,
    from: &project::Source,
    directory: &Path,
    progress: &mut dyn Progress,
) -> Result<Source, Error> {
    let path = directory.join(&from.path);
    let digest = sha256(&path)?;
    let file = RowFile::open(&path)?;
    expectations::of_source(project, &file, progress)?;
    let layout = Layout::new(project, from, &file)?;
    let mut kept = Kept::new(&project.contract());
    let (mut rows, total) = (0, file.rows());
    for read in file.batches(&layout.wanted, BATCH_ROWS)? {
        let (batch, misfits) = read?;
        kept.add(&layout, &batch, &misfits, rows);
        rows += batch.rows() as u64;
        progress.rows(rows, total);
    }
    let name = from.path.display().to_string();
    let batch = RowBatch::new(Arc::clone(layout.checks.schema()), kept.columns)
        .expect("columns are made from the contract's schema");
    Ok(Source {
        batch,
        labels: kept.labels,
        places: kept.places,
        file: SourceFile { path: name, sha256: digest, rows },
        rows,
        without_label: kept.without_label,
        breaking_contract: kept.breaking_contract,
        outside_windows: kept.outside_windows,
    })
}

/// Whether the source is still the one that was read: what was learned is told by its digest.
pub(super) fn check_unchanged(file: &SourceFile, directory: &Path) -> Result<(), Error> {
    let path = directory.join(&file.path);
    match sha256(&path)? == file.sha256 {
        true => Ok(()),
        false => Err(Error::Changed { path: path.display().to_string() }),
    }
}

/// The contract with the categories of its text features: those of the rows that are learned
/// from, in the order of their text, which is also the order of their codes.
pub(super) fn with_categories(
    mut contract: Contract,
    batch: &RowBatch,
    learning: &[usize],
) -> Contract {
    for (index, column) in contract.columns.iter_mut().enumerate() {
        let Column::String(values) = &batch.columns()[index] else { continue };
        if column.role == Role::Feature {
            let known: BTreeSet<&str> =
                learning.iter().filter_map(|row| values.get(*row)).collect();
            column.categories = Some(known.into_iter().map(str::to_owned).collect());
        }
    }
    contract
}

/// Which columns are read, where they stand, and what is asked of them.
struct Layout<'a> {
    project: &'a Project,
    checks: Checks,
    /// The contract's columns, then those that only training needs.
    wanted: Arc<Schema>,
    contract: usize,
    label: usize,
    event_timestamp: Option<usize>,
}

impl<'a> Layout<'a> {
    fn new(project: &'a Project, from: &project::Source, file: &RowFile) -> Result<Self, Error> {
        let contract = project.contract();
        let checks = Checks::compile(&contract)?;
        let mut wanted: Vec<(String, DataType)> =
            contract.columns.iter().map(|c| (c.name.clone(), c.data_type)).collect();
        let columns = wanted.len();
        let mut place = |name: &str, data_type| {
            let found = wanted.iter().position(|(other, _)| other == name);
            found.unwrap_or_else(|| {
                wanted.push((name.to_owned(), data_type));
                wanted.len() - 1
            })
        };
        let (label_column, label_type) = label::column(&project.model, file.schema())?;
        let label = place(&label_column, label_type);
        let times = from.event_timestamp.as_deref();
        let event_timestamp = times.map(|name| place(name, DataType::Timestamp));
        Ok(Self {
            project,
            checks,
            wanted: Arc::new(Schema::new(wanted)),
            contract: columns,
            label,
            event_timestamp,
        })
    }
}

/// What was kept so far.
struct Kept {
    columns: Vec<Column>,
    labels: Vec<Raw>,
    places: Vec<Place>,
    without_label: u64,
    breaking_contract: u64,
    outside_windows: u64,
}

impl Kept {
    fn new(contract: &Contract) -> Self {
        let columns = contract.columns.iter().map(|c| Column::with_capacity(c.data_type, 0));
        Self {
            columns: columns.collect(),
            labels: Vec::new(),
            places: Vec::new(),
            without_label: 0,
            breaking_contract: 0,
            outside_windows: 0,
        }
    }

    fn add(&mut self, layout: &Layout<'_>, batch: &RowBatch, misfits: &[Misfit], first_row: u64) {
        let columns = batch.columns()[..layout.contract].to_vec();
        let Layout { project, checks, .. } = layout;
        let mut checked = RowBatch::new(Arc::clone(checks.schema()), columns)
            .expect("the first columns are the contract's");
        let misfits: Vec<_> =
            misfits.iter().filter(|m| m.column < layout.contract).cloned().collect();
        let outcome = checks.check(&mut checked, &misfits);
        let mut refused = vec![false; batch.rows()];
        for violation in outcome.violations.iter().filter(|v| v.on_violation.refuses()) {
            refused[violation.row] = true;
        }
        for (row, refused) in refused.into_iter().enumerate() {
            let at = layout.event_timestamp.and_then(|column| match batch.cell(row, column) {
                Cell::Timestamp(at) => Some(at),
                _ => None,
            });
            let place = Place { row: first_row + row as u64, at };
            match label::raw(&project.model, batch.cell(row, layout.label)) {
                _ if !is_in_a_window(project, place) => self.outside_windows += 1,
                None => self.without_label += 1,
                Some(_) if refused => self.breaking_contract += 1,
                Some(label) => {
                    self.labels.push(label);
                    self.places.push(place);
                    for (index, column) in self.columns.iter_mut().enumerate() {
                        column.push(checked.cell(row, index));
                    }
                }
            }
        }
    }
}

/// Whether the row trains, validates or tests.
fn is_in_a_window(project: &Project, place: Place) -> bool {
    let train = &project.train;
    let bounded = train.window.from.is_some() || train.window.until.is_some();
    let tests = match (&train.test, place.at) {
        (Some(Test::Window(window)), Some(at)) => window.contains(at),
        _ => false,
    };
    tests || !bounded || place.at.is_some_and(|at| train.window.contains(at))
}

/// The digest of a file, 64 hexadecimal digits.
pub(super) fn sha256(path: &Path) -> Result<String, Error> {
    let digest = || -> std::io::Result<String> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex::encode(digest.finalize())),
                read => digest.update(&buffer[..read]),
            }
        }
    };
    digest().map_err(|source| Error::Digest { path: path.display().to_string(), source })
}
