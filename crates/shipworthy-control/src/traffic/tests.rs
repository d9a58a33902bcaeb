//! Rollouts of real flights by a simulated clock: real releases, real requests, a real store.

mod harm;

mod drill;
mod failing;
mod required;
mod unsaved;

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex as Lock;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use serde_json::{Value, json};
use shipworthy_core::rollout::{Guard, Limit, Metric, Policy as RolloutPolicy, Strategy};
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{Policy, ReleaseId, SeededEntropy, SimulatedClock};
use shipworthy_ledger::{MemoryDisk, Options as LedgerOptions, Writer, open};
use shipworthy_rows::Timestamp;
use shipworthy_serving::{Callers, Doorkeeper, Endpoint, Limits, Plan, accept};
use shipworthy_store::{Bundles, NewToken, Role, Secret, SqliteStore, StateDir, Store};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::models::Cause;
use crate::project::Project;
use crate::release::{Keeping, Made};
use crate::runner::{self, Call, Runner};
use crate::statement::{Circumstances, Machine};
use crate::train::{Progress, Tools, train};
use crate::{Commit, Origin};
use harm::{Harm, Harming};

const NAME: &str = "late";

#[derive(Debug)]
struct Nobody;

impl Progress for Nobody {
    fn rows(&mut self, _: u64, _: Option<u64>) {}

    fn round(&mut self, _: u32, _: u32, _: Option<f64>) {}

    fn command(&mut self, _: &[String]) {}
}

impl Runner for Nobody {
    fn find(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn run(&self, call: &Call<'_>) -> Result<(), runner::Error> {
        panic!("{call:?}")
    }
}

impl Callers for Nobody {
    fn may_call(&self, _: &str) -> Option<bool> {
        None
    }

