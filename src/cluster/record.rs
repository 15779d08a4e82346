//! What the next run has to know of a cluster that an installation makes: `cluster.json` in the folder `state` of the step.
//!
//! It is written before anything is made, so that whichever run comes after an interruption knows whose the cluster is.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::private_file;
use crate::env;
use crate::report::{Failure, Outcome};

/// The name of the file.
const FILE: &str = "cluster.json";
/// The version of its format.
const FORMAT: u32 = 1;

/// What makes a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// A module of `OpenTofu`.
    OpenTofu,
    /// The program kind.
    Kind,
}

/// How far an installation is with its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It is being made or changed; if nobody is at it, a run was torn apart.
    Making,
    /// Making it ended with an error, and what was made is known.
    Unfinished,
    /// It is there.
    Standing,
    /// Everything on it was looked at, and it is being destroyed.
    Destroying,
    /// It is gone.
    Destroyed,
}

/// Whose a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The installation has made it, and may destroy it.
    Made,
    /// It was there: it is never destroyed.
    Adopted,
}

/// The content of the file. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The version of the format.
    pub format: u32,
    /// What makes the cluster.
    pub by: By,
    /// The installation of Porter.
    pub installation: String,
    /// How far it is.
    pub phase: Phase,
    /// Whether nothing of the cluster was there when the installation began.
    pub from_nothing: bool,
    /// When it began to make what there is.
    pub since: Timestamp,
    /// Whose the cluster is, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The UID of its `kube-system`, once it has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What it was made under: the lineage of a state of `OpenTofu`, or the name of a cluster of kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_as: Option<String>,
    /// The way to its API server, from before its destruction until nobody answers there: a kubeconfig without a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// The versions of this program and of Kubernetes that were there last.
    #[serde(default)]
    pub versions: Versions,
}

/// Versions, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Versions {
    /// This program.
    pub backstack: String,
    /// The API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<String>,
}

/// The record where it is kept.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    by: By,
    /// What it says; `None` before the first installation.
    pub record: Option<Record>,
}

impl Kept {
    /// Reads the record in the folder of a step.
    pub fn read(folder: &Path, by: By) -> Outcome<Self> {
        let path = folder.join(FILE);
        let wrong = |why: String| {
            Failure::refused(format!("{} {why}; nothing was changed", path.display()))
                .hint("it is written by this step alone: give back the one of the last run")
        };
        let bytes = private_file::read(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let record: Option<Record> = bytes
            .map(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| wrong(format!("is no record of a cluster: {error}")))
            })
            .transpose()?;
        match &record {
            Some(record) if record.format > FORMAT => {
                return Err(wrong(format!("has the format {}, which a newer version has written", record.format))
                    .hint("use that version, or a later one"));
            }
            Some(record) if record.by != by && record.phase != Phase::Destroyed => {
                return Err(wrong("is of a cluster that was made in another way".to_owned())
                    .hint("uninstall with the bundle that has made it, or give this step another folder `state`"));
            }
            _ => {}
        }
        Ok(Self { path, by, record })
    }

    /// How far the installation is.
    pub fn phase(&self) -> Option<Phase> {
        self.record.as_ref().map(|it| it.phase)
    }

    /// The UID of the cluster.
    pub fn uid(&self) -> Option<&str> {
        self.record.as_ref().and_then(|it| it.uid.as_deref())
    }

    /// Writes down that something is made from now on, before it is. What was begun and is not at its end goes on.
    pub fn begin(&mut self, from_nothing: bool, made_as: Option<String>, now: Timestamp) -> Outcome<()> {
        let record = match self.record.take().filter(|it| it.phase != Phase::Destroyed) {
            Some(record) => {
                let goes_on = matches!(record.phase, Phase::Making | Phase::Unfinished);
                let since = if goes_on { record.since } else { now };
                Record { phase: Phase::Making, since, made_as: made_as.or(record.made_as.clone()), ..record }
            }
            None => Record {
                format: FORMAT,
                by: self.by,
                installation: env::get(env::INSTALLATION_NAME).unwrap_or_default(),
                phase: Phase::Making,
                from_nothing,
                since: now,
                origin: None,
                uid: None,
                made_as,
                way: None,
                versions: Versions::default(),
            },
        };
        self.record = Some(record);
        self.save()
    }

    /// Changes what is kept, where something is.
    pub fn change(&mut self, change: impl FnOnce(&mut Record)) -> Outcome<()> {
        let Some(record) = &mut self.record else { return Ok(()) };
        let before = record.clone();
        change(record);
        if *record == before { Ok(()) } else { self.save() }
    }

    /// Forgets the cluster.
    pub fn forget(&mut self) {
        self.record = None;
    }

    fn save(&mut self) -> Outcome<()> {
        let Some(record) = &mut self.record else { return Ok(()) };
        env!("CARGO_PKG_VERSION").clone_into(&mut record.versions.backstack);
        let text = serde_json::to_string_pretty(record)
            .map_err(|error| Failure::failed(format!("failed to write {}: {error}", self.path.display())))?;
        private_file::write(&self.path, format!("{text}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_run_that_was_broken_off_goes_on_with_what_it_had_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || Kept::read(folder.path(), By::OpenTofu).expect("read");
        let mut kept = read();
        assert_eq!(kept.record, None);
        kept.begin(true, None, at(100)).expect("begun");
        let mut kept = read();
        kept.begin(false, Some("a".to_owned()), at(200)).expect("begun");
        let record = read().record.expect("kept");
        assert_eq!((record.from_nothing, record.since, record.made_as.as_deref()), (true, at(100), Some("a")));
        kept.change(|it| it.phase = Phase::Standing).expect("changed");
        kept.begin(false, None, at(300)).expect("begun");
        let record = read().record.expect("kept");
        assert_eq!((record.from_nothing, record.since, record.made_as.as_deref()), (true, at(300), Some("a")));
        kept.change(|it| it.phase = Phase::Destroyed).expect("changed");
        kept.begin(false, None, at(400)).expect("begun");
        assert!(!read().record.expect("kept").from_nothing, "a new life");
    }

    #[test]
    fn a_record_of_others_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(FILE);
        let refused = |text: &str, by: By| {
            std::fs::write(&file, text).expect("written");
            Kept::read(folder.path(), by).expect_err("refused").exit.code()
        };
        assert_eq!(refused("{", By::Kind), 3);
        let record = |format: u32| {
            format!(
                r#"{{"format": {format}, "by": "kind", "installation": "a", "phase": "standing", "fromNothing": true,
                    "since": "2026-01-01T00:00:00Z"}}"#
            )
        };
        assert_eq!(refused(&record(2), By::Kind), 3);
        assert_eq!(refused(&record(1), By::OpenTofu), 3);
        std::fs::write(&file, record(1)).expect("written");
        assert_eq!(Kept::read(folder.path(), By::Kind).expect("read").phase(), Some(Phase::Standing));
        std::fs::write(&file, "").expect("written");
        assert_eq!(Kept::read(folder.path(), By::Kind).expect("read").phase(), None, "Porter's bag has empty files");
    }
}
