//! Sections of the pages in `docs/`, as plain text.

/// The section under a heading, up to the next one.
pub fn section(page: &str, heading: &str) -> Option<String> {
    let behind = page.lines().skip_while(|line| *line != heading).skip(1);
    let lines: Vec<&str> = behind.take_while(|line| !line.starts_with('#')).collect();
    let text = lines.join("\n");
    (!text.trim().is_empty()).then(|| plain(text.trim()))
}

/// Where a section can be read with its links.
pub fn url(page: &str, heading: &str) -> String {
    format!("{}/blob/main/docs/{page}.md#{heading}", env!("CARGO_PKG_REPOSITORY"))
}

/// The text without what only a page needs: where links lead, and what is bold.
pub fn plain(text: &str) -> String {
    let text = text.replace("**", "");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, link)) = rest.split_once("](") {
        let Some((start, (_, after))) = before.rsplit_once('[').zip(link.split_once(')')) else {
            out.push_str(before);
            out.push_str("](");
            rest = link;
            continue;
        };
        out.push_str(start.0);
        out.push_str(start.1);
        rest = after;
    }
    out.push_str(rest);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_at_the_next_heading_and_has_no_addresses() {
        let page = "# a\n\n## b\n\n**Error: x.** See [c](d.md#e), [f](g) and a[0](h).\n\nMore.\n\n### i\n\nj\n";
        assert_eq!(section(page, "## b").as_deref(), Some("Error: x. See c, f and a0.\n\nMore.\n"));
        assert_eq!(section(page, "## i"), None);
    }
}
