//! The step alone: the name of its action, its shape, its timeout.

use super::bundle::StepAt;
use super::finding::Finding;
use super::rule::{BROKEN_STEP, DOTTED_ACTION, NO_TIMEOUT, RESERVED_ACTION};
use crate::document::STEP_PATIENCE;
use crate::porter::{CORE_ACTIONS, MIXIN, RESERVED_ACTIONS};
use crate::report::Diagnostic;

/// Actions whose steps Porter never runs. Said once an action, at its first step.
pub(super) fn action_name(first: &StepAt<'_>) -> Option<Finding> {
    let action = first.action;
    if CORE_ACTIONS.contains(&action) {
        return None;
    }
    let (rule, message) = if RESERVED_ACTIONS.contains(&action) {
        let message = format!(
            "Porter runs `{MIXIN} {action}` instead of the steps of `{action}`, which does nothing. Rename the action."
        );
        (RESERVED_ACTION, message)
    } else if action.contains('.') {
        let message = format!(
            "Porter looks up the steps of `{action}` by a path in which the dot separates keys, and finds none. Use a \
             name without dots, such as `status`."
        );
        (DOTTED_ACTION, message)
    } else {
        return None;
    };
    Some(Finding { location: None, ..first.finding(rule, "", message) })
}

/// The mistakes of shape, but for those at the paths of written secrets, of which more is said.
pub(super) fn broken(at: &StepAt<'_>, secrets: &[String]) -> Vec<Finding> {
    let is_told = |mistake: &Diagnostic| {
        let path = mistake.path.as_str();
        let is_deep = path.matches('.').count() >= 2;
        is_deep
            && secrets.iter().any(|secret| {
                secret.strip_prefix(path).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            })
    };
    let mistakes = at.step.mistakes.iter().filter(|mistake| !is_told(mistake));
    mistakes.map(|mistake| at.located(BROKEN_STEP, &mistake.path, mistake.clone())).collect()
}

/// A step that does not say how long it may take.
pub(super) fn no_timeout(at: &StepAt<'_>) -> Option<Finding> {
    let has_one = at.at("/timeout").is_some();
    (at.step.value.is_object() && !has_one).then(|| {
        let minutes = STEP_PATIENCE.as_secs() / 60;
        at.finding(NO_TIMEOUT, "timeout", format!("the step has no `timeout`, so it may take {minutes} minutes"))
            .hint("say how long it may take: `timeout: 15m`")
    })
}
