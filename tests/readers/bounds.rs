//! What people write is read, whatever its size; what nobody writes is refused in one sentence, with its place, before it
//! costs time or memory.

use std::fmt::Write as _;

use backstack::report::Diagnostic;
use backstack::schema::plain;
use backstack::yaml::{self, Reader};
use serde_json::{Value, json};

const ALL: [Reader; 3] = [Reader::Kubernetes, Reader::Porter, Reader::Backstage];

/// Words of the crates behind the reader, of Rust, and of YAML's inner life, which are no help to anybody.
const FOREIGN: &[&str] = &[
    "budget",
    "Policy",
    "recursion",
    "lookahead",
    "simple key",
    "buffered",
    "String",
    "i64",
    "serde",
    "::",
    "EOF",
    "<",
];

fn read(text: &str) -> Value {
    let all = ALL.map(|reader| yaml::parse("x.yaml", text, reader).unwrap_or_else(|it| panic!("{reader:?}: {it}")));
    let [first, second, third] = all.map(|document| plain(&document.root));
    assert!(first == second && second == third);
    first
}

#[track_caller]
fn refusal(text: &str, reader: Reader) -> Diagnostic {
    let mistake = *yaml::parse("x.yaml", text, reader).expect_err("it is refused");
    assert!(mistake.place.is_some(), "{}", mistake.message);
    assert!(!mistake.message.contains('\n') && mistake.message.len() < 160, "{}", mistake.message);
    for word in FOREIGN {
        assert!(!mistake.message.contains(word), "`{word}` in: {}", mistake.message);
    }
    mistake
}

#[test]
fn comments_are_read_however_many_there_are() {
    let comments = "  # a line of an explanation\n".repeat(3000);
    for text in [
        format!("a:\n{comments}  b: 1\n"),
        format!("a: {{ # x\n{comments}  b: 1 }}\n"),
        format!("{}a:\n  b: 1\n{comments}", comments.replace("  #", "#")),
        format!("a:\n  b:\n{comments}    1\n"),
    ] {
        assert_eq!(read(&text), json!({"a": {"b": 1}}));
    }
    assert_eq!(read(&format!("a:\n- b: 1\n{comments}- b: 2\n")), json!({"a": [{"b": 1}, {"b": 2}]}));
}

#[test]
fn large_deep_and_repetitive_texts_of_people_are_read() {
    let long = format!("a: {}\nb: |\n  {}\n", "x".repeat(3 << 20), "y ".repeat(1 << 20));
    assert_eq!(read(&long)["a"].as_str().map(str::len), Some(3 << 20));
    let keys = (0..50_000).fold(String::new(), |mut text, index| {
        writeln!(text, "key-{index}: {{a: [1, two], b: \"3\"}}").expect("a string takes all");
        text
    });
    assert_eq!(read(&keys).as_object().map(serde_json::Map::len), Some(50_000));
    let deep = |depth: usize| (0..depth).fold(String::new(), |text, level| text + &"  ".repeat(level) + "a:\n");
    read(&deep(100));
    read(&format!("{}{}", "[".repeat(150), "]".repeat(150)));
    let shared = format!("x: &x {{a: 1, b: [1, 2]}}\nz:\n{}", "- *x\n".repeat(90));
    assert_eq!(read(&shared)["z"][89], json!({"a": 1, "b": [1, 2]}));
    let many = format!("x: &x {{a: 1, b: [1, 2]}}\nz:\n{}", "- *x\n- <<: *x\n".repeat(5000));
    for reader in [Reader::Kubernetes, Reader::Porter] {
        assert!(yaml::parse("x.yaml", &many, reader).is_ok());
    }
}

