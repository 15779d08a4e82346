//! What the files of a hub repository name and do not hold: Secrets, and what is ordered by kinds that beads define. Pure.
//!
//! Whatever refers to a Secret does it by few words, which all kinds and charts have in common; they are looked for in
//! objects and in the values of charts alike. What only a running program asks for stands in no file, and is not found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::document::Hub;
use crate::files::{Files, Snapshot};
use crate::hub_repository;
use crate::hub_repository::layout::{self, BeadFile, RepoFile};
use crate::object::{ObjectRef, annotation, group, kind, name, str_at};
use crate::render::bead::claim_kinds;
use crate::report::Outcome;
use crate::schema::address;
use crate::words::argo;
use crate::words::crossplane::EXTERNAL_NAME;

/// Objects that hold the name of a Secret, and the Secret the names of its keys.
const BY_OBJECT: [&str; 4] = ["secretRef", "secretKeyRef", "passwordSecretRef", "tokenSecretRef"];
/// What Argo CD fills where it is empty: its keys, and what people have given it.
const ARGOCD_SECRET: &str = "argocd-secret";
/// What Argo CD makes anew where it is missing.
const MADE_ANEW: [&str; 1] = ["argocd-redis"];
/// The kinds whose `secretName` is what they write.
const WRITING: [&str; 1] = ["Certificate"];

/// A Secret that the files name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The kind that names it; nothing of the values of a chart or a document.
    pub kind: String,
    /// The first file that does.
    pub by: String,
}

/// What is ordered in files of the hub repository itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ordered {
    /// The object.
    pub object: String,
    /// Whether it says by which name the resource outside is known.
    pub external_name: bool,
    /// The file.
    pub by: String,
}

/// The Secrets that the files name and do not bring, each once.
pub fn secrets_named(files: &Snapshot, hub: &Hub) -> Outcome<Vec<Named>> {
    let readable = Files::of(files);
    let namespaces = namespaces_of_charts(files, hub)?;
    let mut found = Found::default();
    // Argo CD fills it itself when it starts first, with other keys than those of before.
    found.add("Deployment", argo::NAMESPACE, ARGOCD_SECRET, layout::ARGOCD);
    let mut brought = BTreeSet::new();
    for path in readable.paths() {
        let of_chart = chart_of(path).and_then(|chart| namespaces.get(&chart));
        if is_template(path) {
            continue;
        }
        for object in readable.objects(path) {
            let own = str_at(&object, "/metadata/namespace");
            let namespace = if own.is_empty() { of_chart.map_or(argo::NAMESPACE, String::as_str) } else { own };
            if kind(&object) == "Secret" {
                brought.insert((namespace.to_owned(), name(&object).to_owned()));
                continue;
            }
            found.walk(&object, kind(&object), namespace, path);
        }
    }
    for installed in hub_repository::bead::installed(files)?.values() {
        let document = RepoFile::Bead(&installed.bead.metadata.name, BeadFile::Document).path();
        for need in &installed.bead.spec.secrets {
            found.add("", &need.namespace, &need.name, &document);
        }
    }
    let is_wanted = |it: &Named| {
        let is_filled_elsewhere = it.name == ARGOCD_SECRET;
        let is_brought = brought.contains(&(it.namespace.clone(), it.name.clone()));
        (is_filled_elsewhere || !is_brought) && !MADE_ANEW.contains(&it.name.as_str())
    };
    Ok(found.0.into_values().filter(is_wanted).collect())
}

