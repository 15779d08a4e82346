//! `secrets import`: the Secrets of an export onto a cluster. What is there with another value stays, unless it is named.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::document::{Export, Kept};
use super::held::{Held, held};
use super::{connect, marker, sealed};
use crate::cli::SecretsImport;
use crate::engine::{self, Cluster, Deadline, Fault, FaultKind};
use crate::files::sha256;
use crate::input;
use crate::object::str_at;
use crate::report::{Console, Failure, Outcome, answer, remember_secret, wipe};
use crate::schema::is_surely_same_repository;
use crate::words::argo;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Longer values are not looked for in what is printed: no message repeats so much.
const LONGEST: usize = 1 << 16;
/// What of a credential of Argo CD is no secret, and has to be told by name.
const PLAIN: [&str; 7] = ["type", "url", "name", "server", "project", "username", "namespaces"];

/// Where an export goes to.
pub struct Into<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The digest of the file.
    pub file: &'a str,
    /// What may get another value, as `namespace/name`.
    pub replace: &'a [String],
}

/// What an import did, by name.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// Whether it went on with one that had been interrupted.
    pub resumed: bool,
    /// Not there before.
    pub created: Vec<String>,
    /// There before, without some of it.
    pub completed: Vec<String>,
    /// There before with these values.
    pub same: Vec<String>,
    /// With other values before, and named.
    pub replaced: Vec<String>,
}

/// Reads the file, and brings what is in it.
pub async fn import(args: &SecretsImport, as_json: bool, console: &Console) -> Outcome<()> {
    let shown = args.export.display().to_string();
    let identities = sealed::identities(&args.identity)?;
    let (export, digest) = read(&args.export, &shown, &identities)?;
    console.done(
        "read",
        format!(
            "{} Secrets of hub {} (cluster {}), exported at {}",
            export.secrets.len(),
            export.hub.name,
            export.hub.cluster_uid,
            export.time
        ),
    );
    if !export.hub.synced {
        console.say("warning: the hub was not Synced when it was exported; something may be missing");
    }
    let cluster = connect(args.kubeconfig.as_ref(), args.context.as_ref(), Deadline::after(PATIENCE), console).await?;
    let done = bring(&export, Into { cluster: &cluster, file: &digest, replace: &args.replace }, console).await?;
    if as_json { answer(&format!("{:#}\n", json!(done))) } else { Ok(()) }
}

/// The export in a file, and the digest of the file.
pub fn read(file: &Path, shown: &str, identities: &[age::x25519::Identity]) -> Outcome<(Export, String)> {
    let bytes = input::bytes_of(file).map_err(|error| {
        Failure::usage(format!("cannot read {shown}: {error}"))
            .hint("name a file that `backstack secrets export` wrote")
    })?;
    let export = Export::read(shown, &sealed::open(shown, &bytes, identities)?)?;
    export.secrets.iter().for_each(hide);
    Ok((export, sha256(&bytes)))
}

/// Has the values masked in whatever is printed: an API server may repeat what it refuses.
fn hide(kept: &Kept) {
    let is_of_argocd = kept.labels.contains_key(argo::SECRET_TYPE);
    for (key, value) in &kept.data {
        if value.len() < LONGEST && !(is_of_argocd && PLAIN.contains(&key.as_str())) {
            remember_secret(STANDARD.decode(value).map(Zeroizing::new).unwrap_or_default());
        }
    }
}

/// Brings the Secrets of an export: all of them are looked at before the first is written.
pub async fn bring(export: &Export, into: Into<'_>, console: &Console) -> Outcome<Done> {
    let cluster = into.cluster;
    refuse_another_hub(export, cluster).await?;
    let open = marker::open(cluster).await?;
    if let Some(other) = open.as_ref().filter(|it| *it != into.file) {
        return Err(Failure::refused("an import of another file is unfinished on this cluster; nothing was written")
            .details([format!("the digest of that file: {other}")])
            .hint(format!(
                "finish it with that file; where that is lost: kubectl delete configmap {} -n {}",
                marker::object().name,
                argo::NAMESPACE
            )));
    }
    let states = look(export, &into).await?;
    refuse_others_values(&states, into.replace)?;
    try_all(&states, cluster).await?;

    make_namespace(cluster, export, argo::NAMESPACE).await?;
    marker::set(cluster, into.file, export).await?;
    let mut done = Done { resumed: open.is_some(), ..Done::default() };
    for (kept, state) in states {
        make_namespace(cluster, export, &kept.namespace).await?;
        write(cluster, kept, &state).await.map_err(|fault| {
            Failure::from(fault)
                .details([format!("{} stays until an import of this file has come to its end", marker::object())])
        })?;
        let list = match state {
            Held::Absent => &mut done.created,
            Held::Lacks => &mut done.completed,
            Held::Same => &mut done.same,
            Held::Differs(_) | Held::Fixed(_) => &mut done.replaced,
        };
        list.push(kept.title());
    }
    marker::clear(cluster).await?;
    done.tell(console);
    Ok(done)
}

