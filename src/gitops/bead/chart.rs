//! The chart of a bead, as Helm renders it here. What it makes is held against the permissions of the bead; nothing of it
//! gets into git, where Argo CD renders it anew.

use std::sync::Arc;

use super::chart_words::inconstant;
use super::content::Piece;
use super::permissions::excess_of_chart;
use super::privileges::privileges;
use super::render::RenderedBead;
use crate::gitops::helm::{HelmRelease, Made};
use crate::gitops::layout::{BeadFile, RepoFile};
use crate::gitops::merge::Snapshot;
use crate::object::str_at;
use crate::report::{Failure, Outcome, Place, Source};
use crate::spec::{Bead, known_kind, yaml};

/// An object that is made has no place in a file.
const NOWHERE: Place = Place { line: 1, column: 1, start: 0, end: 0 };

impl RenderedBead {
    /// Whether its namespace gets the label that bounds its pods.
    #[must_use]
    pub fn bounds_namespace(&self) -> bool {
        self.revision > 1
    }

    /// The chart with all that it is given; why it is not here. Nothing where the bead has none.
    #[must_use]
    pub fn release(&self, bead: &Bead) -> Option<Result<HelmRelease, &'static str>> {
        let chart = bead.spec.application.chart.as_ref()?;
        if chart.locked.is_none() {
            return Some(Err("it is kept elsewhere"));
        }
        let name = &bead.metadata.name;
        if self.tree.get(&RepoFile::Bead(name, BeadFile::Chart("Chart.yaml")).path()).is_none() {
            return Some(Err("it is not there"));
        }
        let files: Snapshot = self.tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.to_vec()))).collect();
        let path = RepoFile::Bead(name, BeadFile::Application("application")).path();
        let text = self.tree.text(&path).unwrap_or_default();
        let application = yaml::manifests(&path, text).unwrap_or_default().into_iter().next().unwrap_or_default();
        Some(HelmRelease::of(&application, &files))
    }

    /// Takes in what Helm made of the chart, which then is looked at. Refuses what the permissions do not allow.
    pub fn see(&mut self, bead: &Bead, release: &HelmRelease, made: Vec<Made>) -> Outcome<()> {
        let chart = std::mem::take(&mut self.unseen).join(", ");
        let mut pieces: Vec<Piece> = made.into_iter().flat_map(|made| pieces(&chart, made)).collect();
        let cluster_wide = self.kinds_without_namespace(bead, &pieces);
        for piece in pieces.iter_mut().filter(|piece| !cluster_wide.contains(&kind_of(piece))) {
            place_in(&bead.spec.application.namespace, piece);
        }
        let wrong = excess_of_chart(bead, &pieces);
        if !wrong.is_empty() {
            return Err(Failure::document(&format!("the chart of bead {}", bead.metadata.name), wrong));
        }
        let lines =
            [privileges(bead, &self.content, Some(&pieces)), inconstant(&chart, release), self.of_catalog.clone()];
        self.privileges = lines.concat();
        Ok(())
    }

    /// Kinds that are not known beforehand and have no namespaces, as the bead itself says.
    fn kinds_without_namespace(&self, bead: &Bead, made: &[Piece]) -> Vec<(String, String)> {
        let allowed = bead.spec.permissions.cluster_resources.iter().map(|it| (it.group.clone(), it.kind.clone()));
        let defined = self.content.iter().chain(made).filter(|it| it.text("/spec/scope") == "Cluster");
        let named = |it: &Piece| (it.text("/spec/group").to_owned(), it.text("/spec/names/kind").to_owned());
        allowed.chain(defined.map(named)).collect()
    }
}

/// The objects of a template, each with what Helm made of it.
fn pieces(chart: &str, made: Made) -> impl Iterator<Item = Piece> {
    let name = format!("chart {chart}, as rendered: {}", made.template);
    let source = Arc::new(Source { name, text: made.text });
    made.objects.into_iter().map(move |object| Piece::of(object, Arc::clone(&source), NOWHERE))
}

fn kind_of(piece: &Piece) -> (String, String) {
    (piece.group().to_owned(), piece.text("/kind").to_owned())
}

/// Argo CD has an object without a namespace go into that of the release, if its kind has namespaces, and asks the cluster for
/// that. Where nobody can be asked it is taken for one that has; a project lets no other through that it does not name.
fn place_in(namespace: &str, piece: &mut Piece) {
    let is_known = known_kind(piece.group(), piece.text("/kind")).is_some();
    if !is_known && str_at(&piece.object, "/metadata/namespace").is_empty() && piece.object["metadata"].is_object() {
        piece.object["metadata"]["namespace"] = namespace.into();
    }
}
