//! What the part of a bead that comes to spokes must be beyond its shape.

use std::collections::BTreeSet;

use super::application_rules::{OF_A_SPOKE, application_rules};
use super::bead::Bead;
use super::bead_spokes::{REST, SpokeWaves, SpokesPart};
use crate::schema::labels::{self, is_label_key, is_label_value, reserved_domain};
use crate::schema::{Mistakes, Path};

/// A folder of the hub repository beside those of the waves.
const CHART: &str = "chart";

/// Says what is wrong with it.
pub(super) fn spokes_rules(bead: &Bead, found: &mut Mistakes) {
    let Some(part) = &bead.spec.spokes else { return };
    let at = Path::new("spec.spokes");
    for (key, value) in &part.labels {
        label_key(key, at.key("labels").key(key), found);
        if !is_label_value(value) {
            let message = format!("`{value}` cannot be the value of a label");
            found.say(at.key("labels").key(key), message, Some(labels::VALUE));
        }
    }
    application_rules(&part.application, &part.permissions, &at, &OF_A_SPOKE, found);
    if let Some(waves) = &part.waves {
        wave_rules(part, waves, &at.key("waves"), found);
    }
}

fn label_key(key: &str, at: Path, found: &mut Mistakes) {
    if !is_label_key(key) {
        found.say(at, format!("`{key}` cannot be the key of a label"), Some(labels::KEY));
    } else if let Some(domain) = reserved_domain(key) {
        let message = format!("labels below `{domain}` are not given to spokes by people, so no spoke has `{key}`");
        found.say(at, message, Some("go by a label of your own"));
    }
}

fn wave_rules(part: &SpokesPart, waves: &SpokeWaves, at: &Path, found: &mut Mistakes) {
    label_key(&waves.label, at.key("label"), found);
    if let Some(value) = part.labels.get(&waves.label) {
        let message =
            format!("every spoke that the bead comes to has `{}: {value}`, so there is one wave", waves.label);
        found.say(at.key("label"), message, Some("take another label, or leave it out of `labels`"));
    }
    if part.application.manifests.is_none() {
        let hint =
            "each wave has its own copy of the manifests, so that one can be ahead of the others; leave `waves` out";
        found.say(at.clone(), "waves are for an application of manifests, and this one is a chart", Some(hint));
    }
    if waves.order.is_empty() {
        found.say(at.key("order"), "no wave is named, so there is one", Some("name one, or leave `waves` out"));
    }
    let mut names = BTreeSet::new();
    for (index, name) in waves.order.iter().enumerate() {
        if name == REST {
            let message = format!("`{REST}` is what the last wave is called, of the spokes that are in no other");
            found.say(at.key("order").index(index), message, Some("leave it out: it is always there, at the end"));
        } else if name == CHART {
            let message = format!("no wave can be called `{CHART}`, as the folder of a chart is in the hub repository");
            found.say(at.key("order").index(index), message, Some("take another value for the label"));
        } else if !names.insert(name) {
            found.say(at.key("order").index(index), format!("the wave `{name}` is there twice"), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bead_rules::read_bead;

    const HEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: web}\nspec:\n  version: 0.1.0\n  \
                        application: {namespace: web, manifests: app}\n  spokes:\n";

    fn said(spokes: &str) -> Vec<String> {
        match read_bead("bead.yaml", &format!("{HEAD}{spokes}")) {
            Ok(_) => Vec::new(),
            Err(failure) => failure.diagnostics.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_good_part_is_read() {
        let part = "    labels: {env: prod, example.org/tier: \"\"}\n    application: {namespace: web, manifests: spoke}\n    \
                    permissions: {namespaces: [other]}\n    waves: {label: ring, order: [canary, early]}\n";
        assert_eq!(said(part), [""; 0]);
        let bead = read_bead("bead.yaml", &format!("{HEAD}{part}")).expect("a bead");
        assert_eq!(bead.folders(), ["app", "spoke"]);
        let spokes = bead.spec.spokes.as_ref().expect("spokes");
        assert_eq!(spokes.wave_names().collect::<Vec<_>>(), ["canary", "early", "rest"]);
        let wave = |ring: &str| spokes.wave_of(&[("ring".to_owned(), ring.to_owned())].into()).to_owned();
        assert_eq!((wave("early"), wave("late"), wave("rest")), ("early".into(), "rest".into(), "rest".into()));
        assert_eq!(spokes.wave_of(&[].into()), "rest");
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let all = said(
            "    labels:\n      \"a b\": x\n      backstack.dev/spoke: x\n      env: \"-\"\n      ring: one\n    \
             application:\n      namespace: kube-system\n      chart: {locked: a}\n      \
             images: [{image: \"r.example.org/a:v1\", values: {repository: a}}]\n      values: {a: x}\n    permissions:\n      \
             namespaces: [backstack-spoke]\n      clusterResources: [{group: argoproj.io, kind: AppProject}]\n    waves:\n      \
             label: ring\n      order:\n      - a\n      - rest\n      - a\n      - chart\n",
        );
        for (line, words) in [
            (9, "cannot be the key of a label"),
            (10, "labels below `backstack.dev`"),
            (11, "cannot be the value of a label"),
            (14, "administrator of the spoke"),
            (16, "`a` has a value already"),
            (19, "administrator of the spoke"),
            (20, "Argo CD's own kinds"),
            (22, "this one is a chart"),
            (22, "so there is one wave"),
            (25, "the last wave"),
            (26, "there twice"),
            (27, "folder of a chart"),
        ] {
            assert!(
                all.iter().any(|one| one.starts_with(&format!("bead.yaml:{line}:")) && one.contains(words)),
                "{line} {words} in {all:#?}"
            );
        }
        assert_eq!(all.len(), 12, "{all:#?}");
    }

    #[test]
    fn an_order_names_something() {
        let part = "    application: {namespace: web, manifests: spoke}\n    waves: {label: ring, order: []}\n";
        assert_eq!(said(part).len(), 1, "{:?}", said(part));
    }
}
