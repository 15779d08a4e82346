//! Secrets in what a bead would have committed: its document, the values of its parameters, its manifests with these values
//! in them, and its entities for Backstage. The files of a chart are a download that everybody can have, and not looked at.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::parameters::Values as Parameters;
use super::piece::Piece;
use crate::document::{Bead, IN_A_SECRET, remedy, secrets};
use crate::files::Tree;
use crate::report::{Diagnostic, Failure, Outcome, Place, Source};
use crate::schema::{Form, Leak, Marks, hide_secrets, leaks_in, leaks_in_text, plain};
use crate::yaml::{self, Document, Reader};

/// What a refusal of secrets is about.
pub const SECRETS: &str = "what would be committed";
/// Files that are read as YAML, and by their lines where they are none.
const DOCUMENTS: [&str; 3] = ["yaml", "yml", "json"];
/// What of a bead is looked at.
pub(super) struct Committed<'a> {
    pub bead: &'a Bead,
    /// The files of the bundle.
    pub files: &'a Tree,
    /// The parameters that were given.
    pub parameters: &'a Parameters,
    /// The Helm values.
    pub values: Vec<FilledValues<'a>>,
    /// The objects, parameters filled in.
    pub content: &'a [Piece],
}

/// Helm values with parameters filled in, and the path at which the document has them.
pub(super) struct FilledValues<'a> {
    pub path: &'static str,
    pub values: &'a Map<String, Value>,
}

/// Refuses secrets that are not marked. Gives the marks that excuse nothing.
pub(super) fn keep_back(it: &Committed<'_>) -> Outcome<Vec<String>> {
    let mut marks = Marks::of(&it.bead.spec.not_secret);
    let mut found = Vec::new();
    let of_values = it.values.iter().flat_map(|it| leaks_in(&json!(it.values), it.path));
    for leak in secrets(it.bead).into_iter().chain(of_values) {
        found.extend(mistake(&leak, &leak.field(), &mut marks));
    }
    for leak in leaks_in(&json!(it.parameters), "parameters") {
        found.extend(mistake(&leak, &leak.field(), &mut marks));
    }
    let leaks =
        |piece: &Piece| leaks_in(&piece.object, "").into_iter().map(|leak| (piece.clone(), leak)).collect::<Vec<_>>();
    for (piece, leak) in it.content.iter().flat_map(leaks) {
        found.extend(in_file(&leak, &piece.source.name, &mut marks).map(|mistake| placed(mistake, &leak, &piece)));
    }
    for (path, bytes) in entities(it.bead, it.files) {
        found.extend(in_entities(path, &String::from_utf8_lossy(bytes), &mut marks));
    }
    found.dedup_by(|one, other| one.message == other.message && one.source == other.source);
    if found.is_empty() {
        return Ok(marks.unused());
    }
    Err(Failure::document(&format!("{SECRETS} of bead {}", it.bead.metadata.name), found))
}

/// The failure, with the secrets in the files of a bundle masked: it shows lines of them.
pub(super) fn masked(files: &Tree, failure: Failure) -> Failure {
    for (_, bytes) in files.iter() {
        hide_secrets(&String::from_utf8_lossy(bytes));
    }
    failure
}

/// The mistake that a secret is, unless one of its names is marked.
fn mistake(leak: &Leak, name: &str, marks: &mut Marks<'_>) -> Option<Diagnostic> {
    (!marks.excuse(name)).then(|| {
        leak.hide();
        Diagnostic::error(leak.field(), leak.message()).hint(remedy(leak, name, IN_A_SECRET))
    })
}

/// The same for one in a file, whose name marks all of it.
fn in_file(leak: &Leak, file: &str, marks: &mut Marks<'_>) -> Option<Diagnostic> {
    let field = leak.field();
    let name = if field.is_empty() { file.to_owned() } else { format!("{file}:{field}") };
    if marks.excuse(file) {
        return None;
    }
    mistake(leak, &name, marks)
}

/// At its place in the manifest that the author wrote.
fn placed(mistake: Diagnostic, leak: &Leak, piece: &Piece) -> Diagnostic {
    let documents = yaml::documents(&piece.source.name, &piece.source.text, Reader::Kubernetes).unwrap_or_default();
    match documents.iter().find(|document| document.root.place == piece.place) {
        Some(document) => at(mistake, leak, &document.source, leak.place_in(&document.root, &document.source.text)),
        None => {
            Diagnostic { hint: mistake.hint.clone(), path: mistake.path.clone(), ..piece.mistake(&mistake.message) }
        }
    }
}

fn at(mistake: Diagnostic, leak: &Leak, source: &Arc<Source>, place: Place) -> Diagnostic {
    if leak.is_common_word() { mistake.at(&source.covered(place), place) } else { mistake.at(source, place) }
}

/// The files of the bead for Backstage's catalog.
fn entities<'t>(bead: &Bead, files: &'t Tree) -> impl Iterator<Item = (&'t str, &'t [u8])> {
    let folder = bead.spec.backstage.as_ref().and_then(|part| part.entities.as_deref());
    let below = folder.map(|folder| format!("{}/", folder.trim_start_matches("./").trim_end_matches('/')));
    let inside = move |path: &str| below.as_ref().is_some_and(|below| path.starts_with(below));
    files.iter().filter(move |(path, _)| inside(path)).map(|(path, file)| (path, &**file))
}

/// Committed as they are, comments included.
fn in_entities(path: &str, text: &str, marks: &mut Marks<'_>) -> Vec<Diagnostic> {
    let is_document = DOCUMENTS.contains(&path.rsplit(['.', '/']).next().unwrap_or_default());
    let documents = is_document.then(|| yaml::documents(path, text, Reader::Backstage).ok()).flatten();
    let form = match Form::of(path, text) {
        Form::Unknown => is_document.then_some(Form::Unknown),
        known => Some(known),
    };
    let source = Arc::new(Source { name: path.to_owned(), text: text.to_owned() });
    let of_document = |it: &Document| {
        let place = |leak: &Leak| leak.place_in(&it.root, &it.source.text);
        leaks_in(&plain(&it.root), "").into_iter().map(|leak| (place(&leak), leak)).collect::<Vec<_>>()
    };
    let mut leaks: Vec<(Place, Leak)> = documents.iter().flatten().flat_map(of_document).collect();
    for leak in leaks_in_text(text, form.filter(|_| documents.is_none())) {
        if !leaks.iter().any(|(_, other)| other.holds_value_of(&leak)) {
            leaks.push((leak.place_in_text(text), leak));
        }
    }
    let mistake = |(place, leak): &(Place, Leak)| Some(at(in_file(leak, path, marks)?, leak, &source, *place));
    leaks.iter().filter_map(mistake).collect()
}
