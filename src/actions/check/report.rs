//! What was found, a line an idea: what is well, what to know, what is in the way, what nobody has looked at.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::Fault;
use crate::report::{Console, Failure, Outcome};

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing is against it.
    Ok,
    /// An installation goes on; somebody should know.
    Warn,
    /// An installation would be refused, or would not come to its end.
    Fail,
    /// Nobody knows.
    NotLookedAt,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
            Self::NotLookedAt => "not looked at",
        })
    }
}

/// One thing that was looked at, or was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// What it is about.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// In a sentence.
    pub says: String,
    /// The objects, permissions or namespaces that it is about.
    pub details: Vec<String>,
    /// What to do.
    pub remedy: Option<String>,
}

impl Line {
    fn new(check: &'static str, verdict: Verdict, says: impl Into<String>) -> Self {
        Self { check, verdict, says: says.into(), details: Vec::new(), remedy: None }
    }

    /// Nothing is against it.
    pub fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, says)
    }

    /// Somebody should know.
    pub fn warn(check: &'static str, says: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warn, says)
    }

    /// It is in the way.
    pub fn fail(check: &'static str, says: impl Into<String>) -> Self {
        Self::new(check, Verdict::Fail, says)
    }

    /// Nobody has looked.
    pub fn unseen(check: &'static str, says: impl Into<String>) -> Self {
        Self::new(check, Verdict::NotLookedAt, says)
    }

    /// What an installation would be refused for.
    pub fn refused(check: &'static str, failure: Failure) -> Self {
        Self { details: failure.details, remedy: failure.hint, ..Self::fail(check, failure.message) }
    }

    /// The same with what it is about.
    pub fn about(self, details: impl IntoIterator<Item = String>) -> Self {
        Self { details: details.into_iter().collect(), ..self }
    }

    /// The same with what to do.
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// The lines of a look, or that nobody could look.
pub fn seen(check: &'static str, looked: Result<Vec<Line>, Fault>) -> Vec<Line> {
    looked.unwrap_or_else(|fault| vec![Line::unseen(check, fault.to_string())])
}

/// Whether a cluster may become a hub.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The UID of the cluster.
    pub cluster: String,
    /// Its address.
    pub server: String,
    /// The version of its Kubernetes.
    pub kubernetes: String,
    /// The version of Argo CD that would come.
    pub argocd: String,
    /// Whether nothing was found that is in the way.
    pub may_become_hub: bool,
    /// Everything that was looked at, and what was not.
    pub checks: Vec<Line>,
}

impl Report {
    /// How many things are of a verdict.
    fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|it| it.verdict == verdict).count()
    }

    /// The lines for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for it in &self.checks {
            lines.push(format!("{:<14} {:<12} {}", it.verdict, it.check, it.says));
            lines.extend(it.details.iter().map(|detail| format!("{:28}{detail}", "")));
            lines.extend(it.remedy.iter().map(|remedy| format!("{:28}remedy: {remedy}", "")));
        }
        lines
    }

    /// Tells it, and what is next.
    pub fn tell(&self, console: &Console) {
        for line in self.lines() {
            console.say(line);
        }
    }

    /// What is said at the end, in every form: a failure where something is in the way.
    pub fn demand(&self, console: &Console) -> Outcome<()> {
        let unseen = match self.count(Verdict::NotLookedAt) {
            0 => String::new(),
            1 => ", and one thing was not looked at".to_owned(),
            count => format!(", and {count} things were not looked at"),
        };
        match self.count(Verdict::Fail) {
            0 => {
                let warned = match self.count(Verdict::Warn) {
                    0 => "nothing found that is against it".to_owned(),
                    1 => "nothing found that is in the way, but one thing to know".to_owned(),
                    count => format!("nothing found that is in the way, but {count} things to know"),
                };
                console.done("check", format!("this cluster may become a hub: {warned}{unseen}"));
                Ok(())
            }
            count => {
                let things = if count == 1 { "one thing is".to_owned() } else { format!("{count} things are") };
                Err(Failure::refused(format!("this cluster may not become a hub: {things} in the way{unseen}"))
                    .hint("each FAIL has its remedy; then check again"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(checks: Vec<Line>) -> Report {
        let text = String::new;
        Report { cluster: text(), server: text(), kubernetes: text(), argocd: text(), may_become_hub: true, checks }
    }

    #[test]
    fn each_thing_has_a_line_and_below_it_what_it_is_about_and_what_to_do() {
        let lines = report(vec![
            Line::ok("nodes", "3 of 3 are ready (amd64)"),
            Line::fail("permissions", "1 is missing").about(["create secrets".to_owned()]).remedy("bind a role"),
            Line::unseen("git", "no repository was given"),
        ])
        .lines();
        assert_eq!(
            lines,
            [
                "ok             nodes        3 of 3 are ready (amd64)",
                "FAIL           permissions  1 is missing",
                "                            create secrets",
                "                            remedy: bind a role",
                "not looked at  git          no repository was given",
            ]
        );
    }

    #[test]
    fn one_thing_in_the_way_refuses_and_what_was_not_seen_is_said_at_the_end() {
        let console = Console::new(true);
        assert!(report(vec![Line::ok("a", ""), Line::warn("b", ""), Line::unseen("c", "")]).demand(&console).is_ok());
        let failure = report(vec![Line::fail("a", ""), Line::unseen("c", "")]).demand(&console).expect_err("refused");
        assert_eq!(failure.exit.code(), 3);
        assert_eq!(
            failure.message,
            "this cluster may not become a hub: one thing is in the way, and one thing was not looked at"
        );
    }
}
