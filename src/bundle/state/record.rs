//! What is recorded beside the bag: whose state it is, and by which run and with which digest it was written.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Where the files of the state are in the image, by their names.
pub(super) type Places = BTreeMap<String, String>;

/// An installation of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub bundle: String,
    pub installation: String,
}

/// The record of a folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(flatten)]
    pub owner: Owner,
    /// The run that began last.
    pub last_run: Option<LastRun>,
    /// The bag as it was written last.
    pub bag: Option<Written>,
    /// Where the run that began last has the state, until it has kept it.
    pub unfinished: Option<Places>,
    /// Whether nothing is installed any more.
    pub uninstalled: bool,
}

/// A run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LastRun {
    pub action: String,
    pub time: Timestamp,
    pub outcome: Ended,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Ended {
    /// It has not ended, or was killed.
    NotYet,
    Succeeded,
    Failed,
    Interrupted,
}

/// A bag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Written {
    pub sha256: String,
    /// The action of the run that has written it.
    pub action: String,
    pub time: Timestamp,
}

impl Record {
    /// The record of a folder in which nothing was kept.
    pub fn new(owner: Owner) -> Self {
        Self { owner, last_run: None, bag: None, unfinished: None, uninstalled: false }
    }
}

impl LastRun {
    /// One that begins now.
    pub fn begun(action: &str) -> Self {
        Self { action: action.to_owned(), time: now(), outcome: Ended::NotYet }
    }
}

impl Written {
    /// A bag that is written now.
    pub fn now(bag: &[u8], action: &str) -> Self {
        Self { sha256: digest(bag), action: action.to_owned(), time: now() }
    }

    /// Whether these are its bytes.
    pub fn is(&self, bag: &[u8]) -> bool {
        self.sha256 == digest(bag)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the installation {} of the bundle {}", self.installation, self.bundle)
    }
}

pub(in crate::bundle) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}
