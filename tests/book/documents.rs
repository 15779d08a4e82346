//! A page for each document that people write, made of what `explain` says of its fields.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use crate::support::{Mixin, assert_file, data};

/// Each document, what its page is called, the schema that an editor reads, and the page that says how it is used.
const DOCUMENTS: [(&str, &str, &str, &str); 4] = [
    ("hub", "hub.yaml, field by field", "hub.schema.json", "[Which hub](../hubs.md)"),
    ("bead", "bead.yaml, field by field", "bead.schema.json", "[Beads](../beads.md)"),
    ("lock", "lock.yaml, field by field", "lock.schema.json", "[What `lock.yaml` pins](../lock.md)"),
    ("step", "A step, field by field", "schema.json", "[Steps](../steps.md)"),
];

/// What the program says of a path.
struct Said {
    /// The whole path in the document; none for the document itself.
    path: Option<String>,
    kind: String,
    meaning: String,
    /// The words that it takes, each with what it means.
    words: Vec<(String, String)>,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    kind: String,
    meaning: String,
}

fn explain(path: &str) -> String {
    Mixin::new("explain").args(path.split(' ')).run().exits(0).stdout
}

impl Said {
    fn of(path: &str) -> Self {
        let said = explain(path);
        let (rest, fields) = said.split_once("\nfields:\n").unwrap_or((&said, ""));
        let (rest, words) = rest.split_once("\nit takes:\n").unwrap_or((rest, ""));
        let (title, meaning) = rest.split_once('\n').expect("a title");
        let (name, kind) = title.rsplit_once("  (").expect("a kind");
        let word = |line: &str| {
            let (word, meaning) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            (word.to_owned(), meaning.trim().to_owned())
        };
        Self {
            path: name.split_once(": ").map(|(_, path)| path.to_owned()),
            kind: self::kind(kind),
            meaning: meaning.trim().to_owned(),
            words: words.lines().map(word).collect(),
            fields: Field::all(fields),
        }
    }
}

impl Field {
    /// A field begins with two spaces, what it means with six.
    fn all(lines: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for line in lines.lines() {
            if let Some(meaning) = line.strip_prefix("      ") {
                let field = all.last_mut().expect("a field above");
                field.meaning.extend([meaning, "\n"]);
            } else {
                let (name, kind) = line.trim().split_once("  (").expect("a field with its kind");
                all.push(Self { name: name.to_owned(), kind: self::kind(kind), meaning: String::new() });
            }
        }
        all
    }
}

/// A path below which there are fields, and what is said of it.
type Section = (String, Said);

/// The paths of a document below which there are fields, each before those below it.
fn with_fields(document: &str) -> Vec<String> {
    let list = explain(&format!("{document} --recursive"));
    let (_, tree) = list.split_once("\nfields:\n").expect("fields");
    let mut above = vec![document.to_owned()];
    let mut found = Vec::new();
    for line in tree.lines() {
        let name = line.trim_start();
        let depth = (line.len() - name.len()) / 2;
        above.truncate(depth);
        let parent = above.join(".");
        if !found.contains(&parent) {
            found.push(parent);
        }
        above.push(name.split(' ').next().expect("a name").to_owned());
    }
    found
}

/// The fields below a path, one a line, and what each means.
fn list((path, said): &Section, sections: &[Section]) -> String {
    let mut out = String::new();
    let mut known = BTreeSet::new();
    for field in said.fields.iter().filter(|it| known.insert((&it.name, &it.kind))) {
        let below = format!("{path}.{}", field.name);
        let meaning = field.meaning.trim_end().replace('\n', "\n  ");
        let mut line = format!("- **`{}`** ({}): {meaning}", field.name, field.kind);
        if field.kind.contains("word") {
            line += &words(&Said::of(&below).words);
        }
        let entry = format!("{below}.KEY");
        for (_, section) in sections.iter().filter(|(path, _)| *path == below || *path == entry) {
            let heading = section.path.as_deref().expect("a path");
            let _ = write!(line, "\n  Its fields: [{heading}](#{})", anchor(heading)); // to a string: it cannot fail
        }
        out += &(line + "\n");
    }
    out
}

/// The words that a field takes: in a line, or each with what it means.
fn words(words: &[(String, String)]) -> String {
    if words.iter().all(|(_, meaning)| meaning.is_empty()) {
        let all: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        return format!("\n  It takes {}.", all.join(", "));
    }
    let all: Vec<String> = words.iter().map(|(word, meaning)| format!("\n  - `{word}`: {meaning}")).collect();
    all.concat()
}

fn anchor(heading: &str) -> String {
    heading.to_lowercase().chars().filter(|it| it.is_alphanumeric() || ['-', '_'].contains(it)).collect()
}

/// `object, default {…}` is an object whose fields have the defaults that they say themselves.
fn kind(said: &str) -> String {
    let kind = said.trim_end_matches(')');
    kind.split_once(", default {").map_or_else(|| kind.to_owned(), |(kind, _)| format!("{kind}, optional"))
}

fn page((document, title, schema, used): (&str, &str, &str, &str)) -> String {
    let sections: Vec<Section> =
        with_fields(document).into_iter().map(|path| (path.clone(), Said::of(&path))).collect();
    let part = |section: &Section| {
        let (below, said) = (list(section, &sections), &section.1);
        match &said.path {
            None => format!(
                "# {title}\n\n{}\nHow it is used: {used}. In a terminal: `backstack explain {document}`.\n\nMade of the \
                 [schema](../../mixin-schema/{schema}) that editors read. After a change of it: `UPDATE=1 cargo test --locked \
                 the_pages_of_the_documents`.\n\n{below}",
                said.meaning
            ),
            Some(path) => format!("\n## {path}\n\n({}) {}\n\n{below}", said.kind, said.meaning),
        }
    };
    sections.iter().map(part).collect::<Vec<_>>().concat()
}

#[test]
fn the_pages_of_the_documents_are_what_the_program_explains() {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(data("docs/reference")).expect("made");
    }
    for document in DOCUMENTS {
        let page = page(document);
        assert!(page.matches("\n## ").count() > 5, "{page}");
        assert_file(&format!("docs/reference/{}.md", document.0), &page);
    }
}
