//! A hub that is proven is well.

use super::{doctor, document, findings};
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;

#[test]
#[ignore = "needs the testbed"]
fn a_proven_hub_has_no_finding_of_harm_two_or_more() {
    let hub = Hub::installed(Kind::Plain);
    let run = doctor(hub.cluster.kubeconfig(), "argocd", "--strict");
    let document = document(&run);
    assert_eq!(run.code, 0, "{document:#}\n{}", run.stderr);
    assert_eq!(
        (&document["notLookedAt"], &document["argocd"]),
        (&serde_json::json!([]), &"3.6.1".into()),
        "{document:#}"
    );
    println!("{:#?}", findings(&document));

    // Whatever people do with it is found.
    hub.kubectl(&["annotate", "application", "root", "-n", "argocd", "argocd.argoproj.io/skip-reconcile=true"]);
    let run = doctor(hub.cluster.kubeconfig(), "argocd", "--strict --only held");
    let held = ("held".to_owned(), "Application argocd/root".to_owned(), 2);
    assert_eq!((run.code, findings(&self::document(&run))), (1, [held].into()), "{}", run.stderr);
    assert!(run.stderr.contains("error: 1 finding of harm 2 or more"), "{}", run.stderr);
}
