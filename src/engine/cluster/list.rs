//! Lists, in pages: what a cluster holds has no bound, what we hold of it has.

use std::cell::Cell;
use std::fmt::Write as _;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::Cluster;
use super::page::{Kept, Taker, page};
use super::request::{JSON, METADATA_LIST, Request};
use crate::engine::kinds::collection_path;
use crate::engine::{Fault, FaultKind, absent};
use crate::object::ObjectRef;

/// The most objects of one page; fewer where these are too large for one answer. client-go asks for 500 (`tools/pager`); a page
/// is held whole until its objects are read, and an Application may be of many kB. Metadata is small.
const LIMIT: usize = 250;
const LIMIT_OF_METADATA: usize = 500;
/// How many kinds are listed at a time. To the API server's fairness a list is many requests, and an ordinary user has about 49.
const AT_ONCE: usize = 8;
/// How often a list is begun anew that the server has forgotten before its last page (410, `Expired`).
const TRIES: usize = 5;

impl Cluster {
    /// The objects of a kind, in one namespace or in all; an empty list when the kind is not served. The reference's
    /// name does not matter.
    pub async fn list(&self, kind: &ObjectRef) -> Result<Vec<Value>, Fault> {
        self.list_with(kind, Some).await
    }

    /// What `take` makes of each of the objects. They are read one by one, and only that is kept.
    pub async fn list_with<T>(&self, kind: &ObjectRef, take: impl Fn(Value) -> Option<T>) -> Result<Vec<T>, Fault> {
        self.pages(kind, JSON, take).await
    }

    /// The metadata of the objects of a kind, with the names of their field managers, not with the fields.
    pub async fn list_metadata(&self, kind: &ObjectRef) -> Result<Vec<Value>, Fault> {
        self.list_metadata_with(kind, Some).await
    }

    /// What `take` makes of the metadata of each of the objects.
    pub async fn list_metadata_with<T>(
        &self,
        kind: &ObjectRef,
        take: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, Fault> {
        self.pages(kind, METADATA_LIST, |live| take(without_fields(live))).await
    }

    /// The same with the fields of their managers.
    pub async fn list_fields_with<T>(
        &self,
        kind: &ObjectRef,
        take: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, Fault> {
        self.pages(kind, METADATA_LIST, take).await
    }

    /// The metadata of the objects of several kinds, some at a time; in their order.
    pub async fn list_metadata_of<T>(
        &self,
        kinds: impl IntoIterator<Item = ObjectRef>,
        take: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, Fault> {
        let take = &take;
        let lists = kinds.into_iter().map(|kind| async move { self.list_metadata_with(&kind, take).await });
        let lists: Vec<Vec<T>> = futures::stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// The objects of a kind that have this label: whole, or their metadata with the fields of their managers.
    pub async fn list_labelled(
        &self,
        kind: &ObjectRef,
        (key, value): (&str, &str),
        is_whole: bool,
    ) -> Result<Vec<Value>, Fault> {
        let labelled = format!("&labelSelector={}", encoded(&format!("{key}={value}")));
        let accept = if is_whole { JSON } else { METADATA_LIST };
        let mut kept = Kept::of(Some);
        self.pages_of(kind, &labelled, accept, &mut kept).await?;
        Ok(kept.all)
    }

    async fn pages<T>(
        &self,
        kind: &ObjectRef,
        accept: &'static str,
        take: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, Fault> {
        let mut kept = Kept::of(take);
        self.pages_of(kind, "", accept, &mut kept).await?;
        Ok(kept.all)
    }

    /// The same of those that are meant by a part of a query, which begins with `&`.
    async fn pages_of(
        &self,
        kind: &ObjectRef,
        meant: &str,
        accept: &'static str,
        taker: &mut dyn Taker,
    ) -> Result<(), Fault> {
        let limit = Cell::new(if accept == METADATA_LIST { LIMIT_OF_METADATA } else { LIMIT });
        let mut answer = self.all_pages(kind, meant, accept, taker, &limit).await;
        for _ in 1..TRIES {
            match answer {
                Err(fault) if fault.kind == FaultKind::Expired => tracing::debug!(%fault, "listing anew"),
                _ => break,
            }
            answer = self.all_pages(kind, meant, accept, taker, &limit).await;
        }
        if absent(answer)?.is_none() {
            taker.back_to(0);
        }
        Ok(())
    }

    async fn all_pages(
        &self,
        kind: &ObjectRef,
        meant: &str,
        accept: &'static str,
        taker: &mut dyn Taker,
        limit: &Cell<usize>,
    ) -> Result<(), Fault> {
        // What an earlier try has brought comes again.
        taker.back_to(0);
        let resource = self.resource(kind).await?;
        let path = collection_path(kind, &resource);
        let doing = format!("list {}", resource.plural);
        let mut next = String::new();
        loop {
            let address = format!("{path}?limit={}{meant}{next}", limit.get());
            let request = Request::list(&doing, &address).accepting(accept);
            match self.ask(&request, |text| page(text, kind, taker)).await {
                Err(fault) if fault.kind == FaultKind::TooLarge && limit.get() > 1 => limit.set(limit.get() / 2),
                answer => match answer? {
                    Some(token) => next = format!("&continue={}", encoded(&token)),
                    None => return Ok(()),
                },
            }
        }
    }
}

/// The managers of the fields are asked for, seldom the fields: these are most of what a list holds.
fn without_fields(mut live: Value) -> Value {
    let entries = live.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        entry.remove("fieldsV1");
    }
    live
}

/// A text as a value in a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => _ = write!(encoded, "%{byte:02X}"), // a String takes everything
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn managers_stay_and_their_fields_go() {
        let live = json!({"metadata": {"managedFields": [{"manager": "helm", "fieldsV1": {"f:data": {}}}]}});
        assert_eq!(without_fields(live), json!({"metadata": {"managedFields": [{"manager": "helm"}]}}));
    }

    #[test]
    fn a_token_of_whatever_letters_is_one_value() {
        assert_eq!(encoded("eyJ2-_.a=&b/é"), "eyJ2-_.a%3D%26b%2F%C3%A9");
    }
}
