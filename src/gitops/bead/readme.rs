//! The beads in the README of a hub repository.

use super::installed::Beads;

/// A table of the beads, and how they hang on each other.
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
        lines.push(format!("  root --> bead{index}[\"bead-{name}\"]"));
        let needed = it.bead.spec.depends_on.iter().filter_map(|dependency| number(&dependency.bead));
        lines.extend(needed.map(|other| format!("  bead{index} -. needs .-> bead{other}")));
    }
    lines.push("```".to_owned());
    lines.join("\n") + "\n"
}
