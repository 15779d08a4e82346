//! The files of a claims repository as Argo CD reads them (argo-cd `reposerver/repository`, `findManifests` and
//! `getObjsFromYAMLOrJSON`).

use std::sync::Arc;

use serde_json::Value;

use super::order::Order;
use crate::files::{Blob, Snapshot};
use crate::hub_repository::layout::is_below;
use crate::object::str_at;
use crate::report::{Diagnostic, Place, Source};
use crate::schema::hide_secrets;
use crate::yaml::{self, Data, Document, Node, Reader};

/// What it reads, by case.
const READ: [&str; 2] = [".yaml", ".yml"];
/// The words in a file by which Argo CD leaves it out.
pub const LEAVE_OUT: &str = "+argocd:skip-file-rendering";
/// What makes a file that cannot be read a mistake to Argo CD, and not somebody else's.
const OF_OBJECTS: [&str; 3] = ["apiVersion:", "kind:", "metadata:"];
/// By which Argo CD tells UTF-16 (utfutil, `OpenFile`).
const UTF16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];
/// How much all files together may have (argo-cd `cmd/argocd-repo-server`, `max-combined-directory-manifests-size`).
const LARGEST: usize = 10_000_000;
/// Where a file begins.
const START: Place = Place { line: 1, column: 1, start: 0, end: 0 };

/// Whether the Application `claims` reads the file at a path below its folder.
#[must_use]
pub fn is_read(path: &str) -> bool {
    READ.iter().any(|end| path.ends_with(end)) && !is_below(".github", path)
}

/// What the files have.
#[derive(Debug, Default)]
pub struct Files {
    /// The objects.
    pub orders: Vec<Order>,
    /// What Argo CD could not read, or would take for an object.
    pub mistakes: Vec<Diagnostic>,
    /// The files that are no objects' to Argo CD either, each with the reason.
    pub left_out: Vec<(String, &'static str)>,
}

impl Files {
    /// Reads the files of a folder, which is `.` for the whole repository. One without bytes is a link to nothing.
    #[must_use]
    pub fn read(folder: &str, files: &Snapshot) -> Self {
        let mut orders = Vec::new();
        let found = Self::each(folder, files, |order| orders.push(order));
        Self { orders, ..found }
    }

    /// The same for whoever keeps none of the objects as it is written: each is given as soon as its file is read. With its places a
    /// definition has many megabytes.
    #[must_use]
    pub fn each<'f>(
        folder: &str,
        files: impl IntoIterator<Item = (&'f String, &'f Option<Blob>)>,
        mut take: impl FnMut(Order),
    ) -> Self {
        let mut found = Self::default();
        let mut size = 0;
        for (path, bytes) in files.into_iter().filter(|(path, _)| is_read(path)) {
            let path = below(folder, path);
            match bytes {
                Some(bytes) => found.file(&path, bytes),
                None => found.left_out.push((path, "a link to nothing")),
            }
            found.orders.drain(..).for_each(&mut take);
            size += bytes.as_ref().map_or(0, |file| file.len());
        }
        if size > LARGEST {
            let message = format!("the files have {size} bytes together, and Argo CD reads no more than {LARGEST}");
            found
                .mistakes
                .push(Diagnostic::error("", message).hint("divide the repository, or take out what is no claim"));
        }
        found
    }

    fn file(&mut self, path: &str, bytes: &[u8]) {
        if UTF16.iter().any(|mark| bytes.starts_with(mark)) {
            self.mistakes.push(about(path, "the file is in UTF-16: Argo CD reads it").hint("save it in UTF-8"));
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        if text.contains(LEAVE_OUT) {
            self.left_out.push((path.to_owned(), "it says so itself"));
            return;
        }
        // Its lines are shown with its mistakes.
        hide_secrets(&text);
        let looks_like_objects = OF_OBJECTS.iter().all(|word| text.contains(word));
        match yaml::documents(path, &text, Reader::Kubernetes) {
            Ok(documents) => self.documents(path, documents, looks_like_objects),
            Err(mistake) if looks_like_objects || begins_with_object(path, &text) => self.mistakes.push(*mistake),
            Err(mistake) if is_json_object(&text) => {
                let hint = "Argo CD reads it as JSON: put a line `---` between objects, and each key once";
                self.mistakes.push(mistake.hint(hint));
            }
            Err(_) => self.left_out.push((path.to_owned(), "no YAML, and no object to Argo CD")),
        }
    }

    fn documents(&mut self, path: &str, documents: Vec<Document>, looks_like_objects: bool) {
        let documents: Vec<Document> = documents.into_iter().filter(|it| !matches!(it.root.data, Data::Null)).collect();
        let is_of_objects = looks_like_objects || documents.first().is_some_and(|first| has_kind(&first.root));
        if !documents.is_empty() && !is_of_objects && !documents.iter().all(|it| has_kind(&it.root)) {
            self.left_out.push((path.to_owned(), "no object to Argo CD"));
            return;
        }
        for Document { source, root } in documents {
            self.object(&source, root);
        }
    }

    /// Argo CD takes the items out of any list.
    fn object(&mut self, source: &Arc<Source>, root: Node) {
        if !has_kind(&root) {
            let mistake = Diagnostic::error("", "Argo CD takes this for an object, and it has no `kind`");
            self.mistakes.push(mistake.at(source, Place { end: root.place.start, ..root.place }).hint(leave_it_out()));
            return;
        }
        match items(&root) {
            Some(items) => items.iter().for_each(|item| self.object(source, item.clone())),
            None => self.orders.push(Order::of(source, root)),
        }
    }

    /// A file that Argo CD reads nothing for, and for whose sake it reads nothing else either.
    pub fn leads_out(&mut self, path: &str) {
        let message = "an absolute link, or one that leads out of the repository: Argo CD reads no claim at all";
        self.mistakes.push(about(path, message).hint("put the file itself there"));
    }
}

/// A mistake about a whole file.
fn about(path: &str, message: &str) -> Diagnostic {
    let source = Arc::new(Source { name: path.to_owned(), text: String::new() });
    Diagnostic::error("", message).at(&source, START)
}

/// The path in the repository of a file of its folder.
#[must_use]
pub fn below(folder: &str, path: &str) -> String {
    match folder.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

/// The remedy for a file that is not meant for Argo CD.
pub(super) fn leave_it_out() -> String {
    format!("if the file is not for the hub, put `# {LEAVE_OUT}` into it")
}

/// Whether the first thing that Argo CD reads is an object in JSON, which may have a key twice or more objects behind it.
fn is_json_object(text: &str) -> bool {
    let first = serde_json::Deserializer::from_str(text).into_iter::<Value>().next();
    first.is_some_and(|it| it.is_ok_and(|object| !str_at(&object, "/kind").is_empty()))
}

/// Whether the first document is an object. Whatever is wrong behind it, Argo CD reads no claim at all.
fn begins_with_object(path: &str, text: &str) -> bool {
    let is_object = |document: &str| match yaml::documents(path, document, Reader::Kubernetes) {
        Ok(all) => all.iter().find(|it| !matches!(it.root.data, Data::Null)).map(|it| has_kind(&it.root)),
        Err(_) => Some(false),
    };
    text.split("\n---").find_map(is_object).unwrap_or(false)
}

fn has_kind(root: &Node) -> bool {
    root.get("kind").and_then(Node::text).is_some_and(|kind| !kind.is_empty())
}

fn items(root: &Node) -> Option<&[Node]> {
    match &root.get("items")?.data {
        Data::List(items) => Some(items),
        _ => None,
    }
}
