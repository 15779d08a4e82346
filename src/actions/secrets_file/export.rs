//! `secrets export`: what git does not hold of a hub's Secrets, into one encrypted file. The cluster is only read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use age::x25519::Recipient;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::chosen::choose;
use super::document::{Export, Kept, OfHub};
use super::{connect, marker, sealed};
use crate::argocd::Application;
use crate::cli::SecretsExport;
use crate::engine::{Cluster, Deadline};
use crate::input;
use crate::object::{ObjectRef, name, str_at};
use crate::process::{write_new_private, write_private};
use crate::report::{Console, Failure, Outcome, answer, counted, wipe};
use crate::schema::is_same_repository;
use crate::words::argo;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// What the marks of namespaces begin with by which an installation knows what it has made.
const MADE_FOR: &str = "backstack.dev/made-for-";

/// What was read of a hub.
pub struct Taken {
    /// What is exported.
    pub export: Export,
    /// What is not, by name, and why.
    pub left: Vec<(String, String)>,
}

/// Reads the Secrets, and writes the file.
pub async fn export(args: &SecretsExport, as_json: bool, console: &Console) -> Outcome<()> {
    let recipients = sealed::recipients(&args.recipient)?;
    let to = args.to.as_path();
    let before = there_before(to, args.force)?;
    let cluster = connect(args.kubeconfig.as_ref(), args.context.as_ref(), Deadline::after(PATIENCE), console).await?;
    let taken = take(&cluster, args.unsynced).await?;
    let bytes = seal(&taken.export, &recipients)?;
    if let Some(before) = before {
        refuse_far_less(&taken.export, &bytes, &before, args)?;
    }
    write(to, &bytes, args.force)?;
    tell(&taken, to, recipients.len(), as_json, console)
}

/// The text of an export, encrypted.
fn seal(export: &Export, recipients: &[Recipient]) -> Outcome<Vec<u8>> {
    sealed::seal(&export.write()?, recipients)
}

/// The bytes of the file that would be overwritten.
fn there_before(to: &Path, force: bool) -> Outcome<Option<Vec<u8>>> {
    if to.is_dir() || to.symlink_metadata().is_ok_and(|it| !it.is_file()) {
        return Err(Failure::usage(format!("{} is no file", to.display())).hint("name a file"));
    }
    if to.exists() && !force {
        return Err(is_there(to));
    }
    match input::bytes_of(to) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        // What cannot be read may have far more in it.
        Err(error) => Err(Failure::refused(format!("cannot read {}: {error}; nothing was written", to.display()))
            .hint("name another file, or take that one away")),
    }
}

fn is_there(to: &Path) -> Failure {
    Failure::refused(format!("{} is there already; nothing was written", to.display()))
        .hint("name another file, or overwrite it by --force")
}

/// Writes no more than can be read again, and without force over nothing that has come meanwhile.
fn write(to: &Path, bytes: &[u8], force: bool) -> Outcome<()> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > input::LARGEST) {
        let too_large = input::too_large();
        return Err(Failure::refused(format!("an import could not read the export: {too_large}; nothing was written"))
            .hint("take large Secrets that nobody needs off the hub"));
    }
    let written = if force { write_private(to, bytes) } else { write_new_private(to, bytes) };
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => is_there(to),
        _ => Failure::failed(format!("failed to write {}: {error}", to.display()))
            .hint("name a file in a folder of yours"),
    })
}

/// An export of a hub that was just made anew would take the place of the good one. Whoever names an identity has what is in the
/// two compared; else the sizes say how much that is.
fn refuse_far_less(export: &Export, bytes: &[u8], before: &[u8], args: &SecretsExport) -> Outcome<()> {
    let shown = args.to.display().to_string();
    let refused = |cause: String| {
        Failure::refused(format!("{shown} has far more in it than this export; nothing was written"))
            .details([cause])
            .hint("name another file, and look what this hub has lost before you take the old one away")
    };
    let Some(identity) = &args.identity else {
        let (old, new) = (before.len(), bytes.len());
        return if new * 2 < old { Err(refused(format!("{old} bytes, and now {new}"))) } else { Ok(()) };
    };
    let text = sealed::open(&shown, before, &sealed::identities(identity)?)?;
    let old = Export::read(&shown, &text)?;
    if !is_same_repository(&old.hub.repository, &export.hub.repository) {
        return Err(Failure::refused(format!("{shown} is the export of another hub; nothing was written"))
            .details([format!("of {}", old.hub.repository), format!("this one: {}", export.hub.repository)])
            .hint("name another file"));
    }
    if export.counts.falls_far_below(old.counts) {
        let (old, new) = (old.counts, export.counts);
        return Err(refused(format!(
            "{} Secrets with {} keys, and now {} with {}",
            old.secrets, old.keys, new.secrets, new.keys
        )));
    }
    Ok(())
}

