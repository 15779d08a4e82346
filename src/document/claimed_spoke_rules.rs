//! What the registration of spokes by claims must be beyond its shape.

use std::collections::BTreeSet;

use super::bead::Bead;
use super::version::fits;
use crate::schema::labels::{KEY, VALUE, is_label_key, is_label_value, reserved_domain};
use crate::schema::{Mistakes, Path, is_data_key, is_dns_label};
use crate::words::kyverno::BACKGROUND_ACCOUNT;

/// What Kubernetes takes for the value of a label, in which Kyverno keeps the name of a policy and the group of its trigger.
const LONGEST_LABEL: usize = 63;
/// A Kyverno without the policies that register.
const TOO_OLD: &str = "1.18.99";

pub(super) fn claimed_spoke_rules(bead: &Bead, found: &mut Mistakes) {
    let mut names = BTreeSet::new();
    for (index, api) in bead.spec.crossplane.iter().flat_map(|part| &part.apis).enumerate() {
        let Some(spoke) = &api.spoke else { continue };
        let at = Path::new("spec.crossplane.apis").index(index).key("spoke");
        let name = bead.registration(api);
        if name.len() > LONGEST_LABEL || api.group.len() > LONGEST_LABEL {
            let message = format!("the policy `{name}` or the group is longer than {LONGEST_LABEL} bytes");
            found.say(at.clone(), message, Some("Kyverno writes both into labels: take a shorter plural or group"));
        }
        if !names.insert(name) {
            found.say(at.clone(), format!("two APIs with the plural `{}` would have one policy", api.plural), None);
        }
        if !is_data_key(&spoke.key) {
            let hint = "it has letters, digits, `-`, `_` and `.`";
            found.say(at.key("key"), format!("`{}` cannot be a key of a Secret", spoke.key), Some(hint));
        }
        let (namespace, account) = spoke.account();
        if !is_dns_label(namespace) || account.is_empty() || !account.split('.').all(is_dns_label) {
            let hint = format!("such as {BACKGROUND_ACCOUNT}");
            found.say(at.key("account"), format!("`{}` is not `namespace/name`", spoke.account), Some(&hint));
        }
        for (key, value) in &spoke.labels {
            if !is_label_value(value) {
                let message = format!("`{value}` cannot be the value of a label");
                found.say(at.key("labels").key(key), message, Some(VALUE));
            }
        }
        for (index, key) in spoke.labels_of_object.iter().enumerate().filter(|(_, key)| spoke.labels.contains_key(*key))
        {
            let hint = "leave it out of one: whoever orders would say what all spokes of the API are to have";
            let message = format!("`{key}` is given by `labels`, and would be taken from the object");
            found.say(at.key("labelsOfObject").index(index), message, Some(hint));
        }
        let given = spoke.labels.keys().map(|key| (at.key("labels").key(key), key));
        let taken = spoke.labels_of_object.iter().enumerate();
        let taken = taken.map(|(index, key)| (at.key("labelsOfObject").index(index), key));
        for (at, key) in given.chain(taken) {
            wrong_key(key, at, found);
        }
    }
    kyverno(bead, found);
}

fn wrong_key(key: &str, at: Path, found: &mut Mistakes) {
    if !is_label_key(key) {
        found.say(at, format!("`{key}` cannot be the key of a label"), Some(KEY));
    } else if let Some(domain) = reserved_domain(key) {
        let message = format!("`{key}` is no label to give: those of {domain} have a meaning of their own");
        found.say(at, message, Some("take a key without a domain, or below one of your own"));
    }
}

/// The policies are of a kind that Kyverno has since 1.19; an older one would leave Argo CD with a kind that nobody serves.
fn kyverno(bead: &Bead, found: &mut Mistakes) {
    if bead.claimed_spokes().next().is_none() {
        return;
    }
    let hint = "write `kyverno: '>=1.19'`: the policy that registers is of a kind that older ones do not have";
    match &bead.spec.requires.kyverno {
        None => found.say(
            Path::new("spec.requires"),
            "objects of `crossplane.apis` become spokes by Kyverno, which the bead does not require",
            Some(hint),
        ),
        Some(range) if fits(TOO_OLD, range) == Some(true) => {
            found.say(Path::new("spec.requires.kyverno"), format!("`{range}` takes a Kyverno before 1.19"), Some(hint));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::bead_rules::read_bead;

    fn said(requires: &str, spoke: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: clusters}}\nspec:\n  version: 1.0.0\n  \
             requires: {{{requires}}}\n  application: {{namespace: clusters, manifests: app}}\n  crossplane:\n    definitions: apis\n    \
             apis:\n    - {{group: e.org, kind: Sandbox, plural: sandboxes, spoke: {{{spoke}}}}}\n"
        );
        match read_bead("bead.yaml", &text) {
            Ok(_) => Vec::new(),
            Err(failure) => failure.diagnostics.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_registration_says_what_it_needs_and_gives_no_labels_of_others() {
        assert_eq!(said("kyverno: '>=1.19'", "labels: {env: test}, labelsOfObject: [ring], key: admin.conf"), [""; 0]);
        for (requires, spoke, place, words) in [
            ("", "", "bead.yaml:6:", "which the bead does not require"),
            ("kyverno: '>=1.18'", "", "bead.yaml:6:", "takes a Kyverno before 1.19"),
            ("kyverno: '>=1.19'", "key: a/b", "bead.yaml:11:", "cannot be a key of a Secret"),
            ("kyverno: '>=1.19'", "account: kyverno", "bead.yaml:11:", "is not `namespace/name`"),
            (
                "kyverno: '>=1.19'",
                "labels: {env: test}, labelsOfObject: [env]",
                "bead.yaml:11:",
                "would be taken from the object",
            ),
            ("kyverno: '>=1.19'", "labels: {backstack.dev/spoke-state: ready}", "bead.yaml:11:", "no label to give"),
            ("kyverno: '>=1.19'", "labels: {env: 'a b'}", "bead.yaml:11:", "value of a label"),
            (
                "kyverno: '>=1.19'",
                "labelsOfObject: [argocd.argoproj.io/secret-type]",
                "bead.yaml:11:",
                "no label to give",
            ),
            ("kyverno: '>=1.19'", "labelsOfObject: ['a\"b']", "bead.yaml:11:", "cannot be the key of a label"),
        ] {
            let all = said(requires, spoke);
            assert!(all.len() == 1 && all[0].starts_with(place) && all[0].contains(words), "{words} in {all:#?}");
        }
    }
}
