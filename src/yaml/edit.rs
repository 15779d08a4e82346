//! Changes to a text that people wrote: a value here, a key there, and every other byte as it was. Nothing is printed anew, so
//! comments, order and quotes stay.

use std::ops::Range;

use super::{Data, Document, Node};
use crate::report::{Failure, Outcome};

/// One change of a text: these bytes become that text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edit {
    /// A change of these bytes.
    #[must_use]
    pub fn of(at: Range<usize>, text: impl Into<String>) -> Self {
        Self { start: at.start, end: at.end, text: text.into() }
    }

    fn is_none(&self, text: &str) -> bool {
        text.get(self.start..self.end) == Some(self.text.as_str())
    }
}

/// The text with all changes made. Two that want the same bytes otherwise are an error.
pub fn changed(text: &str, changes: &[Edit]) -> Outcome<String> {
    let mut changes: Vec<&Edit> = changes.iter().filter(|it| !it.is_none(text)).collect();
    changes.sort();
    changes.dedup();
    let (mut made, mut at) = (String::new(), 0);
    for change in changes {
        let kept = text.get(at..change.start).filter(|_| change.end >= change.start);
        let kept = kept.ok_or_else(|| Failure::failed("two changes want the same place of a document"))?;
        made.extend([kept, &change.text]);
        at = change.end;
    }
    made.push_str(text.get(at..).unwrap_or_default());
    Ok(made)
}

impl Node {
    /// The value of a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(it, _)| it.text == key).map(|(_, value)| value)
    }

    /// The entries of a mapping; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[(super::Key, Self)] {
        if let Data::Map(entries) = &self.data { entries } else { &[] }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        if let Data::List(items) = &self.data { items } else { &[] }
    }

    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Data::Text(text) = &self.data { Some(text) } else { None }
    }
}

impl Document {
    /// The document with another scalar in the place of one, in the quotes that are there, or where none is yet.
    pub fn set(&self, node: &Node, value: &str) -> Outcome<Edit> {
        self.demand_own(node)?;
        let written = node.written(&self.source);
        if is_absent(node, written) {
            let at = match written {
                ":" => node.place.end,
                behind_an_anchor if behind_an_anchor.trim().is_empty() => node.place.start,
                _ => return Err(not_editable("a key without a `:`")),
            };
            return Ok(Edit::of(at..at, format!(" {value}")));
        }
        let quote = written.chars().next().filter(|it| matches!(it, '"' | '\''));
        let quote = quote.map(String::from).unwrap_or_default();
        Ok(Edit::of(node.place.start..node.place.end, format!("{quote}{value}{quote}")))
    }

    /// The document with another key behind the last one of a mapping, or with its value where the key is there.
    pub fn set_key(&self, map: &Node, key: &str, value: &str) -> Outcome<Edit> {
        match map.get(key) {
            Some(node) => self.set(node, value),
            None => self.add(map, &format!("{key}: {value}")),
        }
    }

    /// The document with further lines in a mapping that has some, each of which is `key: value`, indented below it.
    fn add(&self, map: &Node, lines: &str) -> Outcome<Edit> {
        self.demand_own(map)?;
        let Some((first, _)) = map.entries().first() else { return Err(not_editable("an empty mapping")) };
        let end = self.inner_end(map);
        if self.is_flow(map) {
            return Ok(Edit::of(end..end, format!(", {lines}")));
        }
        let at = self.end_of_line(end);
        let indent = " ".repeat(first.place.column - 1);
        let lines: String = lines.lines().flat_map(|line| [self.line_end(), &indent, line]).collect();
        Ok(Edit::of(at..at, lines))
    }

    /// The document with further items at the end of a list of mappings, each given as its lines.
    pub fn add_items(&self, list: &Node, items: &[Vec<String>]) -> Outcome<Edit> {
        self.demand_own(list)?;
        let dashed = |indent: &str| -> String {
            let prefix = |index: usize| if index == 0 { "- " } else { "  " };
            let lines = items.iter().flat_map(|lines| lines.iter().enumerate());
            lines.flat_map(|(index, line)| [self.line_end(), indent, prefix(index), line]).collect()
        };
        match list.items().last() {
            Some(_) if self.is_flow(list) => Err(not_editable("a list in brackets")),
            Some(before) => {
                let at = self.end_of_line(self.end(before));
                let indent = " ".repeat(before.place.column.saturating_sub(3));
                Ok(Edit::of(at..at, dashed(&indent)))
            }
            None => {
                let open = list.place.start;
                let close = self.source.text[open..].find(']').map(|length| open + length + 1);
                let close = close.filter(|_| self.is_flow(list)).ok_or_else(|| not_editable("an empty list"))?;
                // The blank before it would be the end of a line.
                let start = self.source.text[..open].trim_end_matches(' ').len();
                Ok(Edit::of(start..close, dashed("")))
            }
        }
    }