/// Whoever can encrypt to a recipient can make a file: it has to be of the hub that the cluster is, where it is one.
async fn refuse_another_hub(export: &Export, cluster: &Cluster) -> Outcome<()> {
    let root = cluster.get(&argo::application(argo::ROOT)).await?.unwrap_or_default();
    let repository = str_at(&root, "/spec/source/repoURL");
    if repository.is_empty() || is_surely_same_repository(repository, &export.hub.repository) {
        return Ok(());
    }
    Err(Failure::refused("the export is of another hub than the one on this cluster; nothing was written")
        .details([format!("exported from {}", export.hub.repository), format!("this hub: {repository}")])
        .hint("name the export of this hub, or the kubeconfig of that one"))
}

async fn look<'e>(export: &'e Export, into: &Into<'_>) -> Outcome<Vec<(&'e Kept, Held)>> {
    let names: Vec<String> = export.secrets.iter().map(Kept::title).collect();
    if let Some(unknown) = into.replace.iter().find(|it| !names.contains(it)) {
        return Err(Failure::usage(format!("--replace {unknown}: the export has no such Secret; nothing was written"))
            .hint("name it as NAMESPACE/NAME"));
    }
    let mut states = Vec::new();
    for kept in &export.secrets {
        let mut live = into.cluster.get(&kept.object()).await?;
        states.push((kept, held(kept, live.as_ref())));
        live.iter_mut().for_each(wipe);
    }
    Ok(states)
}

fn refuse_others_values(states: &[(&Kept, Held)], replace: &[String]) -> Outcome<()> {
    let fixed = |(kept, state): &(&Kept, Held)| match state {
        Held::Fixed(why) => Some(format!("{}: {why}", kept.title())),
        _ => None,
    };
    let fixed: Vec<String> = states.iter().filter_map(fixed).collect();
    if !fixed.is_empty() {
        return Err(Failure::refused(format!(
            "{} Secrets on this cluster cannot become those of the export; nothing was written",
            fixed.len()
        ))
        .details(fixed)
        .hint("delete them on the cluster, if nobody needs them as they are, and run again"));
    }
    let differing = |(kept, state): &(&Kept, Held)| match state {
        Held::Differs(keys) if !replace.contains(&kept.title()) => Some((kept.title(), keys.join(", "))),
        _ => None,
    };
    let differing: Vec<(String, String)> = states.iter().filter_map(differing).collect();
    if differing.is_empty() {
        return Ok(());
    }
    let flags: Vec<String> = differing.iter().map(|(name, _)| format!("--replace {name}")).collect();
    Err(Failure::refused(format!(
        "{} Secrets on this cluster are not as the export has them; nothing was written",
        differing.len()
    ))
    .details(differing.iter().map(|(name, keys)| format!("{name}: {keys}")))
    .hint(format!("where what the export has is meant: {}", flags.join(" "))))
}

/// A namespace that is not there, or will not be soon, comes with the marks that it had.
async fn make_namespace(cluster: &Cluster, export: &Export, namespace: &str) -> Result<(), Fault> {
    let none = BTreeMap::new();
    let marks = export.namespaces.get(namespace).unwrap_or(&none);
    engine::make_namespace(cluster, namespace, &json!(marks)).await
}

/// Has the cluster try each before the first is written. What goes into a namespace that is not there yet cannot be tried.
async fn try_all(states: &[(&Kept, Held)], cluster: &Cluster) -> Outcome<()> {
    for (kept, state) in states.iter().filter(|(_, state)| *state != Held::Same) {
        let mut secret = secret(kept);
        let mut tried = cluster.dry_run(&secret, &kept.manager, by_force(state)).await;
        wipe(&mut secret);
        tried.iter_mut().for_each(wipe);
        match tried {
            Err(fault) if fault.kind == FaultKind::NotFound && *state == Held::Absent => {}
            Err(fault) => {
                let said = format!("{} was tried before the first was written; nothing was written", kept.title());
                return Err(Failure::from(fault).details([said]));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Without force, also what was not there a moment ago: whoever has written it meanwhile is not overwritten.
fn by_force(state: &Held) -> bool {
    matches!(state, Held::Differs(_))
}

async fn write(cluster: &Cluster, kept: &Kept, state: &Held) -> Result<(), Fault> {
    if *state == Held::Same {
        return Ok(());
    }
    let mut secret = secret(kept);
    let applied = if by_force(state) {
        cluster.apply_by_force(&secret, &kept.manager).await
    } else {
        cluster.apply(&secret, &kept.manager).await
    };
    wipe(&mut secret);
    applied.map(drop)
}

/// The Secret as it is applied.
fn secret(kept: &Kept) -> Value {
    let mut metadata = json!({"namespace": kept.namespace, "name": kept.name});
    for (field, values) in [("labels", &kept.labels), ("annotations", &kept.annotations)] {
        if !values.is_empty() {
            metadata[field] = json!(values);
        }
    }
    let mut secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kept.form, "data": kept.data});
    if kept.immutable {
        secret["immutable"] = Value::Bool(true);
    }
    secret
}

impl Done {
    fn tell(&self, console: &Console) {
        let lists = [
            ("created", &self.created),
            ("completed", &self.completed),
            ("replaced", &self.replaced),
            ("no change", &self.same),
        ];
        for (what, names) in lists {
            for name in names {
                console.done("secret", format!("{name}  {what}"));
            }
        }
        let written = self.created.len() + self.completed.len() + self.replaced.len();
        console.done("import", format!("{written} Secrets written, {} were there", self.same.len()));
    }
}
