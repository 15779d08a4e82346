//! The rules about steps, and about what they need of the bundle: wrong, and the same when it is right.

use super::fixture::{DOCUMENT, LOCK, bundle, codes, found, found_in, nothing, only, with, write};
use crate::support::Mixin;

#[test]
fn names_of_actions() {
    let step = "[{backstack: {cluster: {existing: {}}, timeout: 1m}}]";
    assert_eq!(codes(&format!("actions: {{build: {step}, io.cnab.x: {step}}}")), [100, 101]);
    assert_eq!(codes(&format!("actions: {{build: [], io.cnab.x: [], status: {step}}}")), [0; 0]);
}

#[test]
fn a_step_without_a_timeout() {
    only(&found(&with("    timeout: 5m\n    outputs", "    outputs")), 108, "it may take 15 minutes");
    nothing(&found(&with("timeout: 5m\n    outputs", "timeout: \"${ bundle.parameters.t }\"\n    outputs")));
}

#[test]
fn secrets_that_are_pasted() {
    for (old, new, code) in [
        ("env: TOKEN}}", "env: \"${ bundle.credentials.token }\"}}", 105),
        ("https://git.example/hub, p", "\"https://x:${ bundle.credentials.token }@git.example/hub\", p", 106),
        ("https://git.example/hub, p", "\"https://x:${bundle.parameters.hush}@git.example/hub\", p", 106),
        ("env: TOKEN}}", "file: \"${ bundle.credentials.token }\"}}", 106),
        ("description: Make the hub", "description: \"with ${ bundle.parameters.hush.part }\"", 106),
    ] {
        let found = found(&with(old, new));
        assert!(found.iter().any(|(it, _)| *it == code), "{new}: {found:#?}");
    }
    for (old, new) in [
        (
            "kubeconfig: /home/nonroot/.kube/config}\n    t",
            "kubeconfig: \"${ bundle.credentials.kubeconfig }\"}\n    t",
        ),
        ("description: Make the hub", "description: \"${ bundle.parameters.size } ${ bundle.parameters.hushed }\""),
    ] {
        nothing(&found(&with(old, new)));
    }
    let output = with("type: object, applyTo", "type: object, sensitive: true, applyTo");
    only(
        &found(&output.replace("description: Make the hub", "description: \"${ bundle.outputs.proof }\"")),
        106,
        "proof",
    );
}

#[test]
fn secrets_that_are_written_out_and_never_repeated() {
    const SECRET: &str = "hunter2-hunter2";
    for push in [
        format!("{{password: {SECRET}}}"),
        format!("{{password: {{value: {SECRET}}}}}"),
        format!("{{password: {{env: \"{SECRET}!\"}}}}"),
        format!("{{sshPrivateKey: {{file: \"-----BEGIN KEY-----\\n{SECRET}\"}}}}"),
        SECRET.to_owned(),
    ] {
        let folder = bundle(&with("{password: {env: TOKEN}}", &push));
        let found = found_in(&folder);
        only(&found, 109, "hub.repository.push");
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        let run = Mixin::new("lint").arg(folder.path()).run().exits(2);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("hunter2"), "{}", run.stdout);
        assert!(run.stdout.contains("****"), "{}", run.stdout);
    }
    only(
        &found(&with("https://git.example/hub, p", "https://me:hunter2@git.example/hub, p")),
        109,
        "hub.repository.url",
    );
    nothing(&found(&with("https://git.example/hub, p", "ssh://git@git.example:22/hub, p")));
}

#[test]
fn what_is_declared_for_other_actions() {
    let leaves_out = found(&with("applyTo: [install, upgrade]", "applyTo: [upgrade]"));
    only(&leaves_out, 110, "the credential `token`, whose `applyTo` leaves out `install`");
    nothing(&found(&with("applyTo: [install, upgrade]", "required: false, applyTo: [upgrade]")));
    nothing(&found(&with(", applyTo: [install, upgrade]", "")));
    let install = with(".kube/config}\n- {name", ".kube/config, applyTo: [upgrade, uninstall]}\n- {name");
    only(&found(&install), 110, "`hub.cluster.kubeconfig` needs the credential `kubeconfig`");
    let default = with(".kube/config}\n- {name", ".kube/config, applyTo: [install, upgrade]}\n- {name");
    only(&found(&default), 110, "uninstall[0].backstack.hub: the cluster of `hub` needs the credential `kubeconfig`");
    nothing(&found(
        &default.replace(
            "uninstall:\n- backstack:\n    hub: {",
            "uninstall:\n- backstack:\n    hub: {cluster: \"${ c }\", ",
        ),
    ));
    let parameter = with("- {name: size", "- {name: to-ken, type: string, applyTo: [status]}\n- {name: size");
    only(&found(&parameter.replace("{env: TOKEN}", "{env: TO_KEN}")), 110, "the parameter `to-ken`");
}