    /// The document with one entry of a mapping that has another key and value, and without some others of it.
    pub fn replace_keys(&self, map: &Node, key: &str, by: (&str, &str), gone: &[&str]) -> Outcome<Vec<Edit>> {
        self.demand_own(map)?;
        let entries = map.entries();
        let mut changes = Vec::new();
        let mut kept: Option<usize> = None;
        for (index, (name, value)) in entries.iter().enumerate() {
            self.demand_own(value)?;
            if name.text == key {
                changes.push(Edit::of(name.place.start..value.place.end, format!("{}: {}", by.0, by.1)));
                kept = Some(value.place.end);
            } else if gone.contains(&name.text.as_str()) {
                changes.push(if let Some(end) = kept {
                    // From the end of the entry before it, with the comma or the line end between them.
                    Edit::of(end.max(self.end(&entries[index - 1].1))..self.end(value), "")
                } else {
                    let next = entries.get(index + 1).ok_or_else(|| not_editable("a mapping of one entry"))?;
                    Edit::of(name.place.start..next.0.place.start, "")
                });
            } else {
                kept = Some(self.end(value));
            }
        }
        Ok(changes)
    }

    /// The document without one key of a mapping that begins with another one.
    pub fn remove_key(&self, map: &Node, key: &str) -> Outcome<Option<Edit>> {
        self.demand_own(map)?;
        let entries = map.entries();
        let Some(index) = entries.iter().position(|(name, _)| name.text == key) else { return Ok(None) };
        let before = index.checked_sub(1).ok_or_else(|| not_editable("what begins with this key"))?;
        let (start, end) = (self.end(&entries[before].1), self.end(&entries[index].1));
        if self.is_flow(map) {
            return Ok(Some(Edit::of(start..end, "")));
        }
        // With what is said of it at the end of its line, and without what is said of the entry before it.
        Ok(Some(Edit::of(self.end_of_line(start)..self.end_of_line(end), "")))
    }

    /// Where a value ends, behind the bracket of what is in brackets.
    fn end(&self, node: &Node) -> usize {
        let end = self.inner_end(node);
        if !self.is_flow(node) {
            return end;
        }
        self.source.text[end..].find(['}', ']']).map_or(end, |length| end + length + 1)
    }

    /// Where the last of what is in a mapping or list ends.
    fn inner_end(&self, node: &Node) -> usize {
        let last = node.items().last().or(node.entries().last().map(|(_, value)| value));
        match (last, &node.data) {
            (Some(last), _) => self.end(last),
            (None, Data::Map(_) | Data::List(_)) => node.place.start + 1,
            // What is not there has a place all the same.
            (None, Data::Null) if node.written(&self.source).trim().is_empty() => node.place.start,
            (None, _) => node.place.end,
        }
    }

    /// Whether a mapping or list is written in brackets. One that is not begins where its first value does.
    fn is_flow(&self, node: &Node) -> bool {
        let text = &self.source.text[node.place.start..];
        match &node.data {
            Data::Map(_) => text.starts_with('{'),
            Data::List(items) => {
                text.starts_with('[') && items.first().is_none_or(|first| first.place.start > node.place.start)
            }
            _ => false,
        }
    }

    fn end_of_line(&self, at: usize) -> usize {
        let text = &self.source.text;
        let length = text[at..].find('\n').unwrap_or(text.len() - at);
        at + text[at..at + length].trim_end_matches('\r').len()
    }

