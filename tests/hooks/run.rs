//! The hooks of a bead on a hub, where Argo CD and the Job controller are real, and the pod of a Job is a process.

use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

/// A bead whose hook does this, in the shell.
fn shop<'h>(hub: &'h Hub, migrate: &str) -> Bead<'h> {
    let hook = format!(
        "    hooks:
    - {{name: migrate, when: preSync, image: 'registry.example.org/shell:1', args: [-c, '{migrate}'],
       env: [{{name: TOKEN, secretKeyRef: {{name: db, key: token}}}}]}}
"
    );
    let bead = Bead::new(hub, "shop").with("secrets: {db: {token: {env: DB_TOKEN}}}");
    bead.edit("bead.yaml", |text| {
        let needs = "  secrets: [{name: db, namespace: shop, keys: [token]}]\n  application:\n";
        text.replace("  application:\n", needs).replace("    manifests: app\n", &format!("    manifests: app\n{hook}"))
    });
    bead
}

#[test]
#[ignore = "needs the testbed"]
fn a_hook_runs_with_every_version_and_one_that_fails_is_told_with_its_log() {
    let hub = Hub::installed(Kind::Plain);
    let mark = || hub.kubectl(&["get", "configmap", "shop-hooks", "-n", "shop", "-o", "jsonpath={.data.version}"]);
    // Kubernetes tells of every Job that has ended well, also when it is gone.
    let completed = "jsonpath={range .items[?(@.reason==\"Completed\")]}{.involvedObject.uid} {end}";
    let runs = || hub.kubectl(&["get", "events", "-n", "shop", "-o", completed]).split_whitespace().count();

    let bead = shop(&hub, "echo there is a table for $TOKEN; sleep 3");
    let run = bead.run_with("install", &[("DB_TOKEN", "swordfish-of-the-shop")]).expect(0);
    assert!(run.stderr.contains("waiting for completion of hook batch/Job/shop-migrate"), "{}", run.stderr);
    assert_eq!(mark(), "0.1.0");
    assert!(bead.object("deployment", "shop", "shop").is_some());
    eventually("it has run, and its Job is tidied up", || {
        runs() == 1 && bead.object("job", "shop", "shop-migrate").is_none()
    });

    // A version that changes no object runs it again. It fails: nothing is applied, and the run ends with what it wrote, but
    // for what is secret, which only the cluster knows.
    let bead = bead.with("");
    bead.edit("bead.yaml", |text| {
        text.replace("version: 0.1.0", "version: 0.2.0")
            .replace("there is a table", "no table")
            .replace("sleep 3", "exit 3")
    });
    let run = bead.run("upgrade").expect(1);
    for words in [
        "the PreSync hook Job shop/shop-migrate failed",
        "| no table for",
        "ended with exit code 3",
        "hint: mend what the hook does",
    ] {
        assert!(run.stderr.contains(words), "{words} in {}", run.stderr);
    }
    assert!(!run.stderr.contains("swordfish"), "{}", run.stderr);
    assert_eq!(mark(), "0.1.0", "nothing was applied");

    // A commit that changes nothing but the hook runs it, beside the Job that has failed and is still there.
    bead.edit("bead.yaml", |text| text.replace("exit 3", "true"));
    bead.run("upgrade").expect(0);
    assert_eq!(mark(), "0.2.0");
    eventually("it has run again", || runs() == 2);
    bead.run("verify").expect(0);
    bead.run("install").expect(0).says("no change");
}
