//! What the program would do: read off the plan that it has saved, so that it is just that which is done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use tempfile::{NamedTempFile, TempPath};
use zeroize::Zeroizing;

use super::workplace::OpenTofu;
use crate::report::{Console, Failure, Outcome, Table};

/// How long another run is waited for that holds the lock of the state. That of a file goes with the process that holds it; that of
/// a server outlives a kill, and then only a person can take it away.
const LOCK_WAIT: Duration = Duration::from_secs(60);
/// What is told of a longer plan: the rest is counted.
const MOST_ROWS: usize = 100;

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// What the module says.
    Apply,
    /// Nothing: all that the state holds is destroyed.
    Destroy,
}

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed where it is.
    Update,
    /// It is destroyed, or let go of, and made anew.
    Replace,
    /// It is destroyed.
    Delete,
    /// It is left where it is, and not managed any more.
    Forget,
    /// What is there already is managed from now on.
    Import,
    /// It is called by another address.
    Move,
}

impl Action {
    /// The word for it in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "change",
            Self::Replace => "replace",
            Self::Delete => "destroy",
            Self::Forget => "forget",
            Self::Import => "import",
            Self::Move => "move",
        }
    }
}

/// What happens to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedChange {
    /// The resource.
    pub address: String,
    /// What is done with it.
    pub action: Action,
}

/// A plan that is saved, with all values, and gone when it is dropped.
#[derive(Debug)]
pub struct Plan {
    pub(super) file: TempPath,
    changes: Vec<PlannedChange>,
    is_empty: bool,
}

impl Plan {
    /// Whether there is nothing to do, not even with outputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// What happens to resources, ordered by address.
    #[must_use]
    pub fn changes(&self) -> &[PlannedChange] {
        &self.changes
    }

    /// The resources that are destroyed for good.
    pub fn deletes(&self) -> impl Iterator<Item = &str> {
        self.with(Action::Delete)
    }

    /// The resources that are destroyed and made anew.
    pub fn replaces(&self) -> impl Iterator<Item = &str> {
        self.with(Action::Replace)
    }

    /// The resources with which this is done.
    pub fn with(&self, action: Action) -> impl Iterator<Item = &str> {
        self.changes.iter().filter(move |change| change.action == action).map(|change| change.address.as_str())
    }

    /// How many resources: `2 to create, 1 to replace`.
    #[must_use]
    pub fn counts(&self) -> String {
        let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
        for change in &self.changes {
            *counts.entry(change.action).or_default() += 1;
        }
        let texts: Vec<String> = counts.iter().map(|(action, count)| format!("{count} to {}", action.word())).collect();
        match texts.is_empty() {
            true if self.is_empty => "nothing to do".to_owned(),
            true => "only outputs change".to_owned(),
            false => texts.join(", "),
        }
    }

    /// Tells it to a person.
    pub fn tell(&self, console: &Console) {
        console.done("plan", self.counts());
        if self.changes.is_empty() {
            return;
        }
        let mut table = Table::new(["ACTION", "RESOURCE"]);
        for change in self.changes.iter().take(MOST_ROWS) {
            table.row([change.action.word(), &change.address]);
        }
        console.table(&table);
        if let Some(more @ 1..) = self.changes.len().checked_sub(MOST_ROWS) {
            console.say(format!("  and {more} more"));
        }
    }
}

