//! Secrets in what would be committed: found in every style, told by place and never by value, and marked where they are none.

use super::fixture::{BUNDLE, DOCUMENT, bundle, found_in, nothing, only, with, write};
use crate::support::Mixin;

/// What lint says of a hub with these settings of Argo CD.
fn hub(settings: &str) -> Vec<(u64, String)> {
    let folder = bundle(BUNDLE);
    let document = DOCUMENT
        .replace("  argocd: {version: 3.6.1}\n", &format!("  argocd:\n    version: 3.6.1\n    config:\n{settings}"));
    write(folder.path(), "hub.yaml", &document);
    found_in(&folder)
}

#[test]
fn settings_are_read_as_argocd_reads_them() {
    let planted = [
        "      dex.config: \"connectors: [{config: {clientID: a, clientSecret: planted-secret-1}}]\"\n",
        "      dex.config: '{\"connectors\":[{\"config\":{\"clientSecret\":\"planted-secret-1\"}}]}'\n",
        "      oidc.config: |\n        clientSecret : planted-secret-1\n",
        "      oidc.config: |\n        \"clientSecret\": 'planted-secret-1'\n",
        "      dex.config: |\n        connectors:\n        - config:\n            bindPW: planted-secret-1\n",
        "      dex.config: |\n        staticClients: [{id: a, secret: planted-secret-1}]\n",
        "      webhook.github.secret: planted-secret-1\n",
        "      \"webhook.gitlab.secret\": planted-secret-1\n",
    ];
    for settings in planted {
        let found = hub(settings);
        only(&found, 104, "which would be committed to git");
        assert!(found[0].1.starts_with("hub.yaml:") && !found[0].1.contains("planted"), "{settings}: {found:?}");
        assert!(found[0].1.contains("`$<secret>:<key>`") && found[0].1.contains("`spec.notSecret`"), "{found:?}");
        let referring = hub(&settings.replace("planted-secret-1", "$dex.github.clientSecret"));
        only(
            &referring,
            145,
            "`$dex.github.clientSecret` is the key `dex.github.clientSecret` of the Secret argocd-secret",
        );
    }
    let folded = "      dex.config: |\n        connectors:\n        - config:\n            clientSecret: >-\n              $dex.x\n";
    only(&hub(folded), 145, "`$dex.x`");
    let found = hub(
        "      dex.config: |\n        connectors:\n        - config:\n            clientSecret: planted-secret-1\n",
    );
    only(
        &found,
        104,
        "hub.yaml:11:13: `spec.argocd.config.dex.config.connectors[0].config.clientSecret` holds a secret",
    );
}

#[test]
fn a_reference_is_given_by_a_step_or_told() {
    let settings =
        "  argocd:\n    version: 3.6.1\n    config:\n      oidc.config: |\n        clientSecret: $sso:clientSecret\n";
    let given = |secrets: &str| {
        let step = format!("      file: hub.yaml\n      secrets: {secrets}\n");
        let folder = bundle(&BUNDLE.replace("      file: hub.yaml\n", &step));
        write(folder.path(), "hub.yaml", &DOCUMENT.replace("  argocd: {version: 3.6.1}\n", settings));
        found_in(&folder)
    };
    nothing(&given("{sso: {clientSecret: {env: TOKEN}}}"));
    for other in ["{sso: {clientId: {env: TOKEN}}}", "{other: {clientSecret: {env: TOKEN}}}"] {
        let found = given(other);
        only(&found, 145, "`$sso:clientSecret` is the key `clientSecret` of the Secret sso, which no step gives");
        assert!(found[0].1.starts_with("hub.yaml:9:9:"), "{found:?}");
    }
    only(&given("{sso: {clientSecret: {env: UNDECLARED}}}"), 111, "`hub.secrets.sso.clientSecret.env`");
    let written = given("{sso: {clientSecret: planted-secret-1}}");
    assert!(
        written.iter().any(|(code, said)| *code == 109 && said.contains("`hub.secrets.sso.clientSecret`")),
        "{written:?}"
    );
    assert!(written.iter().all(|(_, said)| !said.contains("planted")), "{written:?}");
    let reserved = given("{sso: {clientSecret: {env: TOKEN}}, hub-repository: {password: {env: TOKEN}}}");
    only(&reserved, 102, "the Secret `hub-repository` is written by others");
}

#[test]
fn a_person_is_shown_the_line_without_the_value() {
    let folder = bundle(BUNDLE);
    // Also with another mistake in the same line, whose message shows the line.
    for values in ["values: {auth: {password: planted-1}}", "values: {token: planted-1}, nonsense: 1"] {
        write(
            folder.path(),
            "hub.yaml",
            &DOCUMENT.replace("chart: {locked: a}", &format!("chart: {{locked: a}}, {values}")),
        );
        let run = Mixin::new("lint .").folder(folder.path()).run().exits(2);
        assert!(run.stdout.contains("*******") && !(run.stdout + &run.stderr).contains("planted"), "{values}");
    }
}

