//! An Argo CD that people have brought with `kubectl apply` becomes a hub, and goes on meanwhile.

use serde_json::{Value, json};

use super::fixture::{Theirs, edit};
use crate::hub::fixture::managers;

#[test]
#[ignore = "needs the testbed"]
fn an_argo_cd_of_kubectl_is_taken_over_with_all_that_people_have_in_it() {
    let theirs = Theirs::new();
    let mut objects = theirs.manifest();
    edit(&mut objects, "ConfigMap", "argocd-cm", |it| {
        it["data"] = json!({"url": "https://argocd.example.org", "timeout.reconciliation": "120s"});
    });
    edit(&mut objects, "Deployment", "argocd-repo-server", |it| {
        let env = it["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut().expect("variables");
        env.push(json!({"name": "OF_PEOPLE", "value": "yes"}));
    });
    theirs.apply_client_side(&objects);
    theirs.deploy_shop();
    let hub = &theirs.hub;
    hub.kubectl(&["wait", "pod", "--all", "-n", "argocd", "--for=condition=Ready", "--timeout=120s"]);
    let (uids, pods) = (theirs.uids(), theirs.pods());
    assert_eq!((uids.len(), pods.len()), (6, 7), "{uids:?} {pods:?}");

    let refused = hub.run("install").expect(3).says("was installed by somebody else").says("adopt: true");
    let refused = refused.says("version: v3.6.1, plain").says("kubectl apply").says("2 Applications: made, shop");
    refused.says("1 ApplicationSets: makes").says("2 projects: default, team");
    assert!(hub.commits().is_empty(), "nothing was pushed");
    assert_eq!((theirs.uids(), theirs.pods()), (uids.clone(), pods.clone()));

    let adopted = theirs.adopt(&[]).expect(0).says("goes on, its pods too: Deployment argocd/argocd-server");
    let adopted = adopted.says("stays: ConfigMap argocd/argocd-cm, key url").says("each with its UID");
    assert!(!adopted.stderr.contains("argocd.example.org"), "values are not told: {}", adopted.stderr);
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert_eq!(theirs.uids(), uids, "what people have is what it was");
    assert_eq!(theirs.pods(), pods, "no pod was restarted");
    let settings = hub.object("configmap", "argocd-cm").expect("the settings")["data"].clone();
    assert_eq!(settings["url"], "https://argocd.example.org");
    let server = hub.object("deployment", "argocd-repo-server").expect("the repo server");
    assert!(server.to_string().contains("OF_PEOPLE"), "what people have set stays");
    let found = proof["findings"].as_array().expect("findings");
    let is_told = |field: &str| found.iter().any(|it| it["field"] == field && it["manager"] == "before-adoption");
    assert!(is_told("data.url"), "{found:#?}");

    let brought = theirs.brought();
    assert!(brought.len() > 40, "{}", brought.len());
    for object in brought {
        let (managers, name) = (managers(&object), object["metadata"]["name"].clone());
        assert!(managers.contains(&"argocd-controller".to_owned()), "{name}: {managers:?}");
        assert!(!managers.iter().any(|it| it.starts_with("kubectl") || it == "backstack"), "{name}: {managers:?}");
        let marks = &object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
        assert!(marks.is_null(), "{name} could be taken for kubectl's");
    }

    let commits = hub.commits();
    theirs.adopt(&[]).expect(0).says("0 objects applied");
    hub.run("install").expect(0).says("0 objects applied").says("0 objects released");
    assert_eq!((hub.commits(), theirs.pods()), (commits, pods));
}
