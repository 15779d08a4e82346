//! A hub that is proven is well.

use serde_json::Value;

use super::{doctor, document, findings};
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;
use crate::support::Mixin;

#[test]
#[ignore = "needs the testbed"]
fn a_proven_hub_has_no_finding_of_harm_two_or_more() {
    let hub = Hub::installed(Kind::Plain);
    let run = doctor(hub.cluster.kubeconfig(), "argocd", "--strict");
    let document = document(&run);
    assert_eq!(run.code, 0, "{document:#}\n{}", run.stderr);
    assert_eq!((unasked(&document), &document["argocd"]), (true, &"3.6.1".into()), "{document:#}");
    println!("{:#?}", findings(&document));

    // Whatever people do with it is found.
    hub.kubectl(&["annotate", "application", "root", "-n", "argocd", "argocd.argoproj.io/skip-reconcile=true"]);
    let run = doctor(hub.cluster.kubeconfig(), "argocd", "--strict --only held");
    let held = ("held".to_owned(), "Application argocd/root".to_owned(), 2);
    assert_eq!((run.code, findings(&self::document(&run))), (1, [held].into()), "{}", run.stderr);
    assert!(run.stderr.contains("error: 1 finding of harm 2 or more"), "{}", run.stderr);

    // Git itself is asked only by who wants it.
    let pusher = hub.repository.writer();
    let secret = serde_json::json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "writes", "namespace": "argocd", "labels": {"argocd.argoproj.io/secret-type": "repository"}},
        "stringData": {"url": hub.repository.url(), "username": pusher.username, "password": pusher.password}});
    hub.apply(&secret.to_string());
    let ask = |options: &str| {
        let line = format!("doctor --output json --only write-credential {options} --kubeconfig");
        let run = Mixin::new(&line).arg(hub.cluster.kubeconfig()).with_path().run();
        let document = self::document(&run);
        let is_asked = options == "--ask-git" && document["notLookedAt"] == serde_json::json!([]);
        assert!(is_asked || (options.is_empty() && unasked(&document)), "{document:#}");
        assert!(!format!("{}{}", run.stdout, run.stderr).contains(&pusher.password), "{}", run.stderr);
        findings(&document)
    };
    let writes = ("write-credential".to_owned(), "Secret argocd/writes".to_owned(), 2);
    let before = hub.commits();
    assert_eq!((ask(""), ask("--ask-git")), ([].into(), [writes].into()));
    assert_eq!(hub.commits(), before, "nothing is pushed");
}

/// Whether all was looked at but what git was not asked.
fn unasked(document: &Value) -> bool {
    let all = document["notLookedAt"].as_array().expect("a list");
    matches!(&all[..], [one] if one["byChoice"] == true && one["codes"] == serde_json::json!(["write-credential"]))
}
