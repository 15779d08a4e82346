//! What a server, or something in its place, answers instead of what it is asked for.

use std::time::{Duration, Instant};

use backstack_testbed::faults::{Answer, End, Fault, Rule};

use super::bench::{Bench, LONG, SHORT, uninstall};

fn instead(answer: Answer) -> Rule {
    Rule::all(Fault::Instead(End::Answer(answer))).of("PATCH")
}

fn throttled(retry_after: &str) -> Answer {
    Answer::status(429, "too many requests, please try again later").with("Retry-After", retry_after)
}

/// A server that is throttled is left alone as long as it asks; what is no number of seconds does no harm.
#[test]
#[ignore = "needs the testbed"]
fn case_11_a_throttled_write_waits_as_long_as_it_is_asked() {
    let bench = Bench::new("throttled");
    bench.fail(instead(throttled("1")).times(3));
    for (place, odd) in ["-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"].into_iter().enumerate() {
        bench.fail(instead(throttled(odd)).after(3 + place).times(1));
    }
    let started = Instant::now();
    let outcome = bench.install(&bench.set());
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    bench.ends_well(&bench.set(), outcome);
}

/// It is told that the server is throttled, at the deadline, and it is not asked without end until then.
#[test]
#[ignore = "needs the testbed"]
fn case_12_a_server_that_throttles_for_ever_is_told_at_the_deadline() {
    let bench = Bench::new("ever");
    bench.fail(instead(throttled("0")));
    let outcome = bench.install_within(&bench.set(), SHORT);
    bench.fails(&bench.set(), outcome, &["too many requests", "(tried for 3 s)"]);
    let asked = bench.proxy.seen().len();
    assert!(asked < 60, "{asked} requests in three seconds");
    bench.converges(&bench.set());
}

/// A server that loses its leader, one behind a balancer, one that restarts: all are asked again.
#[test]
#[ignore = "needs the testbed"]
fn case_13_a_burst_of_errors_of_servers_is_sat_out() {
    let bench = Bench::new("burst");
    let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    for (place, answer) in [
        Answer::status(500, "etcdserver: leader changed"),
        Answer::page(502, page),
        Answer::status(503, "the server is currently unable to handle the request"),
        Answer::page(504, page),
    ]
    .into_iter()
    .enumerate()
    {
        bench.fail(instead(answer).at("/configmaps/").after(3 * place).times(3));
    }
    bench.installs(&bench.set());

    let bench = Bench::new("page");
    bench.fail(instead(Answer::page(502, page)));
    let failure = bench.install_within(&bench.set(), SHORT).expect_err("there is no server");
    assert!(!failure.render().contains('<'), "a page is told in words: {}", failure.render());
}

/// What the server cannot do to one object is tried to the deadline, told with the object, and keeps nothing back that is beside it.
#[test]
#[ignore = "needs the testbed"]
fn case_14_an_error_that_stays_on_one_object_leaves_the_others_applied() {
    let bench = Bench::new("boom");
    bench.fail(instead(Answer::status(500, "boom")).at("/configmaps/b"));
    let set = bench.set();
    let outcome = bench.install_within(&set, SHORT);
    bench.fails(&set, outcome, &["ConfigMap", "/b: boom", "(tried for 3 s)"]);
    let state = bench.state(&set);
    assert!(state.contains_key("ConfigMap NAMESPACE/c") && !state.contains_key("ConfigMap NAMESPACE/b"), "{state:#?}");
    bench.converges(&set);
}

/// An apply names no version and is right whatever others have written: it is sent again, and not without end.
#[test]
#[ignore = "needs the testbed"]
fn case_26_an_object_that_others_write_at_once_is_written_again_a_few_times() {
    for what in ["configmaps \"a\"", "resourcequotas \"full\""] {
        let bench = Bench::new("changed");
        bench.fail(instead(overtaken(what)).at("/configmaps/a").times(3));
        bench.installs(&bench.set());
    }
    let bench = Bench::new("changing");
    bench.fail(instead(overtaken("configmaps \"a\"")).at("/configmaps/a"));
    let outcome = bench.install(&bench.set());
    bench.fails(&bench.set(), outcome, &["the object has been modified", "run again"]);
    let asked = bench.proxy.strikes();
    assert!(asked <= 6, "{asked} times");
    bench.converges(&bench.set());
}

