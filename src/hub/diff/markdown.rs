//! A difference as markdown, for a pull request: one table that sums up, then a section for each place.

use super::changes::{Change, Changes, Counts, InGit, Sort};
use crate::upgrade::{Plan, escaped};

impl Changes {
    /// As markdown. Nothing of the text of files and objects is in it, only their names and what happens to them.
    #[must_use]
    pub fn markdown(&self) -> String {
        let on_cluster = self.cluster.as_ref().map(|it| (&it.counts, it.objects.as_slice()));
        let text = markdown(&self.git, on_cluster, self.upgrade.as_ref());
        let Some(cluster) = &self.cluster else { return text };
        let not_compared = cluster.not_compared.iter().map(|it| {
            let changes = if it.input_changes { "; what it is rendered from changes" } else { "" };
            format!("what Argo CD renders for {}{changes} (to see it: {})", it.application, it.how)
        });
        let lines: Vec<String> =
            not_compared.chain(cluster.not_looked_at.iter().cloned()).map(|it| format!("- {}", escaped(&it))).collect();
        text + &section("Not compared", &lines)
    }
}

/// The same of what is known: files, objects, and what an upgrade means.
#[must_use]
pub fn markdown(git: &InGit, cluster: Option<(&Counts, &[Change])>, upgrade: Option<&Plan>) -> String {
    let on_cluster = cluster.map_or_else(|| "| cluster | not compared | | | |".to_owned(), |it| row("cluster", it.0));
    let mut text = format!(
        "## Difference on branch {}\n\n| | add | change | remove | refuse |\n|---|---|---|---|---|\n{}\n{on_cluster}\n",
        escaped(&git.branch),
        row("git", &git.counts)
    );
    if let Some(plan) = upgrade {
        let in_the_way = plan.in_the_way(false).len();
        let verdict =
            if in_the_way == 0 { "**nothing stops it**".to_owned() } else { format!("**{in_the_way} in the way**") };
        let count = plan.findings.len();
        text = format!("{text}\nThe upgrade: {verdict}, {count} findings in all.\n\n{}", plan.markdown());
    }
    let objects = cluster.map(|it| it.1).unwrap_or_default();
    text + &section("Files", &lines(&git.files)) + &section("Objects", &lines(objects))
}

pub(super) fn row(place: &str, counts: &Counts) -> String {
    let Counts { add, update, remove, refuse } = counts;
    format!("| {place} | {add} | {update} | {remove} | {refuse} |")
}

pub(super) fn section(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!("\n### {heading}\n\n{}\n", lines.join("\n")) }
}

pub(super) fn lines(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        let sort = match change.sort {
            Sort::Add => "add",
            Sort::Update => "change",
            Sort::Remove => "remove",
            Sort::Refuse => "refuse",
        };
        let why = change.why.as_ref().map(|why| format!(": {}", escaped(why))).unwrap_or_default();
        let fields = match change.fields.len() {
            0 => String::new(),
            count => format!(" ({count} fields)"),
        };
        format!("- {sort} {}{fields}{why}", escaped(&change.what))
    };
    changes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upgrade::{Finding, Weight};

    #[test]
    fn a_difference_is_a_table_and_sections_without_any_text_of_files() {
        let change = Change { text: vec!["+secret".to_owned()], ..Change::new("root/apps/a_b.yaml", Sort::Update) };
        let refused = Change { why: Some("was | edited".to_owned()), ..Change::new("x", Sort::Refuse) };
        let files = vec![change, refused];
        let git = InGit { branch: "main".to_owned(), revision: None, counts: Counts::of(&files), files };
        let finding = Finding::new("a", Weight::Stops, "Widget w", "goes");
        let plan = Plan { findings: vec![finding], ..Plan::default() };
        let text = markdown(&git, None, Some(&plan));
        assert!(text.contains("| git | 0 | 1 | 0 | 1 |\n| cluster | not compared | | | |\n"), "{text}");
        assert!(text.contains("**1 in the way**") && text.contains("### Upgrade plan"), "{text}");
        assert!(text.contains("- change root/apps/a\\_b.yaml\n- refuse x: was \\| edited\n"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
