//! The chart of a bead, as Helm renders it here. What it makes is held against the permissions of the bead; nothing of it
//! gets into git, where Argo CD renders it anew.

use std::borrow::Cow;
use std::sync::Arc;

use super::chart_words::inconstant;
use super::image_doubts;
use super::parts::Part;
use super::permissions::{excess_of_chart, unapplied};
use super::piece::Piece;
use super::privileges::privileges;
use super::render::{RenderedBead, Side};
use super::scopes::Scopes;
use super::spokes::{OnSpokes, of_spokes};
use crate::document::{Bead, ClusterResource};
use crate::files::Snapshot;
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::object::str_at;
use crate::render::{HelmRelease, Made};
use crate::report::{Diagnostic, Failure, Outcome, Place, Severity, Source};
use crate::yaml;

/// An object that is made has no place in a file.
const NOWHERE: Place = Place { line: 1, column: 1, start: 0, end: 0 };

impl RenderedBead {
    /// Whether its namespace gets the label that bounds its pods.
    #[must_use]
    pub fn bounds_namespace(&self) -> bool {
        self.revision > 1
    }

    /// Every chart of the bead with all that it is given, by where it comes to; why it is not here.
    #[must_use]
    pub fn releases(&self, bead: &Bead) -> Vec<(Side, Result<HelmRelease, &'static str>)> {
        let name = bead.metadata.name.as_str();
        let own = (
            Side::Hub,
            &bead.spec.application,
            BeadFile::Application(Part::Application.name()),
            BeadFile::Chart("Chart.yaml"),
        );
        let spokes = bead.spec.spokes.iter();
        let spokes =
            spokes.map(|it| (Side::Spokes, &it.application, BeadFile::SpokeSet, BeadFile::SpokeChart("Chart.yaml")));
        let all = [own].into_iter().chain(spokes).filter_map(|(side, part, holder, description)| {
            let chart = part.chart.as_ref()?;
            let path = |file: BeadFile<'_>| RepoFile::Bead(name, file).path();
            let release = match () {
                () if chart.locked.is_none() => Err("it is kept elsewhere"),
                () if self.tree.get(&path(description)).is_none() => Err("it is not there"),
                () => self.release(&path(holder)),
            };
            Some((side, release))
        });
        all.collect()
    }

    /// The chart of an Application, or of those that a set makes.
    fn release(&self, path: &str) -> Result<HelmRelease, &'static str> {
        let files: Snapshot = self.tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.clone()))).collect();
        let text = self.tree.text(path).unwrap_or_default();
        let holder = yaml::manifests(path, text).unwrap_or_default().into_iter().next().unwrap_or_default();
        HelmRelease::of(holder.pointer("/spec/template").unwrap_or(&holder), &files)
    }

    /// Takes in what Helm made of a chart, which then is looked at. Refuses what the permissions do not allow.
    pub fn see(&mut self, bead: &Bead, side: Side, release: &HelmRelease, made: Vec<Made>) -> Outcome<()> {
        let chart = self.unseen.remove(&side).unwrap_or_default();
        let of_side = match side {
            Side::Hub => Cow::Borrowed(bead),
            Side::Spokes => Cow::Owned(bead.on_spokes().unwrap_or_else(|| bead.clone())),
        };
        let content = if side == Side::Hub { &self.content } else { &self.on_spokes };
        let mut pieces: Vec<Piece> = made.into_iter().flat_map(|made| pieces(&chart, made)).collect();
        let scopes = Scopes::of(content.iter().chain(&pieces));
        for piece in &mut pieces {
            place_in(&of_side, &scopes, piece);
        }
        let mut wrong = excess_of_chart(self.revision, &of_side, &scopes, &pieces);
        if side == Side::Spokes {
            wrong = wrong.into_iter().map(of_spokes).collect();
        }
        if !wrong.is_empty() {
            return Err(Failure::document(&format!("the chart of bead {}", bead.metadata.name), wrong));
        }
        self.warnings.extend(image_doubts::doubts(&pieces));
        let told = |it| Diagnostic { severity: Severity::Warning, ..it };
        self.warnings.extend(pieces.iter().filter_map(unapplied).map(told));
        let inconstant = inconstant(&chart, release);
        match side {
            Side::Hub => self.powers.on_hub = [privileges(bead, content, Some(&pieces)), inconstant].concat(),
            Side::Spokes => {
                let inconstant = inconstant.into_iter().map(|line| format!("on spokes: {line}")).collect();
                self.powers.on_spokes = [OnSpokes::privileges(&of_side, content, Some(&pieces)), inconstant].concat();
            }
        }
        self.privileges = self.powers.lines();
        self.of_charts.extend(pieces);
        Ok(())
    }
}

/// The objects of a template, each with what Helm made of it.
fn pieces(chart: &str, made: Made) -> impl Iterator<Item = Piece> {
    let name = format!("chart {chart}, as rendered: {}", made.template);
    let source = Arc::new(Source { name, text: made.text });
    made.objects.into_iter().map(move |object| Piece::of(object, Arc::clone(&source), NOWHERE))
}

/// Argo CD has an object without a namespace go into that of the release, if its kind has namespaces, and asks the cluster for
/// that. Where nobody can be asked it is taken for one that has: a project lets no other through that it does not name, and what the
/// bead names is in no namespace, whatever is known of its kind.
fn place_in(bead: &Bead, scopes: &Scopes, piece: &mut Piece) {
    let (group, kind) = (piece.group(), piece.text("/kind"));
    let named = |it: &ClusterResource| (it.group.as_str(), it.kind.as_str()) == (group, kind);
    let is_named = bead.spec.permissions.cluster_resources.iter().any(named);
    let is_namespaced = !is_named && scopes.is_namespaced(group, kind).unwrap_or(true);
    let has_none = str_at(&piece.object, "/metadata/namespace").is_empty() && piece.object["metadata"].is_object();
    if is_namespaced && has_none {
        piece.object["metadata"]["namespace"] = bead.spec.application.namespace.as_str().into();
    }
}
