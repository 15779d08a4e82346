//! How a bead is on its spokes, as its Applications say. No request goes to a spoke, so nothing here says that one answers.

use serde::Serialize;

use super::found::on_spokes;
use super::reach::Reach;
use crate::argocd::Application;
use crate::argocd::application::short;
use crate::document::Bead;
use crate::engine::{Cluster, Fault};
use crate::report::{Console, Table};
use crate::words::spoke;

/// How a bead is on all of its spokes.
#[derive(Debug, Default)]
pub struct Told {
    /// Each spoke that it comes to, or is on.
    pub rows: Vec<Row>,
    /// What people would not expect, a line each.
    pub remarks: Vec<String>,
    is_for_spokes: bool,
}

/// How it is on one spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The name of the spoke.
    pub name: String,
    /// Its wave; none where the bead does not come there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
    application: String,
    sync: String,
    health: String,
    revision: String,
    /// What is wrong; nothing where Argo CD knows of nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the spoke has answered a request; known by those alone who have sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<bool>,
}

impl Told {
    /// Reads the Secrets of the spokes, and the Applications on them.
    pub async fn of(bead: &Bead, cluster: &Cluster) -> Result<Self, Fault> {
        let name = &bead.metadata.name;
        let Some(reach) = Reach::of(bead, cluster).await? else {
            let there = on_spokes(name, cluster).await?;
            let remarks = there
                .iter()
                .map(|it| format!("{} is on a spoke, and this version of bead {name} comes to none", it.name()));
            let remarks = remarks.collect();
            return Ok(Self {
                rows: there.iter().map(|it| Row::of(it, None)).collect(),
                remarks,
                is_for_spokes: false,
            });
        };
        let of = |spoke: &str| reach.there.iter().find(|it| it.name() == spoke::application(spoke, name).name);
        let mut rows: Vec<Row> = Vec::new();
        for spoke in &reach.chosen {
            let wave = Some(reach.wave_of(spoke).to_owned());
            rows.push(match of(&spoke.name) {
                Some(application) => Row::of(application, wave),
                None => Row::missing(&spoke.name, name, wave),
            });
        }
        rows.extend(reach.left().into_iter().filter_map(of).map(|it| Row::of(it, None)));
        Ok(Self { rows, remarks: reach.remarks(), is_for_spokes: true })
    }

    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        !self.is_for_spokes && self.rows.is_empty()
    }

    /// How many of them are not well.
    pub fn unwell(&self) -> usize {
        self.rows.iter().filter(|it| it.message.is_some()).count()
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        if !self.rows.is_empty() {
            console.table(&self.table());
        }
        for line in &self.remarks {
            console.say(format!("warning: {line}"));
        }
        if self.rows.iter().any(|it| it.answers.is_none()) {
            console.say("no spoke was asked: Argo CD calls what is on a cluster that died well for hours");
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["SPOKE", "WAVE", "SYNC", "HEALTH", "REVISION", "MESSAGE"]);
        for it in &self.rows {
            let (wave, why) = (it.wave.as_deref().unwrap_or("-"), it.message.as_deref().unwrap_or_default());
            table.row([it.name.as_str(), wave, &it.sync, &it.health, short(&it.revision), why]);
        }
        table
    }
}

impl Row {
    fn of(application: &Application, wave: Option<String>) -> Self {
        let revision = application.compared_revisions().first().copied().unwrap_or_default().to_owned();
        Self {
            name: spoke::of_application(application.name()).map_or("", |(spoke, _)| spoke).to_owned(),
            wave,
            application: application.name().to_owned(),
            sync: application.sync().to_owned(),
            health: application.health().to_owned(),
            message: application.blocked_at(&revision),
            revision,
            answers: None,
        }
    }

    fn missing(spoke: &str, bead: &str, wave: Option<String>) -> Self {
        let application = spoke::application(spoke, bead).name;
        let message = Some(format!("there is no Application {application}"));
        let none = String::new;
        Self {
            name: spoke.to_owned(),
            wave,
            application,
            sync: none(),
            health: none(),
            revision: none(),
            message,
            answers: None,
        }
    }
}
