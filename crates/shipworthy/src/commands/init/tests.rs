//! `init` on files that it makes itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Parser;
use proptest::prelude::*;
use shipworthy_contract::Role;
use shipworthy_control::project::Classes;
use shipworthy_core::Task;

use super::*;

mod files;
mod projects;

/// A directory that is removed when the test is done.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("shipworthy-init-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, content: &str) -> Self {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), content).unwrap();
        self
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The command line of `init` alone.
#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// Runs `init` on a file with these options.
fn init(data: &Path, options: &[&str]) -> Result<Outcome> {
    let program = ["init", data.to_str().unwrap()];
    run(&Line::try_parse_from(program.iter().chain(options))?.args)
}

/// The project that `init` makes of a CSV file, with its text.
fn project_of(csv: &str, options: &[&str]) -> Result<(Project, String)> {
    let directory = Directory::new().with("some data.csv", csv);
    init(&directory.path("some data.csv"), options)?;
    let text = fs::read_to_string(directory.path(PROJECT_FILE)).unwrap();
    Ok((Project::parse(&text, "test").unwrap(), text))
}

fn role(project: &Project, name: &str) -> Option<Role> {
    project.columns.iter().find(|column| column.name == name).map(|column| column.role)
}
