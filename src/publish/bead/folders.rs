//! What the folders of a bead hold that Argo CD deploys as it is: the bead's own objects, and what people put beside them.
//! Pure.

use std::collections::BTreeMap;

use crate::document::Bead;
use crate::files::{Blob, Snapshot, sha256};
use crate::hub_repository::bead::BeadLock;
use crate::hub_repository::layout::{APPS, BeadFile, RepoFile};
use crate::object::{ObjectRef, str_at};
use crate::render::bead::{is_file_of, parent_file};
use crate::report::Outcome;
use crate::schema::matches;
use crate::words::argo;
use crate::words::bead::{APPLICATION, PARTS};
use crate::yaml;

/// What one Application of a bead deploys out of files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Folder {
    own: Vec<ObjectRef>,
    added: Vec<(ObjectRef, String)>,
}

impl Folder {
    /// Whether the bead itself brings this object.
    #[must_use]
    pub fn has(&self, live: &ObjectRef) -> bool {
        self.own.iter().any(|it| is_same(live, it))
    }

    /// The file in which people brought it.
    #[must_use]
    pub fn file_of(&self, live: &ObjectRef) -> Option<&str> {
        self.added.iter().find(|(it, _)| is_same(live, it)).map(|(_, path)| path.as_str())
    }
}

/// The folders of a bead, each under the name of its Application, as long as that is in git. What a chart renders has no
/// file.
pub fn folders(there: &Snapshot, bead: &Bead) -> Outcome<BTreeMap<String, Folder>> {
    let name = bead.metadata.name.as_str();
    let Some(lock) = BeadLock::of_bead(name, there)?.filter(|_| there.contains_key(&parent_file(name))) else {
        return Ok(BTreeMap::new());
    };
    let mut folders = BTreeMap::new();
    let part_applications = PARTS.iter().map(|part| argo::application(&bead.part_application(part)));
    folders.insert(APPS, Folder { own: part_applications.collect(), added: Vec::new() });
    for part in PARTS {
        let is_deployed = there.contains_key(&RepoFile::Bead(name, BeadFile::Application(part)).path());
        if is_deployed && !(part == APPLICATION && bead.spec.application.chart.is_some()) {
            folders.insert(part, Folder::default());
        }
    }
    for (path, bytes) in there {
        let (part, file) = match RepoFile::of(path) {
            Some(RepoFile::Bead(of, BeadFile::Manifest(part, file))) if of == name => (part, Some(file)),
            Some(RepoFile::Bead(of, BeadFile::Application(file))) if of == name => (APPS, Some(file)),
            Some(RepoFile::Bead(of, BeadFile::Namespace | BeadFile::Right(_) | BeadFile::SpokeSet)) if of == name => {
                (APPS, None)
            }
            _ => continue,
        };
        let Some(folder) = folders.get_mut(part) else { continue };
        // What cannot be read has no object here: whatever Argo CD makes of it is nobody's, and is told without its file.
        let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default());
        for object in yaml::manifests(path, &text).unwrap_or_default() {
            let placed = placed(&object, if part == APPS { argo::NAMESPACE } else { &bead.spec.application.namespace });
            if lock.files.contains_key(path) && file.is_none_or(|file| is_file_of(&object, file)) {
                folder.own.push(placed);
            } else {
                folder.added.push((placed, path.clone()));
            }
        }
    }
    let application = |part: &str| if part == APPS { bead.application_name() } else { bead.part_application(part) };
    Ok(folders.into_iter().map(|(part, folder)| (application(part), folder)).collect())
}

/// The files of a bead's chart, and its values, that people have changed or added.
pub fn edits_of_chart<'s>(there: &'s Snapshot, name: &str) -> Outcome<Vec<&'s str>> {
    let Some(lock) = BeadLock::of_bead(name, there)? else { return Ok(Vec::new()) };
    let is_of_chart = |path: &str| matches!(RepoFile::of(path), Some(RepoFile::Bead(of, BeadFile::Chart(_) | BeadFile::Values)) if of == name);
    let is_rendered = |path: &str, bytes: &Option<Blob>| {
        lock.files.get(path).is_some_and(|digest| bytes.as_ref().is_some_and(|it| sha256(it) == *digest))
    };
    let edited = there.iter().filter(|(path, bytes)| is_of_chart(path) && !is_rendered(path, bytes));
    Ok(edited.map(|(path, _)| path.as_str()).collect())
}

