//! Many objects on a cluster, made over its API: what a hub of a large company stands beside.
//!
//! They have the same names each time, and one that is there already is left: a crowd can be made larger, and nothing twice.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::Method;
use kube::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::apiserver;

/// As many as keep a server of two cores busy.
const AT_ONCE: usize = 32;
/// How many objects one namespace has.
const OF_A_NAMESPACE: usize = 1000;
/// How many objects of its own kind each definition has.
const OF_A_DEFINITION: usize = 3;
/// How long a kind may take until it is served; hundreds at once take their time.
const SERVED: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(200);
/// Where the Applications are. Argo CD leaves alone what is in other namespaces than its own; the program does not.
const NAMESPACE: &str = "crowd";
const GROUP: &str = "crowd.example.org";
/// The objects that each Application has deployed.
const DEPLOYED: usize = 30;

/// How many there are to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crowd {
    /// `ConfigMaps`, a thousand in each namespace.
    pub objects: usize,
    /// Applications, as Argo CD leaves them; its definitions have to be there.
    pub applications: usize,
    /// Definitions of kinds, each with a few objects.
    pub definitions: usize,
}

/// One object and where it goes.
struct Place {
    path: String,
    object: Value,
}

impl Crowd {
    /// Makes them on the cluster of this kubeconfig.
    pub async fn make(&self, kubeconfig: &Path) -> Result<()> {
        let client = apiserver::connect(kubeconfig).await?;
        let spaces = (0..self.objects.div_ceil(OF_A_NAMESPACE)).map(space).chain([NAMESPACE.to_owned()]);
        all(&client, spaces.map(|name| namespace(&name))).await?;
        all(&client, (0..self.definitions).map(definition)).await?;
        all(&client, (0..self.objects).map(object)).await?;
        all(&client, (0..self.applications).map(application)).await?;
        let things =
            (0..self.definitions * OF_A_DEFINITION).map(|it| thing(it / OF_A_DEFINITION, it % OF_A_DEFINITION));
        all(&client, things).await
    }
}

async fn all(client: &Client, places: impl Iterator<Item = Place>) -> Result<()> {
    stream::iter(places.map(|it| put(client, it))).buffer_unordered(AT_ONCE).try_collect().await
}

/// Makes one, as soon as its kind is served.
async fn put(client: &Client, Place { path, object }: Place) -> Result<()> {
    let deadline = Instant::now() + SERVED;
    // By an apply: a server holds up the creation of what it has just begun to serve by two seconds.
    let name = object.pointer("/metadata/name").and_then(Value::as_str).context("an object without a name")?;
    let is_of_us = path.contains(GROUP);
    let (method, form, path) = if is_of_us {
        (Method::PATCH, "application/apply-patch+yaml", format!("{path}/{name}?fieldManager=crowd"))
    } else {
        (Method::POST, "application/json", format!("{path}?fieldManager=crowd"))
    };
    let body = serde_json::to_vec(&object)?;
    loop {
        let request = http::Request::builder().method(method.clone()).uri(&path).header("content-type", form);
        match client.request_text(request.body(body.clone())?).await {
            Err(kube::Error::Api(status)) if status.code == 404 && is_of_us && Instant::now() < deadline => {
                sleep(PAUSE).await;
            }
            Err(kube::Error::Api(status)) if status.code == 409 => return Ok(()),
            Err(error) => bail!("{method} {path}: {error}"),
            Ok(_) => return Ok(()),
        }
    }
}

fn space(number: usize) -> String {
    format!("{NAMESPACE}-{number:03}")
}

fn namespace(name: &str) -> Place {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    Place { path: "/api/v1/namespaces".to_owned(), object }
}

fn object(number: usize) -> Place {
    let space = space(number / OF_A_NAMESPACE);
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": format!("object-{number:06}"), "namespace": space, "labels": {"app": "crowd"}},
        "data": {"key": format!("value {number}")}});
    Place { path: format!("/api/v1/namespaces/{space}/configmaps"), object }
}

fn definition(number: usize) -> Place {
    let (plural, kind) = (format!("things{number:03}"), format!("Thing{number:03}"));
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    let object = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{GROUP}")},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": {"plural": plural, "kind": kind}, "versions": [version]}});
    Place { path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(), object }
}

fn thing(of: usize, number: usize) -> Place {
    let object = json!({"apiVersion": format!("{GROUP}/v1"), "kind": format!("Thing{of:03}"),
        "metadata": {"name": format!("thing-{number}"), "namespace": NAMESPACE}, "spec": {"number": number}});
    Place { path: format!("/apis/{GROUP}/v1/namespaces/{NAMESPACE}/things{of:03}"), object }
}

/// One as Argo CD leaves it: some 16 kB, most of it about what it has deployed.
fn application(number: usize) -> Place {
    let name = format!("application-{number:05}");
    let source = json!({"repoURL": "https://git.example/team/deployments", "path": name, "targetRevision": "main"});
    let destination = json!({"server": "https://kubernetes.default.svc", "namespace": name});
    let revision = "0123456789abcdef0123456789abcdef01234567";
    let at = "2026-01-01T00:00:00Z";
    let resource = |index: usize| json!({"group": "apps", "version": "v1", "kind": "Deployment", "namespace": name, "name": format!("{name}-{index}")});
    let with = |mut resource: Value, more: Value| {
        let (Value::Object(resource_map), Value::Object(more)) = (&mut resource, more) else { return resource };
        resource_map.extend(more);
        resource
    };
    let compared = |index| with(resource(index), json!({"status": "Synced", "health": {"status": "Healthy"}}));
    let synced = |index| {
        let message = format!("deployment.apps/{name}-{index} serverside-applied");
        with(
            resource(index),
            json!({"status": "Synced", "hookPhase": "Running", "syncPhase": "Sync", "message": message}),
        )
    };
    let deployed =
        |id| json!({"id": id, "revision": revision, "deployedAt": at, "deployStartedAt": at, "source": source});
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"project": "default", "source": source, "destination": destination,
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}, "syncOptions": ["ServerSideApply=true"]}},
        "status": {
            "sync": {"status": "Synced", "revision": revision, "comparedTo": {"source": source, "destination": destination}},
            "health": {"status": "Healthy"}, "reconciledAt": at,
            "history": (0..10).map(deployed).collect::<Vec<_>>(),
            "resources": (0..DEPLOYED).map(compared).collect::<Vec<_>>(),
            "operationState": {"phase": "Succeeded", "startedAt": at, "finishedAt": at,
                "operation": {"sync": {"revision": revision}, "retry": {}},
                "syncResult": {"revision": revision, "source": source,
                    "resources": (0..DEPLOYED).map(synced).collect::<Vec<_>>()}},
        },
    });
    Place { path: format!("/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/applications"), object }
}
