//! Connections that break, hang and are refused.

use std::thread;
use std::time::{Duration, Instant};

use backstack_testbed::faults::{End, Fault, Protocols, Rule};
use serde_json::json;

use super::bench::{Bench, LONG, SHORT};

/// The server goes in the middle of a run, and is back after a while.
#[test]
#[ignore = "needs the testbed"]
fn case_06_a_server_that_restarts_in_the_middle_is_waited_for() {
    let bench = Bench::new("restart");
    bench.fail(Rule::all(Fault::Instead(End::Cut)).of("PATCH").after(2));
    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| bench.install(&bench.set()));
        let has_gone = bench.proxy.has_struck(8, LONG);
        bench.proxy.mend();
        assert!(has_gone, "it is asked again and again");
        run.join().expect("it ends")
    });
    bench.ends_well(&bench.set(), outcome);
}

/// At the deadline, and not without end until then.
#[test]
#[ignore = "needs the testbed"]
fn case_07_a_server_that_stays_away_is_told_at_the_deadline() {
    let bench = Bench::new("away");
    bench.fail(Rule::all(Fault::Instead(End::Cut)).of("PATCH").after(2));
    let started = Instant::now();
    let outcome = bench.install_within(&bench.set(), SHORT);
    let took = started.elapsed();
    bench.fails(&bench.set(), outcome, &["(tried for 3 s)", "check the server address"]);
    assert!(took >= SHORT && took < SHORT * 4, "{took:?}");
    let asked = bench.proxy.seen().len();
    assert!(asked < 100, "{asked} requests in three seconds");
    bench.converges(&bench.set());
}

/// Requests that do not need each other are under way at once.
#[test]
#[ignore = "needs the testbed"]
fn case_15_a_slow_server_is_asked_many_things_at_once() {
    let bench = Bench::new("slow");
    let slow = Duration::from_millis(300);
    bench.fail(Rule::all(Fault::Late(slow)));
    let started = Instant::now();
    let outcome = bench.install(&bench.set());
    let took = started.elapsed();
    let asked = u32::try_from(bench.proxy.seen().len()).expect("few");
    assert!(took < slow * asked * 7 / 10, "{asked} requests in {took:?}");
    bench.ends_well(&bench.set(), outcome);
}

/// Its answer is lost, not what it has done.
#[test]
#[ignore = "needs the testbed"]
fn case_17_an_answer_that_is_broken_off_is_asked_for_again() {
    for (what, fault) in [
        ("reset", Fault::ResetInAnswer(100)),
        ("short", Fault::Short(100)),
        ("nothing", Fault::Afterwards(End::Cut)),
        ("before", Fault::Instead(End::Cut)),
    ] {
        let bench = Bench::new(what);
        bench.fail(Rule::all(fault).of("PATCH").times(4));
        bench.installs(&bench.set());
    }
}

/// A large object whose upload breaks off is whole in the end.
#[test]
#[ignore = "needs the testbed"]
fn case_18_a_request_that_is_broken_off_is_sent_whole() {
    let bench = Bench::new("upload");
    let large = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large", "namespace": bench.api.namespace},
        "data": {"large": "x".repeat(300_000)}});
    let set = bench.set().with(large);
    bench.fail(Rule::all(Fault::ResetInRequest(64 << 10)).of("PATCH").at("/configmaps/large").times(2));
    bench.installs(&set);
}

/// Balancing API servers end connections all the time (`--goaway-chance`).
#[test]
#[ignore = "needs the testbed"]
fn case_19_a_connection_that_takes_no_more_is_no_failure() {
    for protocols in [Protocols::Both, Protocols::Http1] {
        let bench = Bench::speaking("goaway", protocols);
        (0..10).for_each(|place| {
            bench.fail(Rule::all(Fault::LastOfConnection).after(3 * place).times(1));
        });
        bench.installs(&bench.set());
        assert!(bench.proxy.connections() > 1, "a new one was made");
    }
}

/// As proxies of companies are.
#[test]
#[ignore = "needs the testbed"]
fn case_20_a_way_that_knows_no_http_2_is_gone_by_few_connections() {
    let bench = Bench::speaking("old", Protocols::Http1);
    bench.installs(&bench.set());
    let connections = bench.proxy.connections();
    assert!(connections <= 33, "{connections} connections");
}