/// Where its Application puts an object. The name of a hook that gets one when it runs is a pattern.
fn placed(object: &serde_json::Value, namespace: &str) -> ObjectRef {
    let named_later = Some(str_at(object, "/metadata/generateName")).filter(|it| !it.is_empty());
    let mut object = ObjectRef::of(object);
    if let Some(start) = named_later.filter(|_| object.name.is_empty()) {
        object.name = format!("{start}*");
    }
    object.namespace.get_or_insert_with(|| namespace.to_owned());
    object
}

/// Of one kind and name, and in one namespace if it has one.
fn is_same(live: &ObjectRef, placed: &ObjectRef) -> bool {
    let is_there = live.namespace.is_none() || live.namespace == placed.namespace;
    live.is_kind_of(placed) && matches(&placed.name, &live.name) && is_there
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_bead;
    use crate::files::Tree;

    fn bead() -> Bead {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: shop}\nspec:\n  version: 1.0.0\n  \
                    application: {namespace: shop, manifests: app}\n";
        read_bead("bead.yaml", text).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    fn map(name: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    }

    fn there() -> Snapshot {
        let mut tree = Tree::default();
        for (path, text) in [
            (parent_file("shop"), String::new()),
            ("beads/shop/apps/application.yaml".to_owned(), String::new()),
            ("beads/shop/application/configmap-own.yaml".to_owned(), map("own")),
        ] {
            tree.insert(path, text).expect("free");
        }
        let mut there: Snapshot = tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.clone()))).collect();
        let lock = yaml::print(&BeadLock::of(&tree, crate::hub_repository::HubImages::default(), 1));
        there.insert(BeadLock::path("shop"), Some(lock.into()));
        there
    }

    fn config(namespace: &str, name: &str) -> ObjectRef {
        ObjectRef::new("v1", "ConfigMap", Some(namespace), name)
    }

    #[test]
    fn what_people_put_into_a_folder_or_into_a_file_of_the_bead_is_theirs() {
        let mut there = there();
        let own = "beads/shop/application/configmap-own.yaml";
        there.insert(own.to_owned(), Some(format!("{}---\n{}", map("own"), map("beside")).into()));
        there.insert("beads/shop/application/team.yml".to_owned(), Some(map("team").into()));
        there.insert("beads/shop/apps/team.yaml".to_owned(), Some(map("above").into()));
        let folders = folders(&there, &bead()).expect("read");
        let application = &folders["bead-shop-application"];
        assert!(application.has(&config("shop", "own")));
        assert!(!application.has(&config("other", "own")), "one in another namespace is another one");
        assert!(!application.has(&config("shop", "beside")) && !application.has(&config("shop", "team")));
        assert_eq!(application.file_of(&config("shop", "beside")), Some(own));
        assert_eq!(application.file_of(&config("shop", "team")), Some("beads/shop/application/team.yml"));
        let above = &folders["bead-shop"];
        assert!(above.has(&argo::application("bead-shop-policies")));
        assert_eq!(above.file_of(&config(argo::NAMESPACE, "above")), Some("beads/shop/apps/team.yaml"));
    }

    #[test]
    fn of_what_is_out_of_git_already_nothing_is_asked() {
        let mut going = there();
        going.remove("beads/shop/apps/application.yaml");
        assert!(!folders(&going, &bead()).expect("read").contains_key("bead-shop-application"));
        going.remove(&parent_file("shop"));
        assert!(folders(&going, &bead()).expect("read").is_empty());
    }

    #[test]
    fn edits_of_a_chart_are_found() {
        let mut there = there();
        assert_eq!(edits_of_chart(&there, "shop").expect("read"), [""; 0]);
        there.insert("beads/shop/chart/templates/x.yaml".to_owned(), Some(Blob::default()));
        assert_eq!(edits_of_chart(&there, "shop").expect("read"), ["beads/shop/chart/templates/x.yaml"]);
    }
}
