//! `shipworthy up`: the main job. A project, served.
//!
//! [`release`] finds or makes the release that the server serves until a signal, and [`reload`]
//! takes a changed policy meanwhile.

pub(crate) mod release;
mod reload;

pub(crate) use reload::limits;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use shipworthy_control::plane::Reload;
use shipworthy_control::project::Project;
use shipworthy_control::traffic::Declared;
use shipworthy_serving::{Endpoint, Limits, Serving};
use shipworthy_store::Store;

use crate::cli::Outcome;
use crate::server::{Options, Server, Serves, State};
use crate::signing::SigningArgs;
use crate::state as projects;
use crate::system::System;
use reload::{Current, Reloader};

/// Serve a project: make its first release if there is none, then answer requests.
///
/// The first line on standard output, once ready, is the base URL of the data plane. Everything
/// else is told on standard error, a sign-in link for the control plane included. SIGTERM and
/// Ctrl-C stop it after every accepted request is answered; SIGHUP takes a changed policy.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples:\n  shipworthy up examples/flights\n  curl -s \
    localhost:8080/v1/models/flight-delay:predict -d '{\"instances\": [{\"carrier\": \"UA\", \
    \"origin\": \"JFK\", \"dest\": \"LAX\", \"sched_dep_time\": 1730, \"sched_arr_time\": 2045, \
    \"distance\": 2475}]}'")]
pub(crate) struct Args {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT")]
    pub(crate) project: PathBuf,

    #[command(flatten)]
    pub(crate) server: Options,

    #[command(flatten)]
    pub(crate) signing: SigningArgs,

    /// Make and serve a new release, even if there is one.
    #[arg(long, conflicts_with = "release")]
    pub(crate) new_release: bool,

    /// Serve the release of a file that `release export` wrote, and make none. It becomes stable when
    /// it comes here for the first time; later starts leave it to what was decided since.
    #[arg(long, value_name = "FILE")]
    pub(crate) release: Option<PathBuf>,
}

pub(crate) fn run(args: Args, system: &System) -> Result<Outcome> {
    let project = projects::read_project(&args.project)?;
    let directory = projects::project_directory(&args.project);
    let state = projects::of_project(&directory, args.server.state.as_deref());
    let server = Server::open(&args.server, &state, &project.ledger, system)?;
    let current = Arc::new(Mutex::new(project.clone()));
    server.serve(Arc::new(Up { args, project, current }), system)?;
    Ok(Outcome::Done)
}

/// A project, served.
struct Up {
    args: Args,
    project: Project,
    /// As it was read last.
    current: Arc<Mutex<Project>>,
}

impl Serves for Up {
    fn limits(&self) -> Limits {
        reload::limits(&self.project.limits)
    }

    /// One endpoint, of the project's name.
    fn endpoints(&self, state: &State, system: &System) -> Result<BTreeMap<String, Endpoint>> {
        let stable = release::find_or_make(&self.args, &self.project, state, system)?;
        let name = self.project.identity.name.clone();
        let policy = projects::policy(&self.project);
        let mut endpoint = Endpoint::new(&name, stable, policy);
        reload::go_by(&mut endpoint, &self.project);
        Ok(BTreeMap::from([(name, endpoint)]))
    }

    fn signing(&self) -> SigningArgs {
        self.args.signing.clone()
    }

    fn declared(&self) -> Arc<dyn Declared> {
        Arc::new(Current(Arc::clone(&self.current)))
    }

    fn reloader(&self, serving: &Arc<Serving>, store: &Arc<dyn Store>) -> Arc<dyn Reload> {
        let file = projects::project_file(&self.args.project);
        let (serving, store) = (Arc::clone(serving), Arc::clone(store));
        Arc::new(Reloader::new(file, Arc::clone(&self.current), serving, store))
    }
}