impl OpenTofu<'_> {
    /// Finds out what is to be done; nothing is changed.
    pub async fn plan(&self, goal: Goal) -> Outcome<Plan> {
        let file = NamedTempFile::new_in(self.folder.path()).map(NamedTempFile::into_temp_path).map_err(|error| {
            Failure::failed(format!("cannot save a plan: {error}")).hint("TMPDIR names a folder with room")
        })?;
        let destroy = (goal == Goal::Destroy).then(|| "-destroy".to_owned());
        let own = ["-detailed-exitcode".to_owned(), format!("-out={}", file.display())];
        let said = self.run("plan", self.common_arguments().chain(own).chain(destroy)).await?.outcome()?;
        let saved = self.read_plan(&file).await?;
        self.check_variables(&saved)?;
        Ok(Plan { file, changes: changes(saved.resource_changes)?, is_empty: said.code == Some(0) })
    }

    /// What a plan and its apply are both given.
    pub(super) fn common_arguments(&self) -> impl Iterator<Item = String> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // It is to say itself who holds the lock, before the deadline.
        let wait = LOCK_WAIT.min(left / 2).as_secs();
        let always = [format!("-lock-timeout={wait}s"), format!("-var-file={}", self.values().display())];
        always.into_iter().chain(self.state_argument())
    }

    async fn read_plan(&self, file: &TempPath) -> Outcome<Saved> {
        let name = file.display().to_string();
        let ended = self.ask(["show", "-json", "-no-color", &name]).await?;
        let text = Zeroizing::new(ended.stdout);
        serde_json::from_slice(&text).ok().filter(|_| ended.status.success()).ok_or_else(|| {
            Failure::failed("OpenTofu cannot show the plan that it has saved")
                .details(ended.stderr.lines())
                .hint("nothing was changed")
        })
    }

    /// A value that no variable takes would do nothing, and a secret in one that is not `sensitive` would be shown by whoever
    /// shows a plan or an output.
    fn check_variables(&self, saved: &Saved) -> Outcome<()> {
        let declared = &saved.configuration.root_module.variables;
        let given = self.setup.variables.keys().chain(self.setup.secrets.keys());
        let unknown: Vec<&String> = given.filter(|name| !declared.contains_key(*name)).collect();
        if let Some(name) = unknown.first() {
            let names = declared.keys().cloned().collect::<Vec<_>>().join(", ");
            let has = if names.is_empty() { "it declares none".to_owned() } else { format!("it declares {names}") };
            return Err(
                Failure::usage(format!("the module declares no variable `{name}`; nothing was changed")).hint(has)
            );
        }
        let bare = self.setup.secrets.keys().find(|name| !declared.get(*name).is_some_and(|it| it.sensitive));
        bare.map_or(Ok(()), |name| {
            Err(Failure::usage(format!(
                "the module does not declare the variable `{name}`, which is given a secret, as sensitive; nothing was changed"
            ))
            .hint(format!("write `sensitive = true` into its block `variable \"{name}\"`")))
        })
    }
}

#[derive(Deserialize)]
struct Saved {
    #[serde(default)]
    resource_changes: Vec<ResourceChange>,
    #[serde(default)]
    configuration: Configuration,
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    root_module: Root,
}

#[derive(Default, Deserialize)]
struct Root {
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct ResourceChange {
    address: String,
    previous_address: Option<String>,
    change: Actions,
}

#[derive(Deserialize)]
struct Actions {
    actions: Vec<String>,
    importing: Option<Value>,
}

fn changes(all: Vec<ResourceChange>) -> Outcome<Vec<PlannedChange>> {
    let mut changes = Vec::new();
    for resource in all {
        let words: Vec<&str> = resource.change.actions.iter().map(String::as_str).collect();
        let action = match words[..] {
            ["no-op"] if resource.change.importing.is_some() => Action::Import,
            ["no-op"] if resource.previous_address.is_some() => Action::Move,
            ["no-op" | "read"] => continue,
            ["create"] => Action::Create,
            ["update"] => Action::Update,
            ["delete"] => Action::Delete,
            ["forget"] => Action::Forget,
            ["delete" | "forget", "create"] | ["create", "delete" | "forget"] => Action::Replace,
            _ => {
                let what = format!("OpenTofu plans for {} what is not known here: {words:?}", resource.address);
                return Err(
                    Failure::failed(what).hint("nothing was changed; take a version of OpenTofu that this one knows")
                );
            }
        };
        changes.push(PlannedChange { address: resource.address, action });
    }
    changes.sort_by(|one, other| one.address.cmp(&other.address));
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Outcome<Vec<PlannedChange>> {
        changes(serde_json::from_value(value).expect("the shape of a plan"))
    }

    #[test]
    fn each_action_has_its_word() {
        let found = read(json!([
            {"address": "a", "change": {"actions": ["no-op"]}},
            {"address": "b", "change": {"actions": ["read"]}},
            {"address": "h", "change": {"actions": ["create", "delete"]}},
            {"address": "g", "change": {"actions": ["delete", "create"]}},
            {"address": "i", "change": {"actions": ["forget", "create"]}},
            {"address": "c", "change": {"actions": ["no-op"], "importing": {"id": "x"}}},
            {"address": "d", "change": {"actions": ["no-op"]}, "previous_address": "z"},
            {"address": "e", "change": {"actions": ["delete"]}},
        ]));
        let found: Vec<String> =
            found.expect("known").iter().map(|it| format!("{} {}", it.action.word(), it.address)).collect();
        assert_eq!(found, ["import c", "move d", "destroy e", "replace g", "replace h", "replace i"]);
    }

    #[test]
    fn what_is_not_known_is_not_done() {
        let failure = read(json!([{"address": "a", "change": {"actions": ["burn"]}}])).expect_err("not known");
        assert_eq!(failure.message, "OpenTofu plans for a what is not known here: [\"burn\"]");
    }
}
