//! A plan as markdown, for a pull request: one table that sums up, then a section for each weight.

use super::finding::{Finding, Plan, Weight};

/// The weights in the order of their sections, with their headings.
const SECTIONS: [(Weight, &str); 5] = [
    (Weight::Stops, "Stops the upgrade"),
    (Weight::Migrates, "Has to be rewritten first (`migrate: true`)"),
    (Weight::NoWayBack, "Cannot be taken back"),
    (Weight::Warns, "To know before"),
    (Weight::Restarts, "Restarts"),
];

impl Plan {
    /// As markdown, with headings of the third level. Everything that objects and servers say is escaped.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut lines = vec!["### Upgrade plan".to_owned(), String::new()];
        if self.findings.is_empty() {
            lines.push("Nothing was found that an upgrade would meet.".to_owned());
        } else {
            lines.extend(["| | findings |".to_owned(), "|---|---|".to_owned()]);
            let count = |(weight, heading): (Weight, &str)| match self.of(weight).count() {
                0 => None,
                count => Some(format!("| {heading} | {count} |")),
            };
            lines.extend(SECTIONS.into_iter().filter_map(count));
        }
        for (weight, heading) in SECTIONS {
            lines.extend(section(heading, self.of(weight).flat_map(item)));
        }
        let plain = |lines: &[String]| lines.iter().map(|it| format!("- {}", escaped(it))).collect::<Vec<_>>();
        lines.extend(section("Looked at besides", plain(&self.looked_at)));
        lines.extend(section("Not looked at", plain(&self.not_looked_at)));
        lines.join("\n") + "\n"
    }
}

/// A heading with what stands below it; nothing where nothing does.
fn section(heading: &str, below: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut below = below.into_iter().peekable();
    if below.peek().is_none() {
        return Vec::new();
    }
    [String::new(), format!("#### {heading}"), String::new()].into_iter().chain(below).collect()
}

fn item(finding: &Finding) -> Vec<String> {
    let object = finding.object.as_ref().map(|it| format!("**{}**: ", escaped(it))).unwrap_or_default();
    let mut lines = vec![format!("- {object}{} (`{}`)", escaped(&finding.says), finding.code)];
    if !finding.remedy.is_empty() {
        lines.push(format!("  - remedy: {}", escaped(&finding.remedy)));
    }
    lines.extend(finding.source.iter().map(|source| format!("  - source: {}", escaped(source))));
    lines
}

/// A text that markdown shows as it is, in one line: no mark-up, no HTML, nobody who is mentioned, no issue that is linked.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '@' => escaped += "&#64;",
            '#' => escaped += "&#35;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_table_and_a_section_for_each_weight() {
        let plan = Plan {
            findings: vec![
                Finding::new("a", Weight::Stops, "Widget w", "goes").remedy("keep it").source("docs"),
                Finding::new("b", Weight::Warns, "Widget v", "is old"),
            ],
            not_looked_at: vec!["chart x".to_owned()],
            ..Plan::default()
        };
        assert_eq!(
            plan.markdown(),
            "### Upgrade plan\n\n| | findings |\n|---|---|\n| Stops the upgrade | 1 |\n| To know before | 1 |\n\n#### Stops the \
             upgrade\n\n- **Widget w**: goes (`a`)\n  - remedy: keep it\n  - source: docs\n\n#### To know before\n\n- **Widget \
             v**: is old (`b`)\n\n#### Not looked at\n\n- chart x\n"
        );
    }

    #[test]
    fn what_others_say_is_no_markup() {
        assert_eq!(
            escaped("a|b `c` <img src=x> @you #1\n- *x* [l](u) &"),
            "a\\|b \\`c\\` &lt;img src=x&gt; &#64;you &#35;1 - \\*x\\* \\[l\\](u) &amp;"
        );
    }
}
