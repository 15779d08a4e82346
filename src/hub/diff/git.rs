//! The files that a commit would change.

use super::changes::{Change, Counts, InGit, Sort};
use crate::engine::SecretValues;
use crate::files::{self, ChangeKind, Tree};
use crate::publish::Plan;
use crate::report::text_diff;
use crate::yaml;

/// What is shown of a file that cannot be shown.
const HIDDEN: &str = "(hidden: it may hold the values of a Secret)\n";

/// The changes of the plan, each with its lines. In a repository without the `lock` of an earlier render every file is
/// new, and their lines are only as interesting as the files.
pub fn changes(plan: &Plan, rendered: &Tree, branch: &str, lock: &str) -> InGit {
    let is_first = plan.before.get(lock).is_none();
    let lines = |path: &str, after: Option<&[u8]>| {
        if is_first { Vec::new() } else { file_diff(path, plan.before.get(path), after) }
    };
    let files: Vec<Change> = match &plan.merged {
        Ok(merged) => {
            let file = |change: &files::FileChange| {
                let (sort, after) = match change.kind {
                    ChangeKind::Add => (Sort::Add, merged.tree.get(&change.path)),
                    ChangeKind::Update => (Sort::Update, merged.tree.get(&change.path)),
                    ChangeKind::Remove => (Sort::Remove, None),
                };
                Change { text: lines(&change.path, after), ..Change::new(&change.path, sort) }
            };
            merged.changes.iter().map(file).collect()
        }
        Err(conflicts) => {
            let refused = |conflict: &files::Conflict| Change {
                why: Some(conflict.reason.to_owned()),
                text: file_diff(&conflict.path, plan.before.get(&conflict.path), rendered.get(&conflict.path)),
                ..Change::new(&conflict.path, Sort::Refuse)
            };
            conflicts.iter().map(refused).collect()
        }
    };
    InGit { branch: branch.to_owned(), revision: plan.revision.clone(), counts: Counts::of(&files), files }
}

/// The lines that change in a file. Secrets are shown without their values, and not at all in a file that is no plain
/// YAML, such as a template of a chart.
fn file_diff(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Vec<String> {
    let text = |bytes: Option<&[u8]>| std::str::from_utf8(bytes.unwrap_or_default()).map(str::to_owned);
    let (Ok(before), Ok(after)) = (text(before), text(after)) else { return vec!["(not text)".to_owned()] };
    let speaks_of_secrets = |text: &str| text.lines().any(|line| line.contains("kind") && line.contains("Secret"));
    if !speaks_of_secrets(&before) && !speaks_of_secrets(&after) {
        return text_diff(&before, &after);
    }
    let mut values = SecretValues::default();
    let mut hide = |text: &str| {
        let Ok(mut objects) = yaml::manifests(path, text) else { return HIDDEN.to_owned() };
        if !objects.iter().any(SecretValues::are_in) {
            return text.to_owned();
        }
        for object in &mut objects {
            values.hide(object);
        }
        objects.iter().map(yaml::print).collect::<Vec<_>>().join("---\n")
    };
    let (before, after) = (hide(&before), hide(&after));
    if before == after { vec![HIDDEN.trim_end().to_owned()] } else { text_diff(&before, &after) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> String {
        file_diff("f.yaml", Some(before.as_bytes()), Some(after.as_bytes())).join("\n")
    }

    #[test]
    fn values_of_secrets_are_only_changed_or_the_same() {
        let secret = |password: &str| {
            format!("kind: Secret\nmetadata: {{name: s}}\nstringData:\n  user: kept-user\n  password: {password}\n")
        };
        let shown = diff(&secret("old-one"), &secret("new-one"));
        assert!(!["kept-user", "old-one", "new-one"].iter().any(|value| shown.contains(value)), "{shown}");
        assert!(shown.contains("-  password: (hidden value"), "{shown}");
        assert!(!shown.contains("-  user"), "{shown}");
    }

    #[test]
    fn what_cannot_be_read_as_yaml_is_hidden_when_it_speaks_of_secrets() {
        let template = |password: &str| format!("kind: Secret\ndata:\n  {{{{- if x }}}}\n  p: {password}\n");
        assert_eq!(diff(&template("old-one"), &template("new-one")), HIDDEN.trim_end());
        assert_eq!(diff("kind: ConfigMap\n{{- x }}\n", "kind: ConfigMap\n{{- y }}\n").matches("{{-").count(), 2);
    }

    #[test]
    fn a_reference_to_a_secret_hides_nothing() {
        let shown = diff("ref: {kind: Secret, name: a}\nx: 1\n", "ref: {kind: Secret, name: a}\nx: 2\n");
        assert!(shown.contains("+x: 2"), "{shown}");
    }
}
