//! What the real readers say.

use std::fs;
use std::process::Command;

use backstack::schema::plain;
use backstack::yaml::{self, Reader};
use backstack_testbed::readers::{Answer, Question, ask};
use serde_json::{Value, json};

use super::corpus::{random, strings, texts};
use crate::hub::fixture::TESTBED;

const READERS: [(&str, Reader); 3] =
    [("kubernetes", Reader::Kubernetes), ("porter", Reader::Porter), ("backstage", Reader::Backstage)];

/// Parts of our own words for what we refuse though some reader takes it, since it loses or hides something there.
const STRICTER: &[&str] = &[
    "is there twice",         // the last one wins, or one of them
    "is the same key as",     // so it is
    "JSON does not have",     // null
    "nothing that JSON has",  // a JavaScript object
    "the key is null",        // the empty key, or no entry
    "a key is a text",        // a text that looks like the list
    "cannot stand in YAML",   // as it is
    "for the end of a line",  // a line that the others do not see
    "bytes that are no text", // replaced by others
    "what comes after `...`", // dropped
    "YAML's own settings",    // taken by some, refused by others
    "a document of YAML 1.1",
    "a second document begins", // dropped
    "and more text follows",    // dropped
    "a tab cannot indent",      // taken within brackets
];

/// Syntax that the parser refuses and a real reader takes, each for its own reasons.
const REFUSED: &[(Reader, &str)] = &[
    (Reader::Kubernetes, "[x\n y:, z]\n"),
    (Reader::Porter, "[x\n y:, z]\n"),
    (Reader::Porter, "a: &x 1\n---\nb: *x\n"),
    (Reader::Porter, "v:\n  &a: x\n  other: y\n"),
    (Reader::Backstage, "[a:[b]]\n"),
    (Reader::Backstage, "[a:{b: 1}]\n"),
    (Reader::Backstage, "v:\n  key: [1, 2]: x\n  other: y\n"),
];

fn ours(reader: Reader, text: &str) -> Result<Vec<Value>, String> {
    let read = match reader {
        Reader::Porter => yaml::parse("x", text, reader).map(|document| vec![document]),
        _ => yaml::documents("x", text, reader),
    };
    let values = read.map_err(|mistake| mistake.to_string())?.iter().map(|it| plain(&it.root)).collect();
    Ok(some(values))
}

fn some(values: Vec<Value>) -> Vec<Value> {
    values.into_iter().filter(|value| !value.is_null()).collect()
}

/// Whether two values are the same to whoever has one kind of numbers.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        _ => one == other,
    }
}

fn is_in(parts: &[&str], text: &str) -> bool {
    parts.iter().any(|part| text.contains(part))
}

fn disagreement(reader: Reader, text: &str, theirs: &Answer) -> Option<String> {
    let found = ours(reader, text);
    let said = theirs.values.clone().map(some).filter(|_| theirs.error.is_empty());
    let is_right = match (&found, &said) {
        (Ok(found), Some(said)) => found.len() == said.len() && found.iter().zip(said).all(|(a, b)| is_same(a, b)),
        (Err(_), None) => true,
        (Err(words), Some(_)) => is_in(STRICTER, words) || REFUSED.contains(&(reader, text)),
        (Ok(_), None) => false,
    };
    (!is_right).then(|| format!("{reader:?} {text:?}\n  we:   {found:?}\n  they: {said:?} {}", theirs.error))
}

#[test]
#[ignore = "needs the testbed"]
fn what_a_text_means_is_what_its_reader_makes_of_it() {
    let texts = texts();
    assert!(texts.len() > 2000, "{}", texts.len());
    let questions: Vec<Question> = READERS
        .iter()
        .flat_map(|(reader, _)| texts.iter().map(|text| Question { reader, text: text.clone(), of: Value::Null }))
        .collect();
    let answers = ask(&questions).expect("the readers answer");
    let asked = READERS.iter().flat_map(|(_, reader)| texts.iter().map(move |text| (*reader, text)));
    let wrong: Vec<String> =
        asked.zip(&answers).filter_map(|((reader, text), answer)| disagreement(reader, text, answer)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), answers.len(), wrong.join("\n"));
}

