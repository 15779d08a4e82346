//! The lines that beads add to files of the hub: health checks in `argocd-cm`, a section of the README, and their kinds in
//! the project of claims.
//!
//! They stand between two marks, so that they can be taken out of a text byte by byte. The hub's own render, its lock
//! and its merge know nothing of them: the lines are taken out before, and put in again after.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::claim_kinds::{ClaimKind, claim_kinds};
use super::{health, readme};
use crate::document::{wrong_group, wrong_kind};
use crate::files::{ChangeKind, FileChange, Merged, Snapshot};
use crate::hub_repository::bead::{Beads, installed};
use crate::hub_repository::layout::{ARGOCD_CM, CLAIMS_PROJECT, README};
use crate::object::items;
use crate::render::claims::{NOTHING, nothing};
use crate::report::{Failure, Outcome};
use crate::yaml;

/// The files.
pub const FILES: [&str; 3] = [ARGOCD_CM, CLAIMS_PROJECT, README];

/// Where our lines begin; the rest of the mark is for people.
const BEGIN: &str = "beads begin";
const END: &str = "beads end";
const FOR_PEOPLE: &str = "written from beads/*/bead.yaml; edits between these two lines are lost";
/// The kinds with a namespace that a project allows.
const WHITELIST: &str = "namespaceResourceWhitelist";
/// The heading of the README before which the beads stand.
const HEADING: &str = "## How it is changed";

/// The repository without the lines of beads.
pub fn without_overlay(there: &Snapshot) -> Snapshot {
    let mut without_overlay = there.clone();
    for file in FILES {
        if let Some(Some(bytes)) = without_overlay.get_mut(file) {
            bytes.bytes = without_lines(bytes).into_owned().into();
        }
    }
    without_overlay
}