/// Objects in the files of kinds that their own beads define: with the hub they are made anew.
pub fn ordered(files: &Snapshot) -> Outcome<Vec<Ordered>> {
    let kinds: BTreeSet<(String, String)> = claim_kinds(files)?.into_iter().map(|it| (it.group, it.kind)).collect();
    let readable = Files::of(files);
    let mut found = BTreeSet::new();
    for path in readable.paths().filter(|path| !is_template(path)) {
        for object in readable.objects(path) {
            let reference = ObjectRef::of(&object);
            if kinds.contains(&(reference.group.clone(), reference.kind.clone())) {
                let external_name = annotation(&object, EXTERNAL_NAME).is_some();
                found.insert(Ordered { object: reference.to_string(), external_name, by: path.to_owned() });
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The Applications and sets of people that have Argo CD read another repository than this one, a line each: what is ordered there
/// stands in no file here. `is_ours` says of a path whether its file is the hub's own.
pub fn elsewhere(files: &Snapshot, own: &str, is_ours: impl Fn(&str) -> bool) -> Vec<String> {
    let readable = Files::of(files);
    let mut found = Vec::new();
    let is_of_people = |path: &&str| !is_ours(path) && !matches!(RepoFile::of(path), Some(RepoFile::Bead(..)));
    for path in readable.paths().filter(is_of_people) {
        for object in readable.objects(path) {
            let is_one = group(&object) == argo::GROUP
                && [argo::APPLICATION, argo::APPLICATION_SET].contains(&kind(&object))
                && name(&object) != argo::CLAIMS;
            let mut urls = BTreeSet::new();
            if is_one {
                urls_in(&object, &mut urls);
            }
            urls.remove(own);
            let object = ObjectRef::of(&object);
            found.extend(
                urls.into_iter().map(|url| format!("what {object} in {path} brings from {}", address::shown(url))),
            );
        }
    }
    found
}

fn urls_in<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| urls_in(it, found)),
        Value::Object(fields) => {
            found.extend(fields.get("repoURL").and_then(Value::as_str));
            fields.values().for_each(|it| urls_in(it, found));
        }
        _ => {}
    }
}

/// The names by namespace and name.
#[derive(Default)]
struct Found(BTreeMap<(String, String), Named>);

impl Found {
    fn add(&mut self, kind: &str, namespace: &str, name: &str, by: &str) {
        if name.is_empty() || name.contains(['{', '$', ' ']) {
            return; // a template, or a text about one
        }
        let [namespace, name] = [namespace, name].map(str::to_owned);
        let key = (namespace.clone(), name.clone());
        self.0.entry(key).or_insert_with(|| Named { namespace, name, kind: kind.to_owned(), by: by.to_owned() });
    }

    fn walk(&mut self, value: &Value, kind: &str, namespace: &str, by: &str) {
        match value {
            Value::Array(items) => items.iter().for_each(|it| self.walk(it, kind, namespace, by)),
            Value::Object(fields) => {
                let is_optional = fields.get("optional") == Some(&Value::Bool(true));
                for (key, below) in fields {
                    let is_optional = is_optional || below.get("optional") == Some(&Value::Bool(true));
                    if !is_optional {
                        self.reference(key, below, kind, namespace, by);
                    }
                    self.walk(below, kind, namespace, by);
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, key: &str, below: &Value, kind: &str, namespace: &str, by: &str) {
        let own = str_at(below, "/namespace");
        let namespace = if own.is_empty() { namespace } else { own };
        match (key, below) {
            (_, Value::Object(_)) if BY_OBJECT.contains(&key) || key == "secret" => {
                self.add(kind, namespace, str_at(below, "/name"), by);
            }
            ("secretName", Value::String(name)) if !WRITING.contains(&kind) => self.add(kind, namespace, name, by),
            ("existingSecret", Value::String(name)) => self.add(kind, namespace, name, by),
            ("imagePullSecrets" | "packagePullSecrets", Value::Array(names)) => {
                for it in names {
                    self.add(kind, namespace, it.as_str().unwrap_or_else(|| str_at(it, "/name")), by);
                }
            }
            _ => {}
        }
    }
}

/// A chart of the repository, by where its values are.
type Chart = (bool, String);

fn chart_of(path: &str) -> Option<Chart> {
    match RepoFile::of(path)? {
        RepoFile::Values(component) => Some((false, component.to_owned())),
        RepoFile::Bead(bead, _) => Some((true, bead.to_owned())),
        _ => None,
    }
}

fn namespaces_of_charts(files: &Snapshot, hub: &Hub) -> Outcome<BTreeMap<Chart, String>> {
    let of_hub = hub.spec.components.iter().map(|it| ((false, it.name.clone()), it.namespace.clone()));
    let beads = hub_repository::bead::installed(files)?;
    let of_beads = beads.iter().map(|(name, it)| ((true, name.clone()), it.bead.spec.application.namespace.clone()));
    Ok(of_hub.chain(of_beads).collect())
}

/// The files of charts are for Helm to read.
fn is_template(path: &str) -> bool {
    matches!(
        RepoFile::of(path),
        Some(
            RepoFile::Chart(..)
                | RepoFile::Bead(_, BeadFile::Chart(_) | BeadFile::SpokeChart(_))
                | RepoFile::Hub
                | RepoFile::Lock
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_hub_as_it_is;

    fn hub() -> Hub {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: h}\nspec:\n  argocd: {version: 3.6.1}\n  \
            components: [{name: shop, namespace: stores, chart: {path: charts/shop}}]\n";
        read_hub_as_it_is("hub.yaml", text).expect("a hub")
    }

    fn files(all: &[(&str, &str)]) -> Snapshot {
        all.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).into()))).collect()
    }

    fn named(all: &[(&str, &str)]) -> Vec<String> {
        let found = secrets_named(&files(all), &hub()).expect("looked");
        found
            .iter()
            .map(|it| format!("{}/{}", it.namespace, it.name))
            .filter(|it| it != "argocd/argocd-secret")
            .collect()
    }

    #[test]
    fn every_way_to_name_a_secret_is_found() {
        let pod = "kind: Deployment\nmetadata: {name: d, namespace: apps}\nspec: {template: {spec: {imagePullSecrets: [{name: pull}], \
            containers: [{env: [{valueFrom: {secretKeyRef: {name: env, key: k}}}], envFrom: [{secretRef: {name: all}}]}], \
            volumes: [{secret: {secretName: mounted}}, {projected: {sources: [{secret: {name: projected}}]}}]}}}\n";
        assert_eq!(
            named(&[("root/x.yaml", pod)]),
            ["apps/all", "apps/env", "apps/mounted", "apps/projected", "apps/pull"]
        );
        let provider = "kind: ProviderConfig\nmetadata: {name: p}\nspec: {credentials: {source: Secret, secretRef: {namespace: \
            crossplane-system, name: cloud, key: k}}}\n";
        assert_eq!(named(&[("root/x.yaml", provider)]), ["crossplane-system/cloud"]);
        let values = "imagePullSecrets: [plain]\npostgres: {auth: {existingSecret: database}}\n";
        assert_eq!(named(&[("components/shop/values.yaml", values)]), ["stores/database", "stores/plain"]);
    }

    #[test]
    fn what_is_optional_or_made_or_in_git_is_not_told() {
        let optional = "kind: Pod\nmetadata: {namespace: n}\nspec: {volumes: [{secret: {secretName: a, optional: true}}], \
            containers: [{env: [{valueFrom: {secretKeyRef: {name: b, optional: true}}}]}]}\n";
        let certificate = "kind: Certificate\nmetadata: {namespace: n}\nspec: {secretName: made}\n";
        let brought = "kind: Secret\nmetadata: {namespace: n, name: here}\n---\nkind: Pod\nmetadata: {namespace: n}\nspec: {volumes: \
            [{secret: {secretName: here}}]}\n";
        let template = "kind: Pod\nspec: {volumes: [{secret: {secretName: '{{ .Values.x }}'}}]}\n";
        for text in [optional, certificate, brought, template] {
            assert_eq!(named(&[("root/x.yaml", text)]), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_argo_cd_fills_itself_is_told_although_git_has_it() {
        let empty = "kind: Secret\nmetadata: {namespace: argocd, name: argocd-secret}\n";
        let found = secrets_named(&files(&[("argocd/secret.yaml", empty)]), &hub()).expect("looked");
        assert_eq!(found.len(), 1, "{found:?}");
    }
    #[test]
    fn what_people_have_brought_from_other_repositories_is_told() {
        let application = |name: &str, url: &str| {
            format!(
                "apiVersion: {}\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec: {{sources: [{{repoURL: '{url}'}}]}}\n",
                argo::API
            )
        };
        let (own, other) = ("https://git.example.org/h.git", "https://me:secret@git.example.org/other.git");
        let found = elsewhere(
            &files(&[
                ("root/apps/ours.yaml", &application("ours", other)),
                ("root/apps/mine.yaml", &application("mine", other)),
                ("root/apps/own.yaml", &application("own", own)),
                ("root/apps/claims.yaml", &application(argo::CLAIMS, other)),
            ]),
            own,
            |path| path == "root/apps/ours.yaml",
        );
        assert_eq!(
            found,
            ["what Application argocd/mine in root/apps/mine.yaml brings from https://git.example.org/other.git"]
        );
    }
}
