//! The requests that change something.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::request::{JSON, METADATA, Request};
use super::{Cluster, answer};
use crate::engine::{Fault, FaultKind, MANAGER};
use crate::object::{self, Identity, ObjectRef, is_being_deleted};

const APPLY: &str = "application/apply-patch+yaml";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
/// How often a write that names no version is sent again although somebody else has written in between, and the pause before the
/// first of these, which doubles. The API server itself has by then tried it five times (apiserver 1.37,
/// `MaxRetryWhenPatchConflicts` in `pkg/endpoints/handlers/rest.go`).
const MOST_CONFLICTS: usize = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Cluster {
    /// Server-side apply, without force: a field that another manager owns is an error that names it. Answers the
    /// metadata.
    pub async fn apply(&self, object: &Value, manager: &str) -> Result<Value, Fault> {
        self.server_side_apply(object, manager, false).await
    }

    /// Server-side apply with force: takes the fields from whoever owns them.
    pub async fn apply_by_force(&self, object: &Value, manager: &str) -> Result<Value, Fault> {
        self.server_side_apply(object, manager, true).await
    }

    async fn server_side_apply(&self, object: &Value, manager: &str, force: bool) -> Result<Value, Fault> {
        let name = ObjectRef::of(object);
        let address = self.path(&name).await?;
        let address = format!("{address}?fieldManager={manager}&fieldValidation=Strict&force={force}");
        let doing = format!("apply {name}");
        let request = Request::bringing(&doing, Method::PATCH, &address, APPLY, object).accepting(METADATA);
        self.whatever_others_write(async || self.ask(&request, |text| answer::metadata(text, &name)).await).await
    }

    /// Sends a write that is right whatever others have written meanwhile, such as an apply without a version, or one that a quota
    /// counts which others write, a few times where they were faster.
    async fn whatever_others_write<T>(&self, write: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut pauses = std::iter::successors(Some(FIRST_PAUSE), |it| Some(*it * 2)).take(MOST_CONFLICTS);
        loop {
            let answer = write().await;
            let was_overtaken = answer.as_ref().is_err_and(|fault| fault.kind == FaultKind::Changed);
            match pauses.next() {
                Some(pause) if was_overtaken && !self.deadline.passed() => self.deadline.pause(pause).await,
                _ => return answer,
            }
        }
    }

    /// A JSON patch (RFC 6902). One that replaces the resourceVersion meets the object that was read or is
    /// [`FaultKind::Changed`].
    pub async fn json_patch(&self, object: &ObjectRef, operations: &Value) -> Result<Value, Fault> {
        self.patch(object, JSON_PATCH, operations, MANAGER).await
    }

    /// The same by another manager than that of the bootstrap.
    pub async fn json_patch_by(&self, object: &ObjectRef, operations: &Value, manager: &str) -> Result<Value, Fault> {
        self.patch(object, JSON_PATCH, operations, manager).await
    }

    /// A JSON merge patch (RFC 7386) of whatever has this name.
    pub async fn merge_patch(&self, object: &ObjectRef, patch: &Value, manager: &str) -> Result<Value, Fault> {
        self.patch(object, MERGE_PATCH, patch, manager).await
    }

    /// A JSON merge patch of exactly this object. Where it is gone it is [`FaultKind::NotFound`], also when another one
    /// has its name.
    pub async fn merge_patch_of(&self, object: &Identity, patch: &Value, manager: &str) -> Result<Value, Fault> {
        let mut patch = patch.clone();
        patch["metadata"]["uid"] = json!(object.uid);
        self.patch(&object.object, MERGE_PATCH, &patch, manager).await
    }

    /// A JSON merge patch of an object as it was read. Answers whether it was done: one that has changed since, or is gone, is to
    /// be read again.
    pub async fn merge_patch_as_read(&self, live: &Value, patch: &Value, manager: &str) -> Result<bool, Fault> {
        let mut patch = patch.clone();
        patch["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        match self.merge_patch_of(&Identity::of(live), &patch, manager).await {
            Ok(_) => Ok(true),
            Err(fault) if matches!(fault.kind, FaultKind::Changed | FaultKind::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// A JSON merge patch of the status of exactly this object in exactly the version that was read, or
    /// [`FaultKind::Changed`].
    pub async fn patch_status(
        &self,
        object: &Identity,
        version: &str,
        status: &Value,
        manager: &str,
    ) -> Result<Value, Fault> {
        let name = &object.object;
        let address = format!("{}/status?fieldManager={manager}", self.path(name).await?);
        let patch = json!({"metadata": {"uid": object.uid, "resourceVersion": version}, "status": status});
        let doing = format!("patch the status of {name}");
        let request = Request::bringing(&doing, Method::PATCH, &address, MERGE_PATCH, &patch).accepting(METADATA);
        self.ask(&request, |text| answer::metadata(text, name)).await
    }

    async fn patch(
        &self,
        object: &ObjectRef,
        form: &'static str,
        patch: &Value,
        manager: &str,
    ) -> Result<Value, Fault> {
        let address = format!("{}?fieldManager={}", self.path(object).await?, manager);
        let doing = format!("patch {object}");
        let request = Request::bringing(&doing, Method::PATCH, &address, form, patch).accepting(METADATA);
        self.ask(&request, |text| answer::metadata(text, object)).await
    }

    /// Asks for the deletion of exactly this object (its UID), dependants in the background. Not there is done.
    pub async fn delete(&self, object: &ObjectRef, uid: &str) -> Result<(), Fault> {
        self.delete_by(object, uid, "Background").await
    }

    /// The same, but what the object owns stays and has no owner any more.
    pub async fn delete_and_orphan(&self, object: &ObjectRef, uid: &str) -> Result<(), Fault> {
        self.delete_by(object, uid, "Orphan").await
    }

    /// Asks for the deletion of exactly this object in exactly the version that was read. One that has changed since stays,
    /// and is [`FaultKind::Changed`]. Not there, or on its way out, is done.
    pub async fn delete_unchanged(&self, object: &Identity, version: &str) -> Result<(), Fault> {
        let path = self.path(&object.object).await?;
        let preconditions = json!({"uid": object.uid, "resourceVersion": version});
        let options = json!({"propagationPolicy": "Background", "preconditions": preconditions});
        let doing = format!("delete {object}");
        match self.ask(&Request::bringing(&doing, Method::DELETE, &path, JSON, &options), answer::any).await {
            Ok(_) => Ok(()),
            // A first try whose answer was lost has changed it, too.
            Err(fault) => match self.metadata(&object.object).await? {
                Some(live) if object.is(&live) && !is_being_deleted(&live) => Err(fault),
                _ => Ok(()),
            },
        }
    }

    async fn delete_by(&self, object: &ObjectRef, uid: &str, propagation: &str) -> Result<(), Fault> {
        let path = self.path(object).await?;
        let options = json!({"propagationPolicy": propagation, "preconditions": {"uid": uid}});
        let doing = format!("delete {object}");
        let request = Request::bringing(&doing, Method::DELETE, &path, JSON, &options);
        let delete = async || match self.ask(&request, answer::any).await {
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
            // Another UID under the name: ours is gone. Or somebody has written ours.
            Err(fault) if fault.kind == FaultKind::Changed => match self.metadata(object).await? {
                Some(live) if object::uid(&live) == uid && !is_being_deleted(&live) => Err(fault),
                _ => Ok(()),
            },
            answer => answer.map(drop),
        };
        self.whatever_others_write(delete).await
    }
}
