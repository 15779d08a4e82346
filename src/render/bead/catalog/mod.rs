//! What Backstage makes of the entities of a bead: every file that its catalog comes to from `catalog-info.yaml`, by the
//! targets of Locations. What no Location names (the skeletons of templates, for one) is no part of the catalog. Pure.

mod actions;
mod entity;
mod form;
mod kinds;
mod names;
mod placeholders;
mod readers;
mod target;

use std::collections::{BTreeMap, BTreeSet};

pub use form::not_looked_at;
use form::{Mistakes, at, text_at};
use target::{Target, lead};

use super::backstage::{ENTRY, STAYS_LOCATION};
use crate::document::Bead;
use crate::files::Tree;
use crate::hub_repository::layout::RepoFile;
use crate::report::Diagnostic;
use crate::yaml::{self, Data, Document, Node, Reader};

/// What a mistake in the envelope, or in YAML, or a missing file does to the others.
const FREEZES: &str = "until it is mended Backstage takes nothing new of all the files that are read with this one";

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// What Backstage would refuse.
    pub mistakes: Vec<Diagnostic>,
    /// What is worth knowing, or was not looked at.
    pub warnings: Vec<Diagnostic>,
    /// What the entities can do beyond being looked at, a line each.
    pub powers: Vec<String>,
}

/// Looks at the entities of a bead. `folder` is their folder as the document names it, `files` what is in it.
pub fn look(bead: &Bead, folder: &str, files: &Tree) -> Found {
    let mut look =
        Look { bead, folder, files, found: Found::default(), entities: BTreeMap::new(), seen: BTreeSet::new() };
    look.file(ENTRY);
    look.found
}

/// What entities can do that are elsewhere.
pub fn power_of_address(address: &str) -> String {
    format!("location {address}: any entities, as they are there at the time")
}

struct Look<'a> {
    bead: &'a Bead,
    folder: &'a str,
    files: &'a Tree,
    found: Found,
    /// Where each entity was met first.
    entities: BTreeMap<String, String>,
    seen: BTreeSet<String>,
}

