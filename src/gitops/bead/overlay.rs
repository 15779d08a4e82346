//! The lines that beads add to two files of the hub: health checks in `argocd-cm`, a section of the README.
//!
//! They stand between two marks, so that they can be taken out of a text byte by byte. The hub's own render, its lock
//! and its merge know nothing of them: the lines are taken out before, and put in again after.

use std::borrow::Cow;

use serde_json::Value;

use super::health;
use super::installed::Beads;
use super::readme;
use crate::gitops::layout::{ARGOCD_CM, README};
use crate::gitops::merge::{Change, ChangeKind, Merged, Snapshot};
use crate::report::{Failure, Outcome};
use crate::spec::yaml;

/// The two files.
pub const FILES: [&str; 2] = [ARGOCD_CM, README];

/// Where our lines begin; the rest of the mark is for people.
const BEGIN: &str = "beads begin";
const END: &str = "beads end";
const FOR_PEOPLE: &str = "written from beads/*/bead.yaml; edits between these two lines are lost";
/// The heading of the README before which the beads stand.
const HEADING: &str = "## How it is changed";

/// The repository without the lines of beads.
pub fn bare(there: &Snapshot) -> Snapshot {
    let mut bare = there.clone();
    for file in FILES {
        if let Some(Some(bytes)) = bare.get_mut(file) {
            *bytes = without_lines(bytes).into_owned();
        }
    }
    bare
}

/// Puts the lines of these beads into the files that a merge leaves, and says what that changes in the repository.
pub fn cover(merged: &mut Merged, there: &Snapshot, beads: &Beads) -> Outcome<()> {
    for file in FILES {
        let before = there.get(file).and_then(Option::as_deref);
        let bare = match (merged.tree.get(file), before) {
            (Some(ours), _) => without_lines(ours).into_owned(),
            (None, Some(theirs)) => without_lines(theirs).into_owned(),
            (None, None) => continue, // removed by people
        };
        let text = std::str::from_utf8(&bare).map_err(|_| Failure::failed(format!("{file} is not text in UTF-8")))?;
        let covered = if file == README { with_section(text, beads) } else { with_checks(text, beads)? };
        merged.changes.retain(|change| change.path != file);
        if before != Some(covered.as_bytes()) {
            let kind = if there.contains_key(file) { ChangeKind::Update } else { ChangeKind::Add };
            merged.changes.push(Change { kind, path: file.to_owned() });
        }
        merged.tree.replace(file, covered.into_bytes());
    }
    merged.changes.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(())
}

/// The bytes without what stands between the marks, marks included.
fn without_lines(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Cow::Borrowed(bytes) };
    let is_mark = |line: &str, word: &str| {
        let line = line.trim();
        ["# ", "<!-- "].iter().any(|opens| line.strip_prefix(opens).is_some_and(|rest| rest.starts_with(word)))
    };
    if !text.lines().any(|line| is_mark(line, BEGIN)) || !text.lines().any(|line| is_mark(line, END)) {
        return Cow::Borrowed(bytes);
    }
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        inside |= is_mark(line, BEGIN);
        if !inside {
            out.push_str(line);
        }
        inside &= !is_mark(line, END);
    }
    Cow::Owned(out.into_bytes())
}

/// `argocd-cm` with the health checks of the beads. A check that the hub has with the same text is not repeated.
fn with_checks(text: &str, beads: &Beads) -> Outcome<String> {
    let mut checks = health::of_beads(beads.values().map(|it| &it.bead))?;
    let before = data(text)?;
    for (key, own) in &before {
        match checks.get(key) {
            Some(check) if own.as_str() == Some(check) => _ = checks.remove(key),
            Some(_) => {
                return Err(Failure::usage(format!(
                    "a bead and the hub itself define `{key}` differently; nothing was changed"
                ))
                .hint("take it out of `health` of the bead, or out of `spec.argocd.config` of the hub"));
            }
            None => {}
        }
    }
    if checks.is_empty() {
        return Ok(text.to_owned());
    }
    let opening = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end, line))
    });
    let mut opening = opening.skip_while(|(_, line)| line.trim_end() != "data:");
    let no_data = || {
        Failure::failed(format!("{ARGOCD_CM} of the hub repository has no line `data:` to put health checks behind"))
            .hint("write its `data` as a block, one setting a line")
    };
    let (at, _) = opening.next().ok_or_else(no_data)?;
    let first = opening.map(|(_, line)| line).find(|line| !line.trim().is_empty()).unwrap_or("  ");
    let indent = &first[..first.len() - first.trim_start().len()];
    let printed = yaml::print(&checks);
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
    let lines: String = printed.lines().map(indented).collect();
    let block = format!("{indent}# {BEGIN}: {FOR_PEOPLE}\n{lines}{indent}# {END}\n");
    let covered = format!("{}{block}{}", &text[..at], &text[at..]);
    let after = data(&covered)?;
    let holds = checks.iter().all(|(key, check)| after.get(key).and_then(Value::as_str) == Some(check));
    if holds && after.len() == before.len() + checks.len() { Ok(covered) } else { Err(no_data()) }
}