    fn line_end(&self) -> &'static str {
        if self.source.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// What stands in several places at once is not changed in one of them.
    fn demand_own(&self, node: &Node) -> Outcome<()> {
        if node.alias.is_none() {
            return Ok(());
        }
        let place = node.place;
        let at = format!("{}:{}:{}", self.source.name, place.line, place.column);
        Err(Failure::usage(format!("{at}: what is pinned stands here by an alias"))
            .hint("write the value itself: an alias stands for it elsewhere, too"))
    }
}

/// Whether nothing is written of a scalar. It has a place all the same: the `:` before it, or what comes next.
fn is_absent(node: &Node, written: &str) -> bool {
    match &node.data {
        Data::Null => !["~", "null", "Null", "NULL"].contains(&written),
        Data::Text(text) => text.is_empty() && !written.starts_with(['"', '\'', '|', '>']),
        _ => false,
    }
}

fn not_editable(what: &str) -> Failure {
    Failure::usage(format!("{what} is not added to")).hint("write it as lines, an entry each")
}

#[cfg(test)]
mod tests {
    use super::super::{Reader, parse};
    use super::*;

    fn read(text: &str) -> Document {
        parse("x.yaml", text, Reader::Kubernetes).expect("YAML")
    }

    fn with(text: &str, change: impl Fn(&Document) -> Outcome<Vec<Edit>>) -> String {
        let document = read(text);
        let changes = change(&document).expect("can be changed");
        let made = changed(text, &changes).expect("no two of one place");
        read(&made);
        made
    }

    #[test]
    fn a_value_is_changed_in_its_quotes_and_nothing_else() {
        let text = "# top\na: # why\n  version: \"3.6.1\"   # pinned\n  other: {v: '1', w: 3.6.1}\n";
        let made = with(text, |it| {
            let a = it.root.get("a").expect("there");
            let other = a.get("other").expect("there");
            Ok(vec![
                it.set(a.get("version").expect("there"), "3.6.2")?,
                it.set(other.get("v").expect("there"), "2")?,
                it.set_key(other, "w", "3.6.2")?,
            ])
        });
        assert_eq!(made, "# top\na: # why\n  version: \"3.6.2\"   # pinned\n  other: {v: '2', w: 3.6.2}\n");
    }

    #[test]
    fn a_value_that_is_not_there_is_put_behind_its_key() {
        let set = |text: &str| with(text, |it| Ok(vec![it.set_key(it.root.get("a").expect("a"), "k", "v")?]));
        assert_eq!(set("a:\n  k:\n  n: 1\n"), "a:\n  k: v\n  n: 1\n");
        assert_eq!(set("a:\n  k: # why\n  # of n\n  n: 1\n"), "a:\n  k: v # why\n  # of n\n  n: 1\n");
        assert_eq!(set("a:\r\n  k: \r\nb: 1\r\n"), "a:\r\n  k: v \r\nb: 1\r\n");
        assert_eq!(set("a:\n  k:"), "a:\n  k: v");
        assert_eq!(set("a: {k: , n: 1}\n"), "a: {k: v , n: 1}\n");
        assert_eq!(set("a:\n  k: &x\n  n: 1\n"), "a:\n  k: &x v\n  n: 1\n");
        assert_eq!(set("a:\n  k: !!str # why\n  n: 1\n"), "a:\n  k: !!str v # why\n  n: 1\n");
        for (written, quote) in [("~", ""), ("null", ""), ("''", "'"), ("\"\"", "\"")] {
            let made = set(&format!("a:\n  k: {written} # why\n  n: 1\n"));
            assert_eq!(made, format!("a:\n  k: {quote}v{quote} # why\n  n: 1\n"));
        }
        let document = read("a: {n: 1, k}\n");
        let failure = document.set_key(document.root.get("a").expect("a"), "k", "v").expect_err("no place for it");
        assert_eq!(failure.message, "a key without a `:` is not added to");
    }

    #[test]
    fn a_key_is_added_where_the_mapping_ends() {
        let add = |text: &str| {
            with(text, |it| {
                Ok(vec![it.set_key(it.root.get("a").and_then(|it| it.items().first()).expect("a"), "k", "v")?])
            })
        };
        assert_eq!(
            add("a:\n- x: 1 # one\n  y: {z: 2}\n# end\n- x: 2\n"),
            "a:\n- x: 1 # one\n  y: {z: 2}\n  k: v\n# end\n- x: 2\n"
        );
        assert_eq!(add("a: [{x: 1, y: 2 }]\n"), "a: [{x: 1, y: 2, k: v }]\n");
        assert_eq!(add("a:\r\n  - x: 1\r\nb: 2\r\n"), "a:\r\n  - x: 1\r\n    k: v\r\nb: 2\r\n");
        assert_eq!(add("a:\n- x: 1"), "a:\n- x: 1\n  k: v");
    }

