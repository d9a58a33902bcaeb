use std::sync::mpsc::{Receiver, Sender, channel};

use shipworthy_models::{Element, PredictError, Predictor, Signature, Tensor};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// Doubles numbers, once it is let; refuses a batch with a missing one.
#[derive(Debug)]
struct Doubling {
    signature: Signature,
    entered: UnboundedSender<usize>,
    gate: Mutex<Receiver<()>>,
}

impl Predictor for Doubling {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn predict(&self, batch: &RowBatch) -> Result<Answers, PredictError> {
        self.entered.send(batch.rows()).unwrap();
        self.gate.lock().unwrap().recv().unwrap();
        let Column::Float(values) = &batch.columns()[0] else { panic!("a column of floats") };
        if values.iter().any(|value| value.is_nan()) {
            let refused = shipworthy_models::Error::FeatureCount { expected: 1, found: 0 };
            return Err(refused.into());
        }
        let doubled = values.iter().map(|value| value * 2.0).collect();
        Ok(Answers { columns: vec![Column::Float(doubled)], unknown_categories: 0 })
    }
}

/// A batcher whose calls end when they are let.
struct Bench {
    batcher: Arc<Batcher>,
    schema: Arc<shipworthy_rows::Schema>,
    calls: UnboundedReceiver<usize>,
    gate: Sender<()>,
}

type Asked = tokio::task::JoinHandle<Reply>;

impl Bench {
    fn new(batching: Batching) -> Self {
        let tensor = |name: &str| Tensor::scalar(name.into(), Element::Fp64);
        let signature =
            Signature { format: "test", inputs: vec![tensor("x")], outputs: vec![tensor("y")] };
        let schema = Arc::new(signature.schema());
        let ((entered, calls), (gate, shut)) = (unbounded_channel(), channel());
        let model = Doubling { signature, entered, gate: Mutex::new(shut) };
        let batcher = Arc::new(Batcher::new(Runtime::Here(Arc::new(model)), batching));
        Self { batcher, schema, calls, gate }
    }

    /// Asks, and is in the queue when this returns.
    async fn ask(&self, values: &[f64]) -> Asked {
        let batch = RowBatch::new(Arc::clone(&self.schema), vec![Column::Float(values.to_vec())]);
        let (batcher, batch) = (Arc::clone(&self.batcher), batch.unwrap());
        let asked = tokio::task::spawn_local(async move { batcher.predict(batch).await });
        tokio::task::yield_now().await;
        asked
    }

    /// The rows of the next call, which may end then.
    async fn call(&mut self) -> usize {
        let rows = self.calls.recv().await.unwrap();
        self.gate.send(()).unwrap();
        rows
    }
}

async fn values(asked: Asked) -> Vec<f64> {
    let received = asked.await.unwrap().unwrap();
    let [Column::Float(values)] = &received.answers.columns[..] else { panic!("{received:?}") };
    values.clone()
}

/// One thread, so that what was spawned first runs first.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(test));
}

const ONE_AT_A_TIME: Batching = Batching { max_rows: 4, workers: 1 };

#[test]
fn requests_that_come_while_the_model_is_busy_share_the_next_call() {
    run(async {
        let mut bench = Bench::new(ONE_AT_A_TIME);
        let first = bench.ask(&[1.0]).await;
        let rows = bench.calls.recv().await;
        assert_eq!(rows, Some(1), "an idle model is asked at once");
        let (second, third) = (bench.ask(&[2.0, 3.0]).await, bench.ask(&[4.0]).await);
        bench.gate.send(()).unwrap();
        assert_eq!(bench.call().await, 3);
        assert_eq!(values(first).await, [2.0]);
        assert_eq!(values(second).await, [4.0, 6.0]);
        assert_eq!(values(third).await, [8.0]);
        assert!(bench.batcher.shared.queue().waiting.is_empty());
    });
}

#[test]
fn a_call_has_no_more_rows_than_the_bound_but_for_one_request_that_has() {
    run(async {
        let mut bench = Bench::new(ONE_AT_A_TIME);
        let mut asked = Vec::new();
        for rows in [1, 3, 2, 6, 1] {
            asked.push(bench.ask(&vec![1.0; rows]).await);
        }
        let mut calls = Vec::new();
        for _ in 0..4 {
            calls.push(bench.call().await);
        }
        assert_eq!(calls, [1, 3, 2, 6], "first come, first served");
        assert_eq!(bench.call().await, 1);
        for asked in asked {
            assert!(asked.await.unwrap().is_ok());
        }
    });
}

#[test]
fn a_request_does_not_pay_for_the_rows_of_another() {
    run(async {
        let mut bench = Bench::new(ONE_AT_A_TIME);
        let first = bench.ask(&[1.0]).await;
        assert_eq!(bench.calls.recv().await, Some(1));
        let (bad, good) = (bench.ask(&[f64::NAN]).await, bench.ask(&[5.0]).await);
        bench.gate.send(()).unwrap();
        assert_eq!(bench.call().await, 2, "together, which is refused");
        assert_eq!((bench.call().await, bench.call().await), (1, 1), "then one by one");
        assert!(matches!(*bad.await.unwrap().unwrap_err(), Error::Model(_)));
        assert_eq!(values(good).await, [10.0]);
        assert_eq!(values(first).await, [2.0]);
    });
}

#[test]
fn who_has_given_up_is_not_asked_for_and_holds_nobody_up() {
    run(async {
        let mut bench = Bench::new(ONE_AT_A_TIME);
        let first = bench.ask(&[1.0]).await;
        assert_eq!(bench.calls.recv().await, Some(1));
        let (gone, stays) = (bench.ask(&[2.0]).await, bench.ask(&[3.0]).await);
        first.abort();
        gone.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert!(gone.await.unwrap_err().is_cancelled());
        bench.gate.send(()).unwrap();
        assert_eq!(bench.call().await, 1);
        assert_eq!(values(stays).await, [6.0]);
        let later = bench.ask(&[4.0]).await;
        assert_eq!(bench.call().await, 1, "the worker that went is followed by another");
        assert_eq!(values(later).await, [8.0]);
    });
}

#[test]
fn idle_workers_are_used_before_anybody_waits() {
    run(async {
        let mut bench = Bench::new(Batching { workers: 2, ..ONE_AT_A_TIME });
        let asked = [bench.ask(&[1.0]).await, bench.ask(&[2.0]).await];
        assert_eq!((bench.calls.recv().await, bench.calls.recv().await), (Some(1), Some(1)));
        (0..2).for_each(|_| bench.gate.send(()).unwrap());
        let [first, second] = asked;
        assert_eq!((values(first).await, values(second).await), (vec![2.0], vec![4.0]));
    });
}