#[test]
fn every_address_of_every_document_is_looked_at() {
    let lint = |file: &str, old: &str, new: &str| {
        let folder = bundle(BUNDLE);
        let text = std::fs::read_to_string(folder.path().join(file)).expect("there");
        assert!(text.contains(old), "{old}");
        write(folder.path(), file, &text.replace(old, new));
        found_in(&folder)
    };
    let chart =
        |source: &str| lint("hub.yaml", "chart: {locked: a}", &format!("chart: {{{source}, name: a, version: 1.0.0}}"));
    let lock = |url: &str| lint("lock.yaml", "  type: chart\n", &format!("  type: chart\n  url: {url}\n"));
    for found in [
        chart("repository: 'https://me:planted-1@charts.example.org/'"),
        chart("repository: 'https://planted-1@charts.example.org/'"),
        chart("oci: 'oci://me:planted-1@r.example.org/charts'"),
        chart("repository: 'https://charts.example.org/?private_token=planted-1'"),
        lock("https://me:planted-1@charts.example.org/a.tgz"),
        lock("https://charts.example.org/a.tgz?X-Amz-Signature=planted-1"),
    ] {
        let of_secret: Vec<_> = found.into_iter().filter(|(code, _)| *code == 104).collect();
        only(&of_secret, 104, "in an address, which would be committed");
        assert!(!of_secret[0].1.contains("planted") && of_secret[0].1.contains(".yaml:"), "{of_secret:?}");
    }
}

#[test]
fn a_mark_excuses_one_value_and_has_to_be_of_use() {
    let folder = bundle(BUNDLE);
    let marked = |marks: &str| {
        let values = "chart: {locked: a}, values: {demo: {password: shown-to-all}}";
        write(
            folder.path(),
            "hub.yaml",
            &format!("{}  notSecret: {marks}\n", DOCUMENT.replace("chart: {locked: a}", values)),
        );
        found_in(&folder)
    };
    only(&marked("[]"), 104, "add `spec.components[0].values.demo.password` to `spec.notSecret`");
    nothing(&marked("[\"spec.components[0].values.demo.password\"]"));
    let found = marked("[\"spec.components[0].values.demo.password\", spec.nothing]");
    only(&found, 126, "hub.yaml:8:58: spec.notSecret: `spec.nothing` is marked as no secret");
}

#[test]
fn a_password_is_not_sent_over_plain_http() {
    let lint = |url: &str, more: &str| {
        found_in(&bundle(&with("{url: https://git.example/hub, push: {", &format!("{{url: '{url}'{more}, push: {{"))))
    };
    let found = lint("http://git.example/hub", "");
    only(&found, 128, "`hub.repository.push` would cross the network unencrypted to http://git.example/hub");
    nothing(&lint("http://git.example/hub", ", allowInsecure: true"));
    nothing(&lint("http://127.0.0.1:3000/hub", ""));
    nothing(&lint("http://git.example/hub", ", pushUrl: 'https://git.example/hub'"));
    nothing(&lint("${ bundle.parameters.size }", ""));
}

#[test]
fn the_step_gives_a_bead_no_secrets_by_parameters() {
    let lint = |parameters: &str| {
        let bead = format!(
            "bead: {{file: bead.yaml, parameters: {{{parameters}}}, repository: {{push: {{password: {{env: TOKEN}}}}}}}}\n    timeout: 5m"
        );
        let text = with(
            "uninstall:\n",
            &format!(
                "- backstack:\n    {bead}\nuninstall:\n- backstack:\n    bead: {{file: bead.yaml}}\n    timeout: 5m\n"
            ),
        );
        let folder = bundle(&text);
        let document = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: b}\nspec:\n  version: 0.1.0\n  application: {namespace: b, manifests: app}\n  parameters:\n  - {name: a, type: string, default: x}\n  - {name: token, type: string, default: ''}\n";
        write(folder.path(), "bead.yaml", document);
        write(
            folder.path(),
            "app/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {a: '${ parameters.a }'}\n",
        );
        found_in(&folder).into_iter().filter(|(code, _)| ![107, 111].contains(code)).collect::<Vec<_>>()
    };
    nothing(&lint("a: plain, token: \"\""));
    for parameters in [
        "token: planted-1",
        "a: 'ghp_a1B2c3D4e5F6g7H8i9J0'",
        "a: '${ bundle.parameters.hush }'",
        "a: '${ bundle.credentials.token }'",
    ] {
        let found = lint(parameters);
        only(&found, 125, "committed to git");
        assert!(!found[0].1.contains("planted") && !found[0].1.contains("ghp_"), "{found:?}");
    }
}
