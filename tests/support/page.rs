//! A page of what a run has said: commands, their words and exit codes, without what is another one in each run.

use std::fmt::Write as _;
use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use super::{data, text};

/// What is another one in each run.
static FLEETING: LazyLock<[(Regex, &str); 6]> = LazyLock::new(|| {
    [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
        (r"\b[0-9a-f]{40}\b", "COMMIT"),
        (r"\b[0-9a-f]{12}\b", "COMMIT"),
        (r"/[^ ]*/backstack-tmp-[^/ ]*", ""),
        (r"127\.0\.0\.\d+:\d+", "hub.example.org:6443"),
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    ]
    .map(|(pattern, word)| (Regex::new(pattern).expect("a pattern"), word))
});

/// Before and after the part of a page that a run writes, where people write the rest.
const BEGIN: &str = "<!-- written by a run: what follows -->\n";
const END: &str = "<!-- end of what a run has written -->\n";

/// What was said so far.
#[derive(Default)]
pub struct Page {
    text: String,
    words: Vec<(String, &'static str)>,
}

impl Page {
    /// Shows another word for this one from now on.
    pub fn call(&mut self, word: &str, shown: &'static str) {
        self.words.push((word.to_owned(), shown));
    }

    /// Adds what people are told.
    pub fn tell(&mut self, text: &str) {
        writeln!(self.text, "{text}\n").expect("room");
    }

    /// Adds a command with its words.
    pub fn write_down(&mut self, line: &str, said: &str, code: i32) {
        let commands = line.replace(" --", " \\\n    --");
        let mut shown = String::new();
        for line in said.lines().filter(|line| !is_wait(line) && !is_of_testbed(line)) {
            let line = self.words.iter().fold(line.to_owned(), |line, (word, shown)| line.replace(word, shown));
            let line =
                FLEETING.iter().fold(line, |line, (pattern, word)| pattern.replace_all(&line, *word).into_owned());
            writeln!(shown, "{line}").expect("room");
        }
        writeln!(self.text, "```console\n$ {commands}\n{shown}$ echo $?\n{code}\n```\n").expect("room");
    }

    /// Compares a page with it; `UPDATE=1` writes the page. Times and the order of progress differ from run to run; what is
    /// typed and how it ends do not.
    pub fn agrees_with(self, file: &str) {
        self.compare(file, |text| text);
    }

    /// The same for the part of a page between two marks.
    pub fn agrees_with_part_of(self, file: &str) {
        let told = text(file);
        let (before, rest) = told.split_once(BEGIN).expect("a mark");
        let (_, after) = rest.split_once(END).expect("a mark");
        self.compare(file, |text| format!("{before}{BEGIN}\n{text}\n{END}{after}"));
    }

    fn compare(self, file: &str, whole: impl FnOnce(String) -> String) {
        let page = whole(format!("{}\n", self.text.trim_end()));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(data(file), &page).expect("written");
        }
        assert_eq!(commands(&text(file)), commands(&page), "UPDATE=1 writes {file} anew");
    }
}

/// A line that is said again and again while something is waited for.
fn is_wait(line: &str) -> bool {
    static WAIT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\(\d+ of \d+ s\)$").expect("a pattern"));
    WAIT.is_match(line)
}

/// What is so because the git server of the testbed speaks HTTP without TLS; pages show an address of `https`.
fn is_of_testbed(line: &str) -> bool {
    line.starts_with("warning: the password for ") && line.ends_with(" is sent unencrypted")
}

/// The commands of a page, in their order.
fn commands(page: &str) -> Vec<String> {
    let is_typed = |line: &&str| line.starts_with("$ ") || line.starts_with("    --");
    page.lines().filter(is_typed).map(str::to_owned).collect()
}