    fn may_choose(&self, _: &str) -> bool {
        false
    }
}

/// Signs with the key that the bench trusts.
struct Signs;

impl Signer for Signs {
    fn key(&self) -> Result<SigningKey, Cause> {
        Ok(SigningKey::from_random(&[2; 32]))
    }
}

struct Declares(RolloutPolicy);

impl Declared for Declares {
    fn rollout(&self, _: &str) -> Declaration {
        Declaration {
            policy: self.0.clone(),
            key: Some("tailnum".to_owned()),
            ..Declaration::default()
        }
    }
}

/// 400 of the flights of examples/flights, spread over the year.
const FLIGHTS: &str = include_str!("tests/flights.csv");

/// A server without a network, and its releases: the stable one, a good one, one that refuses long
/// flights, and one that harm is done to.
struct Bench {
    place: TempDir,
    shelf: Shelf,
    clock: Arc<SimulatedClock>,
    serving: Arc<Serving>,
    disk: Arc<MemoryDisk>,
    writer: Lock<Writer>,
    traffic: Traffic,
    policy: RolloutPolicy,
    stable: ReleaseId,
    good: ReleaseId,
    strict: ReleaseId,
    harmed: ReleaseId,
    harm: Arc<Harm>,
}

fn policy() -> RolloutPolicy {
    let guards = vec![Guard { metric: Metric::RefusedRate, limit: Limit::MaxRegression(0.05) }];
    RolloutPolicy {
        steps: vec![25, 100],
        step_time: Duration::from_secs(60),
        step_rows: 50,
        watch: Duration::from_secs(600),
        guards,
        ..RolloutPolicy::default()
    }
}

fn by(actor: &str) -> Attribution {
    Attribution::new(actor, "a test", Timestamp::from_micros(0)).unwrap()
}

impl Bench {
    fn new(policy: RolloutPolicy) -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("flights.csv"), FLIGHTS).unwrap();
        let directory = StateDir::open(&place.path().join("state")).unwrap();
        let lock = directory.lock().unwrap();
        let store = SqliteStore::open(&directory.state_db()).unwrap();
        for (byte, (name, role)) in
            (1..).zip([("ana", Role::Operator), ("ben", Role::Approver), ("cem", Role::Operator)])
        {
            let token = NewToken::new(name, role, &Secret::from_random([byte; 32])).unwrap();
            let by = if byte == 1 { by(name) } else { self::by("ana") };
            store.create_token(&token, &by).unwrap();
        }
        let bundles = Arc::new(Bundles::open(&lock).unwrap());
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_millis(1_700_000_000_000)));
        let harm = Arc::new(Harm::new(&clock));
        let models = Arc::new(Harming(Arc::clone(&harm)));
        let shelf = Shelf { store: Arc::new(store), bundles, models, trusted: None };
        let signer = SigningKey::from_random(&[2; 32]);
        shelf.store.trust_key(&signer.public(), &by("ana")).unwrap();
        let made = |rounds, max| release(&shelf, &signer, place.path(), rounds, max);
        let (stable, good, strict) = (made(3, ""), made(5, ""), made(4, "max = 1400"));
        let harmed = made(harm::ROUNDS, "");
        shelf.set_stable(NAME, &stable, &by("ana")).unwrap();

        let entropy = Arc::new(SeededEntropy::new(7));
        let disk = Arc::new(MemoryDisk::new(64 << 20));
        let (ledger, writer, _) = open(disk.clone(), [7; 16], LedgerOptions::default()).unwrap();
        let ports = shipworthy_serving::Ports { clock: clock.clone(), entropy, ledger };
        let limits = Limits {
            max_body_bytes: 1 << 20,
            max_rows: 1_000,
            request_timeout: Duration::from_secs(10),
            max_inflight: 4,
        };
        let plan = Plan { endpoints: BTreeMap::new(), limits };
        let serving = Arc::new(Serving::new(plan, ports, 1));
        let traffic = Traffic::new(steering((&shelf, &serving), &disk, &clock, &policy));
        let bench = Self {
            place,
            shelf,
            clock,
            serving,
            disk,
            writer: Lock::new(writer),
            traffic,
            policy,
            stable,
            good,
            strict,
            harmed,
            harm,
        };
        bench.start();
        bench
    }

    /// Serves what is stored.
    fn start(&self) {
        let stored = self.shelf.store.endpoint(NAME).unwrap().unwrap().stable.unwrap();
        let (release, _) = self.shelf.load_to_serve(&stored).unwrap();
        let decisions = Policy { threshold: 0.5, safe_answer: None };
        let mut endpoint = Endpoint::new(NAME, Arc::new(release), decisions);
        endpoint.key = Some("tailnum".to_owned());
        let endpoints = BTreeMap::from([(NAME.to_owned(), endpoint)]);
        let endpoints = self.traffic.take_over(endpoints).unwrap();
        self.serving.change_plan(|plan| plan.endpoints = endpoints.clone());
    }

    /// Another process over the same state.
    fn restart(&mut self) {
        self.restart_with(|_| ());
    }

    /// The same, with other ports.
    fn restart_with(&mut self, change: impl FnOnce(&mut Ports)) {
        let mut ports =
            steering((&self.shelf, &self.serving), &self.disk, &self.clock, &self.policy);
        change(&mut ports);
        self.traffic = Traffic::new(ports);
        self.start();
    }

    fn deploy(&self, release: &ReleaseId, strategy: Strategy) -> Result<(), Error> {
        self.traffic.deploy(NAME, release.as_str(), Some(strategy), &by("ana"))
    }

    /// As many requests, a flight each; gives the releases that answered, and `model_failed` for
    /// those that were not.
    async fn ask(&self, requests: usize) -> BTreeMap<String, usize> {
        let mut answered = BTreeMap::new();
        let flights: Vec<&str> = FLIGHTS.lines().skip(1).collect();
        for n in 0..requests {
            let flight: Vec<&str> = flights[n % flights.len()].split(',').collect();
            let number = |at: usize| flight[at].parse::<f64>().unwrap();
            let row = json!({"carrier": flight[0], "sched_dep_time": number(1),
                "distance": number(2), "tailnum": flight[3]});
            let body = json!({"instances": [row]}).to_string();
            let request = Request::post(format!("/v1/models/{NAME}:predict"))
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body))
                .unwrap();
            let keeper = Doorkeeper { callers: Arc::new(Nobody), is_open: true };
            let router = accept::router(Arc::clone(&self.serving), keeper);
            let committing = async {
                loop {
                    self.writer.lock().unwrap().commit_queued();
                    tokio::task::yield_now().await;
                }
            };
            let response = tokio::select! {
                biased;
                response = router.oneshot(request) => response.unwrap(),
                never = committing => never,
            };
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let by = body["release"].as_str().or(body["code"].as_str()).unwrap();
            *answered.entry(by.to_owned()).or_default() += 1;
        }
        answered
    }

    /// From now on there is a token of this name.
    fn knows(&self, name: &str) {
        let token = NewToken::new(name, Role::Operator, &Secret::from_random([9; 32])).unwrap();
        self.shelf.store.create_token(&token, &by("ana")).unwrap();
    }

    /// So much later, looked at.
    fn later(&self, seconds: u64) -> View {
        self.clock.advance(Duration::from_secs(seconds));
        self.traffic.look();
        self.view()
    }

    fn view(&self) -> View {
        self.traffic.view(NAME).unwrap()
    }

    fn state(&self) -> &'static str {
        self.view().rollout.map_or("none", |rollout| rollout.state)
    }

    /// The kinds of the endpoint's events, oldest first, and the reason of the last.
    fn history(&self) -> (Vec<String>, String) {
        let events = self.shelf.store.events_of(NAME, None, 100).unwrap();
        let last = events[0].reason.clone();
        (events.into_iter().rev().map(|event| event.kind).collect(), last)
    }
}

