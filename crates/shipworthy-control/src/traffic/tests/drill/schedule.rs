//! Drills that nobody asks for.

use super::*;
use crate::traffic::drill::QUIET_AFTER_START;

const MONTH: Duration = Duration::from_hours(24 * 30);

struct Monthly(RolloutPolicy);

impl Declared for Monthly {
    fn rollout(&self, _: &str) -> Declaration {
        let policy = self.0.clone();
        Declaration { policy, drill_every: Some(MONTH), ..Declaration::default() }
    }
}

fn monthly(bench: &mut Bench) {
    let declared = Monthly(bench.policy.clone());
    bench.restart_with(|ports| ports.declared = Arc::new(declared));
}

/// Looks every minute for so long; gives how many drills were begun.
fn wait(bench: &Bench, span: Duration) -> usize {
    let before = bench.drills().len();
    for _ in 0..span.as_secs() / 60 {
        bench.later(60);
    }
    bench.drills().len() - before
}

#[tokio::test]
async fn a_drill_that_is_due_is_begun_once_it_has_been_quiet() {
    let mut bench = drillable();
    monthly(&mut bench);
    bench.later(QUIET_AFTER_START.as_secs() - 1);
    assert!(bench.view().drill.is_none(), "not right after a start");
    bench.later(1);
    assert!(bench.view().drill.is_some());
    bench.later(60);
    let drill = bench.drills().pop().unwrap();
    assert!(drill.passed && drill.measured.scheduled);
    assert_eq!((&*drill.measured.actor, drill.measured.seconds), ("ana", 5));
    assert_eq!(drill.measured.reason, "drill_every in [rollout] asks for it");

    assert_eq!(wait(&bench, MONTH - Duration::from_hours(1)), 0);
    monthly(&mut bench);
    assert_eq!(wait(&bench, Duration::from_mins(50)), 0, "a restart remembers the last one");
    assert_eq!(wait(&bench, Duration::from_mins(15)), 1);
}

#[tokio::test]
async fn a_schedule_acts_in_the_name_of_who_drilled_last() {
    let mut bench = drillable();
    let _awaited = bench.traffic.drill(NAME, 1, &by("cem")).unwrap();
    bench.later(1);
    bench.clock.advance(MONTH);
    monthly(&mut bench);
    assert_eq!(wait(&bench, Duration::from_mins(12)), 1);
    assert_eq!(bench.drills().pop().unwrap().measured.actor, "cem");
}

#[tokio::test]
async fn nothing_is_drilled_on_schedule_where_nothing_can_be() {
    let mut bench = Bench::new(policy());
    monthly(&mut bench);
    assert_eq!(wait(&bench, Duration::from_hours(1)), 0, "there is nothing to go back to");
    bench.deploy(&bench.good, Strategy::Shadow).unwrap();
    assert_eq!(wait(&bench, Duration::from_hours(1)), 0, "a rollout is under way");

    let mut bench = drillable();
    assert_eq!(wait(&bench, Duration::from_hours(1)), 0, "nobody has declared a schedule");
    monthly(&mut bench);
    bench.traffic.stop(NAME, &by("cem")).unwrap();
    assert_eq!(wait(&bench, Duration::from_hours(1)), 0, "it is stopped");
    bench.traffic.resume(NAME, &by("cem")).unwrap();
    assert_eq!(wait(&bench, Duration::from_mins(3)), 1);
}
