//! One page of a list, read out of its text object by object: it never exists as a whole as values. Pure.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::answer::NoAnswer;
use crate::object::ObjectRef;

/// What was taken of the objects of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In their order.
    pub items: Vec<T>,
    /// What to ask the next page with, if there is one.
    pub rest: Option<String>,
}

/// Reads a page of objects of this kind, and keeps what `take` makes of each.
pub fn page<T>(text: &[u8], kind: &ObjectRef, take: &impl Fn(Value) -> Option<T>) -> Result<Page<T>, NoAnswer> {
    if text.is_empty() {
        return Err(NoAnswer::without("text"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let list = List { kind, take, taken: PhantomData }.deserialize(&mut reader)?;
    reader.end()?;
    if !list.kind.ends_with("List") {
        return Err(NoAnswer::without("kind that is a list"));
    }
    let items = list.items.ok_or_else(|| NoAnswer::without("items"))?;
    Ok(Page { items, rest: Some(list.rest).filter(|token| !token.is_empty()) })
}

/// A list as it was read.
struct Read<T> {
    kind: String,
    rest: String,
    items: Option<Vec<T>>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default, rename = "continue")]
    rest: String,
}

struct List<'a, T, F> {
    kind: &'a ObjectRef,
    take: &'a F,
    taken: PhantomData<T>,
}

impl<'de, T, F: Fn(Value) -> Option<T>> DeserializeSeed<'de> for List<'_, T, F> {
    type Value = Read<T>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Read<T>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, T, F: Fn(Value) -> Option<T>> Visitor<'de> for List<'_, T, F> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read<T>, A::Error> {
        let mut read = Read { kind: String::new(), rest: String::new(), items: None };
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => read.kind = map.next_value()?,
                "metadata" => read.rest = map.next_value::<Metadata>()?.rest,
                "items" => read.items = Some(map.next_value_seed(Items { list: &self })?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(read)
    }
}

struct Items<'a, 'b, T, F> {
    list: &'a List<'b, T, F>,
}

impl<'de, T, F: Fn(Value) -> Option<T>> DeserializeSeed<'de> for Items<'_, '_, T, F> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Vec<T>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, T, F: Fn(Value) -> Option<T>> Visitor<'de> for Items<'_, '_, T, F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    /// How Go writes an empty list that nobody has made.
    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<Vec<T>, A::Error> {
        let List { kind, take, .. } = self.list;
        let api_version = kind.api_version();
        let mut taken = Vec::new();
        while let Some(mut object) = objects.next_element::<Value>()? {
            if !object.is_object() {
                return Err(A::Error::custom("an object of a list is none"));
            }
            object["apiVersion"] = api_version.as_str().into(); // objects of a list come without it
            object["kind"] = kind.kind.as_str().into();
            taken.extend(take(object));
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::FaultKind;
    use crate::object::name;

    fn read(text: &str) -> Result<Page<String>, NoAnswer> {
        let kind = ObjectRef::new("v1", "ConfigMap", None, "");
        let take = |object: Value| (name(&object) != "b").then(|| ObjectRef::of(&object).to_string());
        page(text.as_bytes(), &kind, &take)
    }

    #[test]
    fn only_what_is_taken_of_each_object_is_kept() {
        let text = r#"{"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "7", "continue": "x"},
            "items": [{"metadata": {"name": "a", "namespace": "n"}}, {"metadata": {"name": "b"}}, {"metadata": {"name": "c"}}]}"#;
        let items = vec!["ConfigMap n/a".to_owned(), "ConfigMap c".to_owned()];
        assert_eq!(read(text).expect("a page"), Page { items, rest: Some("x".to_owned()) });
    }

    #[test]
    fn the_last_page_has_no_rest_and_may_be_empty() {
        let last = Page { items: Vec::new(), rest: None };
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
}
