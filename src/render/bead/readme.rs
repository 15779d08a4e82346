//! The beads in the README of a hub repository.

use crate::document::SpokesPart;
use crate::hub_repository::bead::Beads;
use crate::words::bead;

/// A table of the beads, how they hang on each other, and which of them come to spokes.
pub fn section(beads: &Beads) -> String {
    let mut lines = vec![
        "## Beads".to_owned(),
        String::new(),
        "| bead | version | parts | what it is for |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for (name, it) in beads {
        let spec = &it.bead.spec;
        let description = spec.description.as_deref().unwrap_or_default().replace('|', "\\|").replace('\n', " ");
        lines.push(format!("| {name} | {} | {} | {description} |", spec.version, it.parts.join(", ")));
    }
    lines.extend([String::new(), "```mermaid".to_owned(), "graph LR".to_owned()]);
    let number = |name: &str| beads.keys().position(|other| other == name);
    for (index, (name, it)) in beads.iter().enumerate() {
        lines.push(format!("  root --> bead{index}[\"{}\"]", bead::parent(name)));
        let needed = it.bead.spec.depends_on.iter().filter_map(|dependency| number(&dependency.bead));
        lines.extend(needed.map(|other| format!("  bead{index} -. needs .-> bead{other}")));
    }
    lines.push("```".to_owned());
    lines.extend(on_spokes(beads));
    lines.join("\n") + "\n"
}

/// A table of the beads that come to spokes, where there are any.
fn on_spokes(beads: &Beads) -> Vec<String> {
    let rows: Vec<String> = beads
        .iter()
        .filter_map(|(name, it)| it.bead.spec.spokes.as_ref().map(|part| (name, part)))
        .map(|(name, part)| format!("| {name} | {} | {} |", chosen(part), waves(part)))
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let head = ["", "| bead on spokes | those with | in waves |", "|---|---|---|"].map(str::to_owned);
    head.into_iter().chain(rows).collect()
}

fn chosen(part: &SpokesPart) -> String {
    let labels: Vec<String> = part.labels.iter().map(|(key, value)| format!("`{key}={value}`")).collect();
    if labels.is_empty() { "every spoke".to_owned() } else { labels.join(", ") }
}

fn waves(part: &SpokesPart) -> String {
    part.waves.as_ref().map_or_else(String::new, |it| format!("by `{}`: {}, all others", it.label, it.order.join(", ")))
}
