//! One thing that an upgrade means, and all of them.

use serde::Serialize;

use crate::report::Table;

/// What a finding is to an upgrade. The heaviest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Weight {
    /// The upgrade is refused.
    Stops,
    /// The upgrade is refused until stored objects are rewritten, which it does where the step says so.
    Migrates,
    /// What is done now cannot be taken back.
    NoWayBack,
    /// Somebody should know of it before.
    Warns,
    /// Pods are made anew.
    Restarts,
}

/// One thing that an upgrade means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is to the upgrade.
    pub weight: Weight,
    /// What sort of thing it is; never changes.
    pub code: &'static str,
    /// The object that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What was found.
    pub says: String,
    /// What can be done about it; empty where there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Where upstream says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A definition whose objects have to be rewritten, and the version that they are rewritten to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// The name of the CRD.
    pub definition: String,
    /// The version that it stores today, and that the new one has, too.
    pub to: String,
}

/// What an upgrade means to a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What was found, the heaviest first.
    pub findings: Vec<Finding>,
    /// The definitions whose objects are rewritten first where the step says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<Migration>,
    /// What was looked at by a program that stands in for Argo CD.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<String>,
    /// What was not looked at, and why. It is not well, it is unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_looked_at: Vec<String>,
}

impl Weight {
    /// As people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Migrates => "migrates",
            Self::NoWayBack => "no way back",
            Self::Warns => "warns",
            Self::Restarts => "restarts",
        }
    }
}

impl Finding {
    /// A finding without a remedy and a source.
    #[must_use]
    pub fn new(code: &'static str, weight: Weight, object: impl Into<String>, says: impl Into<String>) -> Self {
        let (object, says) = (Some(object.into()), says.into());
        Self { weight, code, object, says, remedy: String::new(), source: None }
    }

    /// The same with what can be done about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// The same with where upstream says so.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        let object = self.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
        let remedy = if self.remedy.is_empty() { String::new() } else { format!(" (remedy: {})", self.remedy) };
        let source = self.source.as_ref().map(|source| format!(" [{source}]")).unwrap_or_default();
        format!("{object}{}{remedy}{source}", self.says)
    }
}

impl Plan {
    /// The heaviest first, and nothing twice.
    pub fn settle(&mut self) {
        self.findings.sort();
        self.findings.dedup();
        self.migrations.sort();
        self.migrations.dedup();
        self.not_looked_at.sort();
        self.not_looked_at.dedup();
    }

    /// What another look has found besides.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.migrations.extend(other.migrations);
        self.looked_at.extend(other.looked_at);
        self.not_looked_at.extend(other.not_looked_at);
    }

    /// What was found of a weight.
    pub fn of(&self, weight: Weight) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |it| it.weight == weight)
    }

    /// What stands in the way: what stops, and what has to be rewritten first where the step does not say that it may be.
    #[must_use]
    pub fn in_the_way(&self, may_migrate: bool) -> Vec<&Finding> {
        let is_in_the_way = |it: &&Finding| match it.weight {
            Weight::Stops => true,
            Weight::Migrates => !may_migrate,
            Weight::NoWayBack | Weight::Warns | Weight::Restarts => false,
        };
        self.findings.iter().filter(is_in_the_way).collect()
    }

    /// What people read.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut table = Table::new(["UPGRADE", "WHAT", "FINDING"]);
        for it in &self.findings {
            table.row([it.weight.name(), it.object.as_deref().unwrap_or_default(), &it.says]);
            if !it.remedy.is_empty() {
                table.row(["", "", &format!("remedy: {}", it.remedy)]);
            }
            if let Some(source) = &it.source {
                table.row(["", "", &format!("source: {source}")]);
            }
        }
        let mut lines = if self.findings.is_empty() { Vec::new() } else { table.lines() };
        lines.extend(self.looked_at.iter().map(|it| format!("looked at: {it}")));
        lines.extend(self.not_looked_at.iter().map(|it| format!("not looked at: {it}")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_be_rewritten_is_in_the_way_until_the_step_says_that_it_may_be() {
        let finding = |weight| Finding::new("a", weight, "x", "y");
        let all = [Weight::Restarts, Weight::Warns, Weight::NoWayBack, Weight::Migrates, Weight::Stops];
        let mut plan = Plan { findings: all.map(finding).to_vec(), ..Plan::default() };
        plan.settle();
        assert!(plan.findings.iter().map(|it| it.weight).eq(all.into_iter().rev()), "the heaviest first");
        let count = |may_migrate| plan.in_the_way(may_migrate).len();
        assert_eq!((count(false), count(true)), (2, 1));
    }

    #[test]
    fn a_plan_is_lines_with_remedy_and_source_below() {
        let finding = Finding::new("a", Weight::Stops, "Widget w", "goes").remedy("keep it").source("upstream");
        let plan = Plan { findings: vec![finding], not_looked_at: vec!["a chart".to_owned()], ..Plan::default() };
        assert_eq!(
            plan.lines(),
            [
                "UPGRADE  WHAT      FINDING",
                "stops    Widget w  goes",
                "                   remedy: keep it",
                "                   source: upstream",
                "not looked at: a chart",
            ]
        );
        assert_eq!(Plan::default().lines(), [""; 0]);
    }
}
