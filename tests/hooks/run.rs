//! The hooks of a bead on a hub, where Argo CD and the Job controller are real, and the pod of a Job is a process.

use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

/// What a hook does, in the shell.
fn hooks(migrate: &str) -> String {
    format!(
        "    hooks:
    - {{name: migrate, when: preSync, image: 'registry.example.org/shell:1', args: [-c, '{migrate}'],
       env: [{{name: TOKEN, secretKeyRef: {{name: db, key: token}}}}]}}
"
    )
}

/// A bead with that hook.
fn shop<'h>(hub: &'h Hub, migrate: &str) -> Bead<'h> {
    let bead = Bead::new(hub, "shop");
    bead.edit("bead.yaml", |text| {
        text.replace("    manifests: app\n", &format!("    manifests: app\n{}", hooks(migrate)))
    });
    bead
}

#[test]
#[ignore = "needs the testbed"]
fn a_hook_runs_with_every_version_and_one_that_fails_is_told_with_its_log() {
    let hub = Hub::installed(Kind::Plain);
    hub.kubectl(&["create", "namespace", "shop"]);
    hub.kubectl(&["create", "secret", "generic", "db", "-n", "shop", "--from-literal=token=swordfish-of-the-shop"]);
    let mark = || {
        hub.kubectl(&[
            "get",
            "configmap",
            "shop-hooks",
            "-n",
            "shop",
            "-o",
            "jsonpath={.data.version}",
            "--ignore-not-found",
        ])
    };
    let runs = || {
        hub.kubectl(&[
            "get",
            "events",
            "-n",
            "shop",
            "-o",
            "jsonpath={range .items[?(@.reason==\"Completed\")]}{.involvedObject.uid} {end}",
        ])
    };

    // One that fails: nothing is applied, and the run ends with what the hook wrote, but for what is secret.
    let bead = shop(&hub, "echo no table for $TOKEN; exit 3");
    let run = bead.run("install").expect(1);
    for words in [
        "the PreSync hook Job shop/shop-migrate failed",
        "| no table for",
        "ended with exit code 3",
        "hint: mend what the hook does",
    ] {
        assert!(run.stderr.contains(words), "{words} in {}", run.stderr);
    }
    assert!(!run.stderr.contains("swordfish"), "{}", run.stderr);
    assert_eq!((bead.object("deployment", "shop", "shop"), mark().as_str()), (None, ""), "nothing was applied");

    // A commit that changes the hook alone runs it, and what it was for comes.
    bead.edit("bead.yaml", |text| text.replace("exit 3", "sleep 3"));
    let run = bead.run("upgrade").expect(0);
    assert!(run.stderr.contains("waiting for completion of hook batch/Job/shop-migrate"), "{}", run.stderr);
    assert_eq!(mark(), "0.1.0");
    assert!(bead.object("deployment", "shop", "shop").is_some());
    let first = runs();
    assert_eq!(first.split_whitespace().count(), 1, "{first}");
    eventually("its Job is tidied up", || bead.object("job", "shop", "shop-migrate").is_none());

    // A version that changes no object runs it again.
    bead.edit("bead.yaml", |text| text.replace("version: 0.1.0", "version: 0.2.0"));
    bead.run("upgrade").expect(0);
    assert_eq!(mark(), "0.2.0");
    eventually("it has run again", || runs().split_whitespace().count() == 2);
    bead.run("verify").expect(0);
    bead.run("install").expect(0).says("no change");
}
