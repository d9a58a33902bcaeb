//! A changed policy, taken without dropping a request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use shipworthy_control::diagnose;
use shipworthy_control::plane::{Reload, ReloadError};
use shipworthy_control::project::{self, Project};
use shipworthy_control::traffic::Declared;
use shipworthy_serving::{Endpoint, Limits, Serving};
use shipworthy_store::{Attribution, NewEvent, Store};

use crate::state;

/// The kind of the event that a reload leaves.
const RELOADED: &str = "policy.reloaded";

/// Reads the project file again and makes the server go by it.
pub(super) struct Reloader {
    file: PathBuf,
    serving: Arc<Serving>,
    store: Arc<dyn Store>,
    current: Arc<Mutex<Project>>,
}

/// The project as it was read last.
pub(super) struct Current(pub(super) Arc<Mutex<Project>>);

impl Declared for Current {
    fn rollout(&self, _: &str) -> project::Rollout {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rollout.clone()
    }
}

impl Reloader {
    pub(super) fn new(
        file: PathBuf,
        current: Arc<Mutex<Project>>,
        serving: Arc<Serving>,
        store: Arc<dyn Store>,
    ) -> Self {
        Self { file, serving, store, current }
    }

    fn read(&self) -> Result<Project, ReloadError> {
        let name = self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file).map_err(|error| ReloadError {
            message: format!("cannot read {name}: {error}"),
            hint: "put the project file back; the old policy stays".to_owned(),
        })?;
        Project::parse(&text, &name).map_err(|diagnosis| ReloadError {
            message: diagnose::render(&diagnosis, false),
            hint: "mend the file and reload again; the old policy stays".to_owned(),
        })
    }
}

impl Reload for Reloader {
    fn reload(&self, attribution: &Attribution) -> Result<Vec<&'static str>, ReloadError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let project = self.read()?;
        let changes = current.changed_sections(&project);
        if !changes.release.is_empty() {
            return Err(ReloadError {
                message: format!("{} are part of the release", changes.release.join(", ")),
                hint: "a release cannot be edited: undo the change, or restart with `shipworthy \
                       up PROJECT --new-release`"
                    .to_owned(),
            });
        }
        if !changes.restart.is_empty() {
            return Err(ReloadError {
                message: format!("{} are taken at a start only", changes.restart.join(", ")),
                hint: "undo the change, or restart the server".to_owned(),
            });
        }
        let body = serde_json::json!({"changed": changes.policy});
        let event = NewEvent::new(RELOADED, &project.identity.name, &body);
        let recorded = event.map_err(|error| error.to_string()).and_then(|event| {
            self.store.record_event(&event, attribution).map_err(|error| error.to_string())
        });
        recorded.map_err(|error| ReloadError {
            message: format!("the change cannot be recorded: {error}"),
            hint: "look at the state directory's disk; the old policy stays".to_owned(),
        })?;
        self.serving.change_plan(|plan| {
            plan.limits = limits(&project.limits);
            plan.endpoints.values_mut().for_each(|endpoint| go_by(endpoint, &project));
        });
        *current = project;
        Ok(changes.policy)
    }
}

/// Makes an endpoint go by what its project declares, but for its releases.
pub(super) fn go_by(endpoint: &mut Endpoint, project: &Project) {
    endpoint.policy = state::policy(project);
    endpoint.key.clone_from(&project.rollout.key);
    endpoint.testers = Arc::new(project.rollout.testers.iter().cloned().collect());
}

/// The bounds of a request.
pub(crate) fn limits(limits: &project::Limits) -> Limits {
    Limits {
        max_body_bytes: usize::try_from(limits.max_body_bytes).unwrap_or(usize::MAX),
        max_rows: limits.max_rows,
        request_timeout: limits.request_timeout,
        max_inflight: limits.max_inflight,
    }
}