fn steering(
    (shelf, serving): (&Shelf, &Arc<Serving>),
    disk: &Arc<MemoryDisk>,
    clock: &Arc<SimulatedClock>,
    policy: &RolloutPolicy,
) -> Ports {
    Ports {
        shelf: shelf.clone(),
        signer: Arc::new(Signs),
        serving: Arc::clone(serving),
        ledger_disk: disk.clone(),
        clock: clock.clone(),
        entropy: Arc::new(SeededEntropy::new(9)),
        declared: Arc::new(Declares(policy.clone())),
    }
}

fn release(
    shelf: &Shelf,
    signer: &SigningKey,
    place: &std::path::Path,
    rounds: u32,
    max: &str,
) -> ReleaseId {
    let project = format!(
        "[project]\nname = \"late\"\n[source]\npath = \"flights.csv\"\n[model]\ntask = \"binary\"\n\
         target = \"late\"\nlabel = \"arr_delay > 15\"\n[[column]]\nname = \"carrier\"\n\
         type = \"string\"\n[[column]]\nname = \"sched_dep_time\"\ntype = \"float\"\n[[column]]\n\
         name = \"distance\"\ntype = \"float\"\n{max}\n[[column]]\nname = \"tailnum\"\n\
         type = \"string\"\nrole = \"key\"\n[train]\nrounds = {rounds}\n\
         early_stopping_rounds = 0\n"
    );
    let project = Project::parse(&project, "shipworthy.toml").unwrap();
    let tools = Tools { models: &*shelf.models, runner: &Nobody };
    let trained = train(&project, place, &tools, &mut Nobody).unwrap();
    let none = Commit::None { reason: "a test".to_owned() };
    let by = by("ana");
    let circumstances = Circumstances {
        started_at: by.at(),
        finished_at: by.at(),
        origin: Origin::default(),
        model_origin: Value::Null,
        machine: Machine::default(),
        pipeline: None,
    };
    let made =
        Made { project: NAME, trained: &trained, commit: &none, circumstances: &circumstances };
    let keeping = Keeping { signer, entropy: &SeededEntropy::new(3), by: &by };
    shelf.keep(&made, &keeping).unwrap()
}

#[tokio::test]
async fn a_good_release_walks_from_a_shadow_over_a_canary_to_stable() {
    let bench = Bench::new(policy());
    bench.deploy(&bench.good, Strategy::Shadow).unwrap();
    assert_eq!(bench.ask(100).await, BTreeMap::from([(bench.stable.to_string(), 100)]));
    assert_eq!(bench.later(3_600).rollout.unwrap().state, "shadow");

    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    let answered = bench.ask(400).await;
    let on_candidate = answered[bench.good.as_str()];
    assert!((70..130).contains(&on_candidate), "{answered:?}");
    let waiting = bench.later(30).rollout.unwrap();
    assert_eq!((waiting.state, waiting.step), ("canary", Some(0)));
    assert!(waiting.why.unwrap().contains("30 s are left"));

    assert_eq!(bench.later(31).rollout.unwrap().step, Some(1));
    assert_eq!(bench.ask(100).await, BTreeMap::from([(bench.good.to_string(), 100)]));
    let view = bench.later(61);
    assert_eq!(view.rollout.unwrap().state, "watching");
    assert_eq!(view.slots.stable.unwrap().release, bench.good.as_str());
    assert_eq!(view.slots.previous.unwrap().release, bench.stable.as_str());
    assert_eq!(bench.later(601).rollout.unwrap().state, "done");
    let (kinds, why) = bench.history();
    let walked = ["rollout.started", "rollout.started", "rollout.advanced"];
    assert_eq!(kinds[1..4], walked);
    assert_eq!(kinds[4..], ["rollout.finished", "rollout.finished"]);
    assert_eq!(why, "nothing went wrong while it was watched");
}