#[test]
fn what_is_not_declared() {
    let slip = found(&with("{env: TOKEN}", "{env: TOKENS}"));
    only(&slip, 111, "did you mean `TOKEN`?");
    let folder = bundle(&with("{env: TOKEN}", "{env: ghp_hunter2}"));
    only(&found_in(&folder), 111, "no credential or parameter gives the variable");
    let told = Mixin::new("lint").arg(folder.path()).run().exits(0).stdout;
    assert!(told.contains("backstack-111") && !told.contains("hunter2"), "{told}");
    let path = with("kubeconfig: /home/nonroot/.kube/config}\n    t", "kubeconfig: /elsewhere}\n    t");
    only(&found(&path), 111, "the file that `hub.cluster.kubeconfig` names");
    // What is there on the machine of the author is not there in the image.
    only(&found(&path.replace("/elsewhere", "/etc/passwd")), 111, "the file that `hub.cluster.kubeconfig` names");
    nothing(&found(&path.replace("- backstack\n", "- backstack\n- exec\n")));
    nothing(&found(&with("{env: TOKEN}", "{file: hub.yaml}")));
    nothing(&found(&with("{env: TOKEN}", "{file: /cnab/app/hub.yaml}")));
    nothing(&found(&with("{env: TOKEN}", "{env: PORTER_X}")));
    nothing(&found(&with("{env: TOKEN}", "{file: \"${ bundle.parameters.size }\"}")));
}

#[test]
fn outputs_are_declared_and_made() {
    only(&found(&with("name: proof, value", "name: other, value")).drain(..1).collect::<Vec<_>>(), 117, "`other`");
    let never = found(&with("applyTo: [install]", "applyTo: [install, upgrade, uninstall]"));
    only(&never, 118, "porter.yaml:14:10: outputs[0].name: no step of `upgrade`, `uninstall` makes the output `proof`");
    for (old, new) in [
        ("applyTo: [install]", "applyTo: [install, upgrade], default: {}"),
        ("applyTo: [install]", "applyTo: [install, upgrade], path: /x"),
        ("applyTo: [install]", "applyTo: [install, other]"),
        ("outputs: [{name: proof, value: proof}]", "outputs: \"${ bundle.custom.outputs }\""),
        ("{name: proof, value: proof}", "{name: \"${ bundle.custom.name }\", value: proof}"),
    ] {
        nothing(&found(&with(old, new)));
    }
    let two_mixins = with("applyTo: [install]", "applyTo: [upgrade]").replace("- backstack\n", "- backstack\n- exec\n");
    nothing(&found(&two_mixins));
    only(&found(&with("type: object", "type: integer")), 119, "declare it with `type: object`");
    nothing(&found(&with("type: object", "type: string")));
}

#[test]
fn uninstall_and_upgrade_cover_install() {
    let hub = "hub: {file: \"${ f }\", repository: {url: /x}}, timeout: 1m";
    let cluster = "cluster: {existing: {}}, timeout: 1m";
    let step = |noun: &str| format!("{{backstack: {{{noun}}}}}");
    let (hub, cluster) = (step(hub), step(cluster));
    assert_eq!(codes(&format!("actions: {{install: [{cluster}, {hub}]}}")), [107, 114]);
    assert_eq!(
        codes(&format!("actions: {{install: [{hub}], upgrade: [{hub}], uninstall: [{cluster}, {hub}]}}")),
        [113]
    );
    assert_eq!(
        codes(&format!("actions: {{install: [{hub}], upgrade: [{hub}], uninstall: [{hub}, {cluster}]}}")),
        [0; 0]
    );
    assert_eq!(codes(&format!("actions: {{install: [{cluster}]}}")), [0; 0]);
    // What only looks ahead comes before all others, and removes nothing.
    let looks = hub.replace("hub: {", "hub: {check: true, ");
    assert_eq!(
        codes(&format!("actions: {{install: [{hub}], upgrade: [{hub}], uninstall: [{looks}, {hub}, {cluster}]}}")),
        [0; 0]
    );
    assert_eq!(codes(&format!("actions: {{install: [{hub}], upgrade: [{looks}], uninstall: [{looks}]}}")), [107, 114]);
    let folder = bundle(&with("file: hub.yaml", "file: ./b/hub.yaml"));
    write(folder.path(), "b/hub.yaml", DOCUMENT);
    write(folder.path(), "b/lock.yaml", LOCK);
    let other_file = found_in(&folder);
    assert_eq!(other_file.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [107, 114], "{other_file:#?}");
    assert!(other_file[0].1.contains("no step for the hub of `./b/hub.yaml`"), "{other_file:#?}");
}
