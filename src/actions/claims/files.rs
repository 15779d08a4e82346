//! The claims in a checkout, as Argo CD reads them.

use std::fs;
use std::path::Path;

use crate::gitops::orders::{Files, below, is_read};
use crate::gitops::read_checkout;
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
    let mut outward = Vec::new();
    for link in links {
        match fs::canonicalize(root.join(&link)) {
            Ok(target) if !target.starts_with(&whole) => {
                files.remove(&link);
                outward.push(link);
            }
            Ok(target) if target.is_file() => {
                let bytes = input::bytes_of(&target).map_err(|error| unreadable(&target, &error))?;
                files.insert(link, Some(bytes));
            }
            Ok(_) | Err(_) => {}
        }
    }
    let mut found = Files::read(folder, &files);
    for link in &outward {
        found.leads_out(&below(folder, link));
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot read {}: {error}", path.display()))
        .hint("name the checkout of the claims repository")
}
