//! The side of a bead that comes to spokes: its content, held against its own permissions, and its files. Pure.

use serde_json::{Map, Value};

use super::content::{Content, content};
use super::input::{BeadInput, filled_values};
use super::leaks::FilledValues;
use super::namespace::{self, has_its_own, is_namespace, keep, label, unsteady};
use super::parameters::Values;
use super::permissions::{self, excess};
use super::piece::{Piece, names};
use super::privileges::privileges;
use super::spoke_set::set;
use super::twice::twice;
use super::{hooks, image_doubts, project};
use crate::document::{Bead, SPOKE_NAMESPACES};
use crate::files::Tree;
use crate::hub_repository::layout::{BeadFile, CHART, RepoFile, folder_on_spokes};
use crate::render::relocate::Relocation;
use crate::report::{Diagnostic, Failure, Outcome};
use crate::words::spoke;

/// Where the values of its application are written in the document.
const VALUES: &str = "spec.spokes.application.values";

/// What of a bead comes to spokes.
pub struct OnSpokes {
    /// Its document, as if it were a bead of its own.
    pub bead: Bead,
    /// The objects of its manifests.
    pub content: Vec<Piece>,
    /// The Helm values of its chart, with parameters filled in.
    pub values: Map<String, Value>,
    /// What is to be said of its files.
    pub warnings: Vec<Diagnostic>,
}

impl OnSpokes {
    /// Reads it from the files of the bundle; `None` where the bead stays on the hub.
    pub fn read(bead: &Bead, files: &Tree, values: &Values) -> Outcome<Option<Self>> {
        let Some(bead) = bead.on_spokes() else { return Ok(None) };
        let mut found = Content { pieces: Vec::new(), warnings: Vec::new() };
        if let Some(folder) = &bead.spec.application.manifests {
            found = content(files, folder, values)?;
            let wrong: Vec<Diagnostic> = found.pieces.iter().filter_map(|it| unsteady(&bead, it)).collect();
            if !wrong.is_empty() {
                return Err(Failure::document(folder, wrong));
            }
        }
        let of_hooks = hooks::hooks(&bead, files, values, "spec.spokes.application")?;
        found.pieces.extend(of_hooks.pieces);
        let of_each = [hooks::doubts, image_doubts::doubts, permissions::doubts].map(|doubts| doubts(&found.pieces));
        found.warnings.extend([of_hooks.warnings, of_each.concat()].concat());
        let mark = hooks::mark(&bead, values, None, found.pieces.iter());
        found.pieces.extend(mark);
        let values = filled_values(&bead, VALUES, values)?;
        Ok(Some(Self { bead, content: found.pieces, values, warnings: found.warnings }))
    }

    /// The same with every image from where it is.
    pub fn relocated(mut self, relocation: &mut Relocation<'_>) -> Self {
        self.content.iter_mut().for_each(|piece| relocation.manifests(&mut piece.object));
        self
    }

    /// Its Helm values, by the path at which the document has them.
    pub fn filled(&self) -> FilledValues<'_> {
        FilledValues { path: VALUES, values: &self.values }
    }

    /// Everything in its content that its permissions do not allow.
    pub fn excess(&self, revision: u32) -> Vec<Diagnostic> {
        let of_content = [twice(&self.bead, &self.content), excess(revision, &self.bead, &self.content)].concat();
        let of_content = of_content.into_iter().map(of_spokes);
        let forbidden =
            self.content.iter().filter_map(|piece| own_namespace(&self.bead, piece).or_else(|| ruled(piece)));
        of_content.chain(forbidden).collect()
    }

    /// Refuses it where it would bound everybody's pods.
    pub fn has_its_own(&self) -> Outcome<()> {
        has_its_own(&self.bead).map_err(|failure| failure.context("spec.spokes"))
    }

    /// What it can do beyond what its project bounds, a line each. `chart` is what its chart makes, where somebody has looked.
    pub fn privileges(bead: &Bead, content: &[Piece], chart: Option<&[Piece]>) -> Vec<String> {
        privileges(bead, content, chart).into_iter().map(|line| format!("on spokes: {line}")).collect()
    }

    /// Adds its files to those of the bead.
    pub fn add_to(&self, tree: &mut Tree, input: &BeadInput, relocation: &mut Relocation<'_>) -> Outcome<()> {
        let Some(part) = &input.bead.spec.spokes else { return Ok(()) };
        let (name, hub) = (self.bead.metadata.name.as_str(), &input.hub);
        let path = |file: BeadFile<'_>| RepoFile::Bead(name, file).path();
        let placed = relocation.bead(&self.bead);
        let bounds = project::on_spokes(input.revision, &placed, hub);
        tree.insert_yaml(RepoFile::Project(&spoke::of_bead(name)).path(), &bounds)?;
        tree.insert_yaml(path(BeadFile::SpokeSet), &set(part, &placed, hub))?;
        let mut objects = self.content.clone();
        for namespace in objects.iter_mut().filter(|it| is_namespace(it)) {
            keep(namespace);
            label(namespace, self.bead.spec.permissions.pod_security);
        }
        // Each wave has all of it, so that one of them can be ahead.
        for wave in part.wave_names().filter(|_| part.application.manifests.is_some()) {
            for (piece, file) in objects.iter().zip(names(&objects)) {
                tree.insert_yaml(path(BeadFile::OnSpokes(wave, &file)), &piece.object)?;
            }
        }
        let Some(chart) = &self.bead.spec.application.chart else { return Ok(()) };
        let values = relocation.chart_values(&self.values, &self.bead.spec.application.images);
        tree.insert_yaml(path(BeadFile::SpokeValues), &values.map_err(|failure| failure.context(VALUES))?)?;
        let Some(locked) = &chart.locked else { return Ok(()) };
        tree.insert_below(&format!("{}/{CHART}", folder_on_spokes(name)), input.chart(locked)?)
    }
}

/// The mistake with the place of the permissions that are meant.
pub fn of_spokes(mut mistake: Diagnostic) -> Diagnostic {
    mistake.message = format!("on spokes: {}", mistake.message);
    mistake.hint = mistake.hint.map(|hint| hint.replace("`permissions.", "`spokes.permissions."));
    mistake
}

/// The namespace of the application, which Argo CD makes with the level of its pods: a manifest would have the last word.
fn own_namespace(bead: &Bead, piece: &Piece) -> Option<Diagnostic> {
    namespace::of_chart(bead, piece)
        .map(|mistake| of_spokes(mistake).hint("take it out: it is made where it is missing"))
}

/// A namespace of which the bead would rule the spoke.
fn ruled(piece: &Piece) -> Option<Diagnostic> {
    let is_it = is_namespace(piece) && SPOKE_NAMESPACES.contains(&piece.text("/metadata/name"));
    let hint = "a bead that bounds it, or lifts its bounds, rules the spoke; take the object out";
    is_it.then(|| piece.mistake(format!("on spokes: {}: the namespace is not for beads", piece.title())).hint(hint))
}