/// It names what it means by its UID: what others have written of that is no reason to let it stand, or to say that it is gone.
#[test]
#[ignore = "needs the testbed"]
fn case_26_a_deletion_that_others_overtake_is_asked_for_again() {
    let bench = Bench::new("undeleted");
    let set = bench.set();
    bench.install_directly(&set);
    bench.fail(Rule::all(Fault::Instead(End::Answer(overtaken("configmaps \"b\"")))).of("DELETE").at("/b").times(2));
    uninstall(bench.way(), &set, LONG).unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_eq!(bench.proxy.strikes(), 2);
    assert_eq!(bench.state(&set).len(), 1, "the namespace stays: {:#?}", bench.state(&set));
    bench.holds(&set);
}

fn overtaken(what: &str) -> Answer {
    Answer::status(409, &format!("Operation cannot be fulfilled on {what}: the object has been modified"))
}

/// A denial is of the object and not of the server: it is not asked again, and the others are applied.
#[test]
#[ignore = "needs the testbed"]
fn case_28_what_a_webhook_denies_is_told_with_its_words_and_the_rest_is_applied() {
    let bench = Bench::new("denied");
    let words = "admission webhook \"policy.example.org\" denied the request: no team label";
    bench.fail(instead(Answer::status(403, words)).at("/configmaps/b"));
    let outcome = bench.install(&bench.set());
    bench.fails(&bench.set(), outcome, &["no team label", "a policy of the cluster denies it"]);
    let denied = bench.proxy.seen().iter().filter(|it| it.fault.is_some()).count();
    assert_eq!(denied, 1, "it is asked once");
    assert!(bench.state(&bench.set()).contains_key("ConfigMap NAMESPACE/c"));
    bench.converges(&bench.set());
}

const NO_WEBHOOK: &str = "Internal error occurred: failed calling webhook \"check.example.org\": failed to call webhook: Post \
    \"https://checker.policies.svc:443/check?timeout=10s\": dial tcp 10.0.0.1:443: connect: connection refused";

/// The pod behind it may only be coming up.
#[test]
#[ignore = "needs the testbed"]
fn case_29_a_webhook_that_comes_up_late_is_waited_for() {
    let bench = Bench::new("late");
    bench.fail(instead(Answer::status(500, NO_WEBHOOK)).times(5));
    bench.installs(&bench.set());
}

/// The webhook is named with the Service behind it, and what to do.
#[test]
#[ignore = "needs the testbed"]
fn case_30_a_webhook_that_never_answers_is_named_with_its_service() {
    let bench = Bench::new("never");
    bench.fail(instead(Answer::status(500, NO_WEBHOOK)));
    let outcome = bench.install_within(&bench.set(), SHORT);
    let words = ["check.example.org", "checker.policies.svc", "repair or remove its webhook configuration"];
    bench.fails(&bench.set(), outcome, &words);
    bench.converges(&bench.set());
}

/// With several API servers one may know a CRD later than another: then its objects are asked for again.
#[test]
#[ignore = "needs the testbed"]
fn case_36_a_kind_that_is_served_late_is_asked_for_again() {
    let bench = Bench::new("served");
    bench.fail(instead(Answer::page(404, "404 page not found\n")).at("/configmaps/").times(5));
    bench.installs(&bench.set());
}

/// The server gives up on an answer while it does what was asked: an apply is asked for again, and finds it done.
#[test]
#[ignore = "needs the testbed"]
fn case_41_a_write_that_lands_after_its_time_is_found_done() {
    let bench = Bench::new("lands");
    let late = Answer::status(504, "Timeout: request did not complete within the allotted timeout");
    bench.fail(Rule::all(Fault::Afterwards(End::Answer(late))).of("PATCH").times(4));
    bench.installs(&bench.set());
}