/// Puts the lines of the beads in these files into what a merge leaves, and says what that changes in the repository.
pub fn add_overlay(merged: &mut Merged, there: &Snapshot, files: &Snapshot) -> Outcome<()> {
    let beads = installed(files)?;
    for file in FILES {
        let before = there.get(file).and_then(Option::as_deref);
        let goes = merged.changes.iter().any(|it| it.path == file && it.kind == ChangeKind::Remove);
        let without_overlay = match (merged.tree.get(file), before) {
            (Some(ours), _) => without_lines(ours).into_owned(),
            (None, Some(theirs)) if !goes => without_lines(theirs).into_owned(),
            (None, _) => continue, // removed by people, or by the merge
        };
        let text = std::str::from_utf8(&without_overlay)
            .map_err(|_| Failure::failed(format!("{file} is not text in UTF-8")))?;
        let covered = match file {
            README => with_section(text, &beads),
            CLAIMS_PROJECT => with_kinds(text, &claim_kinds(files)?)?,
            _ => with_checks(text, &beads)?,
        };
        merged.changes.retain(|change| change.path != file);
        if before != Some(covered.as_bytes()) {
            let kind = if there.contains_key(file) { ChangeKind::Update } else { ChangeKind::Add };
            merged.changes.push(FileChange { kind, path: file.to_owned() });
        }
        if let (None, Some(Some(theirs))) = (merged.tree.get(file), there.get(file)) {
            merged.tree.replace(file, theirs.clone());
        }
        merged.tree.rewrite(file, covered.into_bytes());
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
    let no_data = || {
        Failure::failed(format!("{ARGOCD_CM} of the hub repository has no line `data:` to put health checks behind"))
            .hint("write its `data` as a block, one setting a line")
    };
    let covered = with_block(text, "data:", &yaml::print(&checks)).ok_or_else(no_data)?;
    let after = data(&covered)?;
    let holds = checks.iter().all(|(key, check)| after.get(key).and_then(Value::as_str) == Some(check));
    if holds && after.len() == before.len() + checks.len() { Ok(covered) } else { Err(no_data()) }
}

/// The project of claims with the kinds that beads offer. The list is never left empty.
fn with_kinds(text: &str, kinds: &[ClaimKind]) -> Outcome<String> {
    let allowed = |text: &str| -> Outcome<Vec<Value>> {
        let project = yaml::manifests(CLAIMS_PROJECT, text)?.into_iter().next().unwrap_or_default();
        Ok(items(&project, &format!("/spec/{WHITELIST}")).cloned().collect())
    };
    let before = allowed(text)?;
    if !before.contains(&nothing()) {
        return Err(Failure::failed(format!(
            "`{WHITELIST}` in {CLAIMS_PROJECT} of the hub repository has no entry {NOTHING}/None: without beads the list would \
             be empty, and Argo CD takes that for every kind"
        ))
        .hint(format!("put `- {{group: {NOTHING}, kind: None}}` back into the list")));
    }
    for ClaimKind { group, kind, bead, .. } in kinds {
        if let Some(message) = wrong_group(group).or_else(|| wrong_kind(kind)) {
            return Err(Failure::usage(format!("claims cannot be what bead {bead} calls its own: {message}"))
                .hint("correct `crossplane.apis` of the bead"));
        }
    }
    if kinds.is_empty() {
        return Ok(text.to_owned());
    }
    let no_list = || {
        Failure::failed(format!(
            "{CLAIMS_PROJECT} of the hub repository has no line `{WHITELIST}:` to put the kinds of beads behind"
        ))
        .hint("restore the file as it was rendered (git log has it), and leave that list a block")
    };
    let list: Vec<Value> = kinds.iter().map(|it| json!({"group": it.group, "kind": it.kind})).collect();
    let covered = with_block(text, &format!("{WHITELIST}:"), &yaml::print(&list)).ok_or_else(no_list)?;
    if allowed(&covered)? == [list, before].concat() { Ok(covered) } else { Err(no_list()) }
}

/// The text with these lines between marks behind the line `opening`, as deep as what follows it. There may be no such line.
fn with_block(text: &str, opening: &str, lines: &str) -> Option<String> {
    let ends = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end, line))
    });
    let mut behind = ends.skip_while(|(_, line)| line.trim() != opening);
    let (at, _) = behind.next()?;
    let first = behind.map(|(_, line)| line).find(|line| !line.trim().is_empty()).unwrap_or("  ");
    let indent = &first[..first.len() - first.trim_start().len()];
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
    let lines: String = lines.lines().map(indented).collect();
    let block = format!("{indent}# {BEGIN}: {FOR_PEOPLE}\n{lines}{indent}# {END}\n");
    Some(format!("{}{block}{}", &text[..at], &text[at..]))
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
    use super::*;
    use crate::files::Tree;

    const CM: &str = "# of people\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\ndata:\n    # mine\n    \
                      a: b # too\n    resource.customizations.health.e.org_Z: return 1\n";
    const TEXT: &str = "# A hub\n\n## How it is changed\n\nBy commits.\n";

    const PROJECT: &str = "spec:\n  namespaceResourceWhitelist:\n  - group: none.backstack.dev\n    kind: None\n";

    /// The files of a bead.
    fn beads(name: &str, spec: &str) -> Snapshot {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: 0.1.0\n  \
             application: {{namespace: {name}, manifests: app}}\n  {spec}\n"
        );
        [(format!("beads/{name}/bead.yaml"), Some(text.into())), (format!("beads/{name}/apps/application.yaml"), None)]
            .into()
    }

    fn there(cm: &str) -> Snapshot {
        [(ARGOCD_CM, cm), (README, TEXT)].map(|(path, text)| (path.to_owned(), Some(text.into()))).into()
    }

    fn covered(there: &Snapshot, beads: &Snapshot) -> Outcome<Merged> {
        let mut merged = Merged { changes: Vec::new(), tree: Tree::default() };
        add_overlay(&mut merged, there, beads).map(|()| merged)
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

        let after: Snapshot = with.tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.clone()))).collect();
        assert_eq!(without_overlay(&after), before);
        assert_eq!(covered(&after, &all).expect("covered").changes, []);
        let without = covered(&after, &Snapshot::new()).expect("covered");
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

    #[test]
    fn kinds_come_and_go_and_one_that_nobody_has_stays() {
        let project = |text: &str| Snapshot::from([(CLAIMS_PROJECT.to_owned(), Some(text.into()))]);
        let beads = beads("x", "crossplane: {apis: [{group: e.org, kind: Shelf, plural: shelves}]}");
        let with = covered(&project(PROJECT), &beads).expect("covered");
        let text = with.tree.text(CLAIMS_PROJECT).expect("there");
        assert!(text.contains("  - group: e.org\n    kind: Shelf\n  # beads end\n  - group: none"), "{text}");
        assert_eq!(without_overlay(&project(text)), project(PROJECT));
        let without = covered(&project(text), &Snapshot::new()).expect("covered");
        assert_eq!((without.tree.text(CLAIMS_PROJECT), without.changes.len()), (Ok(PROJECT), 1));

        let flow = project("spec:\n  namespaceResourceWhitelist: [{group: none.backstack.dev, kind: None}]\n");
        let failure = covered(&flow, &beads).expect_err("no line");
        assert!(failure.message.contains("no line `namespaceResourceWhitelist:`"), "{failure}");
    }

    #[test]
    fn a_list_that_would_become_every_kind_is_refused() {
        let beads = beads("x", "crossplane: {apis: [{group: e.org, kind: Shelf, plural: shelves}]}");
        let aside = PROJECT.replace("  - group", "  # - group").replace("    kind", "  #   kind");
        let other = PROJECT.replace("group: none.backstack.dev", "group: ''  # not none.backstack.dev");
        for text in
            [&aside, &other, &format!("{aside}  # beads begin\n  - group: e.org\n    kind: Shelf\n  # beads end\n")]
        {
            let there = Snapshot::from([(CLAIMS_PROJECT.to_owned(), Some(text.as_str().into()))]);
            for beads in [&beads, &Snapshot::new()] {
                let failure = covered(&there, beads).expect_err("no entry");
                assert!(failure.message.contains("root/projects/claims.yaml") && failure.hint.is_some(), "{failure}");
            }
        }
    }

    #[test]
    fn a_pattern_is_not_written_into_the_list() {
        let there = Snapshot::from([(CLAIMS_PROJECT.to_owned(), Some(PROJECT.into()))]);
        for api in
            ["group: '*.*', kind: Shelf", "group: e.org, kind: '*'", "group: e.org, kind: Shelf, claimKind: 'B*'"]
        {
            let beads = beads("x", &format!("crossplane: {{apis: [{{{api}, plural: shelves}}]}}"));
            let failure = covered(&there, &beads).expect_err("a pattern");
            assert!(failure.message.contains("what bead x calls its own"), "{failure}");
        }
    }

    #[test]
    fn a_project_that_goes_does_not_come_back() {
        let there = Snapshot::from([(CLAIMS_PROJECT.to_owned(), Some(PROJECT.into()))]);
        let change = FileChange { kind: ChangeKind::Remove, path: CLAIMS_PROJECT.to_owned() };
        let mut merged = Merged { changes: vec![change.clone()], tree: Tree::default() };
        add_overlay(&mut merged, &there, &Snapshot::new()).expect("covered");
        assert_eq!((merged.changes, merged.tree.get(CLAIMS_PROJECT)), (vec![change], None));
    }

    #[test]
    fn the_readme_tells_which_beads_come_to_spokes() {
        let part = |more: &str| format!("spokes: {{application: {{namespace: web, manifests: spoke}}{more}}}");
        let section = |spec: &str| {
            let beads = installed(&beads("web", spec)).expect("a bead");
            readme::section(&beads)
        };
        assert!(!section("description: none").contains("spoke"));
        assert!(section(&part("")).ends_with("| web | every spoke |  |\n"));
        let chosen = part(", labels: {env: prod}, waves: {label: ring, order: [canary, early]}");
        assert!(section(&chosen).ends_with("| web | `env=prod` | by `ring`: canary, early, all others |\n"));
    }
}
