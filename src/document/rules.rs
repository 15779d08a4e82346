//! What a Hub document must be beyond its shape. One list of rules for both readers: with places for the text
//! that people write, and again before anything is rendered.

use std::collections::BTreeSet;

use super::argocd_keys::key_rules;
use super::argocd_patch::patch_rules;
use super::argocd_rbac::rbac_rules;
use super::claims_rules::{claims_address, claims_rules};
use super::component_rules::{AtComponent, component_rules};
use super::hub::Hub;
use super::porter_templates::porter_templates;
use super::secret_rules::{remedy, secret_rules};
use crate::report::Outcome;
use crate::schema::{Leak, Mistakes, Path, Scalars, known_hosts, pem, read};
use crate::words::argo;

/// The first version of Argo CD whose server-side apply can own its own CRDs (its 3.3 upgrade notes).
const FIRST_ARGOCD: semver::Version = semver::Version::new(3, 3, 2);

/// Reads a Hub document. Fails with all mistakes, each with its place.
pub fn read_hub(name: &str, text: &str) -> Outcome<Hub> {
    let hub: Hub = read(name, text, Scalars::Strict)?;
    mistakes_and_secrets(&hub).none_in_text(name, text)?;
    Ok(hub)
}

/// Reads one that is committed already, or of which nothing will be: whatever secrets are in it, and whatever Argo CD does not
/// take of its settings.
pub fn read_hub_as_it_is(name: &str, text: &str) -> Outcome<Hub> {
    let hub: Hub = read(name, text, Scalars::Strict)?;
    mistakes(&hub).none_in_text(name, text)?;
    Ok(hub)
}

/// The rules of [`read_hub`] for a document that did not come from a text.
pub fn check_hub(hub: &Hub) -> Outcome<()> {
    mistakes_and_secrets(hub).none_in("the Hub document")
}

fn mistakes_and_secrets(hub: &Hub) -> Mistakes {
    let mut found = mistakes(hub);
    not_taken(hub, &mut found);
    porter_templates(hub, &mut found);
    secret_rules(hub, &hub.spec.not_secret, elsewhere, &mut found);
    found
}

fn mistakes(hub: &Hub) -> Mistakes {
    let mut found = Mistakes::default();
    argocd_version(hub, &mut found);
    argocd_settings(hub, &mut found);
    let mut names = BTreeSet::new();
    for (index, component) in hub.spec.components.iter().enumerate() {
        let at = Path::new("spec.components").index(index);
        if !names.insert(&component.name) {
            found.say(at.key("name"), format!("there are two components `{}`", component.name), None);
        }
        component_rules(component, &mut AtComponent { found: &mut found, at });
    }
    claims_rules(&hub.spec, &mut found);
    found
}

/// Settings that Argo CD would not take, or that have no place in a patch. They are held against what is about to be committed: a
/// hub that has one already works as well as before, and beads, removals and moves of it must go on.
fn not_taken(hub: &Hub, found: &mut Mistakes) {
    if let Err(why) = known_hosts::lines(hub.spec.argocd.known_hosts.as_deref().unwrap_or_default()) {
        let hint = "with a line that it does not understand, Argo CD trusts no host any more";
        found.say(Path::new("spec.argocd.knownHosts"), why, Some(hint));
    }
    certificates(hub, found);
    key_rules(&hub.spec.argocd, found);
    rbac_rules(&hub.spec.argocd.rbac, found);
    patch_rules(&hub.spec.argocd.patches, found);
    claims_address(&hub.spec, found);
}

fn argocd_version(hub: &Hub, found: &mut Mistakes) {
    let version = &hub.spec.argocd.version;
    if semver::Version::parse(version).is_ok_and(|version| version < FIRST_ARGOCD) {
        found.say(
            Path::new("spec.argocd.version"),
            format!("Argo CD {version} cannot manage itself; it takes at least {FIRST_ARGOCD}"),
            Some("earlier versions lose the server-side apply of their own CRDs"),
        );
    }
}

/// Settings that would break the handover.
fn argocd_settings(hub: &Hub, found: &mut Mistakes) {
    let argocd = &hub.spec.argocd;
    let mut say = |map: &str, key: &str, message: String, hint: &str| {
        found.say(Path::new("spec.argocd").key(map).key(key), message, Some(hint));
    };
    for (key, value) in &argocd.config {
        match key.as_str() {
            "application.resourceTrackingMethod" if value != "annotation" => say(
                "config",
                key,
                format!("`{key}` is `{value}`; the handover is proven by the tracking annotation"),
                "leave the key out: it is `annotation`",
            ),
            argo::APPLICATION_HEALTH | "resource.customizations" => say(
                "config",
                key,
                format!("`{key}` would replace the health check of Applications, which the waves wait for"),
                "leave the key out; checks of other kinds go to `resource.customizations.health.<group>_<kind>`",
            ),
            _ => {}
        }
    }
}

