//! The program that makes a cluster: the one that the lock of the bundle pins, or else the one on `PATH`.

use std::path::{Path, PathBuf};

use crate::document::{AssetForm, read_lock};
use crate::input;
use crate::process::{TemporaryFolder, on_path};
use crate::report::{Console, Failure, Outcome};
use crate::vendor::tools;

/// Where a step runs: the folder of the bundle.
const BUNDLE: &str = ".";
/// The lock in it.
const LOCK: &str = "lock.yaml";

/// A program, and for `OpenTofu` what it takes its providers from.
pub struct Tools {
    /// The program.
    pub program: PathBuf,
    /// The only folder that providers come from; `None` where they may come from anywhere.
    pub providers: Option<PathBuf>,
    /// Where both are, as long as they are used.
    _folder: Option<TemporaryFolder>,
}

impl Tools {
    /// Finds a program by its name.
    pub fn find(name: &str, console: &Console) -> Outcome<Self> {
        if is_pinned(name) {
            return Self::unpacked(name);
        }
        if !on_path(name) {
            return Err(Failure::failed(format!("the program `{name}` is neither pinned in {LOCK} nor on PATH"))
                .hint(format!("pin it in {LOCK} and run `backstack vendor`, or install it")));
        }
        console.say(format!("warning: `{name}` is the one on PATH, since {LOCK} does not pin it"));
        Ok(Self { program: name.into(), providers: None, _folder: None })
    }

    fn unpacked(name: &str) -> Outcome<Self> {
        let folder = TemporaryFolder::new("tools")?;
        let found = tools(Path::new(BUNDLE), name, folder.path())?;
        // Who pins the program means that nothing comes from anywhere else: providers of which none is pinned, too.
        let providers = found.providers.unwrap_or_else(|| folder.path().join("providers"));
        Ok(Self { program: found.program, providers: Some(providers), _folder: Some(folder) })
    }
}

/// Whether the lock is about the program; one that cannot be read says that it is, and why it cannot be read is told then.
fn is_pinned(name: &str) -> bool {
    let Ok(text) = input::text_of(Path::new(LOCK)) else { return false };
    let lock = read_lock(LOCK, &text);
    lock.map_or(true, |lock| lock.assets.iter().any(|it| it.form == AssetForm::Program && it.name == name))
}
