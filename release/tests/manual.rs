//! The manual of a release: every page in one archive, with the date of the commit, and no program to the feed.

use std::fs;
use std::io::Read as _;

use backstack_release::layout::{self, Release};
use backstack_release::man;
use clap::{Arg, Command};
use jiff::Timestamp;

/// A program with verbs in two levels.
fn program() -> Command {
    let verb = |name: &'static str, help: &'static str| Command::new(name).about("Does it").after_help(help);
    let play = verb("play", "Examples:\n  it play\n      does it\n\nIt ends.").arg(Arg::new("folder"));
    Command::new("it")
        .version("1.2.3")
        .after_help("Examples:\n  it")
        .subcommand(verb("all", "Examples:\n  it all").subcommand(play))
}

#[test]
fn a_release_has_the_manual_in_one_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pages, dist) = (folder.path().join("pages"), folder.path().join("dist"));
    man::write(program(), &pages).expect("written");
    let release =
        Release { dist: &dist, version: "v1.2.3", date: Timestamp::from_second(1_700_000_000).expect("a date") };
    release.clear().expect("made");
    release.add_program("linux-amd64", b"a program").expect("added");
    release.add_manual(&pages).expect("added");
    release.add_digests().expect("added");
    layout::write_feed(&dist, "https://example.org").expect("a feed");

    let of_version = dist.join("mixins/backstack/v1.2.3");
    let archive = fs::read(of_version.join("backstack.man.tar")).expect("the archive");
    let mut found = Vec::new();
    for entry in tar::Archive::new(archive.as_slice()).entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").display().to_string();
        let mut page = String::new();
        entry.read_to_string(&mut page).expect("text");
        assert_eq!(page, fs::read_to_string(pages.join(&name)).expect("the page"));
        let header = entry.header();
        assert_eq!((header.mode().ok(), header.mtime().ok()), (Some(0o644), Some(1_700_000_000)), "{name}");
        found.push(name);
    }
    assert_eq!(found, ["it-all-play.1", "it-all.1", "it.1"]);
    let digests = fs::read_to_string(of_version.join("SHA256SUMS")).expect("digests");
    assert!(digests.contains("  backstack.man.tar\n"), "{digests}");
    let feed = fs::read_to_string(dist.join("mixins/atom.xml")).expect("the feed");
    assert!(feed.contains("backstack-linux-amd64") && !feed.contains("man"), "{feed}");
}

#[test]
fn a_page_has_examples_notes_and_the_pages_above_it() {
    let pages = man::pages(program()).expect("pages");
    let (_, page) = pages.iter().find(|(name, _)| name == "it-all-play.1").expect("the page");
    let page = String::from_utf8_lossy(page);
    assert!(page.contains(".SH SYNOPSIS\n\\fBit all play\\fR "), "{page}");
    let end =
        ".SH EXAMPLES\n.TP\n\\fBit play\\fR\ndoes it\n.SH NOTES\nIt ends.\n.SH \"SEE ALSO\"\nit(1), it\\-all(1)\n";
    assert!(page.ends_with(end), "{page}");
}
