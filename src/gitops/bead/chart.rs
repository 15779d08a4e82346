//! The chart of a bead, as Helm renders it here. What it makes is held against the permissions of the bead; nothing of it
//! gets into git, where Argo CD renders it anew.

use std::sync::Arc;

use serde_json::Value;

use super::content::Piece;
use super::permissions::excess_of_chart;
use super::privileges::privileges;
use super::render::RenderedBead;
use crate::gitops::helm::HelmRelease;
use crate::gitops::layout::{BeadFile, RepoFile};
use crate::gitops::merge::Snapshot;
use crate::report::{Failure, Outcome, Place, Source};
use crate::spec::{Bead, yaml};

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
    pub fn see(&mut self, bead: &Bead, objects: Vec<Value>) -> Outcome<()> {
        let chart = std::mem::take(&mut self.unseen).join(", ");
        let source = Arc::new(Source { name: format!("chart {chart}"), text: String::new() });
        let piece = |object| Piece::of(object, Arc::clone(&source), NOWHERE);
        let pieces: Vec<Piece> = objects.into_iter().map(piece).collect();
        let wrong = excess_of_chart(bead, &pieces);
        if !wrong.is_empty() {
            return Err(Failure::document(&format!("the chart of bead {}", bead.metadata.name), wrong));
        }
        self.privileges = [privileges(bead, &self.content, &pieces), self.of_catalog.clone()].concat();
        Ok(())
    }
}
