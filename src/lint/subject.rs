//! What is looked at: the bundles that are named, or the steps on stdin.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::bundle::MANIFEST_FILE;
use crate::input;
use crate::pace::paced;
use crate::report::{Failure, Outcome};
use crate::run::text_of;

/// How long whoever has opened stdin may take. Porter has the steps ready before it asks.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is linted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The bundles in these folders.
    Bundles(Vec<PathBuf>),
    /// The steps that Porter sends, with the bundle in the folder of the process.
    Steps(String),
}

impl Subject {
    /// The bundles that are named, or else what is on stdin. Porter always sends something: where there is nothing, as in a
    /// terminal or by a program without one, it is the folder that somebody is in.
    pub fn of(named: &[PathBuf], file: Option<&Path>) -> Outcome<Self> {
        let here = || Self::Bundles(vec![PathBuf::from(".")]);
        let what_porter_sends = "`--file` has what Porter sends";
        match file {
            Some(_) if !named.is_empty() => {
                Err(Failure::usage("a folder and `--file` exclude each other").hint(what_porter_sends))
            }
            Some(file) => text_of(file, what_porter_sends).map(Self::Steps),
            None if !named.is_empty() => {
                named.iter().map(|named| folder_of(named)).collect::<Outcome<_>>().map(Self::Bundles)
            }
            None if io::stdin().is_terminal() => Ok(here()),
            None => sent().map(|sent| if sent.trim().is_empty() { here() } else { Self::Steps(sent) }),
        }
    }
}

/// The folder of a bundle that is named by its porter.yaml, too.
fn folder_of(named: &Path) -> Outcome<PathBuf> {
    if !named.is_file() {
        return Ok(named.to_owned()); // what is not there is told as what cannot be read
    }
    let folder = named.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if named.file_name().is_some_and(|name| name == MANIFEST_FILE) {
        return Ok(folder.to_owned());
    }
    Err(Failure::usage(format!("{} is a file, and lint looks at bundles as a whole", named.display()))
        .hint(format!("name the folder of the bundle: `backstack lint {}`", folder.display())))
}

/// What is on stdin, up to its end. Whoever opens it and neither writes nor ends is not waited for.
fn sent() -> Outcome<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(input::bytes_from(io::stdin().lock())));
    let sent = told.recv_timeout(paced(PATIENCE)).map_err(|_| {
        Failure::usage(format!("stdin was opened, and has not ended in {} s", PATIENCE.as_secs()))
            .hint("name a folder: `backstack lint .`; steps, as Porter sends them, come by a stdin that ends")
    })?;
    let bytes = sent.map_err(|error| Failure::usage(format!("failed to read stdin: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage("stdin is not UTF-8"))
}
