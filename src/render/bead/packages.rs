//! Crossplane's packages, made of the document: each pinned by its digest.

use serde_json::json;

use super::fill::fill_text;
use super::parameters::Values;
use super::piece::Piece;
use crate::document::{CrossplanePart, Package, package_name};
use crate::report::{Diagnostic, Failure, Outcome};
use crate::schema::is_sha256;
use crate::words::crossplane::{CONFIGURATION, PACKAGES, PROVIDER};

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
        "apiVersion": format!("{PACKAGES}/v1"),
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"package": pinned},
    });
    if package.skip_dependency_resolution {
        object["spec"]["skipDependencyResolution"] = true.into();
    }
    Ok(Piece::rendered(object))
}

/// The packages that Crossplane may be unable to install for what they depend on. A dependency is a range of versions, and a
/// digest, by which all of these are pinned, is in none (crossplane `internal/controller/pkg/resolver`).
pub fn doubts(crossplane: &CrossplanePart) -> Vec<Diagnostic> {
    let all: Vec<(&str, &Package)> =
        crossplane.packages().flat_map(|(kind, packages)| packages.iter().map(move |it| (kind, it))).collect();
    let name = |it: &Package| package_name(it).unwrap_or_default().to_owned();
    let has_family = all.iter().any(|(_, it)| name(it).contains("provider-family-"));
    let depends = |kind: &str, it: &Package| match kind {
        CONFIGURATION => all.len() > 1,
        PROVIDER => has_family && !name(it).contains("provider-family-"),
        _ => false,
    };
    let doubtful = all.iter().filter(|(kind, it)| !it.skip_dependency_resolution && depends(kind, it));
    let told = |(kind, it): &(&str, &Package)| {
        let message = format!(
            "{kind} {}: what it depends on is not looked at; where that is a package that the bead pins, Crossplane finds its \
             digest in no range of versions and installs nothing",
            name(it)
        );
        Diagnostic::warning("spec.crossplane", message)
            .hint("where the bead names all that it depends on, say `skipDependencyResolution: true` beside `package`")
    };
    doubtful.map(told).collect()
}

fn unpinned(package: &Package, why: &str) -> Failure {
    Failure::usage(format!("the package {} is not pinned: {why}", package.package))
        .hint("a digest is `sha256:` and 64 hexadecimal digits; a registry client tells it for the tag")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_may_depend_on_a_pinned_one_is_told() {
        let said = |part: serde_json::Value| {
            let part: CrossplanePart = serde_json::from_value(part).expect("a part");
            doubts(&part)
                .iter()
                .map(|it| it.message.split(':').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        let pinned = |name: &str| format!("r.example.org/{name}:v1.0.0@sha256:{}", "0".repeat(64));
        let package = |name: &str| json!({"package": pinned(name)});
        let skipping = |name: &str| json!({"package": pinned(name), "skipDependencyResolution": true});
        let function = package("function-a");
        for (part, names) in [
            (json!({"configurations": [package("c")], "functions": [function]}), vec!["Configuration c"]),
            (json!({"configurations": [skipping("c")], "functions": [function]}), vec![]),
            (json!({"configurations": [package("c")]}), vec![]),
            (json!({"providers": [package("provider-a")], "functions": [function]}), vec![]),
            (
                json!({"providers": [package("provider-family-aws"), package("provider-aws-s3"), skipping("provider-aws-ec2")]}),
                vec!["Provider provider-aws-s3"],
            ),
        ] {
            assert_eq!(said(part.clone()), names, "{part}");
        }
    }
}
