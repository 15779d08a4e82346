//! Which spokes a bead comes to, and where it is, as the hub's Argo CD knows them now.

use super::found::on_spokes;
use crate::argocd::{Application, OnSpoke, Spoke, Spokes};
use crate::document::{Bead, REST, SpokesPart};
use crate::engine::{Cluster, Fault};
use crate::report::Console;
use crate::words::spoke::{self, Standing};

/// The spokes of a bead.
pub struct Reach<'b> {
    part: &'b SpokesPart,
    bead: &'b str,
    /// Those that it comes to.
    pub chosen: Vec<Spoke>,
    /// Its Applications on spokes.
    pub there: Vec<Application>,
    /// What of the hub's clusters is not as it has to be, a line each.
    doubts: Vec<String>,
}

/// Spokes that get a version at the same time.
pub struct Wave<'b> {
    /// Its name.
    pub name: &'b str,
    /// The Applications on them.
    pub to: Vec<OnSpoke>,
}

impl Wave<'_> {
    /// The only one of a bead that comes to no spokes.
    pub fn of_none() -> Self {
        Self { name: REST, to: Vec::new() }
    }
}

impl<'b> Reach<'b> {
    /// Looks for them; `None` for a bead that comes to no spokes.
    pub async fn of(bead: &'b Bead, cluster: &Cluster) -> Result<Option<Self>, Fault> {
        let Some(part) = &bead.spec.spokes else { return Ok(None) };
        let name = bead.metadata.name.as_str();
        let Spokes { all, broken } = Spokes::of(cluster).await?;
        let doubts = broken.iter().map(|it| format!("{}: {}", it.secret, it.why)).collect();
        let is_chosen = |it: &Spoke| it.standing == Standing::Ready && it.has(&part.labels);
        let chosen = all.into_iter().filter(is_chosen).collect();
        let there = on_spokes(name, cluster).await?;
        Ok(Some(Self { part, bead: name, chosen, there, doubts }))
    }

    /// The Applications on all that it comes to.
    pub fn to(&self) -> Vec<OnSpoke> {
        self.chosen.iter().map(|it| self.on(it)).collect()
    }

    /// The waves that have a spoke, in their order; the last one is always there, since it brings what is left.
    pub fn waves(&self) -> Vec<Wave<'_>> {
        let names: Vec<&str> = self.part.wave_names().collect();
        let wave = |name| Wave { name, to: self.in_wave(name).map(|it| self.on(it)).collect() };
        let last = names.len() - 1;
        let waves = names.into_iter().map(wave).enumerate();
        waves.filter(|(place, wave)| *place == last || !wave.to.is_empty()).map(|(_, wave)| wave).collect()
    }

    /// The wave of a spoke.
    pub fn wave_of(&self, spoke: &Spoke) -> &str {
        self.part.wave_of(&spoke.labels)
    }

    /// The names of the spokes that it comes to in a wave.
    fn in_wave(&self, wave: &str) -> impl Iterator<Item = &Spoke> {
        self.chosen.iter().filter(move |it| self.wave_of(it) == wave)
    }

    fn on(&self, spoke: &Spoke) -> OnSpoke {
        let (name, server) = (spoke.name.clone(), spoke.server.clone());
        OnSpoke { application: spoke::application(&name, self.bead), spoke: name, server }
    }

    /// The spokes that have it, and that it does not come to any more.
    pub fn left(&self) -> Vec<&str> {
        let is_chosen = |name: &str| self.chosen.iter().any(|it| it.name == name);
        let names = self.there.iter().filter_map(|it| spoke::of_application(it.name())).map(|(name, _)| name);
        names.filter(|name| !is_chosen(name)).collect()
    }

    /// The labels that it goes by, as people write them.
    pub fn wanted(&self) -> String {
        let labels = self.part.labels.iter().map(|(key, value)| format!("{key}: {value}"));
        let all: Vec<String> = labels.collect();
        if all.is_empty() { "of whatever labels".to_owned() } else { format!("with {}", all.join(", ")) }
    }

    /// Says what people would not expect.
    pub fn tell(&self, console: &Console) {
        for line in self.remarks() {
            console.say(format!("warning: {line}"));
        }
    }

    /// What people would not expect, a line each.
    pub fn remarks(&self) -> Vec<String> {
        let bead = self.bead;
        let mut lines: Vec<String> = Vec::new();
        if self.chosen.is_empty() {
            lines.push(format!("bead {bead} comes to no spoke: none is ready {}", self.wanted()));
        }
        lines.extend(self.left().into_iter().map(|spoke| {
            format!(
                "spoke {spoke} has bead {bead}, which would not come there now: its Application stays and follows git, until \
                 the spoke or the bead is taken out"
            )
        }));
        lines.extend(self.doubts.iter().map(|it| format!("{it}; Argo CD does not know this cluster")));
        lines
    }
}