#[tokio::test]
async fn a_release_is_warmed_with_what_was_asked_before() {
    let bench = Bench::new(policy());
    bench.ask(100).await;
    bench.deploy(&bench.strict, Strategy::BlueGreen).unwrap();
    let event = bench.shelf.store.events_of(NAME, None, 1).unwrap().remove(0);
    let body: Value = serde_json::from_str(&event.body).unwrap();
    let warmed = &body["rollout"]["warmed"];
    let rows = |how: &str| warmed[how].as_u64().unwrap();
    assert_eq!((rows("answered") + rows("refused"), rows("failed")), (100, 0), "{warmed}");
    assert!(rows("refused") > 10, "long flights: {warmed}");
    // Nothing of it is recorded or counted.
    assert_eq!(bench.view().slots.candidate.unwrap().answered, 0);
    bench.ask(1).await;
    assert_eq!(bench.serving.watermark().sequence, 101);
}

#[tokio::test]
async fn a_bad_release_is_rolled_back_by_itself_with_the_reason_and_rests() {
    let bench = Bench::new(policy());
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    bench.ask(400).await;
    let view = bench.later(1);
    assert_eq!(view.rollout.unwrap().state, "rolled_back");
    assert!(view.slots.candidate.is_none());
    let (kinds, why) = bench.history();
    assert_eq!(kinds.last().unwrap(), "rollout.rolled_back");
    assert!(why.starts_with("refused_rate is ") && why.contains("of stable"), "{why}");
    assert_eq!(bench.ask(50).await, BTreeMap::from([(bench.stable.to_string(), 50)]));

    let refused = bench.deploy(&bench.good, Strategy::Canary).unwrap_err().to_string();
    assert!(refused.starts_with("a rollout was rolled back by itself; "), "{refused}");
    bench.later(601);
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
}

#[tokio::test]
async fn the_event_of_a_verdict_replays_to_the_same_verdict() {
    let bench = Bench::new(policy());
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    bench.ask(400).await;
    bench.later(1);
    let event = bench.shelf.store.events_of(NAME, None, 1).unwrap().remove(0);
    let body: Value = serde_json::from_str(&event.body).unwrap();
    let evidence: Evidence = serde_json::from_value(body["evidence"].clone()).unwrap();
    let kept: Verdict = serde_json::from_value(body["verdict"].clone()).unwrap();
    let now_us = body["now_us"].as_u64().unwrap();
    let policy = policy().of(Strategy::Canary);
    assert_eq!(shipworthy_core::rollout::decide(&policy, &evidence, now_us), kept);
}

#[tokio::test]
async fn an_approval_is_asked_for_and_another_must_give_it() {
    let bench = Bench::new(RolloutPolicy { approvals: vec![100], ..policy() });
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    bench.ask(400).await;
    let waiting = bench.later(61).rollout.unwrap();
    assert!(waiting.needs_approval && waiting.why.unwrap().contains("when an approver lets it"));
    let refused = bench.traffic.promote(NAME, &by("cem")).unwrap_err();
    assert_eq!(refused.to_string(), "the next step needs an approval");
    let refused = bench.traffic.approve(NAME, &by("ana")).unwrap_err();
    assert_eq!(refused.to_string(), "`ana` has started this rollout");
    bench.traffic.approve(NAME, &by("ben")).unwrap();
    assert_eq!(bench.later(1).rollout.unwrap().step, Some(1));
}

#[tokio::test]
async fn a_restart_in_any_state_goes_on_there() {
    let mut bench = Bench::new(policy());
    bench.deploy(&bench.good, Strategy::Shadow).unwrap();
    bench.restart();
    assert_eq!(bench.state(), "shadow");

    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    let before = bench.ask(300).await;
    bench.traffic.hold(NAME, &by("cem")).unwrap();
    bench.restart();
    assert_eq!(bench.state(), "held");
    assert_eq!(bench.ask(300).await, before, "keys stay on their side");
    bench.traffic.resume(NAME, &by("cem")).unwrap();
    // What was seen before the restart counts no more.
    assert_eq!(bench.later(0).rollout.unwrap().step, Some(0));
    bench.later(61);
    bench.ask(100).await;
    assert_eq!(bench.view().rollout.unwrap().step, Some(1));
    bench.restart();
    assert_eq!(bench.view().slots.candidate.unwrap().weight, 100);

    bench.traffic.promote(NAME, &by("cem")).unwrap();
    bench.restart();
    assert_eq!(bench.state(), "watching");
    bench.traffic.stop(NAME, &by("cem")).unwrap();
    bench.restart();
    assert!(bench.view().stopped && bench.serving.plan().endpoints[NAME].is_stopped);
    bench.traffic.resume(NAME, &by("cem")).unwrap();

    bench.traffic.rollback(NAME, None, &by("cem")).unwrap();
    bench.restart();
    assert_eq!(bench.state(), "rolled_back");
    assert_eq!(bench.view().slots.stable.unwrap().release, bench.stable.as_str());
}

