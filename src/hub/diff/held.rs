//! What git holds for each Application of a hub, as Argo CD reads folders of plain files. Pure.
//!
//! The way is that of Argo CD: from the root Application to those in its folder, and so on. What Argo CD alone can render is
//! named, and so is what lies elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::kept::Kept;
use crate::argocd::Application;
use crate::claims::orders::{Files, below};
use crate::document::Repository;
use crate::files::{Blob, Snapshot};
use crate::hub_repository::layout::{RepoFile, is_below};
use crate::object::{ObjectRef, items, str_at};
use crate::report::{Failure, Outcome};
use crate::schema::{address, is_surely_same_repository, matches};
use crate::words::argo;

/// By which folders are no plain files to Argo CD (argo-cd `util/app/discovery`).
const OF_TOOLS: [(&str, &str); 4] = [
    ("Chart.yaml", "a chart"),
    ("kustomization.yaml", "a kustomization"),
    ("kustomization.yml", "a kustomization"),
    ("Kustomization", "a kustomization"),
];
/// What Argo CD reads of a folder besides, and is not read here.
const OTHER_ENDS: [&str; 2] = [".json", ".jsonnet"];
/// What in a pattern, beside `*`, has a meaning to Argo CD alone (gobwas/glob).
const OTHER_PATTERNS: [char; 6] = ['?', '[', ']', '{', '}', '\\'];

/// What git holds for one Application of this cluster.
pub struct Part {
    /// The Application, as git has it.
    pub application: Application,
    /// The objects in its plain files.
    pub objects: Vec<Kept>,
    /// Whether these are all that it has.
    pub is_whole: bool,
}

/// What git holds for a hub.
#[derive(Default)]
pub struct Held {
    /// By Application, the root first.
    pub parts: Vec<Part>,
    /// What is not known of it, a line each.
    pub not_looked_at: Vec<String>,
}

impl Held {
    /// Reads the files of a commit. A repository without a root Application is a failure.
    pub fn of(files: &Snapshot, repository: &Repository) -> Outcome<Self> {
        let mut held = Self::default();
        let root = RepoFile::Root.path();
        let found = held.folder("root", files, &root, false);
        let root = found.into_iter().find(|it| it.name == argo::application(argo::ROOT));
        let root = root.ok_or_else(|| {
            Failure::failed(format!(
                "there is no root Application in {} (branch {})",
                address::shown(&repository.url),
                repository.branch
            ))
            .hint("the branch holds no hub, or somebody has taken root/root.yaml out of it: put it back")
        })?;
        let mut seen = BTreeSet::from([argo::ROOT.to_owned()]);
        let mut open = vec![Application(root.object())];
        while let Some(application) = open.pop() {
            let part = held.part(application, files, repository);
            for object in part.objects.iter().filter(|it| it.name.group == argo::GROUP) {
                let name = object.name.name.as_str();
                match object.name.kind.as_str() {
                    argo::APPLICATION if seen.insert(name.to_owned()) => open.push(Application(object.object())),
                    argo::APPLICATION_SET => held.miss(format!("what ApplicationSet {name} makes, as on spokes")),
                    _ => {}
                }
            }
            held.parts.push(part);
        }
        held.not_looked_at.sort();
        held.not_looked_at.dedup();
        Ok(held)
    }

    fn part(&mut self, application: Application, files: &Snapshot, repository: &Repository) -> Part {
        let missed = self.not_looked_at.len();
        let mut objects = Vec::new();
        if application.elsewhere().is_some() {
            self.miss(format!("{}: it goes to another cluster", application.name()));
        } else {
            let name = application.name().to_owned();
            for source in application.sources() {
                objects.extend(self.source(&name, source, files, repository));
            }
        }
        let is_whole = self.not_looked_at.len() == missed;
        // A hook is made in a sync, and no part of what is kept.
        objects.retain(|it| !it.is_hook);
        Part { application, objects, is_whole }
    }

    fn source(&mut self, name: &str, source: &Value, files: &Snapshot, repository: &Repository) -> Vec<Kept> {
        let (url, path) = (str_at(source, "/repoURL"), str_at(source, "/path"));
        let is_values = source.get("ref").is_some() && path.is_empty();
        if is_values {
            return Vec::new(); // values for the chart of another source
        }
        let is_of_tool = ["helm", "kustomize", "plugin", "chart"].iter().any(|tool| source.get(tool).is_some());
        if is_of_tool {
            self.miss(format!("what Argo CD renders for {name} (to see it: argocd app diff {name})"));
            return Vec::new();
        }
        if !is_surely_same_repository(url, &repository.url) || str_at(source, "/targetRevision") != repository.branch {
            self.miss(format!("{name}: it reads another repository or branch"));
            return Vec::new();
        }
        let chosen =
            ["include", "exclude", "jsonnet"].iter().any(|it| source.pointer(&format!("/directory/{it}")).is_some());
        if chosen {
            self.miss(format!("{name}: it chooses among the files of {path}, or renders them"));
            return Vec::new();
        }
        let is_deep = source.pointer("/directory/recurse") == Some(&Value::Bool(true));
        let folder = path.trim_start_matches("./").trim_end_matches('/');
        let folder = if folder == "." { "" } else { folder }; // the top of the repository
        self.folder(name, files, folder, is_deep)
    }

