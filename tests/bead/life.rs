//! A bead from its first commit to an upgrade.

use serde_json::json;

use super::fixture::Bead;
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;

#[test]
#[ignore = "needs the testbed"]
fn a_bead_is_committed_run_and_changed() {
    let none = Hub::plain();
    Bead::new(&none, "hello").run("install").expect(3).says("there is no hub on this cluster");
    none.run("upgrade").expect(3).says("the hub is not installed").says("next: install it");
    assert!(none.commits().is_empty(), "nothing was written");
    drop(none);

    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "hello").with("parameters: {replicas: 2}");
    bead.run("upgrade").expect(3).says("bead hello is not installed on this hub; nothing was changed");
    let bead = bead.with("parameters: {replicas: 2}\norInstall: true\ncheck: true");
    bead.run("upgrade").expect(0).says("bead hello is not on this hub yet, and may come by an upgrade");
    let bead = bead.with("parameters: {replicas: 2}");
    assert_eq!(hub.commits().len(), 1, "nothing was committed");
    assert_eq!(bead.run("status").expect(0).stderr.matches("is not on this hub").count(), 1);

    bead.run("diff").expect(0).says("+ root/apps/bead-hello.yaml");
    assert_eq!(hub.commits().len(), 1, "a diff commits nothing");
    let run = bead.run("install").expect(0);
    let head = hub.commits()[0].clone();
    assert!(hub.commits().len() == 2 && run.stderr.contains(&head), "{}", run.stderr);
    let deployment = bead.object("deployment", "hello", "hello").expect("the bead's own object");
    assert_eq!(deployment["spec"]["replicas"], 2);
    let state = bead.output("bead-state");
    assert_eq!(
        state,
        json!({"name": "hello", "version": "0.1.0", "revision": head, "parts": [{"name": "application",
            "application": "bead-hello-application", "sync": "Synced", "health": "Healthy", "revision": head}]})
    );
    let shown = hub.kubectl(&["get", "beads"]);
    assert!(shown.contains("hello") && shown.contains("0.1.0") && shown.contains("application"), "{shown}");
    assert!(hub.files(&["README.md"]).contains("| hello | 0.1.0 | application | A bead to start from |"));

    // Again, and seen by everybody else.
    bead.run("install").expect(0).says("no change");
    hub.run("install").expect(0).says("no change");
    hub.run("verify").expect(0);
    bead.run("verify").expect(0);
    bead.run("diff").expect(0).says("no difference");
    bead.run("status").expect(0).says("bead is Ready: all 2 Applications are Synced and Healthy");
    assert_eq!(hub.commits()[0], head, "nothing new to commit");

    // Another version, with another object in the place of the first.
    bead.edit("bead.yaml", |text| text.replace("version: 0.1.0", "version: 0.2.0"));
    bead.edit("app/deployment.yaml", |text| text.replace("name: hello\n  namespace", "name: hi\n  namespace"));
    bead.run("verify").expect(1).says("is there in version 0.1.0, this bundle has 0.2.0");
    bead.run("upgrade").expect(0);
    assert_eq!(hub.commits().len(), 3);
    assert_eq!(bead.object("deployment", "hello", "hello"), None, "pruned");
    assert_eq!(bead.object("deployment", "hello", "hi").expect("synced")["spec"]["replicas"], 2);
    assert_eq!(bead.output("bead-state")["version"], "0.2.0");

    // A person's edit that the bead does not touch stays, one that it does is refused.
    hub.commit(|folder| {
        let file = folder.join("beads/hello/application/deployment-hi.hello.yaml");
        let text = std::fs::read_to_string(&file).expect("the object is in git");
        std::fs::write(&file, text.replace("replicas: 2", "replicas: 3")).expect("written");
    });
    bead.run("install").expect(0).says("no change");
    assert_eq!(bead.object("deployment", "hello", "hi").expect("synced")["spec"]["replicas"], 3);
    let bead = bead.with("parameters: {replicas: 1}");
    bead.run("upgrade").expect(3).says("deployment-hi.hello.yaml was edited here and changed by the bundle");
}
