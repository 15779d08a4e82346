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
        let mut text = String::from("### Upgrade plan\n\n");
        if self.findings.is_empty() {
            text += "Nothing was found that an upgrade would meet.\n";
        } else {
            text += "| | findings |\n|---|---|\n";
            for (weight, heading) in SECTIONS {
                let count = self.of(weight).count();
                if count > 0 {
                    text += &format!("| {heading} | {count} |\n");
                }
            }
        }
        for (weight, heading) in SECTIONS {
            let mut findings = self.of(weight).peekable();
            if findings.peek().is_some() {
                text += &format!("\n#### {heading}\n\n");
                findings.for_each(|it| text += &item(it));
            }
        }
        if !self.not_looked_at.is_empty() {
            text += "\n#### Not looked at\n\n";
            self.not_looked_at.iter().for_each(|it| text += &format!("- {}\n", escaped(it)));
        }
        text
    }
}

fn item(finding: &Finding) -> String {
    let object = finding.object.as_ref().map(|it| format!("**{}**: ", escaped(it))).unwrap_or_default();
    let mut text = format!("- {object}{} (`{}`)\n", escaped(&finding.says), finding.code);
    if !finding.remedy.is_empty() {
        text += &format!("  - remedy: {}\n", escaped(&finding.remedy));
    }
    if let Some(source) = &finding.source {
        text += &format!("  - source: {}\n", escaped(source));
    }
    text
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
