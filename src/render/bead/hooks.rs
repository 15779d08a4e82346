//! The hooks of a bead: objects of its application like its other content, held against the same permissions. Pure.

use serde_json::{Value, json};

use super::content::{Content, content_of_file};
use super::fill::{fill_text, fill_value};
use super::parameters::Values;
use super::piece::Piece;
use crate::document::{Bead, Hook, PodSecurity, Trap, job_mistakes, own_traps};
use crate::files::Tree;
use crate::render::hooks::{Owner, restrict};
use crate::report::{Diagnostic, Failure, Outcome};

fn owner(bead: &Bead) -> Owner<'_> {
    Owner { name: &bead.metadata.name, namespace: &bead.spec.application.namespace }
}

/// The Jobs of the hooks. `at` is where the document has the application.
pub fn hooks(bead: &Bead, files: &Tree, values: &Values, at: &str) -> Outcome<Content> {
    let mut all = Content { pieces: Vec::new(), warnings: Vec::new() };
    for (index, hook) in bead.spec.application.hooks.iter().enumerate() {
        let at = format!("{at}.hooks[{index}]");
        let (piece, warnings) = match &hook.manifest {
            Some(file) => of_file(bead, hook, file, files, values)?,
            None => (Piece::rendered(owner(bead).job(&filled(hook, &at, values)?, None)?), Vec::new()),
        };
        all.pieces.push(piece);
        all.warnings.extend(warnings);
    }
    let is_restricted = bead.spec.permissions.pod_security == PodSecurity::Restricted;
    let plain = all.pieces.iter_mut().zip(&bead.spec.application.hooks).filter(|(_, hook)| hook.image.is_some());
    plain.filter(|_| is_restricted).for_each(|(piece, _)| restrict(&mut piece.object));
    Ok(all)
}

fn of_file(bead: &Bead, hook: &Hook, file: &str, files: &Tree, values: &Values) -> Outcome<(Piece, Vec<Diagnostic>)> {
    let Content { pieces, warnings } = content_of_file(files, file.trim_start_matches("./"), values)?;
    let Ok([mut piece]) = <[Piece; 1]>::try_from(pieces) else {
        return Err(Failure::usage(format!("{file}: the manifest of the hook {} is not one object", hook.name))
            .hint("a hook is one Job; give each a file and a hook of its own"));
    };
    let mistakes = piece.object.as_object().map(job_mistakes).unwrap_or_default().into_iter();
    let mistakes: Vec<Diagnostic> = mistakes
        .map(|(field, message, hint)| {
            Diagnostic::error(field, message).at(&piece.source, piece.place_of(field)).hint(hint)
        })
        .collect();
    if !mistakes.is_empty() {
        return Err(Failure::document(file, mistakes));
    }
    piece.object = owner(bead).job(hook, Some(&piece.object))?;
    Ok((piece, warnings))
}

/// The hook with the values of parameters in what it is told.
fn filled(hook: &Hook, at: &str, values: &Values) -> Outcome<Hook> {
    let wrong = |key: &str, message: String| Failure::usage(format!("bead.yaml: `{at}.{key}`: {message}"));
    let mut hook = hook.clone();
    for (key, words) in [("command", &mut hook.command), ("args", &mut hook.args)] {
        for (index, word) in words.iter_mut().enumerate() {
            *word = fill_text(word, values).map_err(|why| wrong(&format!("{key}[{index}]"), why))?;
        }
    }
    for (index, variable) in hook.env.iter_mut().enumerate() {
        if let Some(value) = &mut variable.value {
            *value = fill_text(value, values).map_err(|why| wrong(&format!("env[{index}].value"), why))?;
        }
    }
    if let Some(job) = &hook.job {
        let job = fill_value(&Value::Object(job.clone()), &format!("{at}.job"), values);
        hook.job = job.map_err(|why| Failure::usage(format!("bead.yaml: {why}")))?.as_object().cloned();
    }
    Ok(hook)
}

/// The mark by which a new version makes the hooks run; `None` of a bead without hooks. `chart` are the files of its chart,
/// and `content` what else the application consists of.
pub fn mark<'p>(
    bead: &Bead,
    values: &Values,
    chart: Option<&Tree>,
    content: impl Iterator<Item = &'p Piece>,
) -> Option<Piece> {
    let application = &bead.spec.application;
    if application.hooks.is_empty() {
        return None;
    }
    let objects: Vec<&Value> = content.map(|piece| &piece.object).collect();
    let made_from = json!({"version": bead.spec.version, "chart": application.chart, "files": chart.map(Tree::digests),
        "values": application.values, "parameters": values, "objects": objects});
    Some(Piece::rendered(owner(bead).mark(&bead.spec.version, &made_from)))
}

/// What is to be said of manifests that make themselves hooks.
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    let of_piece = |piece: &Piece| -> Vec<Diagnostic> {
        let told = |trap: Trap| {
            let message = format!("{}: {}", piece.title(), trap.says);
            Diagnostic::warning(trap.field, message).at(&piece.source, piece.place_of(trap.field)).hint(trap.hint)
        };
        own_traps(&piece.object).into_iter().map(told).collect()
    };
    pieces.iter().flat_map(of_piece).collect()
}
