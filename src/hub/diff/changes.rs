//! What `diff` found: for machines as JSON, without any text of a file or an object; for people with it.

use serde::Serialize;

use crate::engine::{ForeignField, count_foreign_fields, tell_foreign_fields};
use crate::report::Console;
use crate::upgrade::Plan;

/// What an installation would change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Whether there is any difference.
    pub differs: bool,
    /// In the hub repository.
    pub git: InGit,
    /// On the cluster; nothing is known of it when nothing can be committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<OnCluster>,
    /// What the commit would mean to a hub that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Plan>,
}

/// What a commit would change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InGit {
    /// The branch.
    pub branch: String,
    /// The commit that it is at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// How many changes there are of each sort.
    pub counts: Counts,
    /// The files.
    pub files: Vec<Change>,
}

/// What would change on the cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OnCluster {
    /// How many changes there are of each sort.
    pub counts: Counts,
    /// How many objects are as they would be.
    pub unchanged: usize,
    /// The objects.
    pub objects: Vec<Change>,
    /// Applications whose objects only Argo CD can render.
    pub not_compared: Vec<NotCompared>,
    /// Fields that others own and git does not hold. They are no difference: an installation leaves them alone.
    pub findings: Vec<ForeignField>,
    /// What may go besides, and was not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_looked_at: Vec<String>,
}

/// How many changes there are of each sort.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub(super) add: usize,
    pub(super) update: usize,
    pub(super) remove: usize,
    pub(super) refuse: usize,
}

/// One file or object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The path of a file; kind, namespace and name of an object.
    pub what: String,
    /// What happens to it.
    #[serde(rename = "change")]
    pub sort: Sort,
    /// Who changes it: `backstack` or `argocd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The fields of an object that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The lines that change, for people; secrets are hidden in it.
    #[serde(skip)]
    pub text: Vec<String>,
}

/// What happens to a file or an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Sort {
    /// It is not there yet.
    Add,
    /// It is there, and different.
    Update,
    /// It goes.
    Remove,
    /// It cannot be written.
    Refuse,
}

/// An Application whose objects only Argo CD can render.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotCompared {
    /// Its name.
    pub application: String,
    /// Whether the commit changes what it is rendered from.
    pub input_changes: bool,
    /// How to see the difference.
    pub how: String,
}

impl Counts {
    /// Counts the changes.
    #[must_use]
    pub fn of(changes: &[Change]) -> Self {
        let mut counts = Self::default();
        for change in changes {
            *match change.sort {
                Sort::Add => &mut counts.add,
                Sort::Update => &mut counts.update,
                Sort::Remove => &mut counts.remove,
                Sort::Refuse => &mut counts.refuse,
            } += 1;
        }
        counts
    }

    /// As people read it.
    pub(super) fn told(&self) -> String {
        let Self { add, update, remove, refuse } = self;
        if *self == Self::default() {
            return "no difference".to_owned();
        }
        let refused = if *refuse > 0 { format!(", {refuse} refused") } else { String::new() };
        format!("{add} to add, {update} to change, {remove} to remove{refused}")
    }
}

impl Changes {
    /// What was found in both places.
    #[must_use]
    pub fn of(git: InGit, cluster: Option<OnCluster>) -> Self {
        let differs = !git.files.is_empty() || cluster.as_ref().is_some_and(|it| !it.objects.is_empty());
        Self { differs, git, cluster, upgrade: None }
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        self.git.tell(console);
        let Some(cluster) = &self.cluster else {
            console.say("cluster    not compared: nothing can be committed before the files above are put right");
            return;
        };
        console.say(format!("cluster    {}, {} as they would be", cluster.counts.told(), cluster.unchanged));
        cluster.objects.iter().for_each(|change| change.tell(console));
        for it in &cluster.not_compared {
            let changes = if it.input_changes { "; what it is rendered from changes" } else { "" };
            console.say(format!(
                "  not compared: what Argo CD renders for {}{changes} (to see it: {})",
                it.application, it.how
            ));
        }
        tell_foreign_fields(&cluster.findings, console);
        cluster.not_looked_at.iter().for_each(|line| console.say(format!("  {line}")));
        if let Some(plan) = &self.upgrade {
            tell_plan(plan, console);
        }
        if !self.differs {
            console.say(format!("no difference: nothing would change{}", beside(&cluster.findings)));
        }
    }
}

/// What an upgrade means, as people read it.
pub fn tell_plan(plan: &Plan, console: &Console) {
    plan.lines().iter().for_each(|line| console.say(line));
}

/// What stays beside what git holds.
fn beside(findings: &[ForeignField]) -> String {
    let stay = if findings.len() == 1 { "stays" } else { "stay" };
    if findings.is_empty() { String::new() } else { format!("; {} {stay}", count_foreign_fields(findings)) }
}

impl InGit {
    /// What people read.
    pub fn tell(&self, console: &Console) {
        let at = self.revision.as_deref().unwrap_or("which is not there yet");
        console.say(format!("git        {}  (branch {}, {at})", self.counts.told(), self.branch));
        self.files.iter().for_each(|change| change.tell(console));
    }
}

impl Change {
    /// A change without particulars.
    #[must_use]
    pub fn new(what: &str, sort: Sort) -> Self {
        Self { what: what.to_owned(), sort, by: None, why: None, fields: Vec::new(), text: Vec::new() }
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        let mark = match self.sort {
            Sort::Add => '+',
            Sort::Update => '~',
            Sort::Remove => '-',
            Sort::Refuse => '!',
        };
        let by = self.by.map(|by| format!("  (by {by})")).unwrap_or_default();
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        console.say(format!("  {mark} {}{by}{why}", self.what));
        self.text.iter().for_each(|line| console.say(format!("      {line}")));
    }
}