    /// The objects in the plain files of a folder, or of one file.
    fn folder(&mut self, name: &str, files: &Snapshot, folder: &str, is_deep: bool) -> Vec<Kept> {
        let below_it = |path: &str| match folder {
            "" => Some(path.to_owned()),
            _ => path.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned),
        };
        if !files.keys().any(|path| path == folder || below_it(path).is_some()) {
            self.miss(format!("{name}: git has no folder {folder}, and Argo CD then removes nothing"));
            return Vec::new();
        }
        let is_read = |path: &str| match below_it(path) {
            Some(rest) => is_deep || !rest.contains('/'),
            None => path == folder,
        };
        let inside: BTreeMap<&String, &Option<Blob>> = files.iter().filter(|(path, _)| is_read(path)).collect();
        if let Some((_, tool)) = OF_TOOLS.iter().find(|(file, _)| inside.contains_key(&below(folder, file))) {
            self.miss(format!(
                "what Argo CD renders for {name}: {folder} is {tool} (to see it: argocd app diff {name})"
            ));
            return Vec::new();
        }
        for (path, blob) in &inside {
            let is_other = OTHER_ENDS.iter().any(|end| path.ends_with(end)) || is_below(".github", path);
            if is_other || blob.is_none() {
                self.miss(format!("{name}: the file {path}"));
            }
        }
        let mut objects = Vec::new();
        let read = Files::each(".", inside, |order| objects.push(Kept::of(&order.object)));
        for mistake in &read.mistakes {
            self.miss(format!("{name}: Argo CD cannot read all of {folder}: {mistake}"));
        }
        objects
    }

    fn miss(&mut self, what: String) {
        self.not_looked_at.push(what);
    }
}

/// The fields of an object that its Application leaves alone, as JSON pointers; and whether it may leave others alone, which
/// only Argo CD can tell.
///
/// To Argo CD the group and the kind are patterns, and one that is left out is the empty one: no group is the core group. The
/// name and the namespace are these names, or any (argo-cd `util/argo/normalizers`).
pub fn left_alone(application: &Application, object: &ObjectRef) -> (Vec<String>, bool) {
    let is_about = |it: &&Value| {
        let fits = |field: &str, value: &str| is_only_argo_cds(str_at(it, field)) || matches(str_at(it, field), value);
        let is = |field: &str, value: &str| ["", value].contains(&str_at(it, field));
        fits("/group", &object.group)
            && fits("/kind", &object.kind)
            && is("/name", &object.name)
            && is("/namespace", object.namespace.as_deref().unwrap_or_default())
    };
    let entries = items(&application.0, "/spec/ignoreDifferences").filter(is_about);
    let (unsure, sure): (Vec<&Value>, Vec<&Value>) =
        entries.partition(|it| ["/group", "/kind"].iter().any(|field| is_only_argo_cds(str_at(it, field))));
    let pointers = sure.iter().flat_map(|it| items(it, "/jsonPointers")).filter_map(Value::as_str);
    let others = ["jqPathExpressions", "managedFieldsManagers"];
    let has_others = sure.iter().any(|it| others.iter().any(|key| it.get(key).is_some()));
    (pointers.map(str::to_owned).collect(), has_others || !unsure.is_empty())
}