/// Certificates that Argo CD would not find, or not take.
fn certificates(hub: &Hub, found: &mut Mistakes) {
    let at = Path::new("spec.argocd.certificates");
    for (host, text) in &hub.spec.argocd.certificates {
        let is_key = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if host.is_empty() || !host.chars().all(is_key) {
            let hint = "it is the host of the address alone, without `https://` and port; IPv6 has no place there";
            found.say(at.key(host), format!("Argo CD finds no certificate under `{host}`"), Some(hint));
        }
        if let Err(why) = pem::authorities(text) {
            let hint = "give the certificates of the authority that signs for the host, in PEM, and nothing else";
            found.say(at.key(host), format!("this is no certificate to trust `{host}` by: {why}"), Some(hint));
        }
    }
}

/// Where a secret of the hub belongs.
fn elsewhere(leak: &Leak) -> String {
    let field = leak.field();
    let elsewhere = if field.starts_with("spec.argocd.patches") {
        "keep the value in a Secret and refer to that: `valueFrom: {secretKeyRef: {name: …, key: …}}` of a variable, or a volume; \
         `hub.secrets` of the step gives it"
    } else if field.starts_with("spec.argocd.") {
        "keep the value in a Secret and refer to it as `$<secret>:<key>` (Argo CD's user management, SSO)"
    } else {
        "keep the value in a Secret and name that in the values of the chart"
    };
    remedy(leak, &field, elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: x}\nspec:\n";

    fn said(spec: &str) -> Vec<String> {
        match read_hub("hub.yaml", &format!("{HEAD}{spec}")) {
            Ok(_) => Vec::new(),
            Err(failure) => failure.diagnostics.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_good_document_is_read() {
        let spec = "  argocd: {version: 3.6.1}\n  components:\n  - {name: a, namespace: a, chart: {locked: a}}\n";
        assert_eq!(said(spec), [""; 0]);
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let all = said(
            "  argocd:\n    version: 3.3.1\n    config: {application.resourceTrackingMethod: label}\n  components:\n  \
             - {name: root, namespace: a, chart: {locked: a, name: b}}\n  \
             - {name: root, namespace: argocd, project: mine, wave: 1000, chart: {oci: x, name: a, version: b}}\n",
        );
        for (line, words) in [
            (6, "cannot manage itself"),
            (7, "tracking annotation"),
            (9, "`name` means nothing"),
            (9, "an Application of the hub itself"),
            (10, "two components `root`"),
            (10, "administrator of the hub"),
            (10, "wave 1000"),
            (10, "written `oci://registry/path`"),
        ] {
            assert!(
                all.iter().any(|one| one.starts_with(&format!("hub.yaml:{line}:")) && one.contains(words)),
                "{words} in {all:#?}"
            );
        }
    }

    #[test]
    fn a_template_of_porter_is_none_here() {
        let component = |version: &str, values: &str| {
            said(&format!(
                "  argocd: {{version: 3.6.1}}\n  components:\n  - name: a\n    namespace: a\n    chart: {{repository: 'https://c.example.org', name: a, version: '{version}'}}\n    values: {{a: '{values}'}}\n"
            ))
        };
        let told = component("${ bundle.parameters.version }", "x-${bundle.parameters.host}");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("hub.yaml:9:") && told[0].contains("Porter fills in porter.yaml alone"),
            "{told:?}"
        );
        assert_eq!(component("1.0.0", "${HOST} ${bundle} {{ bundle.parameters.x }}"), [""; 0]);
    }

    #[test]
    fn what_is_committed_is_read_whatever_argo_cd_takes_of_it() {
        let text = format!(
            "{HEAD}  argocd:\n    version: 3.6.1\n    rbac: {{policy.csv: 'p, a, b', scopes: groups}}\n    knownHosts: x\n    \
             certificates: {{git.example.org: x}}\n    patches: [{{target: {{kind: Pod, name: x}}, patch: x}}]\n"
        );
        let said = read_hub("hub.yaml", &text).expect_err("refused").diagnostics.len();
        assert!(said >= 4, "{said}");
        read_hub_as_it_is("hub.yaml", &text).expect("read as it is");
    }

    #[test]
    fn claims_stay_out_of_the_namespaces_of_the_hub() {
        let all = said(
            "  argocd: {version: 3.6.1}\n  components:\n  - {name: a, namespace: shop, chart: {locked: a}}\n  claims:\n    \
             repository: {url: 'https://git.example.org/c.git'}\n    namespaces:\n    - team-*\n    - 'argo*'\n    - shop\n    \
             - '!kyverno'\n    - '*'\n",
        );
        for (line, words) in [
            (12, "into the namespace argocd, which is that of the hub itself"),
            (13, "into the namespace shop, which is that of the component a"),
            (14, "is no pattern"),
            (15, "into the namespace argocd"),
        ] {
            assert!(
                all.iter().any(|one| one.starts_with(&format!("hub.yaml:{line}:")) && one.contains(words)),
                "{words} in {all:#?}"
            );
        }
        assert_eq!(all.len(), 4, "{all:#?}");
        let none =
            said("  argocd: {version: 3.6.1}\n  claims: {repository: {url: git.example.org/claims}, namespaces: []}\n");
        for words in
            ["claims need a namespace", "hub.yaml:6:30: `git.example.org/claims` is no address of a git repository"]
        {
            assert!(none.iter().any(|it| it.contains(words)), "{words} in {none:?}");
        }
    }

    #[test]
    fn an_image_is_an_image_and_has_its_own_places() {
        let all = said(
            "  argocd: {version: 3.6.1}\n  components:\n  - name: a\n    namespace: a\n    chart: {locked: a}\n    \
             values: {image: {tag: v1}}\n    images:\n    - image: r.example.org/a:v1\n      \
             values: {repository: image.repository, tag: image.tag}\n    \
             - image: r.example.org/b:v1\n      values: {repository: b, digest: c}\n",
        );
        for (line, words) in [(13, "`image.tag` has a value already"), (15, "takes the tag beside it")] {
            assert!(
                all.iter().any(|one| one.starts_with(&format!("hub.yaml:{line}:")) && one.contains(words)),
                "{words} in {all:#?}"
            );
        }
        let all = said(
            "  argocd: {version: 3.6.1}\n  components:\n  - {name: a, namespace: a, chart: {locked: a}, images: \
             [{image: 'A b', values: {repository: a}}]}\n",
        );
        assert!(all.len() == 1 && all[0].contains("expected an image such as"), "{all:#?}");
    }

    #[test]
    fn a_secret_does_not_reach_git() {
        let with = |value: &str| {
            said(&format!(
                "  argocd:\n    version: 3.6.1\n    config:\n      dex.config: |\n        connectors:\n        - config:\n            clientSecret: {value}\n"
            ))
        };
        assert_eq!(with("$dex.github.clientSecret").len(), 0);
        assert!(with("hunter2")[0].contains("clientSecret"), "{:?}", with("hunter2"));
        assert!(!with("hunter2")[0].contains("hunter2"));
    }

    /// By line and column, and not by the first line of the text or the first name that is the same.
    #[test]
    fn a_mistake_in_a_text_of_several_lines_is_told_where_it_stands() {
        let all = said(
            "  argocd:\n    version: 3.6.1\n    config:\n      server.insecure: \"true\"\n    rbac:\n      policy.csv: |\n\n        \
             # people\n        g, ops\n    patches:\n    - target: {kind: Deployment}\n      patch: |\n        containers:\n        \
             - {name: a, env: [{name: A, value: one}]}\n        - {name: b, env: [{name: DB_PASSWORD, value: planted-1}]}\n    \
             - target: {kind: Deployment}\n      patch: |\n        spec:\n          - a: b\n         x: 1\n    \
             - target: {kind: Deployment}\n      patch: |\n        - {op: remove, path: /a}\n        - path: /a\n          op: put\n    \
             - target: {kind: Deployment}\n      patch: '[{op: remove, path: a}]'\n    \
             - target: {kind: Deployment}\n      patch: \"{$patch: \\\"replace\\\"}\"\n",
        );
        for (place, words) in [
            ("8:24", "write it below `params`"),
            ("13:9", "line 3 of `policy.csv` is a membership"),
            ("19:47", "[1].env[0].value` holds a secret"),
            ("19:47", "valueFrom: {secretKeyRef: {name: …, key: …}}"),
            ("24:10", "line 3 of the patch: not valid YAML"),
            ("29:11", "operation 1 of the patch: \"put\" is no operation"),
            ("31:29", "`path` is \"a\", which is no JSON pointer"),
            ("33:16", "a patch cannot replace a whole object"),
        ] {
            let is_it = |one: &&String| one.starts_with(&format!("hub.yaml:{place}: ")) && one.contains(words);
            assert!(all.iter().any(|one| is_it(&one)), "{place} {words} in {all:#?}");
        }
        assert_eq!(all.len(), 7, "{all:#?}");
    }
}
