//! The claims in a checkout, as Argo CD reads them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use crate::claims::orders::{Files, below, is_read};
use crate::git::read_checkout;
use crate::input;
use crate::report::{Failure, Outcome};

/// Reads the files in the folder of a checkout. A link counts as the file that it leads to, as long as that is in the
/// checkout (argo-cd `util/io/files`, `ResolveInbound`).
pub fn read(checkout: &Path, folder: &str) -> Outcome<Files> {
    let root = checkout.join(folder);
    let whole = fs::canonicalize(checkout).map_err(|error| unreadable(checkout, &error))?;
    if !root.is_dir() {
        return Err(Failure::usage(format!("{} is no folder", root.display())).hint(
            "name the checkout of the claims repository; the hub reads `claims.repository.path` of hub.yaml in it",
        ));
    }
    let mut files = read_checkout(&root, is_read)?;
    let links: Vec<String> = files.iter().filter(|(_, bytes)| bytes.is_none()).map(|(path, _)| path.clone()).collect();
    let mut outward = links_out(checkout)?;
    for link in links {
        let path = below(folder, &link);
        match fs::canonicalize(root.join(&link)) {
            _ if outward.contains(&path) => _ = files.remove(&link),
            Ok(target) if !target.starts_with(&whole) => {
                files.remove(&link);
                outward.insert(path);
            }
            Ok(target) if target.is_file() => {
                let bytes = input::bytes_of(&target).map_err(|error| unreadable(&target, &error))?;
                files.insert(link, Some(bytes.into()));
            }
            Ok(_) | Err(_) => {}
        }
    }
    let mut found = Files::read(folder, &files);
    for link in &outward {
        found.leads_out(link);
    }
    Ok(found)
}

/// The links for whose sake Argo CD reads nothing of the repository, whatever they are called and wherever they are.
fn links_out(checkout: &Path) -> Outcome<BTreeSet<String>> {
    let links = read_checkout(checkout, |path| checkout.join(path).is_symlink())?;
    let mut outward = BTreeSet::new();
    for link in links.into_keys() {
        let target = fs::read_link(checkout.join(&link)).map_err(|error| unreadable(&checkout.join(&link), &error))?;
        if leads_out(&link, &target) {
            outward.insert(link);
        }
    }
    Ok(outward)
}

/// Whether a link is absolute, or outside of the repository at any step (argo-cd `util/app/path`,
/// `CheckOutOfBoundsSymlinks`).
fn leads_out(link: &str, target: &Path) -> bool {
    let mut depth = link.matches('/').count();
    for step in target.components() {
        match (step, depth.checked_sub(1)) {
            (Component::CurDir, _) => {}
            (Component::Normal(_), _) => depth += 1,
            (Component::ParentDir, Some(above)) => depth = above,
            (Component::ParentDir, None) | (Component::RootDir | Component::Prefix(_), _) => return true,
        }
    }
    false
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot read {}: {error}", path.display()))
        .hint("name the checkout of the claims repository")
}
