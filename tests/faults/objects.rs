//! What the API server decides about objects.

use backstack::engine::{Cluster, Live, apply_over};
use serde_json::json;

use super::bench::{Bench, LONG};
use crate::support::on_cluster::try_on_cluster;

/// All of it is there, by a read and a write an object.
#[test]
#[ignore = "needs the testbed"]
fn case_01_a_first_installation_asks_for_little_and_leaves_all_of_the_set() {
    let bench = Bench::new("first");
    bench.installs(&bench.set());
    assert_eq!(bench.state(&bench.set()).len(), bench.set().objects.len());
}

/// Nothing gets another version, also where the server writes a field otherwise than the set does.
#[test]
#[ignore = "needs the testbed"]
fn case_02_a_second_installation_changes_nothing() {
    let bench = Bench::new("second");
    let set = bench.set();
    bench.settles(&set);
}

/// What a set leaves to the server is no difference.
#[test]
#[ignore = "needs the testbed"]
fn case_65_what_the_server_fills_in_is_no_difference() {
    let bench = Bench::new("defaults");
    let mut set = bench.set();
    let container = &mut set.object("Deployment", "worker")["spec"]["template"]["spec"]["containers"][0];
    container["resources"] = json!({"limits": {"cpu": "1000m", "memory": 1_073_741_824}});
    container["ports"] = json!([{"containerPort": 8080}]);
    bench.settles(&set);
}

/// Who owns it is named with the field; nothing else is touched, and only a take-over takes it.
#[test]
#[ignore = "needs the testbed"]
fn case_27_a_field_of_somebody_else_is_named_with_its_manager() {
    let bench = Bench::new("owned");
    let set = bench.set();
    bench.converges(&set);
    let edit = r#"{"data": {"key": "of people"}}"#;
    bench.api.kubectl(&["patch", "configmap", "a", "--type=merge", "--field-manager=kubectl-edit", "-p", edit]);
    let outcome = bench.install(&set);
    bench.fails(&set, outcome, &["ConfigMap", "/a", "kubectl-edit", ".data.key", "another tool manages this field"]);
    let value = || bench.api.kubectl(&["get", "configmap", "a", "-o", "jsonpath={.data.key}"]);
    assert_eq!(value(), "of people");
    let take_over = async |cluster: Cluster| apply_over(&cluster, &set.all(), &Live::new(), |_, _| false).await;
    try_on_cluster(bench.way(), LONG, take_over).unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_eq!(value(), "value");
    bench.converges(&set);
}

/// The largest that the server takes is applied; of the others each is told, and the rest of the set is there.
#[test]
#[ignore = "needs the testbed"]
fn case_40_an_object_that_is_too_large_is_told_and_the_others_are_applied() {
    let bench = Bench::new("huge");
    let of = |name: &str, size: usize| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": bench.api.namespace},
            "data": {"large": "x".repeat(size)}})
    };
    // kubectl's annotation would take no more than 256 KiB; a ConfigMap no more than 1 MiB; a request 3 MiB.
    let fits = bench.set().with(of("fits", 900_000));
    let set = fits.clone().with(of("longer", 1_200_000)).with(of("longest", 3_300_000));
    let outcome = bench.install(&set);
    bench.fails(&set, outcome, &["/longer: ", "Too long", "/longest: ", "limit"]);
    assert!(bench.state(&set).contains_key("ConfigMap NAMESPACE/fits"));
    bench.converges(&fits);
}

/// What cannot be changed is refused by name, and nothing is made anew for it.
#[test]
#[ignore = "needs the testbed"]
fn case_48_a_field_that_never_changes_is_told_and_nothing_is_made_anew() {
    let bench = Bench::new("immutable");
    let set = bench.set();
    bench.converges(&set);
    let uid = || bench.api.kubectl(&["get", "deployment", "worker", "-o", "jsonpath={.metadata.uid}"]);
    let before = uid();
    let mut other = set.clone();
    let workload = &mut other.object("Deployment", "worker")["spec"];
    workload["selector"]["matchLabels"]["app"] = json!("other");
    workload["template"]["metadata"]["labels"]["app"] = json!("other");
    let outcome = bench.install(&other);
    bench.fails(&other, outcome, &["Deployment", "field is immutable"]);
    assert_eq!(uid(), before);
    bench.converges(&set);
}

/// One that is wrong keeps nothing back that is beside it, and when it is mended only that was missing.
#[test]
#[ignore = "needs the testbed"]
fn case_49_an_object_that_is_wrong_is_told_and_the_fix_resumes() {
    let bench = Bench::new("wrong");
    let mut set = bench.set();
    set.object("Service", "worker")["spec"]["ports"][0]["port"] = json!(99_999_999);
    let outcome = bench.install(&set);
    bench.fails(&set, outcome, &["Service", "99999999", "mend it in the bundle"]);
    assert!(bench.state(&set).contains_key("Secret NAMESPACE/hidden"), "what is beside it is there");
    bench.converges(&bench.set());
}

/// A full quota is told in the server's own words.
#[test]
#[ignore = "needs the testbed"]
fn case_63_a_quota_that_is_full_is_told() {
    let bench = Bench::new("quota");
    bench.api.kubectl(&["create", "quota", "full", "--hard=configmaps=1"]);
    // As the controller would, which does not run here.
    let status = r#"{"status": {"hard": {"configmaps": "1"}, "used": {"configmaps": "1"}}}"#;
    bench.api.kubectl(&["patch", "quota", "full", "--subresource=status", "--type=merge", "-p", status]);
    let outcome = bench.install(&bench.set());
    bench.fails(&bench.set(), outcome, &["exceeded quota: full", "ConfigMap"]);
    bench.api.kubectl(&["delete", "quota", "full"]);
    crate::hub::fixture::eventually("the quota is forgotten", || {
        bench.api.try_kubectl(&["create", "configmap", "probe", "--dry-run=server"]).status.success()
    });
    bench.converges(&bench.set());
}

/// In whichever order the objects come.
#[test]
#[ignore = "needs the testbed"]
fn case_64_the_order_of_the_set_makes_no_difference() {
    let bench = Bench::new("order");
    let mut set = bench.set();
    set.objects.reverse();
    bench.converges(&set);
    set.objects.rotate_left(4);
    bench.converges(&set);
}

/// Both may write the same at once: each ends well, or says who was in its way and goes on when it is run again.
#[test]
#[ignore = "needs the testbed"]
fn case_45_two_runs_at_once_end_in_the_same_state() {
    let bench = Bench::new("two");
    let set = bench.set();
    let outcomes = std::thread::scope(|scope| {
        let runs = [(), ()].map(|()| scope.spawn(|| bench.install(&set)));
        runs.map(|run| run.join().expect("it ends"))
    });
    assert!(outcomes.iter().any(Result::is_ok), "{outcomes:#?}");
    bench.holds(&set);
    bench.converges(&set);
}
