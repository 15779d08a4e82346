//! One page of a list, read out of its text object by object: it never exists as a whole as values. Pure.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::answer::NoAnswer;
use crate::object::ObjectRef;

/// What the objects of a list are given to, one by one. One type for whatever is made of them, so that the reader of lists is in the
/// program once and not once for each.
pub trait Taker {
    /// Takes the next object.
    fn take(&mut self, object: Value);
    /// What is there so far.
    fn mark(&self) -> usize;
    /// Gives up what came after a mark: it comes again.
    fn back_to(&mut self, mark: usize);
}

/// Keeps what a function makes of each object.
pub struct Kept<T, F> {
    /// In their order.
    pub all: Vec<T>,
    make: F,
}

impl<T, F: Fn(Value) -> Option<T>> Kept<T, F> {
    /// Nothing yet.
    pub const fn of(make: F) -> Self {
        Self { all: Vec::new(), make }
    }
}

impl<T, F: Fn(Value) -> Option<T>> Taker for Kept<T, F> {
    fn take(&mut self, object: Value) {
        self.all.extend((self.make)(object));
    }

    fn mark(&self) -> usize {
        self.all.len()
    }

    fn back_to(&mut self, mark: usize) {
        self.all.truncate(mark);
    }
}

/// Reads a page of objects of this kind. Answers what to ask the next page with, if there is one. Of a page that is none nothing is
/// kept.
pub fn page(text: &[u8], kind: &ObjectRef, taker: &mut dyn Taker) -> Result<Option<String>, NoAnswer> {
    let mark = taker.mark();
    let read = whole_page(text, kind, taker);
    if read.is_err() {
        taker.back_to(mark);
    }
    read
}

fn whole_page(text: &[u8], kind: &ObjectRef, taker: &mut dyn Taker) -> Result<Option<String>, NoAnswer> {
    if text.is_empty() {
        return Err(NoAnswer::without("text"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let list = List { kind, taker }.deserialize(&mut reader)?;
    reader.end()?;
    if !list.kind.ends_with("List") {
        return Err(NoAnswer::without("kind that is a list"));
    }
    if !list.has_items {
        return Err(NoAnswer::without("items"));
    }
    Ok(Some(list.rest).filter(|token| !token.is_empty()))
}

/// A list as it was read.
#[derive(Default)]
struct Read {
    kind: String,
    rest: String,
    has_items: bool,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default, rename = "continue")]
    rest: String,
}

struct List<'a> {
    kind: &'a ObjectRef,
    taker: &'a mut dyn Taker,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Read, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let mut read = Read::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => read.kind = map.next_value()?,
                "metadata" => read.rest = map.next_value::<Metadata>()?.rest,
                "items" => {
                    map.next_value_seed(Items { kind: self.kind, taker: &mut *self.taker })?;
                    read.has_items = true;
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(read)
    }
}

struct Items<'a> {
    kind: &'a ObjectRef,
    taker: &'a mut dyn Taker,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    /// How Go writes an empty list that nobody has made.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        let api_version = self.kind.api_version();
        while let Some(mut object) = objects.next_element::<Value>()? {
            if !object.is_object() {
                return Err(A::Error::custom("an object of a list is none"));
            }
            object["apiVersion"] = api_version.as_str().into(); // objects of a list come without it
            object["kind"] = self.kind.kind.as_str().into();
            self.taker.take(object);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::FaultKind;
    use crate::object::name;

    /// What is kept of a page, and what to ask the next one with.
    fn read(text: &str) -> Result<(Vec<String>, Option<String>), NoAnswer> {
        let kind = ObjectRef::new("v1", "ConfigMap", None, "");
        let mut kept = Kept::of(|it: Value| (name(&it) != "b").then(|| ObjectRef::of(&it).to_string()));
        let rest = page(text.as_bytes(), &kind, &mut kept)?;
        Ok((kept.all, rest))
    }

    #[test]
    fn only_what_is_taken_of_each_object_is_kept() {
        let text = r#"{"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "7", "continue": "x"},
            "items": [{"metadata": {"name": "a", "namespace": "n"}}, {"metadata": {"name": "b"}}, {"metadata": {"name": "c"}}]}"#;
        let items = vec!["ConfigMap n/a".to_owned(), "ConfigMap c".to_owned()];
        assert_eq!(read(text).expect("a page"), (items, Some("x".to_owned())));
    }

    #[test]
    fn the_last_page_has_no_rest_and_may_be_empty() {
        let last = (Vec::new(), None);
        let text = r#"{"kind": "ConfigMapList", "metadata": {"continue": ""}, "items": null}"#;
        assert_eq!(read(text).expect("a page"), last);
        assert_eq!(read(r#"{"items": [], "kind": "ConfigMapList"}"#).expect("a page"), last);
    }

    #[test]
    fn what_does_not_list_is_no_empty_list() {
        for text in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"kind": "ConfigMapList"}"#,
            r#"{"items": []}"#,
            r#"{"kind": "Status", "items": []}"#,
            r#"{"kind": "ConfigMapList", "items": [1]}"#,
            r#"{"kind": "ConfigMapList", "items": []} and more"#,
        ] {
            assert_eq!(read(text).expect_err(text).into_fault("list").kind, FaultKind::Foreign, "{text}");
        }
        let cut = read(r#"{"kind": "ConfigMapList", "items": [{"metadata": "#).expect_err("cut").into_fault("list");
        assert!(cut.is_transient(), "{cut}");
    }

    #[test]
    fn of_a_page_that_is_broken_off_nothing_is_kept_and_of_those_before_it_all() {
        let kind = ObjectRef::new("v1", "ConfigMap", None, "");
        let mut kept = Kept::of(|object: Value| Some(name(&object).to_owned()));
        let whole = r#"{"kind": "ConfigMapList", "metadata": {}, "items": [{"metadata": {"name": "a"}}]}"#;
        page(whole.as_bytes(), &kind, &mut kept).expect("a page");
        page(&whole.as_bytes()[..whole.len() - 1], &kind, &mut kept).expect_err("the end is missing");
        assert_eq!(kept.all, ["a"]);
    }
}
