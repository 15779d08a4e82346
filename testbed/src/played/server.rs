//! The API server, as little of it as is needed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use http::Request;
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use kube::{Client, Error};
use serde_json::{Value, json};

use super::world::text;
use super::{CONTROLLER, MANAGER};

/// Where the objects of a kind are.
#[derive(Clone)]
struct Place {
    /// The path of the group and version.
    root: String,
    plural: String,
    is_namespaced: bool,
}

/// The way to the server, and the places of the kinds that were asked for.
pub struct Server {
    client: Client,
    places: RefCell<BTreeMap<(String, String), Place>>,
}

impl Server {
    pub fn new(client: Client) -> Self {
        Self { client, places: RefCell::default() }
    }

    /// Whether objects of this kind are in namespaces; nothing when the kind is not served.
    pub async fn is_namespaced(&self, api_version: &str, kind: &str) -> Option<bool> {
        Some(self.place(api_version, kind).await?.is_namespaced)
    }

    /// All objects of a kind, and the version of the whole; nothing when it is not served.
    pub async fn list(&self, api_version: &str, kind: &str) -> Result<Option<(Vec<Value>, String)>> {
        let Some(Place { root, plural, .. }) = self.place(api_version, kind).await else { return Ok(None) };
        let list = absent(self.ask("GET", &format!("{root}/{plural}"), None).await)?;
        let Some(mut list) = list else { return Ok(None) };
        let version = text(&list, "/metadata/resourceVersion").to_owned();
        let mut items = list["items"].take().as_array().cloned().unwrap_or_default();
        for item in &mut items {
            (item["apiVersion"], item["kind"]) = (api_version.into(), kind.into());
        }
        Ok(Some((items, version)))
    }

    /// The version of the whole of a kind, which is that of the last change on the cluster; nothing when it is not served.
    pub async fn version(&self, api_version: &str, kind: &str) -> Result<Option<String>> {
        let Some(Place { root, plural, .. }) = self.place(api_version, kind).await else { return Ok(None) };
        let first = absent(self.ask("GET", &format!("{root}/{plural}?limit=1"), None).await)?;
        Ok(first.map(|it| text(&it, "/metadata/resourceVersion").to_owned()))
    }

    /// An object as it is now.
    pub async fn get(&self, object: &Value) -> Result<Option<Value>> {
        let Some(path) = self.path(object).await else { return Ok(None) };
        Ok(absent(self.ask("GET", &path, None).await)?)
    }

    /// Applies an object as Argo CD does, or only tries to.
    pub async fn apply(&self, object: &Value, is_trial: bool) -> Result<Value> {
        let path = self.path(object).await.context("the server could not find the requested resource")?;
        let trial = if is_trial { "&dryRun=All" } else { "" };
        let path = format!("{path}?fieldManager={MANAGER}&force=true{trial}");
        Ok(self.ask("PATCH", &path, Some(("application/apply-patch+yaml", object))).await?)
    }

    /// Makes an object, unless somebody else has.
    pub async fn create(&self, object: &Value) -> Result<()> {
        let path = self.path(object).await.context("the server could not find the requested resource")?;
        let (folder, _) = path.rsplit_once('/').context("a path has folders")?;
        let body = Some(("application/json", object));
        match self.ask("POST", &format!("{folder}?fieldManager=argocd-server"), body).await {
            Err(Error::Api(status)) if status.code == 409 => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Patches an object; one that is gone, or another version than the patch names, is left alone.
    pub async fn patch(&self, object: &Value, patch: &Value) -> Result<()> {
        let Some(place) = self.path(object).await else { return Ok(()) };
        let place = format!("{place}?fieldManager={CONTROLLER}");
        match self.ask("PATCH", &place, Some(("application/merge-patch+json", patch))).await {
            Err(Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Deletes exactly this object.
    pub async fn delete(&self, live: &Value, is_foreground: bool) -> Result<()> {
        let Some(path) = self.path(live).await else { return Ok(()) };
        let policy = if is_foreground { "Foreground" } else { "Background" };
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy,
            "preconditions": {"uid": live["metadata"]["uid"]}});
        match self.ask("DELETE", &path, Some(("application/json", &options))).await {
            Err(Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    async fn path(&self, object: &Value) -> Option<String> {
        let Place { root, plural, is_namespaced } =
            self.place(text(object, "/apiVersion"), text(object, "/kind")).await?;
        let namespace = text(object, "/metadata/namespace");
        let within = if is_namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        Some(format!("{root}{within}/{plural}/{}", text(object, "/metadata/name")))
    }

    async fn place(&self, api_version: &str, kind: &str) -> Option<Place> {
        let key = (api_version.to_owned(), kind.to_owned());
        if let Some(place) = self.places.borrow().get(&key) {
            return Some(place.clone());
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        // Not served yet, or not any more: the next one who asks finds out.
        let (found, is) = pinned_kind(&self.client, &GroupVersionKind::gvk(group, version, kind)).await.ok()?;
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{api_version}") };
        let place = Place { root, plural: found.plural, is_namespaced: is.scope == Scope::Namespaced };
        self.places.borrow_mut().insert(key, place.clone());
        Some(place)
    }

    async fn ask(&self, method: &str, path: &str, body: Option<(&str, &Value)>) -> Result<Value, Error> {
        let (kind, text) = body.map_or(("application/json", String::new()), |(kind, body)| (kind, body.to_string()));
        let request = Request::builder().method(method).uri(path).header("Content-Type", kind);
        let request = request.body(text.into_bytes()).map_err(Error::HttpError)?;
        self.client.request(request).await
    }
}

/// What is not there is nothing.
fn absent(answer: Result<Value, Error>) -> Result<Option<Value>, Error> {
    match answer {
        Err(Error::Api(status)) if status.code == 404 => Ok(None),
        answer => answer.map(Some),
    }
}
