//! Station 5: features and the model.

mod batching;
pub mod remote;

use std::sync::Arc;

use shipworthy_models::{Answers, PredictError, Predictor, Signature};
use shipworthy_rows::{Column, RowBatch};

use crate::Failure;
use crate::chain::Chain;
use crate::release::LoadedRelease;
pub(crate) use batching::Batcher;
pub use batching::Batching;
use remote::{Received, Remote};

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
    /// A model that must be waited for, where nobody waits.
    #[error("the model is on another server, which answers requests and no batches of files")]
    Elsewhere,
    /// The runtime is going away.
    #[error("the model's work was not finished")]
    Unfinished,
}

/// What runs a release's model.
#[derive(Clone, Debug)]
pub(crate) enum Runtime {
    /// This process, wherever the request is worked on.
    Here(Arc<dyn Predictor>),
    /// Another server, which must be waited for.
    Elsewhere(Arc<Remote>),
}

impl Runtime {
    pub(crate) fn signature(&self) -> &Signature {
        match self {
            Self::Here(predictor) => predictor.signature(),
            Self::Elsewhere(remote) => remote.signature(),
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
            Self::Elsewhere(remote) => Ok(remote.predict(&batch).await?),
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
            Self::Model(_) | Self::Elsewhere | Self::Unfinished => Failure::Internal,
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
/// numbers, bit for bit, alone or in any batch, online or in a batch job.
///
/// # Errors
/// When the batch is not of the release's schema, or the model's runtime fails.
pub fn predict(release: &LoadedRelease, batch: &RowBatch) -> Result<Predicted, Error> {
    let Runtime::Here(predictor) = release.runtime() else { return Err(Error::Elsewhere) };
    let answers = predictor.predict(batch)?;
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
