//! A secret that was pasted in where a reference belongs is a mistake, shown with its line, but not with its value.

use crate::support::Mixin;

#[test]
fn a_pasted_secret_is_not_shown_with_its_mistake() {
    // Longer than a line of a message: what is cut must be masked before.
    let long = (0..60).map(|number| format!("part{number:02}")).collect::<Vec<_>>().concat();
    for secret in ["hunter2-pasted", &long, "it''s-part-pasted"] {
        for field in [format!("password: '{secret}'"), format!("password: '{secret}', nonsense: 1")] {
            let step = format!("install:\n- backstack:\n    hub: {{repository: {{url: /x, push: {{{field}}}}}}}\n");
            let run = Mixin::new("install").stdin(step).run().exits(2).says("hub.repository.push.password");
            assert!(!run.stderr.contains("pasted") && !run.stderr.contains("part"), "{}", run.stderr);
        }
    }
}

#[test]
fn nor_is_one_in_a_secret_of_a_bead() {
    for secrets in
        ["cloud: {credentials.json: hunter2-pasted}", "cloud: {env: hunter2-pasted}", "cloud: hunter2-pasted"]
    {
        let step = format!("install:\n- backstack:\n    bead: {{secrets: {{{secrets}}}}}\n");
        let run = Mixin::new("install").stdin(step.clone()).run().exits(2).says("bead.secrets.cloud");
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        let run = Mixin::new("lint").stdin(format!("actions:\n  {}", step.replace('\n', "\n  "))).run();
        let told = run.stdout + &run.stderr;
        assert!(told.contains("backstack-109") && told.contains("bead.secrets.cloud"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn nor_is_one_under_a_key_that_no_credential_has() {
    for credential in
        ["push: {token: hunter2-pasted}", "push: {password: {value: hunter2-pasted}}", "pull: [hunter2-pasted]"]
    {
        let step = format!("install:\n- backstack:\n    hub: {{repository: {{url: /x, {credential}}}}}\n");
        let run = Mixin::new("install").stdin(step).run().exits(2).says("hub.repository.pu");
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}

#[test]
fn nor_is_one_beside_its_place() {
    for repository in [
        "token: hunter2-pasted",
        "credential: {password: {value: hunter2-pasted}}",
        "push: {password: {env: hunter2pasted, nonsense: 1}}",
        "pull: {sshPrivateKey: {file: \"hunter2\\npasted\", nonsense: 1}}",
    ] {
        let step = format!("install:\n- backstack:\n    hub: {{repository: {{url: /x, {repository}}}}}\n");
        let run = Mixin::new("install").stdin(step).run().exits(2).says("hub.repository.");
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
    // Beside `repository` it has the same names.
    let step = "install: [{backstack: {hub: {push: {token: hunter2-pasted}}}}]";
    let run = Mixin::new("install").stdin(step).run().exits(2).says("`hub.push`");
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    // The name of a variable is shown: it is what to correct.
    let step = "install: [{backstack: {hub: {repository: {url: /x, push: {password: {env: TOKEN_2, nonsense: 1}}}}}}]";
    Mixin::new("install").stdin(step).run().exits(2).says("TOKEN_2");
}
