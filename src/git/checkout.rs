//! The files of a repository that are asked for: of a branch, or of a checkout of it.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::access::Access;
use super::repository::Git;
use crate::files::{Bound, Snapshot};
use crate::input;
use crate::report::{Failure, Outcome};

/// Where git keeps what is its own.
const GIT: &str = ".git";

/// The files of a branch, with the bytes of those wanted; `None` where there is no such branch.
pub async fn read_branch(
    access: &Access,
    is_wanted: impl Fn(&str) -> bool,
    deadline: Instant,
) -> Outcome<Option<Snapshot>> {
    let git = Git::new(access, deadline).await?;
    match git.fetch().await? {
        Some(commit) => git.snapshot(&commit, is_wanted).await.map(Some),
        None => Ok(None),
    }
}

/// The same of the files in a folder. A link has no bytes, whatever it leads to.
pub fn read_checkout(root: &Path, is_wanted: impl Fn(&str) -> bool) -> Outcome<Snapshot> {
    let most = Bound::default().files;
    let mut found = Snapshot::new();
    let mut open = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                return Err(
                    Failure::usage(format!("{} has a name that is not UTF-8", path.display())).hint("rename it")
                );
            };
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            let below = format!("{prefix}{name}");
            if kind.is_dir() && below != GIT {
                open.push((path, format!("{below}/")));
            } else if kind.is_file() && is_wanted(&below) {
                let bytes = input::bytes_of(&path).map_err(|error| unreadable(&path, &error))?;
                found.insert(below, Some(bytes.into())); // its mode is nobody's concern here
            } else if kind.is_symlink() && is_wanted(&below) {
                found.insert(below, None);
            }
            if found.len() > most {
                return Err(Failure::usage(format!("{} has more than {most} files", root.display()))
                    .hint("name a folder with less in it"));
            }
        }
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot read {}: {error}", path.display())).hint("name a checkout that you may read")
}
