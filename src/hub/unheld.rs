//! What the repository of a hub names and does not hold, and what of it is on a cluster: told before a hub comes from its
//! repository, and after.

use std::time::Duration;

use serde::Serialize;

use crate::claims::orders::{self, below};
use crate::engine::{Cluster, Deadline};
use crate::files::Snapshot;
use crate::git::{self, Access};
use crate::object::{ObjectRef, annotation, name};
use crate::publish::{self, Named, Ordered, Whole};
use crate::report::{Console, Failure, Outcome, Table, counted};
use crate::words::crossplane::EXTERNAL_NAME;

/// What git does not hold.
#[derive(Debug)]
pub struct Unheld {
    /// The Secrets that the files name, each with whether it was on the cluster.
    pub secrets: Vec<(Named, bool)>,
    /// What is ordered by files of the hub repository.
    pub ordered: Vec<Ordered>,
    /// What the claims repository orders.
    pub claims: Vec<Claimed>,
    /// What comes from repositories of people, which nobody looks into, a line each.
    pub elsewhere: Vec<String>,
    /// What could not be looked at, a line each.
    pub not_looked_at: Vec<String>,
}

/// A claim in the claims repository.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// The object.
    pub claim: String,
    /// Whether it says by which name the resource outside is known.
    pub external_name: bool,
}

impl Unheld {
    /// Looks through the files, and asks the cluster for the Secrets.
    pub async fn of(whole: &Whole, claims: Option<&Access>, patience: Duration, cluster: &Cluster) -> Outcome<Self> {
        let mut unheld = Self {
            secrets: Vec::new(),
            ordered: publish::ordered(&whole.files)?,
            claims: Vec::new(),
            elsewhere: elsewhere(whole),
            not_looked_at: Vec::new(),
        };
        for named in publish::secrets_named(&whole.files, &whole.hub)? {
            let there = is_there(&named, cluster).await?;
            unheld.secrets.push((named, there));
        }
        if let (Some(access), Some(of_hub)) = (claims, &whole.hub.spec.claims) {
            let deadline = cluster.deadline().at_most(patience);
            match read_claims(access, &of_hub.repository.path, deadline).await {
                Ok(found) => unheld.claims = found,
                Err(failure) => unheld.not_looked_at.push(format!("the claims in {access}: {}", failure.message)),
            }
        }
        Ok(unheld)
    }

    /// Says what will be missed.
    pub fn tell_before(&self, console: &Console) {
        let missing = self.secrets.iter().filter(|(_, there)| !there).count();
        console.done("not in git", format!("{} by name, missing: {missing}", counted(self.secrets.len(), "Secret")));
        let mut table = Table::new(["SECRET", "NAMED IN", ""]);
        for (named, there) in &self.secrets {
            table.row([title(named).as_str(), &named.by, if *there { "there" } else { "missing" }]);
        }
        console.table(&table);
        if missing > 0 {
            console.say("bring them first, where there is an export: backstack secrets import --identity FILE EXPORT");
        }
        for it in &self.ordered {
            console.say(format!("warning: {} in {} is ordered anew{}", it.object, it.by, under(it.external_name)));
        }
        for it in &self.claims {
            console.say(format!("  {} would be ordered anew{}", it.claim, under(it.external_name)));
        }
        for line in self.elsewhere.iter().chain(&self.not_looked_at) {
            console.say(format!("warning: not looked at: {line}"));
        }
        console.say(
            "in no file, and so not known here: Secrets of repositories and of spokes, what was ordered by hand, what is on volumes",
        );
    }

    /// Says what is missing at the end.
    pub async fn tell_after(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        let mut table = Table::new(["SECRET", "NAMED IN", ""]);
        let mut missing = 0;
        for (named, was_there) in &self.secrets {
            let there = is_there(named, cluster).await?;
            missing += usize::from(!there);
            let state = match (was_there, there) {
                (true, true) => "there",
                (false, true) => "made anew meanwhile, with other values than before",
                (_, false) => "missing",
            };
            table.row([title(named).as_str(), &named.by, state]);
        }
        console.done("not in git", format!("{} by name, missing: {missing}", counted(self.secrets.len(), "Secret")));
        console.table(&table);
        Ok(())
    }
}

/// Refuses a move while files of the repository order what no name outside is known of: made anew it would stand beside what the old hub
/// has made, and nothing holds it as the claims are held.
pub fn refuse_orders(ordered: &[Ordered]) -> Outcome<()> {
    let nameless = ordered.iter().filter(|it| !it.external_name);
    let lines: Vec<String> = nameless.map(|it| format!("{} in {}", it.object, it.by)).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{} orders in the repository would be made anew under new names outside; nothing was written",
        lines.len()
    ))
    .details(lines)
    .hint(format!(
        "give each the name of what exists by the annotation {EXTERNAL_NAME}, or take it out of git until the hub has moved"
    )))
}

fn elsewhere(whole: &Whole) -> Vec<String> {
    let own = whole.resolved().map_or("", |it| it.repository.as_str());
    publish::elsewhere(&whole.files, own, |path| whole.lock.files.contains_key(path))
}

fn under(external_name: bool) -> &'static str {
    if external_name { ", for a resource outside that it names" } else { ", under new names outside" }
}

fn title(named: &Named) -> String {
    format!("{}/{}", named.namespace, named.name)
}

async fn is_there(named: &Named, cluster: &Cluster) -> Outcome<bool> {
    let secret = ObjectRef::new("v1", "Secret", Some(&named.namespace), &named.name);
    Ok(cluster.metadata(&secret).await?.is_some())
}

/// What the files below a folder of the claims repository order.
async fn read_claims(access: &Access, folder: &str, deadline: Deadline) -> Outcome<Vec<Claimed>> {
    let root = below(folder, "");
    let files = git::read_branch(access, |path| path.starts_with(&root), deadline.end()).await?.unwrap_or_default();
    let inside: Snapshot = files
        .into_iter()
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&root)?.to_owned(), bytes)))
        .filter(|(_, bytes)| bytes.is_some())
        .collect();
    let claimed = |order: &orders::Order| Claimed {
        claim: ObjectRef::of(&order.object).to_string(),
        external_name: annotation(&order.object, EXTERNAL_NAME).is_some(),
    };
    let read = orders::Files::read(folder, &inside);
    Ok(read.orders.iter().filter(|it| !name(&it.object).is_empty()).map(claimed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_without_a_name_outside_keeps_a_hub_from_moving() {
        let order = |external_name: bool| {
            [Ordered { object: "Shop team/a".to_owned(), external_name, by: "beads/x/a.yaml".to_owned() }]
        };
        refuse_orders(&order(true)).expect("it is known again");
        let refused = refuse_orders(&order(false)).expect_err("it would be made twice");
        assert_eq!((refused.exit.code(), refused.details.len()), (3, 1), "{refused:?}");
    }
}
