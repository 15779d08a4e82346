//! From events to values: aliases are followed, `<<` is merged, what is written twice is found.

use std::collections::HashMap;
use std::sync::Arc;

use super::bounds::{Budget, DEEPEST};
use super::events::{Item, Items, Scalar, What};
use super::{Data, Key, Node, Reader, no_yaml, scalar};
use crate::report::{Diagnostic, Place, Source};

type Entry = (Key, Node);

/// Builds the value of a document.
pub(super) fn build(
    source: &Arc<Source>,
    items: &Items<'_>,
    reader: Reader,
    budget: &mut Budget,
) -> Result<Node, Box<Diagnostic>> {
    Builder { source, items, reader, budget, at: 0, depth: 0, open: Vec::new() }.node()
}

struct Builder<'t> {
    source: &'t Arc<Source>,
    items: &'t Items<'t>,
    reader: Reader,
    budget: &'t mut Budget,
    /// The next item.
    at: usize,
    depth: usize,
    /// The items that the aliases stand for which are being followed.
    open: Vec<usize>,
}

/// What a mapping has for a key.
enum KeyOf {
    Text(Key),
    /// `<<`, where it means that other mappings are merged.
    Merge(Place),
}

impl<'t> Builder<'t> {
    fn node(&mut self) -> Result<Node, Box<Diagnostic>> {
        let item = self.next()?;
        let data = match &item.what {
            What::Alias(anchor) => return self.alias(item.place, *anchor),
            What::Scalar(it) => {
                scalar::resolve(self.reader, it).map_err(|message| self.refused(item.place, message))?
            }
            What::List { tag, .. } => self.nested(item.place, tag.as_deref(), Self::list)?,
            What::Map { tag, .. } => self.nested(item.place, tag.as_deref(), Self::map)?,
            What::End => Data::Null,
        };
        Ok(Node { place: item.place, alias: None, data })
    }

    fn next(&mut self) -> Result<&'t Item<'t>, Box<Diagnostic>> {
        let item = &self.items.all[self.at];
        self.at += 1;
        let bytes = if let What::Scalar(scalar) = &item.what { scalar.text.len() } else { 0 };
        if self.budget.takes(bytes) {
            return Ok(item);
        }
        Err(self.refused(item.place, "the text and its aliases bring more than any text needs").into())
    }

    fn is_end(&self) -> bool {
        matches!(self.items.all.get(self.at), None | Some(Item { what: What::End, .. }))
    }

    fn nested(
        &mut self,
        place: Place,
        tag: Option<&str>,
        build: fn(&mut Self) -> Result<Data, Box<Diagnostic>>,
    ) -> Result<Data, Box<Diagnostic>> {
        if let Some(tag) = tag.filter(|tag| self.reader == Reader::Backstage && scalar::is_no_json(tag)) {
            return Err(self.refused(place, format!("`!!{tag}` is nothing that JSON has")).into());
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.refused(place, format!("values are nested more than {DEEPEST} deep")).into());
        }
        let data = build(self)?;
        self.depth -= 1;
        self.at += 1; // its end
        Ok(data)
    }

    fn list(&mut self) -> Result<Data, Box<Diagnostic>> {
        let mut all = Vec::new();
        while !self.is_end() {
            all.push(self.node()?);
        }
        Ok(Data::List(all))
    }

    fn map(&mut self) -> Result<Data, Box<Diagnostic>> {
        let mut own: Vec<Entry> = Vec::new();
        let mut merges = Vec::new();
        while !self.is_end() {
            match self.key()? {
                KeyOf::Text(key) => own.push((key, self.node()?)),
                KeyOf::Merge(place) => {
                    if let Some((_, _, first)) = merges.last().filter(|_| self.reader == Reader::Porter) {
                        return Err(self.twice("<<", *first, place).into());
                    }
                    let value = self.node()?;
                    merges.push((own.len(), self.merged(value, place)?, place));
                }
            }
        }
        if let Some((first, second)) = duplicate(&own) {
            return Err(self.twice(&own[first].0.text, own[first].0.place, own[second].0.place).into());
        }
        if merges.is_empty() {
            // Most mappings have one entry or two, and room for four.
            own.shrink_to_fit();
            return Ok(Data::Map(own));
        }
        let merges = merges.into_iter().map(|(before, entries, _)| (before, entries)).collect();
        Ok(Data::Map(if self.reader == Reader::Kubernetes { in_order(own, merges) } else { own_first(own, merges) }))
    }

    fn key(&mut self) -> Result<KeyOf, Box<Diagnostic>> {
        let item = self.next()?;
        let scalar = match &item.what {
            What::Scalar(scalar) => scalar,
            What::Alias(anchor) => match self.items.anchors.get(anchor).map(|at| &self.items.all[*at].what) {
                Some(What::Scalar(scalar)) => scalar,
                _ => return Err(self.refused(item.place, "a key is a text, not a list or a mapping").into()),
            },
            _ => return Err(self.refused(item.place, "a key is a text, not a list or a mapping").into()),
        };
        if matches!(item.what, What::Scalar(_)) && is_merge(scalar, self.reader) {
            return Ok(KeyOf::Merge(item.place));
        }
        let text = scalar::key(self.reader, scalar).map_err(|message| self.refused(item.place, message))?;
        Ok(KeyOf::Text(Key { text, place: item.place }))
    }

    /// The entries that `<<` brings, of earlier mappings before those of later ones.
    fn merged(&self, value: Node, place: Place) -> Result<Vec<Entry>, Box<Diagnostic>> {
        let maps = match value.data {
            Data::List(items) if value.alias.is_none() => items,
            _ => vec![value],
        };
        let maps = maps.into_iter().map(|it| match it.data {
            Data::Map(entries) => Some((entries, it.place, it.alias)),
            _ => None,
        });
        let Some(maps) = maps.collect::<Option<Vec<_>>>() else {
            return Err(self.refused(place, "`<<` merges a mapping, or a list of mappings").into());
        };
        let mut all = Merged::default();
        for (entries, used, alias) in maps {
            for (mut key, mut value) in entries {
                if alias.is_some() {
                    value.alias.get_or_insert(value.place);
                    (key.place, value.place) = (used, used);
                }
                all.add((key, value));
            }
        }
        Ok(all.entries)
    }

    fn alias(&mut self, place: Place, anchor: usize) -> Result<Node, Box<Diagnostic>> {
        let target = self.items.anchors.get(&anchor).copied().unwrap_or_default();
        let is_within_itself = self.open.contains(&target) || !self.is_over(target);
        if is_within_itself {
            return Err(self.refused(place, "the alias stands within the value that it stands for").into());
        }
        let back = std::mem::replace(&mut self.at, target);
        self.open.push(target);
        let mut node = self.node()?;
        self.open.pop();
        self.at = back;
        node.alias = Some(node.alias.unwrap_or(node.place));
        node.place = place;
        Ok(node)
    }

    /// Whether the value that begins at an item ends before the one that is next.
    fn is_over(&self, start: usize) -> bool {
        let mut depth = 0_usize;
        for item in &self.items.all[start..self.at - 1] {
            match item.what {
                What::List { .. } | What::Map { .. } => depth += 1,
                What::End => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return true;
            }
        }
        false
    }

    fn twice(&self, key: &str, first: Place, second: Place) -> Diagnostic {
        let written = |at: Place| self.source.text.get(at.start..at.end).unwrap_or_default();
        let (one, other) = (written(first), written(second));
        let at = format!("line {}, column {}", first.line, first.column);
        let is_word = |text: &str| !text.is_empty() && text.chars().all(char::is_alphanumeric);
        // `on` and `y` are one key to whoever reads both as `true`.
        if one != other && [one, other].into_iter().all(is_word) {
            let message = format!("`{other}` is the same key as `{one}` at {at}: both are `{key}`");
            return no_yaml(self.source, second, message)
                .hint("put them in quotes, if both are meant as they are written");
        }
        no_yaml(self.source, second, format!("`{key}` is there twice, first at {at}")).hint("keep one of them")
    }

    fn refused(&self, place: Place, message: impl AsRef<str>) -> Diagnostic {
        no_yaml(self.source, place, message)
    }
}