#[tokio::test]
async fn a_watch_over_a_release_that_has_nothing_before_it_any_more_ends() {
    let mut bench = Bench::new(policy());
    bench.deploy(&bench.good, Strategy::BlueGreen).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    assert_eq!(bench.state(), "watching");
    let bundles = bench.place.path().join("state/bundles");
    fs::remove_dir_all(bundles.join(bench.stable.hex())).unwrap();
    bench.restart();
    assert_eq!(bench.state(), "done");
    let (kinds, why) = bench.history();
    assert_eq!(kinds.last().unwrap(), "rollout.finished");
    assert!(why.ends_with("there is no way back"), "{why}");
}

#[tokio::test]
async fn a_rollback_goes_back_and_can_be_rolled_back() {
    let bench = Bench::new(policy());
    let stable = || bench.view().slots.stable.unwrap().release;
    let nothing = bench.traffic.rollback(NAME, None, &by("ana")).unwrap_err();
    assert_eq!(nothing.to_string(), "there is no release before the stable one");

    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    assert!(bench.traffic.rollback(NAME, None, &by("ana")).unwrap());
    assert_eq!((bench.state(), stable()), ("rolled_back", bench.stable.to_string()));
    let twice = bench.traffic.rollback(NAME, None, &by("ana")).unwrap_err();
    assert_eq!(twice.to_string(), "the last rollout is rolled back already");

    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    assert_eq!(stable(), bench.good.to_string());
    bench.traffic.rollback(NAME, None, &by("ana")).unwrap();
    assert_eq!((bench.state(), stable()), ("rolled_back", bench.stable.to_string()));
    bench.traffic.rollback(NAME, None, &by("ana")).unwrap();
    assert_eq!((bench.state(), stable()), ("done", bench.good.to_string()));

    bench.traffic.rollback(NAME, Some(bench.strict.as_str()), &by("ana")).unwrap();
    assert_eq!(stable(), bench.strict.to_string());
    assert_eq!(bench.view().slots.previous.unwrap().release, bench.good.as_str());
}

#[tokio::test]
async fn an_endpoint_says_beforehand_where_a_rollback_leads() {
    let bench = Bench::new(policy());
    let back = || bench.traffic.rollback(NAME, None, &by("ana"));
    let leads_to = |release: Option<&ReleaseId>| {
        assert_eq!(bench.view().returns_to(), release.map(ReleaseId::as_str));
        assert_eq!(back().is_ok(), release.is_some());
        if let Some(release) = release {
            assert_eq!(bench.view().slots.stable.unwrap().release, release.as_str());
        }
    };
    leads_to(None);
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    leads_to(Some(&bench.stable));
    leads_to(None);
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    leads_to(Some(&bench.stable));
    leads_to(Some(&bench.good));
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    leads_to(Some(&bench.good));
    // The release before stable is there, and yet not what is gone back to.
    leads_to(None);
}

#[tokio::test]
async fn of_two_who_saw_the_same_one_rolls_back() {
    let bench = Bench::new(policy());
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    let seen = bench.view();
    assert_eq!(seen.leaves(), Some(bench.good.as_str()));
    let done: Vec<_> = std::thread::scope(|scope| {
        let post = || bench.traffic.rollback_from(NAME, bench.good.as_str(), &by("ana"));
        let posts = [scope.spawn(post), scope.spawn(post)];
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    let refused: Vec<_> = done.into_iter().filter_map(Result::err).collect();
    let told = refused.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told, ["the traffic of late has changed since you looked"]);
    assert_eq!(bench.view().slots.stable.unwrap().release, bench.stable.as_str());
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_what_to_do() {
    let bench = Bench::new(policy());
    let told = |error: Error| error.to_string();
    let unknown = bench.traffic.promote("nobody", &by("ana")).unwrap_err();
    assert!(told(unknown).ends_with("this server has late"));
    let idle = bench.traffic.hold(NAME, &by("ana")).unwrap_err();
    assert_eq!(told(idle), "no rollout is under way here");
    let same = bench.deploy(&bench.stable, Strategy::Canary).unwrap_err();
    assert!(told(same).ends_with("is stable already"));
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    let other = bench.deploy(&bench.strict, Strategy::Canary).unwrap_err();
    assert!(told(other).ends_with("is under way"));
}