/// Values in every place where a text may stand, and numbers.
fn printed() -> Vec<Value> {
    let strings = strings();
    let random = random();
    let placed = strings
        .iter()
        .chain(&random)
        .map(|text| json!({"v": text, "l": [text, [text], {"k": text}], "m": {"a": {"b": text}}}));
    let keys = strings
        .iter()
        .map(|text| json!({text.as_str(): "x", "m": {text.as_str(): {"k": 1}}, "l": [{text.as_str(): [1]}]}));
    let others = json!([
        [0, -1, 1.5, 1e21, 1e-7, 1e300, 0.1, i64::MIN, 1_u64 << 53, true, false, null],
        [[], {}, [[]], [{}], [[1, [2]], {"a": [{"b": []}]}]]
    ]);
    let others = others.as_array().into_iter().flatten().map(|value| json!({"v": value, "l": [value]}));
    placed.chain(keys).chain(others).collect()
}

#[test]
#[ignore = "needs the testbed"]
fn what_is_printed_means_the_same_to_every_reader() {
    let values = printed();
    let printed: Vec<String> = values.iter().map(yaml::print).collect();
    let questions: Vec<Question> = READERS
        .iter()
        .flat_map(|(reader, _)| printed.iter().map(|text| Question { reader, text: text.clone(), of: Value::Null }))
        .collect();
    let answers = ask(&questions).expect("the readers answer");
    let readers = READERS.iter().flat_map(|(_, reader)| std::iter::repeat_n(*reader, values.len()));
    let mut wrong = Vec::new();
    for (((reader, value), text), answer) in
        readers.zip(values.iter().cycle()).zip(printed.iter().cycle()).zip(&answers)
    {
        let theirs = answer.values.clone().unwrap_or_default();
        let ours = ours(reader, text).unwrap_or_default();
        let is_right = |found: &[Value]| matches!(found, [found] if is_same(found, value));
        if !is_right(&ours) || !is_right(&theirs) {
            wrong.push(format!(
                "{reader:?} {value}\n  printed: {text:?}\n  we: {ours:?}\n  they: {theirs:?} {}",
                answer.error
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), answers.len(), wrong.join("\n"));
}

/// Helm has readers of its own for charts and values, in front of the same library.
#[test]
#[ignore = "needs the testbed"]
fn helm_values_mean_what_helm_makes_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let chart = folder.path().join("chart");
    fs::create_dir_all(chart.join("templates")).expect("made");
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: chart\nversion: 0.1.0\n").expect("written");
    fs::write(chart.join("templates/values.yaml"), "{{ omit .Values \"global\" | toJson }}\n").expect("written");
    let written = "a: no\nb: [off, n, Yes, ON, y, TRUE, 'no', !!str no]\nc: 1_000\nd: {e: 0644, f: 0o17, g: 0b101, h: 0x1F, i: 1e3}\n\
                   on: x\n0x10: x\n1.50: x\nj: 1:30\nk: 2001-01-01\nl: ~\nm: &m {p: 1, q: 2}\nr: {p: 3, <<: *m}\n\"on\": z\n";
    let document = plain(&yaml::parse("values.yaml", written, Reader::Kubernetes).expect("valid").root);
    // What is there as it was written, and what is there as it is printed for a hub.
    for text in [written.to_owned(), yaml::print(&document)] {
        let values = folder.path().join("given.yaml");
        fs::write(&values, text).expect("written");
        let mut helm = Command::new(TESTBED.bin().join("helm"));
        let output = helm.args(["template", "x"]).arg(&chart).arg("--values").arg(&values).output().expect("helm runs");
        let printed = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json = printed.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{printed}"));
        let theirs: Value = serde_json::from_str(json).expect("JSON");
        assert!(is_same(&document, &theirs), "{document}\n{theirs}");
    }
}
