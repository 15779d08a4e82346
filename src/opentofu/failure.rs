//! Why a call has not done its work, from what it has said.

use super::events::Diagnostic;
use super::run::Said;
use crate::process::Why;
use crate::report::{Exit, Failure, Outcome};

/// The exit code of a plan that has changes.
const CHANGES: i32 = 2;
/// What ends each operation when it is asked to end; it says nothing of why.
const HALTED: &str = "execution halted";

impl Said {
    /// Whether it has done its work, and may be gone on with: not after a signal, though it may have come to the end.
    pub(super) fn outcome(self) -> Outcome<Self> {
        let is_done = self.code == Some(0) || self.verb == "plan" && self.code == Some(CHANGES);
        match self.asked {
            _ if self.is_torn() => Err(self.killed()),
            Some(Why::Signal(number)) => Err(self.ended_early(Exit::Interrupted(number), "interrupted")),
            Some(Why::Deadline) if !is_done => Err(self.ended_early(Exit::Deadline, "the deadline has passed")),
            _ if is_done => Ok(self),
            Some(Why::Caller) => {
                Err(self.failed("it has written more than anybody can have meant, and was asked to end"))
            }
            _ => Err(self.refused()),
        }
    }

    /// Whether it was ended before it could write down what it had done.
    pub(super) fn is_torn(&self) -> bool {
        self.is_killed || self.code.is_none()
    }

    fn ended_early(&self, exit: Exit, why: &str) -> Failure {
        let ended = match self.verb {
            "apply" => "OpenTofu has ended by itself, and what it has made is in its state",
            _ => "OpenTofu has ended by itself, and nothing was changed",
        };
        let told = self.problems.iter().filter(|problem| problem.summary != HALTED);
        let hint = match exit {
            Exit::Deadline => "give the step a longer `timeout`; the same again goes on from there",
            _ => "run the same again: the work resumes",
        };
        Failure::new(exit, format!("{why}: {ended}")).details(told.flat_map(lines)).hint(hint)
    }

    fn killed(&self) -> Failure {
        let exit = match self.asked {
            Some(Why::Signal(number)) => Exit::Interrupted(number),
            _ if self.is_killed => Exit::Deadline,
            _ => Exit::Failed,
        };
        let how =
            if self.is_killed { "it has not ended long after it was asked, and was killed" } else { "it was killed" };
        self.failed(&format!("{how}, and what it was at may be missing in its state"))
            .with_exit(exit)
            .details(self.problems.iter().flat_map(lines))
            .details(self.under_way.clone())
            .hint("look whether that is there, and import it into the state or take it away before the next run")
    }

    fn refused(&self) -> Failure {
        let Some(first) = self.problems.first() else { return self.failed("it does not say why") };
        let has = |words: &str| first.summary.contains(words);
        if has("acquiring the state lock") && first.detail.contains("Lock Info:") {
            return self.locked(first);
        }
        if has("Saved plan is stale") {
            return self
                .failed("another run has changed the state since it was planned; nothing was done")
                .hint("run the same again: it plans anew");
        }
        let failure =
            self.failed(&title(first)).details(detail(first)).details(self.problems[1..].iter().flat_map(lines));
        match first {
            _ if has("Failed to resolve provider") || has("query available provider") => failure.hint(
                "where there is no network, the folder of providers has to hold it for this platform: `tofu providers mirror` \
                 fills one",
            ),
            _ if has("No value for required variable") => failure.hint("give the variable a value"),
            _ if self.verb == "apply" => {
                failure.hint("what was made is in the state: run the same again when the cause is gone, and it goes on from there")
            }
            _ => failure.hint("nothing was changed; run the same again when the cause is gone"),
        }
    }

    fn locked(&self, problem: &Diagnostic) -> Failure {
        let (who, created) = (field(&problem.detail, "Who"), field(&problem.detail, "Created"));
        let (id, operation) = (field(&problem.detail, "ID"), field(&problem.detail, "Operation"));
        self.failed(&format!("the state is locked by {who} since {created}"))
            .details([format!("{operation}, lock {id}")])
            .hint(format!(
                "wait until that run has ended; the lock of one that is gone is taken away by `tofu force-unlock {id}` in the module"
            ))
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::failed(format!("`tofu {}` has failed: {why}", self.verb)).details(self.stderr.lines())
    }
}