    #[test]
    fn an_item_is_added_where_the_list_ends() {
        let add = |text: &str| {
            with(text, |it| {
                let lines = vec!["n: 1".to_owned(), "m:".to_owned(), "  o: 2".to_owned()];
                Ok(vec![it.add_items(it.root.get("a").expect("a"), &[lines])?])
            })
        };
        assert_eq!(add("a: []\nb: 1\n"), "a:\n- n: 1\n  m:\n    o: 2\nb: 1\n");
        assert_eq!(add("a:\n- n: 0\n  # why\nb: 1\n"), "a:\n- n: 0\n- n: 1\n  m:\n    o: 2\n  # why\nb: 1\n");
        assert_eq!(add("a:\n  - n: 0\n"), "a:\n  - n: 0\n  - n: 1\n    m:\n      o: 2\n");
        assert_eq!(add("a:\n- {n: 0}\n"), "a:\n- {n: 0}\n- n: 1\n  m:\n    o: 2\n");
    }

    #[test]
    fn several_items_are_added_in_their_order() {
        let items = ["2", "1"].map(|it| vec![format!("n: {it}"), "m: 0".to_owned()]);
        let add = |text: &str| with(text, |it| Ok(vec![it.add_items(it.root.get("a").expect("a"), &items)?]));
        assert_eq!(add("a: []\n"), "a:\n- n: 2\n  m: 0\n- n: 1\n  m: 0\n");
        assert_eq!(add("a:\n- n: 0\n"), "a:\n- n: 0\n- n: 2\n  m: 0\n- n: 1\n  m: 0\n");
    }

    #[test]
    fn a_key_is_removed_with_its_value_and_its_comment() {
        let remove =
            |text: &str| with(text, |it| Ok(it.remove_key(it.root.get("a").expect("a"), "k")?.into_iter().collect()));
        assert_eq!(remove("a:\n  n: 1 # kept\n  k: {x: 1} # gone\n  m: 2\n"), "a:\n  n: 1 # kept\n  m: 2\n");
        assert_eq!(remove("a:\n  n: 1\n  k:\n    x: 1\n    y: 2\nb: 1\n"), "a:\n  n: 1\nb: 1\n");
        assert_eq!(remove("a: {n: 1, k: {x: 1}, m: 2}\n"), "a: {n: 1, m: 2}\n");
        assert_eq!(remove("a: {n: 1}\n"), "a: {n: 1}\n");
    }

    #[test]
    fn entries_make_way_for_another_one() {
        let replace = |text: &str| {
            with(text, |it| it.replace_keys(it.root.get("a").expect("a"), "url", ("locked", "x"), &["name", "version"]))
        };
        assert_eq!(replace("a:\n  url: u\n  name: n # why\n  version: 1\nb: 1\n"), "a:\n  locked: x\nb: 1\n");
        assert_eq!(replace("a: {name: n, url: u, version: 1}\n"), "a: {locked: x}\n");
        assert_eq!(replace("a:\n  version: 1\n  url: u\nb: 1\n"), "a:\n  locked: x\nb: 1\n");
    }

    #[test]
    fn what_stands_in_several_places_is_not_changed() {
        let document = read("a: &v 1.0.0\nb: *v\n");
        let failure = document.set(document.root.get("b").expect("there"), "2").expect_err("an alias");
        assert!(failure.message.contains("x.yaml:2:4: what is pinned stands here by an alias"), "{failure}");
    }

    #[test]
    fn two_changes_of_one_place_are_an_error() {
        assert_eq!(changed("ab", &[Edit::of(0..1, "x"), Edit::of(0..1, "x")]).expect("one"), "xb");
        changed("ab", &[Edit::of(0..2, "x"), Edit::of(1..2, "y")]).expect_err("two");
        assert_eq!(changed("ab", &[Edit::of(0..1, "a"), Edit::of(0..2, "y")]).expect("no change is none"), "y");
    }
}
