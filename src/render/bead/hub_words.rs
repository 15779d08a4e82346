//! What a bead is told of the hub that it comes to, by words such as `${ hub.claims.repoUrl }`. Pure.

use std::collections::BTreeSet;

use super::parameters::Values;
use crate::document::{Bead, HubClaims};
use crate::files::Tree;
use crate::report::Diagnostic;
use crate::yaml;

/// What the words for the claims repository begin with.
pub const CLAIMS: &str = "hub.claims.";

/// The values of all words, by how they are written. What the hub does not have is empty; a path is one everywhere.
pub fn hub_words(claims: Option<&HubClaims>) -> Values {
    let repository = claims.map(|it| &it.repository);
    let forge = repository.and_then(|it| it.forge());
    let (host, owner, name) = forge.unwrap_or_default();
    let of = |value: Option<&String>| value.cloned().unwrap_or_default();
    let address = forge.map(|_| format!("{host}?owner={owner}&repo={name}"));
    let words = [
        ("repository", of(repository.map(|it| &it.url))),
        ("branch", of(repository.map(|it| &it.branch))),
        ("path", repository.map_or_else(|| ".".to_owned(), |it| it.path.clone())),
        ("host", host.to_owned()),
        ("owner", owner.to_owned()),
        ("name", name.to_owned()),
        // As the scaffolder of Backstage takes it.
        ("repoUrl", address.unwrap_or_default()),
    ];
    words.into_iter().map(|(name, value)| (format!("{CLAIMS}{name}"), value.into())).collect()
}

/// What is to be said of words in this document and these files that are empty on this hub.
pub fn empty_words(bead: &Bead, files: &Tree, words: &Values) -> Vec<Diagnostic> {
    let empty: Vec<&str> = words.iter().filter(|(_, it)| *it == "").map(|(name, _)| name.as_str()).collect();
    let document = yaml::print(bead);
    let files = files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes));
    let mut met: BTreeSet<&str> = BTreeSet::new();
    for text in files.chain([document.into()]) {
        met.extend(empty.iter().filter(|name| text.contains(**name)));
    }
    let why = "hub.yaml names no claims repository, or one whose address has no owner";
    met.into_iter().map(|name| Diagnostic::warning("", format!("`${{ {name} }}` is empty here: {why}"))).collect()
}
