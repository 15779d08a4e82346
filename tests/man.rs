//! The manual (`make man`): every verb has a page, and `man` can read it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use backstack::cli::{EXAMPLES, command};
use backstack_release::man;

use crate::help::all_verbs;
use crate::support::{is_on_path, skipped};

fn pages() -> Vec<(String, String)> {
    let pages = man::pages(command()).expect("pages");
    pages.into_iter().map(|(name, page)| (name, String::from_utf8(page).expect("text"))).collect()
}

/// What a reader sees, and what the formatter complains of.
fn formatted(page: &str) -> (String, String) {
    let mut groff = Command::new("groff");
    // Warnings of all kinds, and no escape sequences between the letters.
    groff.args(["-man", "-Kutf8", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u", "-rLL=100n"]).stdin(Stdio::piped());
    let mut groff = groff.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("groff starts");
    groff.stdin.take().expect("its input").write_all(page.as_bytes()).expect("written");
    let output = groff.wait_with_output().expect("groff ends");
    assert!(output.status.success());
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn every_verb_has_a_page_with_its_name_its_options_and_an_example() {
    let pages = pages();
    let verbs = all_verbs().into_iter().chain([String::new()]);
    let expected: BTreeSet<String> = verbs.map(|verb| format!("backstack{}.1", verb.replace(' ', "-"))).collect();
    assert_eq!(pages.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(), expected);
    assert_eq!(pages.len(), expected.len(), "a page twice");
    for (name, page) in &pages {
        let title = name.trim_end_matches(".1");
        let version = env!("CARGO_PKG_VERSION");
        assert!(page.contains(&format!(".TH {title} 1  \"backstack {version}\" ")), "{name}: {page}");
        let synopsis = format!(".SH SYNOPSIS\n\\fB{}\\fR ", title.replace('-', " "));
        assert!(page.contains(&synopsis), "{name}: {page}");
        for section in [".SH NAME", ".SH DESCRIPTION", ".SH OPTIONS", ".SH EXAMPLES\n.TP\n\\fBbackstack"] {
            assert!(page.contains(section), "{name} has no {section}: {page}");
        }
        assert_eq!(page.contains(".SH \"SEE ALSO\"\nbackstack(1)"), title != "backstack", "{name}: {page}");
        assert!(!page.contains('\u{1b}'), "{name} has colours: {page}");
    }
}

#[test]
fn the_pages_can_be_read() {
    if !is_on_path("groff") {
        skipped("the_pages_can_be_read", "`groff` is not on PATH");
        return;
    }
    for (name, page) in pages() {
        let (text, complaints) = formatted(&page);
        assert_eq!(complaints, "", "{name}");
        let title = name.trim_end_matches(".1");
        assert!(text.contains(&format!("{title}(1)")), "{name}: {text}");
    }
    let (page, _) = formatted(&pages().into_iter().find(|(name, _)| name == "backstack-lint.1").expect("a page").1);
    let (line, does) = EXAMPLES.iter().find(|(line, _)| line.starts_with("backstack lint ")).expect("an example");
    assert!(page.contains(&format!("       {line}\n")) && page.contains(does), "{page}");
}