impl Look<'_> {
    fn file(&mut self, path: &str) {
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let name = format!("{}/{path}", self.folder);
        let text = String::from_utf8_lossy(self.files.get(path).unwrap_or_default()).into_owned();
        match yaml::documents(&name, &text, Reader::Backstage) {
            Err(mistake) => self.found.mistakes.push(mistake.hint(FREEZES)),
            Ok(documents) => {
                for document in documents.iter().filter(|it| !matches!(it.root.data, Data::Null)) {
                    self.entity(path, document);
                }
            }
        }
    }

    fn entity(&mut self, path: &str, document: &Document) {
        let wrong = entity::envelope(document);
        if !wrong.is_empty() {
            let hint = |it: Diagnostic| {
                let advice = it.hint.as_ref().map_or(String::new(), |own| format!("{own}; "));
                it.hint(format!("{advice}{FREEZES}"))
            };
            self.found.mistakes.extend(wrong.into_iter().map(hint));
            return;
        }
        self.found.warnings.extend(readers::otherwise(document));
        let mut all = Mistakes::of(&document.source);
        let document = &placeholders::filled(document, path, self.files, &mut all);
        all.found.extend(entity::rules(document));
        if all.found.is_empty() {
            self.found.warnings.extend(entity::foreign(document));
        }
        self.found.warnings.append(&mut all.warnings);
        self.found.mistakes.extend(all.found);
        self.once(document);
        match entity::kind(&document.root) {
            kinds::LOCATION => self.location(path, document),
            kinds::TEMPLATE => {
                self.found.warnings.extend(actions::not_required(self.bead, document));
                self.found.powers.extend(actions::powers(document));
            }
            kind @ ("User" | "Group") => {
                let name = text_at(&document.root, &["metadata", "name"]).unwrap_or_default();
                self.found.powers.push(format!("{kind} {name}: decides who belongs to which group of Backstage"));
            }
            _ => {}
        }
    }

    /// An entity is in the catalog once, and some names are taken by the hub.
    fn once(&mut self, document: &Document) {
        let node = at(&document.root, &["metadata", "name"]).unwrap_or(&document.root);
        let reference = entity::reference(&document.root);
        let mut say = |message: String, hint: &str| {
            let mistake = Diagnostic::error("metadata.name", message).at(&document.source, node.place);
            self.found.mistakes.push(mistake.hint(hint));
        };
        let taken = |name: &str| reference == format!("location:default/{name}");
        if taken(&self.bead.application_name()) || taken(STAYS_LOCATION) {
            let message =
                format!("the hub itself has a Location `{}`, and Backstage would leave this one out", name_of(node));
            say(message, "give it another name");
        }
        let here = format!("{}:{}", document.source.name, node.place.line);
        match self.entities.get(&reference) {
            Some(there) => say(format!("{reference} is at {there}, too: Backstage takes one of them"), "take one out"),
            None => _ = self.entities.insert(reference, here),
        }
    }

    fn location(&mut self, path: &str, document: &Document) {
        let Some(spec) = at(&document.root, &["spec"]) else { return };
        if let Some(kind) = text_at(spec, &["type"]).filter(|it| !it.is_empty() && *it != "url") {
            let node = at(spec, &["type"]).unwrap_or(spec);
            let mistake = Diagnostic::error(
                "spec.type",
                format!("Backstage follows no Location of type `{kind}` from a repository"),
            );
            self.found.mistakes.push(mistake.at(&document.source, node.place).hint("leave `type` out, or write `url`"));
            return;
        }
        let is_optional = text_at(spec, &["presence"]) == Some("optional");
        for node in targets(spec) {
            if let Data::Text(written) = &node.data {
                self.target(path, document, node, written, is_optional);
            }
        }
    }

    fn target(&mut self, path: &str, document: &Document, node: &Node, written: &str, is_optional: bool) {
        let place = |it: Diagnostic| it.at(&document.source, node.place);
        let target = match lead(path, written) {
            Target::Root(rest) => {
                let message = format!("`{written}` starts at the root of the hub repository");
                let hint =
                    "on a branch with `/` in its name Backstage does not find it; write it relative to this file";
                self.found.warnings.push(place(Diagnostic::warning("spec.targets", message)).hint(hint));
                let own = RepoFile::Entities(&self.bead.metadata.name, "").path();
                rest.strip_prefix(&own).map_or(Target::Address, |rest| lead(ENTRY, rest))
            }
            other => other,
        };
        let files: Vec<String> = match target {
            Target::File(file) => vec![file],
            Target::Files(pattern) => {
                self.files.iter().map(|(file, _)| file.to_owned()).filter(|file| pattern.fits(file)).collect()
            }
            Target::Outside => {
                let message = format!("`{written}` leads out of the folder {}", self.folder);
                let hint = "only what is in the folder comes into the hub repository with the bead";
                return self.found.mistakes.push(place(Diagnostic::error("spec.targets", message)).hint(hint));
            }
            Target::Address | Target::Root(_) | Target::Unread => {
                self.found.powers.push(power_of_address(written));
                return self.found.warnings.push(place(not_looked_at("spec.targets", written)));
            }
        };
        let there: Vec<String> = files.into_iter().filter(|file| self.files.get(file).is_some()).collect();
        if there.is_empty() && !is_optional {
            let message = format!("`{written}` is not there: the folder {} has no such file", self.folder);
            self.found.mistakes.push(place(Diagnostic::error("spec.targets", message)).hint(FREEZES));
        }
        for file in &there {
            self.file(file);
        }
    }
}

fn targets(spec: &Node) -> impl Iterator<Item = &Node> {
    let one = at(spec, &["target"]);
    one.into_iter().chain(spec.get("targets").into_iter().flat_map(Node::items))
}

fn name_of(node: &Node) -> &str {
    node.text().unwrap_or_default()
}
