//! What the program is made of: a bill of materials in `CycloneDX` 1.5, from Cargo's own knowledge.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::MIXIN;

/// What `cargo metadata` says about a build for these targets.
pub fn metadata(targets: &[&str]) -> Result<Value> {
    let filters = targets.iter().flat_map(|target| ["--filter-platform", target]);
    let output = Command::new("cargo")
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(filters)
        .output()
        .context("failed to start cargo")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The bill of materials: the mixin, and every package that its build used.
///
/// `lock` is the text of `Cargo.lock`, which knows the digests; `base` names what comes with the compiler and not
/// from a registry (Rust's library, the C library) with its version.
pub fn bill(metadata: &Value, lock: &str, base: &BTreeSet<(String, String)>, date: Timestamp) -> Result<Value> {
    let graph = Graph::read(metadata)?;
    let is_mixin = |(_, package): &(&&str, &&Value)| package["name"] == MIXIN;
    let root = *graph.packages.iter().find(is_mixin).context("the mixin is missing")?.0;
    let digests = digests(lock);
    let base_ref = |(name, version): &(String, String)| format!("{name}@{version}");
    let mut components: Vec<Value> = base
        .iter()
        .map(|it| json!({"type": "library", "bom-ref": base_ref(it), "name": it.0, "version": it.1}))
        .collect();
    let mut dependencies = Vec::new();
    for id in graph.reached_from(root) {
        let package = graph.packages.get(id).with_context(|| format!("{id} is missing"))?;
        if id != root {
            components.push(component("library", package, &digests));
        }
        let mut on: Vec<String> = graph.edges(id).filter_map(|on| Some(purl(graph.packages.get(on)?))).collect();
        on.sort();
        on.extend(base.iter().filter(|_| id == root).map(base_ref));
        dependencies.push(json!({"ref": purl(package), "dependsOn": on}));
    }
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": date.to_string(),
            "component": component("application", graph.packages[root], &digests),
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Packages and who uses whom; what only tests use is left out.
struct Graph<'m> {
    packages: BTreeMap<&'m str, &'m Value>,
    nodes: BTreeMap<&'m str, &'m Value>,
}

impl<'m> Graph<'m> {
    fn read(metadata: &'m Value) -> Result<Self> {
        let by_id = |list: &'m Value| -> Option<BTreeMap<&'m str, &'m Value>> {
            list.as_array()?.iter().map(|item| Some((item["id"].as_str()?, item))).collect()
        };
        let packages = by_id(&metadata["packages"]).context("cargo metadata lists no packages")?;
        let nodes = by_id(&metadata["resolve"]["nodes"]).context("cargo metadata resolves nothing")?;
        Ok(Self { packages, nodes })
    }

    fn edges(&self, id: &str) -> impl Iterator<Item = &'m str> {
        let edges = self.nodes.get(id).and_then(|node| node["deps"].as_array()).into_iter().flatten();
        let is_built =
            |edge: &&Value| edge["dep_kinds"].as_array().is_some_and(|all| all.iter().any(|it| it["kind"] != "dev"));
        edges.filter(is_built).filter_map(|edge| edge["pkg"].as_str())
    }

    fn reached_from(&self, root: &'m str) -> BTreeSet<&'m str> {
        let mut reached = BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            open.extend(self.edges(id).filter(|on| reached.insert(on)).collect::<Vec<_>>());
        }
        reached
    }
}

fn component(kind: &str, package: &Value, digests: &BTreeMap<(&str, &str), &str>) -> Value {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let mut component = json!({
        "type": kind, "bom-ref": purl(package), "name": text("name"), "version": text("version"), "purl": purl(package),
    });
    if let Some(license) = package["license"].as_str() {
        // Old manifests write the alternative as a slash.
        component["licenses"] = json!([{"expression": license.replace('/', " OR ")}]);
    }
    if let Some(digest) = digests.get(&(text("name"), text("version"))) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": digest}]);
    }
    component
}

fn purl(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    format!("pkg:cargo/{}@{}", text("name"), text("version").replace('+', "%2B"))
}

/// The digests in a `Cargo.lock`, by name and version.
fn digests(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let packages = lock.split("[[package]]");
    packages.filter_map(|it| Some(((value(it, "name")?, value(it, "version")?), value(it, "checksum")?))).collect()
}

fn value<'l>(package: &'l str, key: &str) -> Option<&'l str> {
    let quoted = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
    Some(quoted.trim_matches('"'))
}

/// The version of the GNU C library that a static program carries, as the library itself says it.
#[must_use]
pub fn c_library(program: &[u8]) -> Option<String> {
    const BANNER: &[u8] = b"GNU C Library (";
    let start = program.windows(BANNER.len()).position(|window| window == BANNER)? + BANNER.len();
    let length = program[start..].iter().position(|byte| *byte == b')')?;
    String::from_utf8(program[start..start + length].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'b>(bill: &'b Value, name: &str) -> &'b Value {
        let all = bill["components"].as_array().expect("components");
        all.iter().find(|it| it["name"] == name).unwrap_or(&Value::Null)
    }

    #[test]
    fn the_bill_names_what_is_built_in() {
        let metadata = metadata(&["x86_64-unknown-linux-gnu"]).expect("cargo knows");
        let lock = include_str!("../../Cargo.lock");
        let base = BTreeSet::from([("glibc".to_owned(), "2.36".to_owned())]);
        let bill = bill(&metadata, lock, &base, Timestamp::UNIX_EPOCH).expect("a bill");
        assert_eq!(bill["metadata"]["component"]["name"], MIXIN);
        let kube = named(&bill, "kube");
        let digest = kube["hashes"][0]["content"].as_str().expect("a digest");
        assert!(digest.len() == 64 && lock.contains(digest), "{kube:#}");
        assert_eq!(named(&bill, "glibc")["version"], "2.36");
        for not_ours in ["backstack-testbed", "proptest", "windows-sys"] {
            assert_eq!(*named(&bill, not_ours), Value::Null, "{not_ours} is for tests or for another platform");
        }
        for component in bill["components"].as_array().expect("components") {
            let name = &component["name"];
            assert!(name == "glibc" || component["licenses"][0]["expression"].is_string(), "{name} has no license");
        }
    }

    #[test]
    fn every_reference_in_the_bill_leads_to_a_component() {
        let metadata = metadata(&["x86_64-unknown-linux-gnu"]).expect("cargo knows");
        let bill = bill(&metadata, "", &BTreeSet::new(), Timestamp::UNIX_EPOCH).expect("a bill");
        let all = bill["components"].as_array().expect("components").iter().chain([&bill["metadata"]["component"]]);
        let known: Vec<&str> = all.filter_map(|it| it["bom-ref"].as_str()).collect();
        for dependency in bill["dependencies"].as_array().expect("dependencies") {
            for on in dependency["dependsOn"].as_array().expect("a list") {
                assert!(on.as_str().is_some_and(|on| known.contains(&on)), "{on}");
            }
        }
        assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "no reference twice");
    }

    #[test]
    fn a_program_tells_its_c_library() {
        assert_eq!(c_library(b"\0GNU C Library (Debian GLIBC 2.36-9) stable").as_deref(), Some("Debian GLIBC 2.36-9"));
        assert_eq!(c_library(b"\0"), None);
    }
}
