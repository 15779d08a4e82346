//! The manual: a page for the program and one for each of its verbs, in the form that `man` reads.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The section of the manual that has the programs.
const SECTION: &str = "1";

/// The page of each verb by the name of its file, as `backstack-bundle-run.1`; that of the program is the first.
pub fn pages(command: Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let source = format!("{} {}", command.get_name(), command.get_version().unwrap_or_default());
    let mut all = Vec::new();
    add(&command, &source, &[], &mut all)?;
    Ok(all)
}

/// Writes all of them into a folder.
pub fn write(command: Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    pages(command)?.iter().try_for_each(|(name, page)| fs::write(folder.join(name), page))
}

/// Adds the page of a verb and those of the verbs below it; `above` are the pages that lead to it.
fn add(verb: &Command, source: &str, above: &[String], all: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let words: Vec<&str> = verb.get_bin_name().unwrap_or_else(|| verb.get_name()).split_whitespace().collect();
    let man = Man::new(verb.clone().bin_name(words.join(" "))).section(SECTION).source(source).manual("backstack");
    all.push((man.get_filename(), page(&man, verb, above)?));
    let mut here = above.to_vec();
    here.push(verb.get_display_name().unwrap_or_else(|| verb.get_name()).to_owned());
    verb.get_subcommands().filter(|it| !it.is_hide_set()).try_for_each(|below| add(below, source, &here, all))
}

fn page(man: &Man, verb: &Command, above: &[String]) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if verb.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut end = Roff::new();
    if let Some(text) = verb.get_after_help() {
        examples(&mut end, &text.to_string());
    }
    if !above.is_empty() {
        let pages: Vec<String> = above.iter().map(|name| format!("{name}({SECTION})")).collect();
        end.control("SH", ["SEE ALSO"]).text([roman(pages.join(", "))]);
    }
    end.to_writer(&mut page)?;
    Ok(page)
}

/// What stands below the options: under a head the lines that one types, each with what it does, and then what is to be noted.
fn examples(page: &mut Roff, text: &str) {
    let (examples, notes) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = examples.lines();
    let head = lines.next().unwrap_or_default().trim_end_matches(':').to_uppercase();
    page.control("SH", [head.as_str()]);
    for line in lines {
        match line.strip_prefix("      ") {
            Some(does) => page.text([roman(does)]),
            None => page.control("TP", []).text([bold(line.trim())]),
        };
    }
    if !notes.is_empty() {
        page.control("SH", ["NOTES"]).text([roman(notes)]);
    }
}
