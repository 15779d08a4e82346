//! What stands on the hub's objects beside what git holds, without a look at git.

use std::time::Duration;

use crate::argocd::Application;
use crate::engine::{Cluster, ForeignField, foreign_fields, metadata_of, tell_foreign_fields};
use crate::report::Console;
use crate::words::argo;

/// How long the looks may take together: they are beside what was asked.
const PATIENCE: Duration = Duration::from_secs(10);

/// What others own, and where nobody could look.
#[derive(Default)]
pub struct Beside {
    /// Fields that others own and Argo CD has not applied from git.
    pub fields: Vec<ForeignField>,
    /// Objects that could not be read.
    pub not_looked_at: Vec<String>,
}

impl Beside {
    /// Reads the metadata of every object that `root` and `argocd` list. Whoever asks how a hub is may not be permitted to
    /// read them all, and gets the answer nevertheless.
    pub async fn of(cluster: &Cluster, applications: &[Application]) -> Self {
        let cluster = &cluster.patient_for(PATIENCE);
        let of_hub = applications.iter().filter(|it| argo::holds_itself(it.name()));
        // What root brings bears no such label.
        let part_of = |it: &Application| Some(argo::PART_OF.1).filter(|_| it.name() == argo::ARGOCD);
        let objects = of_hub.flat_map(|it| it.resources().map(move |name| (name, part_of(it))));
        let mut found = Self::default();
        for (name, live) in metadata_of(cluster, objects).await {
            match live {
                Ok(live) => found.fields.extend(live.iter().flat_map(|live| foreign_fields(&name, live))),
                Err(_) => found.not_looked_at.push(name.to_string()),
            }
        }
        found
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        tell_foreign_fields(&self.fields, console);
        if let Some(first) = self.not_looked_at.first() {
            let count = self.not_looked_at.len();
            let objects = if count == 1 { first.clone() } else { format!("{first} and {} more", count - 1) };
            console.say(format!("not looked at, since it could not be read: {objects}"));
        }
    }
}