#[test]
fn hostile_texts_are_refused_in_one_sentence() {
    let laughs = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let below = level - 1;
        text + &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}]\n")
    });
    let merged = (1..40).fold("a0: &a0 {x: 1}\n".to_owned(), |text, level| {
        let below = level - 1;
        text + &format!(
            "a{level}: &a{level} {{<<: [*a{below}, *a{below}], b: *a{below}, c: *a{below}, d: *a{below}}}\n"
        )
    });
    let heavy = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(100_000));
    let cascade = (1..300)
        .fold("a0: &a0 1\n".to_owned(), |text, level| text + &format!("a{level}: &a{level} [*a{}]\n", level - 1));
    assert!(refusal(&cascade, Reader::Backstage).message.contains("no more than 100 aliases"));
    let blocks = (0..3000).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    for (text, words) in [
        (laughs, "than any text needs"),
        (merged, "than any text needs"),
        (heavy, "than any text needs"),
        (format!("[{}", "[],".repeat(3_000_000)), "than any text needs"),
        (cascade.clone(), "nested more than"),
        ("[".repeat(200_000), "nested more than"),
        ("{a: ".repeat(200_000), "nested more than"),
        ("- ".repeat(200_000), "nested more than"),
        (blocks, "nested more than"),
        (format!("a: \"{}\"", "x".repeat(200 << 20)), "200 MB"),
        ("a: &a [*a]\n".to_owned(), "stands within the value"),
        ("a: *b\n".to_owned(), "no anchor before it"),
        ("a: b: c\n".to_owned(), "goes in quotes"),
        ("a: [1\n".to_owned(), "the `[` is never closed"),
        ("a: {b: 1\n".to_owned(), "the `{` is never closed"),
        ("a: [1}\n".to_owned(), "closed by"),
        ("- 1\nb: 2\n".to_owned(), "expected a `-` here"),
        ("a:\n  b: 1\n c: 2\n".to_owned(), "indented"),
        ("a: 'x\n".to_owned(), "quotes"),
        ("a: \"x\nb: 1\n".to_owned(), "the quotes"),
        ("a: \"x\" y\n".to_owned(), "more text follows the closing quotes"),
        ("a: \"\\q\"\n".to_owned(), "an escape that YAML does not know"),
        ("a: &\n".to_owned(), "goes in quotes"),
        ("a: [*]\n".to_owned(), "goes in quotes"),
        ("a: @x\n".to_owned(), "cannot begin with `@`"),
        ("a: {b: c d: e}\n".to_owned(), "quotes"),
        ("a: - b\n".to_owned(), "a line of its own"),
        ("a: !x!y z\n".to_owned(), ""),
        ("a:\n\tb: 1\n".to_owned(), "a tab cannot indent"),
        (format!("{}: 1\n", "k".repeat(2000)), "goes in quotes"),
        ("a: \u{0}\n".to_owned(), "U+0000 cannot stand"),
        ("? [a]\n: b\n".to_owned(), "a key is a text"),
        ("a: 1\n---\nb: 1\n".to_owned(), "second document"),
    ] {
        let readers = match words {
            // What is heavy is so by one code for all.
            "than any text needs" => &ALL[..1],
            // Backstage has refused its aliases before.
            _ if text == cascade => &ALL[..2],
            _ => &ALL[..],
        };
        for reader in readers {
            let mistake = refusal(&text, *reader);
            assert!(mistake.message.contains(words), "{}: {words}", mistake.message);
        }
    }
}

#[test]
fn a_key_that_is_there_twice_is_one_mistake_with_both_places() {
    for reader in ALL {
        let mistake = refusal("a: 1\nb:\n  c: 1\n  d: 2\n  \"c\": 3\n", reader);
        assert_eq!(
            mistake.to_string(),
            "x.yaml:5:3: not valid YAML: `c` is there twice, first at line 3, column 3 (hint: keep one of them)"
        );
    }
    let mistake = refusal("on: 1\ny: 2\n", Reader::Kubernetes);
    let said = "x.yaml:2:1: not valid YAML: `y` is the same key as `on` at line 1, column 1: both are `true` (hint: put them in quotes, if \
                both are meant as they are written)";
    assert_eq!(mistake.to_string(), said);
    assert!(refusal("on: 1\non: 2\n", Reader::Kubernetes).message.contains("is there twice"));
    let many = (0..100).fold(String::new(), |text, index| text + &format!("k{index}: 1\n"));
    assert!(refusal(&format!("{many}k7: 2\n"), Reader::Kubernetes).message.contains("first at line 8, column 1"));
    let merged = "x: &x {a: 1}\nz: {a: 2, <<: *x}\n";
    assert!(yaml::parse("x.yaml", merged, Reader::Kubernetes).is_ok(), "what `<<` brings is not there twice");
}
