//! A short, repeatable fuzz run of the step reader. `make fuzz` runs the same target with coverage, for as long as one
//! likes.

use std::fs;
use std::path::Path;

use backstack::porter::StepInput;

use crate::support::data;

/// How many inputs a run of the tests tries.
const TRIES: usize = 4000;

/// Pieces of YAML and of templates that mutations throw in.
const WORDS: &[&str] = &[
    "backstack:",
    "install:",
    "hub:",
    "- ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "|\n",
    ">-\n",
    "\"",
    "'",
    "\\",
    "~",
    "null",
    "yes",
    "0777",
    "1e999",
    ".inf",
    "2024-01-01",
    "${ bundle.parameters.x }",
    "${",
    "#",
    "---\n",
    "...\n",
    "? ",
    ": ",
    "\0",
    "\u{feff}",
    "🚀",
    "%YAML 1.2\n",
    "@",
    "`",
];

/// xorshift64*, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let sides = u64::try_from(sides.max(1)).expect("fits");
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % sides).expect("fits")
    }
}

/// Shows the input when the reader panics on it.
struct Shown<'a>(&'a str, usize);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("input {} was {:?}", self.1, self.0);
        }
    }
}

#[test]
fn no_input_makes_the_step_reader_panic() {
    let seeds = seeds();
    assert!(seeds.len() >= 20, "{} seeds", seeds.len());
    let mut dice = Dice(0x5EED);
    let mut understood = 0;
    for index in 0..TRIES {
        let input = mutated(&seeds, &mut dice);
        let shown = Shown(&input, index);
        understood += usize::from(StepInput::read(&input, "install").is_ok());
        drop(shown);
    }
    assert!(understood > 0, "mutations that are all refused try nothing but the first check");
}

/// What Porter was seen to send, and the examples of the schema; each as a step of this mixin.
fn seeds() -> Vec<String> {
    let mut files = Vec::new();
    for folder in ["tests/data/contract", "mixin-schema/examples"] {
        collect(&data(folder), &mut files);
    }
    files.sort();
    files.iter().map(|text| text.replace("probe:", "backstack:").replace("upgrade:", "install:")).collect()
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.ends_with("stdin") {
            found.push(fs::read_to_string(&path).expect("text"));
        } else if path.extension().is_some_and(|it| it == "yaml") {
            // An example is a whole bundle: its install steps, one each, are what Porter would send.
            let text = fs::read_to_string(&path).expect("text");
            let bundle = backstack::spec::yaml::manifests("example", &text).unwrap_or_default();
            let steps = bundle.first().and_then(|it| it["install"].as_array()).cloned().unwrap_or_default();
            found
                .extend(steps.iter().map(|step| backstack::spec::yaml::print(&serde_json::json!({"install": [step]}))));
        }
    }
}

fn mutated(seeds: &[String], dice: &mut Dice) -> String {
    let mut characters: Vec<char> = seeds[dice.roll(seeds.len())].chars().collect();
    for _ in 0..dice.roll(5) {
        let at = dice.roll(characters.len() + 1);
        let end = (at + dice.roll(12)).min(characters.len());
        match dice.roll(4) {
            0 => drop(characters.drain(at..end)),
            1 => drop(characters.splice(at..at, WORDS[dice.roll(WORDS.len())].chars())),
            2 => {
                let copy: Vec<char> = characters[at..end].to_vec();
                let to = dice.roll(characters.len() + 1);
                drop(characters.splice(to..to, copy));
            }
            _ => {
                let other: Vec<char> = seeds[dice.roll(seeds.len())].chars().collect();
                let from = dice.roll(other.len());
                characters.truncate(at);
                characters.extend(&other[from..]);
            }
        }
    }
    characters.into_iter().collect()
}