/// Whether only Argo CD can tell what a pattern fits.
fn is_only_argo_cds(pattern: &str) -> bool {
    pattern.contains(OTHER_PATTERNS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::yaml;

    const URL: &str = "https://git.example.org/me/hub.git";

    fn application(name: &str, source: &Value) -> Value {
        json!({"apiVersion": argo::API, "kind": argo::APPLICATION,
            "metadata": {"name": name, "namespace": argo::NAMESPACE},
            "spec": {"project": "hub", "source": source, "destination": {"server": argo::IN_CLUSTER, "namespace": "x"}}})
    }

    fn of_hub(path: &str) -> Value {
        json!({"repoURL": URL, "targetRevision": "main", "path": path})
    }

    fn map(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "x"}})
    }

    fn held(files: &[(&str, Value)]) -> Outcome<Held> {
        let files: Snapshot =
            files.iter().map(|(path, object)| ((*path).to_owned(), Some(yaml::print(object).into()))).collect();
        let repository = serde_json::from_value(json!({"url": URL})).expect("a repository");
        Held::of(&files, &repository)
    }

    fn root() -> (&'static str, Value) {
        let mut source = of_hub("root");
        source["directory"] = json!({"recurse": true});
        ("root/root.yaml", application(argo::ROOT, &source))
    }

    #[test]
    fn the_way_goes_from_the_root_through_all_folders() {
        let mut hooked = map("hook");
        hooked["metadata"]["annotations"] = json!({argo::HOOK: "PreSync"});
        let held = held(&[
            root(),
            ("root/apps/argocd.yaml", application("argocd", &of_hub("argocd"))),
            ("root/apps/bead-a.yaml", application("bead-a", &of_hub("beads/a/apps"))),
            ("argocd/a.yaml", map("a")),
            ("argocd/hook.yaml", hooked),
            ("argocd/below/b.yaml", map("not read, since the source does not recurse")),
            ("beads/a/apps/part.yaml", application("bead-a-application", &of_hub("beads/a/application"))),
            ("beads/a/application/c.yaml", map("c")),
            ("other/d.yaml", map("nobody reads it")),
        ])
        .expect("a hub");
        assert_eq!(held.not_looked_at, [""; 0]);
        let mut all: Vec<(&str, usize, bool)> =
            held.parts.iter().map(|it| (it.application.name(), it.objects.len(), it.is_whole)).collect();
        all.sort_unstable();
        assert_eq!(all, [("argocd", 1, true), ("bead-a", 1, true), ("bead-a-application", 1, true), ("root", 3, true)]);
    }

    #[test]
    fn what_is_not_read_is_named() {
        let mut with_chart = of_hub("components/crossplane/chart");
        with_chart["helm"] = json!({});
        let mut away = application("away", &of_hub("away"));
        away["spec"]["destination"] = json!({"name": "spoke-a"});
        let held = held(&[
            root(),
            ("root/apps/crossplane.yaml", application("crossplane", &with_chart)),
            ("root/apps/claims.yaml", application("claims", &json!({"repoURL": "https://x/claims", "path": "."}))),
            ("root/apps/away.yaml", away),
            ("root/apps/built.yaml", application("built", &of_hub("built"))),
            ("built/kustomization.yaml", json!({"resources": ["a.yaml"]})),
            ("built/a.yaml", map("a")),
        ])
        .expect("a hub");
        let all = held.not_looked_at.join("\n");
        for part in ["crossplane", "claims", "away", "built"] {
            assert!(all.contains(part), "{part}: {all}");
            assert!(held.parts.iter().any(|it| it.application.name() == part && !it.is_whole && it.objects.is_empty()));
        }
    }

    #[test]
    fn the_top_of_the_repository_is_a_folder_and_one_that_git_does_not_have_is_not_looked_at() {
        for top in [".", "./", ""] {
            let held = held(&[
                root(),
                ("root/apps/all.yaml", application("all", &of_hub(top))),
                ("root/apps/lost.yaml", application("lost", &of_hub("lost"))),
                ("a.yaml", map("a")),
            ])
            .expect("a hub");
            let part = |name: &str| held.parts.iter().find(|it| it.application.name() == name).expect("a part");
            assert!(
                part("all").is_whole && part("all").objects.iter().map(Kept::object).eq([map("a")]),
                "{top}: {:?}",
                held.not_looked_at
            );
            assert!(!part("lost").is_whole, "{top}");
            assert_eq!(held.not_looked_at, ["lost: git has no folder lost, and Argo CD then removes nothing"]);
        }
    }

    #[test]
    fn a_repository_without_a_root_holds_no_hub() {
        assert!(held(&[("argocd/a.yaml", map("a"))]).is_err());
    }

    #[test]
    fn what_an_application_leaves_alone_is_known_by_object() {
        let mut of = application("a", &of_hub("a"));
        of["spec"]["ignoreDifferences"] = json!([
            {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]},
            {"kind": "Secret", "jqPathExpressions": [".data.x"]}]);
        let of = Application(of);
        let deployment = ObjectRef::new("apps/v1", "Deployment", Some("x"), "d");
        assert_eq!(left_alone(&of, &deployment), (vec!["/spec/replicas".to_owned()], false));
        assert_eq!(left_alone(&of, &ObjectRef::new("v1", "Secret", Some("x"), "s")), (vec![], true));
        assert_eq!(left_alone(&of, &ObjectRef::new("v1", "Service", Some("x"), "s")), (vec![], false));
    }

    #[test]
    fn who_is_left_alone_is_told_as_argo_cd_does_it() {
        let fits = |entry: Value| {
            let mut of = application("a", &of_hub("a"));
            of["spec"]["ignoreDifferences"] = json!([entry]);
            of["spec"]["ignoreDifferences"][0]["jsonPointers"] = json!(["/spec"]);
            let bucket = ObjectRef::new("s3.aws.crossplane.io/v1", "Bucket", Some("x"), "b");
            match left_alone(&Application(of), &bucket) {
                (pointers, false) => Some(!pointers.is_empty()),
                (_, true) => None, // only Argo CD knows
            }
        };
        let all = json!({"group": "*", "kind": "*"});
        let is = |key: &str, value: &str| {
            let mut entry = all.clone();
            entry[key] = json!(value);
            entry
        };
        assert_eq!(fits(all.clone()), Some(true));
        assert_eq!(fits(is("group", "*.crossplane.io")), Some(true));
        assert_eq!(fits(is("name", "b")), Some(true));
        for other in [json!({"kind": "Bucket"}), json!({"group": "*"}), is("kind", "Buck"), is("name", "*")] {
            assert_eq!(fits(other.clone()), Some(false), "{other}");
        }
        assert_eq!(fits(is("kind", "{Bucket,User}")), None);
    }
}