fn data(text: &str) -> Outcome<serde_json::Map<String, Value>> {
    let object = yaml::manifests(ARGOCD_CM, text)?.into_iter().next().unwrap_or_default();
    Ok(object["data"].as_object().cloned().unwrap_or_default())
}

/// The README with a section about the beads.
fn with_section(text: &str, beads: &Beads) -> String {
    if beads.is_empty() {
        return text.to_owned();
    }
    let section = readme::section(beads);
    let block = format!("<!-- {BEGIN}: {FOR_PEOPLE} -->\n\n{section}\n<!-- {END} -->\n");
    let at = text.find(&format!("{HEADING}\n")).unwrap_or(text.len());
    let (before, after) = text.split_at(at);
    let newline = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{newline}{block}{after}")
}

#[cfg(test)]
mod tests {
    use super::super::installed::Installed;
    use super::*;
    use crate::gitops::tree::Tree;
    use crate::spec::read_bead;

    const CM: &str = "# of people\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\ndata:\n    # mine\n    \
                      a: b # too\n    resource.customizations.health.e.org_Z: return 1\n";
    const TEXT: &str = "# A hub\n\n## How it is changed\n\nBy commits.\n";

    fn beads(name: &str, spec: &str) -> Beads {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: 0.1.0\n  \
             application: {{namespace: {name}, manifests: app}}\n  {spec}\n"
        );
        let bead = read_bead("bead.yaml", &text).expect("a bead");
        Beads::from([(name.to_owned(), Installed { bead, parts: vec!["application".to_owned()] })])
    }

    fn there(cm: &str) -> Snapshot {
        [(ARGOCD_CM, cm), (README, TEXT)].map(|(path, text)| (path.to_owned(), Some(text.into()))).into()
    }

    fn covered(there: &Snapshot, beads: &Beads) -> Outcome<Merged> {
        let mut merged = Merged { changes: Vec::new(), tree: Tree::default() };
        cover(&mut merged, there, beads).map(|()| merged)
    }

    #[test]
    fn lines_come_and_go_and_leave_no_trace() {
        let before = there(CM);
        let all = beads("x", "health: {e.org_Y: \"if a then\\n\\n  return 2\\nend\", e.org_Z: return 1}");
        let with = covered(&before, &all).expect("covered");
        assert_eq!(with.changes.len(), 2);
        let text = with.tree.text(ARGOCD_CM).expect("there");
        assert!(text.starts_with("# of people\n") && text.contains("    a: b # too\n"), "{text}");
        let data = data(text).expect("YAML");
        assert_eq!(data["resource.customizations.health.e.org_Y"], "if a then\n\n  return 2\nend");
        assert!(with.tree.text(README).expect("there").contains("| x | 0.1.0 | application |"));

        let after: Snapshot = with.tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.to_owned()))).collect();
        assert_eq!(bare(&after), before);
        assert_eq!(covered(&after, &all).expect("covered").changes, []);
        let without = covered(&after, &Beads::new()).expect("covered");
        assert_eq!((without.tree.text(ARGOCD_CM), without.changes.len()), (Ok(CM), 2));
    }

    #[test]
    fn what_the_hub_says_otherwise_is_refused() {
        let failure = covered(&there(CM), &beads("x", "health: {e.org_Z: return 2}")).expect_err("two checks");
        assert!(failure.message.contains("health.e.org_Z` differently"), "{failure}");
        let flow = "kind: ConfigMap\ndata: {a: b}\n";
        let failure = covered(&there(flow), &beads("x", "health: {e.org_Y: return 2}")).expect_err("no line");
        assert!(failure.message.contains("no line `data:`"), "{failure}");
    }
}
