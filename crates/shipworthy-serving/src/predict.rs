//! Station 5: features and the model.

mod batching;
pub mod remote;

use std::sync::Arc;

use shipworthy_models::encode::{self, Levels};
use shipworthy_models::{Answers, ModelFile, PredictError, Predictor, Signature};
use shipworthy_rows::{Column, RowBatch, Schema};

use crate::Failure;
use crate::chain::Chain;
use crate::release::LoadedRelease;
pub(crate) use batching::Batcher;
pub use batching::Batching;
use remote::{Bound, Received, Remote};

/// What the model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// The numbers that decisions are made of, row after row, `width` each: a probability, one per
    /// class, or a value. Empty where a bare model file answers as it is.
    pub values: Vec<f64>,
    /// Numbers a row.
    pub width: usize,
    /// All outputs of a bare model file, in the order of its signature; else empty.
    pub outputs: Vec<Column>,
    /// Values that were categories the model does not know; it saw them as missing.
    pub unknown_categories: usize,
    /// Which version of its model another server says has answered.
    pub model_version: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model failed.
    #[error(transparent)]
    Model(#[from] PredictError),
    /// The server that has the model failed.
    #[error(transparent)]
    Remote(#[from] remote::Error),
    /// The runtime is going away.
    #[error("the model's work was not finished")]
    Unfinished,
}

/// A model that is not bound to columns yet.
#[derive(Clone, Debug)]
pub enum LoadedModel {
    /// It runs in this process.
    Here(ModelFile),
    /// It runs on another server.
    Elsewhere(Arc<Remote>),
}

impl LoadedModel {
    /// What it takes and answers.
    #[must_use]
    pub fn signature(&self) -> Signature {
        match self {
            Self::Here(file) => file.signature(),
            Self::Elsewhere(remote) => remote.signature().clone(),
        }
    }

    /// Whether it answers the position of a class instead of probabilities, as far as is known.
    #[must_use]
    pub fn answers_class_index(&self) -> bool {
        matches!(self, Self::Here(file) if file.answers_class_index())
    }

    /// The same model, reading columns of `schema`; see [`ModelFile::bind`].
    pub(crate) fn bind(
        &self,
        schema: &Arc<Schema>,
        features: &[usize],
        levels: &Levels,
    ) -> Result<Runtime, encode::Error> {
        Ok(match self {
            Self::Here(file) => Runtime::Here(file.bind(schema, features, levels)?),
            Self::Elsewhere(remote) => Runtime::Elsewhere(Arc::new(remote.bind(schema)?)),
        })
    }
}

impl From<&ModelFile> for LoadedModel {
    fn from(file: &ModelFile) -> Self {
        Self::Here(file.clone())
    }
}

impl From<&Self> for LoadedModel {
    fn from(model: &Self) -> Self {
        model.clone()
    }
}

/// What runs a release's model.
#[derive(Clone, Debug)]
pub(crate) enum Runtime {
    /// This process, wherever the request is worked on.
    Here(Arc<dyn Predictor>),
    /// Another server, which must be waited for.
    Elsewhere(Arc<Bound>),
}

impl Runtime {
    pub(crate) fn signature(&self) -> &Signature {
        match self {
            Self::Here(predictor) => predictor.signature(),
            Self::Elsewhere(bound) => bound.remote().signature(),
        }
    }

    /// The model's answers, off the threads that serve requests.
    async fn predict(&self, batch: RowBatch) -> Result<Received, Error> {
        match self {
            Self::Here(predictor) => {
                let predictor = Arc::clone(predictor);
                let work = tokio::task::spawn_blocking(move || predictor.predict(&batch));
                let answers = work.await.map_err(|_| Error::Unfinished)??;
                Ok(Received { answers, model_version: None })
            }
            Self::Elsewhere(bound) => Ok(bound.predict(&batch).await?),
        }
    }
}

impl Error {
    /// Whether a server seems to be down or overrun, so that asking again is of no use now.
    fn is_outage(&self) -> bool {
        match self {
            Self::Remote(error) => error.is_outage(),
            _ => false,
        }
    }

    /// What the caller is told; the log has the rest.
    pub(crate) fn told(&self, release: &LoadedRelease) -> Failure {
        // The caller's fault, or logged once, when the breaker opened.
        let is_known = matches!(
            self,
            Self::Remote(remote::Error::Rows { .. } | remote::Error::LeftAlone { .. })
        );
        if !is_known {
            tracing::error!(error = %Chain(self), release = %release.id(), "the model did not answer");
        }
        self.failure()
    }

    /// What the caller is told.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Remote(remote::Error::Rows { why }) => {
                let hint = "the server behind this model takes no such value; leave it out";
                Failure::BadRequest { message: why.clone(), hint }
            }
            Self::Remote(remote::Error::LeftAlone { .. }) => Failure::ModelUnavailable,
            Self::Remote(remote::Error::Timeout { limit_ms, .. }) => {
                Failure::Timeout { limit_ms: *limit_ms }
            }
            Self::Remote(error) if error.is_outage() => Failure::ModelUnavailable,
            Self::Remote(_) => Failure::ModelRefused,
            Self::Model(_) | Self::Unfinished => Failure::Internal,
        }
    }
}

impl Predicted {
    /// The numbers of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

/// Where in a model's answers the numbers stand that decisions are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) output: usize,
    /// The first of them in a row, and how many they are.
    pub(crate) first: usize,
    pub(crate) width: usize,
}

/// The model's answers to every row of `batch`, whose schema is the release's. Of trees the same
/// numbers, bit for bit, alone or in any batch, online or in a batch job. For a model on another
/// server this thread waits, so it must be one that may.
///
/// # Errors
/// When the batch is not of the release's schema, or the model's runtime or server fails.
pub fn predict(release: &LoadedRelease, batch: &RowBatch) -> Result<Predicted, Error> {
    let answers = match release.runtime() {
        Runtime::Here(predictor) => predictor.predict(batch)?,
        Runtime::Elsewhere(bound) => bound.wait(batch)?.answers,
    };
    Ok(predicted(release, answers, batch.rows()))
}

/// The same of a model that must be waited for, alone or together with other requests.
pub(crate) async fn predict_waiting(
    release: &LoadedRelease,
    batch: RowBatch,
) -> Result<Predicted, Arc<Error>> {
    let rows = batch.rows();
    let received = match release.batcher() {
        Some(batcher) => batcher.predict(batch).await?,
        None => release.runtime().predict(batch).await.map_err(Arc::new)?,
    };
    let Received { answers, model_version } = received;
    Ok(Predicted { model_version, ..predicted(release, answers, rows) })
}

fn predicted(release: &LoadedRelease, answers: Answers, rows: usize) -> Predicted {
    let Answers { mut columns, unknown_categories } = answers;
    let nothing = Predicted {
        values: Vec::new(),
        width: 0,
        outputs: Vec::new(),
        unknown_categories,
        model_version: None,
    };
    let Some(selection) = release.selection() else {
        return Predicted { outputs: columns, ..nothing };
    };
    let values = selected(columns.swap_remove(selection.output), selection, rows);
    Predicted { values, width: selection.width, ..nothing }
}

fn selected(column: Column, selection: Selection, rows: usize) -> Vec<f64> {
    let Selection { first, width, .. } = selection;
    match column {
        Column::Float(values) if values.len() == rows * width => values,
        Column::Float(values) => {
            let of_row = values.chunks_exact(values.len() / rows.max(1));
            of_row.flat_map(|row| &row[first..first + width]).copied().collect()
        }
        // Not reached: a release selects an output of floats.
        _ => vec![f64::NAN; rows * width],
    }
}