/// The lines that tell a problem.
fn lines(problem: &Diagnostic) -> impl Iterator<Item = String> {
    [title(problem)].into_iter().chain(detail(problem).map(|line| format!("  {line}")))
}

fn title(problem: &Diagnostic) -> String {
    problem.subject().map_or_else(|| problem.summary.clone(), |subject| format!("{subject}: {}", problem.summary))
}

fn detail(problem: &Diagnostic) -> impl Iterator<Item = String> {
    problem.detail.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned)
}

/// A field of what the holder of a lock has left, such as `Who:       root@host`.
fn field<'a>(detail: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.trim().strip_prefix(name)?.strip_prefix(':');
    detail.lines().find_map(value).map_or("somebody", str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opentofu::events::{Event, read};

    fn said(verb: &'static str, code: i32, diagnostics: &[&str]) -> Said {
        let problem = |text: &&str| match read(format!(r#"{{"type":"diagnostic","diagnostic":{text}}}"#).as_bytes()) {
            Some(Event::Problem(problem)) => problem,
            other => panic!("{other:?}"),
        };
        Said {
            verb,
            code: Some(code),
            problems: diagnostics.iter().map(problem).collect(),
            counts: super::super::events::Counts::default(),
            stderr: String::new(),
            asked: None,
            is_killed: false,
            under_way: Vec::new(),
        }
    }

    #[test]
    fn two_is_an_answer_of_a_plan_alone() {
        said("plan", 2, &[]).outcome().expect("has changes");
        let failure = said("apply", 2, &[]).outcome().expect_err("failed");
        assert_eq!(failure.message, "`tofu apply` has failed: it does not say why");
    }

    #[test]
    fn the_holder_of_a_lock_is_named() {
        let detail = r#"{"severity":"error","summary":"Error acquiring the state lock","detail":"Error message: resource temporarily unavailable\nLock Info:\n  ID:        0e9f\n  Path:      s\n  Operation: OperationTypeApply\n  Who:       ann@laptop\n  Version:   1.12.6\n  Created:   2026-01-02 03:04:05 +0000 UTC\n  Info:      \n"}"#;
        let failure = said("plan", 1, &[detail]).outcome().expect_err("locked");
        assert_eq!(
            failure.message,
            "`tofu plan` has failed: the state is locked by ann@laptop since 2026-01-02 03:04:05 +0000 UTC"
        );
        assert_eq!(failure.details, ["OperationTypeApply, lock 0e9f"]);
        assert!(failure.hint.is_some_and(|hint| hint.contains("`tofu force-unlock 0e9f`")));
    }

    #[test]
    fn what_may_be_missing_in_the_state_is_named() {
        let torn = || Said { code: None, under_way: vec!["creates a.b".to_owned()], ..said("apply", 1, &[]) };
        let overdue = Said { is_killed: true, asked: Some(Why::Deadline), ..torn() };
        for (said, exit) in [(torn(), 1), (overdue, 4)] {
            let failure = said.outcome().expect_err("killed");
            assert!(failure.message.ends_with("killed, and what it was at may be missing in its state"), "{failure}");
            assert_eq!((failure.exit.code(), failure.details), (exit, vec!["creates a.b".to_owned()]));
        }
        // It had told of an error of something else before.
        let heard = Said { code: None, ..said("apply", 1, &[r#"{"severity":"error","summary":"no quota"}"#]) };
        assert!(heard.is_torn());
        let failure = heard.outcome().expect_err("killed");
        assert!(failure.message.ends_with("killed, and what it was at may be missing in its state"), "{failure}");
        assert_eq!(failure.details, ["no quota"]);
    }

    #[test]
    fn a_signal_is_an_end_whatever_was_reached() {
        for code in [0, 1] {
            let mut said = said("apply", code, &[r#"{"severity":"error","summary":"execution halted"}"#]);
            said.asked = Some(Why::Signal(15));
            let failure = said.outcome().expect_err("interrupted");
            assert_eq!((failure.exit.code(), failure.details.len()), (143, 0));
        }
        let mut said = said("apply", 0, &[]);
        said.asked = Some(Why::Deadline);
        said.outcome().expect("done in the meantime");
    }
}