/// Backstage leaves `<<` a key like any other; go-yaml merges it where it is plain.
fn is_merge(scalar: &Scalar<'_>, reader: Reader) -> bool {
    let tag = scalar.tag.as_deref();
    reader != Reader::Backstage
        && scalar.text == "<<"
        && match tag {
            None | Some("!") => scalar.is_plain || tag.is_some() && reader == Reader::Kubernetes,
            Some(tag) => tag == "merge",
        }
}

/// The first two entries of one key.
fn duplicate(entries: &[Entry]) -> Option<(usize, usize)> {
    const FEW: usize = 12;
    let text = |index: usize| entries[index].0.text.as_str();
    if entries.len() <= FEW {
        return (1..entries.len()).find_map(|second| {
            let first = (0..second).find(|first| text(*first) == text(second))?;
            Some((first, second))
        });
    }
    let mut seen = HashMap::with_capacity(entries.len());
    (0..entries.len()).find_map(|index| Some((seen.insert(text(index), index)?, index)))
}

/// go-yaml v2 sets keys in the order of the text, so `<<` takes the place of what is written before it.
fn in_order(own: Vec<Entry>, merges: Vec<(usize, Vec<Entry>)>) -> Vec<Entry> {
    let mut all = Merged::default();
    let mut merges = merges.into_iter().peekable();
    for (index, entry) in own.into_iter().enumerate() {
        while let Some((_, entries)) = merges.next_if(|(before, _)| *before == index) {
            for entry in entries {
                all.set(entry);
            }
        }
        all.set(entry);
    }
    for entry in merges.flat_map(|(_, entries)| entries) {
        all.set(entry);
    }
    all.entries
}

/// go-yaml v3 does what the definition of `<<` says: what is written in a mapping itself stands.
fn own_first(own: Vec<Entry>, merges: Vec<(usize, Vec<Entry>)>) -> Vec<Entry> {
    let mut all = Merged::default();
    for entry in own.into_iter().chain(merges.into_iter().flat_map(|(_, entries)| entries)) {
        all.add(entry);
    }
    all.entries
}

/// The entries of several mappings, each key once.
#[derive(Default)]
struct Merged {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

impl Merged {
    /// Adds an entry, unless there is one of its key.
    fn add(&mut self, entry: Entry) {
        if !self.places.contains_key(&entry.0.text) {
            self.set(entry);
        }
    }

    /// Adds an entry, or puts it in the place of the one of its key.
    fn set(&mut self, entry: Entry) {
        if let Some(index) = self.places.get(&entry.0.text) {
            self.entries[*index] = entry;
            return;
        }
        self.places.insert(entry.0.text.clone(), self.entries.len());
        self.entries.push(entry);
    }
}