/// Reads what is exported of a hub. One that is not as git has it may lack what it should have, and is refused, but where the
/// user says so.
pub async fn take(cluster: &Cluster, unsynced: bool) -> Outcome<Taken> {
    let root = cluster.get(&argo::application(argo::ROOT)).await?.map(Application);
    let root = root.ok_or_else(|| {
        Failure::failed("there is no hub on this cluster: Application argocd/root does not exist")
            .hint("give the kubeconfig of the hub by --kubeconfig")
    })?;
    marker::refuse_open(cluster).await?;
    let synced = root.sync() == "Synced";
    if !synced && !unsynced {
        return Err(Failure::refused(format!(
            "Application argocd/root is {}, not Synced; nothing was written",
            root.sync()
        ))
        .details(root.trouble())
        .hint("mend the hub first; or export what is there by --unsynced, and the file says so"));
    }
    let (mut secrets, mut left) = (Vec::new(), Vec::new());
    let read = |mut live: Value| {
        let title = format!("{}/{}", str_at(&live, "/metadata/namespace"), name(&live));
        let chosen = choose(&live).map_err(|why| (title, why));
        wipe(&mut live);
        Some(chosen)
    };
    for chosen in cluster.list_with(&ObjectRef::new("v1", "Secret", None, ""), read).await? {
        match chosen {
            Ok(kept) => secrets.push(kept),
            Err(why) => left.push(why),
        }
    }
    secrets.sort_by_key(Kept::title);
    left.sort();
    let namespaces = namespaces(cluster, &secrets).await?;
    let made_for = namespaces.get(argo::NAMESPACE).and_then(|it| it.get("backstack.dev/made-for-hub"));
    let hub = OfHub {
        name: made_for.cloned().unwrap_or_default(),
        cluster_uid: cluster.facts().uid.clone(),
        repository: str_at(&root.0, "/spec/source/repoURL").to_owned(),
        branch: str_at(&root.0, "/spec/source/targetRevision").to_owned(),
        revision: root.last_synced().unwrap_or_default().to_owned(),
        synced,
    };
    Ok(Taken { export: Export::of(hub, now(), namespaces, secrets), left })
}

/// The namespaces of these Secrets, and that of Argo CD, with their marks.
async fn namespaces(cluster: &Cluster, secrets: &[Kept]) -> Outcome<BTreeMap<String, BTreeMap<String, String>>> {
    let wanted: BTreeSet<&str> = secrets.iter().map(|it| it.namespace.as_str()).chain([argo::NAMESPACE]).collect();
    let take = |live: Value| {
        let annotations = live.pointer("/metadata/annotations").and_then(Value::as_object);
        let marks = annotations.into_iter().flatten().filter(|(key, _)| key.starts_with(MADE_FOR));
        let marks = marks.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
        wanted.contains(name(&live)).then(|| (name(&live).to_owned(), marks))
    };
    let every = ObjectRef::new("v1", "Namespace", None, "");
    Ok(cluster.list_metadata_with(&every, take).await?.into_iter().collect())
}

fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

fn tell(taken: &Taken, to: &Path, recipients: usize, as_json: bool, console: &Console) -> Outcome<()> {
    let Taken { export, left } = taken;
    let (counts, to) = (export.counts, to.display());
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, why) in left {
        *reasons.entry(why).or_default() += 1;
    }
    for (why, count) in reasons {
        console.done("left out", format!("{count}: {why}"));
    }
    let who = if recipients == 1 { "1 recipient".to_owned() } else { format!("{recipients} recipients") };
    console.done(
        "export",
        format!("{} with {} to {to}, for {who}", counted(counts.secrets, "Secret"), counted(counts.keys, "key")),
    );
    if !as_json {
        return Ok(());
    }
    let secrets: Vec<Value> = export
        .secrets
        .iter()
        .map(|it| json!({"secret": it.title(), "keys": it.data.keys().collect::<Vec<_>>()}))
        .collect();
    let left: Vec<Value> = left.iter().map(|(secret, why)| json!({"secret": secret, "why": why})).collect();
    let document = json!({"file": to.to_string(), "time": export.time, "hub": export.hub, "counts": counts,
        "secrets": secrets, "leftOut": left});
    answer(&format!("{document:#}\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_compared_or_has_come_meanwhile_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("hub.age");
        assert!(there_before(&file, false).expect("nothing is there").is_none());
        write(&file, b"one", false).expect("written");
        assert_eq!(write(&file, b"two", false).expect_err("it is there").exit.code(), 3);
        assert_eq!(there_before(&file, false).expect_err("it is there").exit.code(), 3);
        assert_eq!(there_before(&file, true).expect("read").as_deref(), Some(&b"one"[..]));
        write(&file, b"two", true).expect("written");
        assert_eq!(fs::read(&file).expect("read"), b"two");
        // Too large to be read, and so to be compared.
        fs::File::create(&file).and_then(|it| it.set_len(input::LARGEST + 1)).expect("made");
        let refused = there_before(&file, true).expect_err("it cannot be read");
        assert!(refused.exit.code() == 3 && refused.message.contains("cannot read"), "{refused:?}");
    }
}
