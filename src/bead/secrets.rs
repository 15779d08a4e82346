//! The Secrets of a bead: declared by its document, given to the step, written beside git.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::document::{Bead, SecretNeed, SecretRef};
use crate::engine::{Cluster, Fault, make_namespace};
use crate::object::{Identity, ObjectRef, resource_version, str_at};
use crate::report::{Console, Failure, Outcome, wipe};
use crate::run::secrets::{SecretValues, encoded, values};
use crate::schema::closest;
use crate::words::bead::LABEL;

/// Set on a namespace that was made for a Secret of a bead.
const MADE_FOR: &str = "backstack.dev/made-for-bead";

/// The Secrets that the step gives, by name; each with all the keys that the bead needs.
#[derive(Default)]
pub struct Given(BTreeMap<String, SecretValues>);

impl Given {
    /// Whether the step gives this Secret.
    pub fn has(&self, need: &SecretNeed) -> bool {
        self.0.contains_key(&need.name)
    }
}

/// Reads what the step gives. Fails with all mistakes: a Secret or a key that the bead does not know, and a Secret of
/// which only some keys have a value.
pub fn given(bead: &Bead, written: &BTreeMap<String, BTreeMap<String, SecretRef>>) -> Outcome<Given> {
    let needs = &bead.spec.secrets;
    let mut given = Given::default();
    let mut mistakes = Vec::new();
    for (name, keys) in written {
        let Some(need) = needs.iter().find(|need| need.name == *name) else {
            let known: Vec<&str> = needs.iter().map(|need| need.name.as_str()).collect();
            mistakes.push(unknown("Secret", name, &known));
            continue;
        };
        let known: Vec<&str> = need.keys.iter().map(String::as_str).collect();
        mistakes.extend(keys.keys().filter(|key| !need.keys.contains(key)).map(|key| unknown("key", key, &known)));
        let values = values(keys).map_err(|failure| failure.context(format!("secrets.{name}")))?;
        let missing: Vec<&str> = known.into_iter().filter(|key| !values.contains_key(*key)).collect();
        match (values.is_empty(), missing.is_empty()) {
            (true, _) => {} // an optional credential that was not given: it may be on the cluster
            (false, true) => _ = given.0.insert(name.clone(), values),
            (false, false) => mistakes.push(format!("the Secret {name} has no value for {}", missing.join(", "))),
        }
    }
    if mistakes.is_empty() {
        return Ok(given);
    }
    Err(Failure::usage(format!("the secrets do not fit bead {}; nothing was changed", bead.metadata.name))
        .details(mistakes)
        .hint("give each key that `spec.secrets` of bead.yaml names, or none of a Secret that is on the cluster"))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let hint = match closest(name, known) {
        Some(best) => format!("did you mean `{best}`?"),
        None => format!("it names: {}", known.join(", ")),
    };
    format!("the bead needs no {what} `{name}`; {hint}")
}

/// The keys that a Secret on the cluster lacks.
pub async fn lacking(need: &SecretNeed, cluster: &Cluster) -> Result<Vec<String>, Fault> {
    let name = ObjectRef::new("v1", "Secret", Some(&need.namespace), &need.name);
    let mut live = cluster.get(&name).await?.unwrap_or_default();
    let has = |key: &String| live.pointer("/data").and_then(|data| data.get(key)).is_some();
    let lacking = need.keys.iter().filter(|key| !has(key)).cloned().collect();
    wipe(&mut live);
    Ok(lacking)
}

/// The type that a Secret has on the cluster, when it is another one: it never changes.
pub async fn other_type(need: &SecretNeed, cluster: &Cluster) -> Result<Option<String>, Fault> {
    let name = ObjectRef::new("v1", "Secret", Some(&need.namespace), &need.name);
    let Some(mut live) = cluster.get(&name).await? else { return Ok(None) };
    let other = Some(str_at(&live, "/type")).filter(|it| *it != need.secret_type).map(str::to_owned);
    wipe(&mut live);
    Ok(other)
}

/// Writes every Secret under a field manager of the bead's own, which no release touches. A key that somebody else owns
/// is an error that names it.
pub async fn write(bead: &Bead, given: Given, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let name = &bead.metadata.name;
    let manager = format!("backstack-bead-{name}");
    for need in &bead.spec.secrets {
        let Some(values) = given.0.get(&need.name) else { continue };
        make_namespace(cluster, &need.namespace, &json!({MADE_FOR: name})).await?;
        let reference = ObjectRef::new("v1", "Secret", Some(&need.namespace), &need.name);
        let live = cluster.metadata(&reference).await?;
        // A Secret that somebody else made gets its keys, and not the mark by which it would be deleted.
        let is_its = live.as_ref().is_none_or(|live| is_of(live, name));
        let before = live.map(|live| resource_version(&live).to_owned());
        let mut secret = secret(need, values, is_its.then_some(name.as_str()));
        let applied = cluster.apply(&secret, &manager).await;
        wipe(&mut secret);
        let changed = before.as_deref() != Some(resource_version(&applied?));
        console.done("secret", format!("{reference}  {}", if changed { "written" } else { "no change" }));
    }
    Ok(())
}

fn secret(need: &SecretNeed, values: &SecretValues, mark: Option<&str>) -> Value {
    let labels: Map<String, Value> = mark.map(|bead| (LABEL.to_owned(), bead.into())).into_iter().collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": need.name, "namespace": need.namespace, "labels": labels},
        "type": need.secret_type,
        "data": encoded(values),
    })
}

/// The Secrets that an installation has written for this bead.
pub async fn written(bead: &Bead, cluster: &Cluster) -> Result<Vec<Identity>, Fault> {
    let mut ours = Vec::new();
    for need in &bead.spec.secrets {
        let name = ObjectRef::new("v1", "Secret", Some(&need.namespace), &need.name);
        let live = cluster.metadata(&name).await?.unwrap_or_default();
        if is_of(&live, &bead.metadata.name) {
            ours.push(Identity::under(&name, &live));
        }
    }
    Ok(ours)
}

fn is_of(secret: &Value, bead: &str) -> bool {
    secret.pointer("/metadata/labels").and_then(|labels| labels.get(LABEL)).is_some_and(|of| *of == bead)
}
