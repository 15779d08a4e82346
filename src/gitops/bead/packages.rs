//! Crossplane's packages, made of the document: each pinned by its digest.

use serde_json::json;

use super::content::Piece;
use super::fill::fill_text;
use super::parameters::Values;
use crate::report::{Failure, Outcome};
use crate::spec::{CrossplanePart, Package, is_sha256, package_name};

/// The objects that have Crossplane install the packages of these kinds.
pub fn packages(crossplane: &CrossplanePart, kinds: &[&str], values: &Values) -> Outcome<Vec<Piece>> {
    let wanted = crossplane.packages().filter(|(kind, _)| kinds.contains(kind));
    let each = wanted.flat_map(|(kind, packages)| packages.iter().map(move |one| (kind, one)));
    each.filter_map(|(kind, one)| Some(package(kind, package_name(one)?, one, values))).collect()
}

fn package(kind: &str, name: &str, package: &Package, values: &Values) -> Outcome<Piece> {
    let pinned = fill_text(&package.package, values).map_err(|message| unpinned(package, &message))?;
    let digest = pinned.split_once('@').map_or("", |(_, digest)| digest);
    if !is_sha256(digest) {
        return Err(unpinned(package, &format!("the digest is `{digest}`")));
    }
    let mut object = json!({
        "apiVersion": "pkg.crossplane.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"package": pinned},
    });
    if package.skip_dependency_resolution {
        object["spec"]["skipDependencyResolution"] = true.into();
    }
    Ok(Piece::rendered(object))
}

fn unpinned(package: &Package, why: &str) -> Failure {
    Failure::usage(format!("the package {} is not pinned: {why}", package.package))
        .hint("a digest is `sha256:` and 64 hexadecimal digits; a registry client tells it for the tag")
}
