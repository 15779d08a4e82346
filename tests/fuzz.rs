//! Short, repeatable fuzz runs of everything that reads what people or strangers wrote. `make fuzz` runs the one of the step
//! reader with coverage, for as long as one likes.

use std::fs;
use std::path::Path;

use backstack::bundle::Manifest;
use backstack::document::{Lock, read_bead, read_hub};
use backstack::engine::Whereabouts;
use backstack::porter::{BuildInput, StepInput, read_relocation_map};
use backstack::schema::{Scalars, plain, read};
use backstack::yaml::{self, Reader};

use crate::support::{data, text};

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

/// Feeds a reader with mutations of good texts; it says whether it understood one.
fn feed(seeds: &[String], tries: usize, understands: impl Fn(&str) -> bool) {
    assert!(!seeds.is_empty() && seeds.iter().any(|seed| understands(seed)), "the seeds are good");
    let mut dice = Dice(0x5EED);
    let mut understood = 0;
    for index in 0..tries {
        let input = mutated(seeds, &mut dice);
        let shown = Shown(&input, index);
        understood += usize::from(understands(&input));
        drop(shown);
    }
    assert!(understood > 0, "mutations that are all refused try nothing but the first check");
}

/// The files of these names in the bundles.
fn files(names: &[&str]) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![data("bundles"), data("tests/data")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|it| names.iter().any(|name| it == *name)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.iter().map(|path| fs::read_to_string(path).expect("text")).collect()
}

#[test]
fn no_input_makes_the_step_reader_panic() {
    let seeds = seeds();
    assert!(seeds.len() >= 20, "{} seeds", seeds.len());
    feed(&seeds, TRIES, |text| StepInput::read(text, "install").is_ok());
}

/// What is read is printed so that it is read as the same.
#[test]
fn no_input_makes_a_reader_of_yaml_panic_or_forget() {
    for reader in [Reader::Kubernetes, Reader::Porter, Reader::Backstage] {
        feed(&seeds(), TRIES / 2, |text| {
            let documents = yaml::documents("x", text, reader).unwrap_or_default();
            for value in documents.iter().map(|document| plain(&document.root)) {
                let again =
                    yaml::parse("x", &yaml::print(&value), reader).unwrap_or_else(|mistake| panic!("{mistake}"));
                assert_eq!(plain(&again.root), value, "{reader:?}");
            }
            !documents.is_empty()
        });
    }
}

#[test]
fn no_document_makes_its_reader_panic() {
    feed(&files(&["hub.yaml"]), TRIES / 8, |text| read_hub("hub.yaml", text).is_ok());
    feed(&files(&["bead.yaml"]), TRIES / 8, |text| read_bead("bead.yaml", text).is_ok());
    feed(&files(&["lock.yaml"]), TRIES / 8, |text| read::<Lock>("lock.yaml", text, Scalars::Strict).is_ok());
}

#[test]
fn no_bundle_makes_its_reader_panic() {
    let table: serde_json::Value = serde_json::from_str(&text("tests/data/porter-templates.json")).expect("JSON");
    let texts = |list: &str, field: &str| -> Vec<String> {
        let cases = table[list].as_array().expect("cases").iter();
        cases.map(|case| case[field].as_str().expect("text").to_owned()).collect()
    };
    let templates = texts("templates", "template");
    let in_a_step = |template: &String| {
        let quoted = serde_json::Value::from(template.as_str());
        format!("schemaVersion: 1.0.1\nname: t\nmixins: [echo]\ninstall:\n- echo: {{a: {quoted}}}\n")
    };
    let bundles = texts("bundles", "manifest").into_iter().chain(templates.iter().map(in_a_step));
    let bundles: Vec<String> = bundles.chain(files(&["porter.yaml"])).collect();
    feed(&bundles, TRIES / 4, |text| {
        let manifest = Manifest::read(text);
        let _ = BuildInput::read(text);
        manifest.is_ok_and(|it| it.refused().is_empty())
    });
}

#[test]
fn no_map_and_no_kubeconfig_makes_its_reader_panic() {
    let map = r#"{"r.example.org/a:v1": "m.example.org/b@sha256:cca460afa270d4c527981ef9ca4989346c56cf9b20217dcea37df1ece8120687"}"#;
    feed(&[map.to_owned()], TRIES / 4, |text| read_relocation_map(text, "").is_ok());
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: c, \
                      user: u}}\nclusters:\n- name: c\n  cluster: {server: 'https://x.example:6443'}\nusers: []\n";
    feed(&[kubeconfig.to_owned()], TRIES / 4, |text| Whereabouts::of(text.as_bytes()).is_some());
    for bytes in [&b"\xff\xfe"[..], b"\0", b"\x80clusters: []"] {
        assert_eq!(Whereabouts::of(bytes), None);
    }
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
            let bundle = yaml::manifests("example", &text).unwrap_or_default();
            let steps = bundle.first().and_then(|it| it["install"].as_array()).cloned().unwrap_or_default();
            found.extend(steps.iter().map(|step| yaml::print(&serde_json::json!({"install": [step]}))));
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
