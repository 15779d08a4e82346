//! A download in another version: the same project, the same file, and another version in its address. Pure.

use std::collections::BTreeSet;

use super::upstream::major_of;
use crate::document::{Asset, ModulePath};
use crate::report::{Failure, Outcome};
use crate::vendor::fetch::OCI;
use crate::vendor::{version_of, versions_in};

/// The version that an asset is of by its address, whatever its lock says: who writes only a new version into the lock leaves that.
#[must_use]
pub fn addressed(asset: &Asset) -> String {
    let module = asset.module.as_ref().and_then(|it| version_of(it.parts().1?)).map(|it| it.to_string());
    let has_it = |it: &str| asset.url.as_deref().is_none_or(|url| replaced(url, it, it).is_some());
    let is_other = |it: &String| *it != asset.version && has_it(it);
    if let Some(version) = module.filter(is_other) {
        return version;
    }
    let url = asset.url.as_deref().unwrap_or_default();
    if replaced(url, &in_address(url, &asset.version), "").is_some() {
        return asset.version.clone();
    }
    let versions: BTreeSet<&str> = versions_in(url).collect();
    match versions.first() {
        Some(only) if versions.len() == 1 => (*only).to_owned(),
        _ => asset.version.clone(),
    }
}

/// The asset in another version, with nothing that only a download can tell.
pub fn derived(asset: &Asset, version: &str) -> Outcome<Asset> {
    let mut other = Asset { version: version.to_owned(), size: None, download: None, ..asset.clone() };
    let from = addressed(asset);
    if let Some(url) = &asset.url {
        let moved = replaced(url, &in_address(url, &from), &in_address(url, version));
        other.url = Some(moved.ok_or_else(|| no_version(asset, url))?);
    }
    if let Some(module) = &asset.module {
        other.module = Some(moved_module(module, &from, version).ok_or_else(|| no_version(asset, &module.module))?);
    }
    Ok(other)
}

/// A version as an address has it. A tag of a registry has `_` where a version has `+`.
fn in_address(url: &str, version: &str) -> String {
    if url.starts_with(OCI) { version.replace('+', "_") } else { version.to_owned() }
}

fn no_version(asset: &Asset, address: &str) -> Failure {
    Failure::usage(format!("{address} does not have the version {} of {}", asset.version, asset.name))
        .hint("write its `url` or `module` in lock.yaml for the new version, and run it again")
}

/// A text with one version in the place of another; `None` where that is not in it.
fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    let (mut made, mut rest, mut is_found) = (String::new(), text, false);
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let goes_on = |next: Option<char>, then: Option<char>| {
            next.is_some_and(|it| it.is_ascii_digit())
                || next == Some('.') && then.is_some_and(|it| it.is_ascii_digit())
        };
        let mut back = before.chars().rev();
        let mut ahead = after.chars();
        let is_whole = !goes_on(back.next(), back.next()) && !goes_on(ahead.next(), ahead.next());
        made.extend([before, if is_whole { to } else { from }]);
        is_found |= is_whole;
        rest = after;
    }
    made.push_str(rest);
    is_found.then_some(made)
}

/// The module at another version. From version 2 on the path of a module ends with its major.
fn moved_module(module: &ModulePath, from: &str, to: &str) -> Option<ModulePath> {
    let (path, written) = module.parts();
    let of = |path: &str, version: &str| {
        Some(ModulePath { module: format!("{path}@v{version}"), path: module.path.clone() })
    };
    let version = version_of(written?)?;
    if version != version_of(from)? {
        return None;
    }
    let major = version_of(to)?.major;
    match major_of(path) {
        Some((base, known)) if known != major => of(&with_major(base, major), to),
        None if major > 1 && version.major < 2 => of(&with_major(path, major), to),
        _ => of(path, to),
    }
}

fn with_major(base: &str, major: u64) -> String {
    if major > 1 { format!("{base}/v{major}") } else { base.to_owned() }
}

/// The version of a module that another one needs, by its `go.mod`.
pub fn required(go_mod: &str, module: &str) -> Option<String> {
    let lines = go_mod.lines().map(|line| line.trim().trim_start_matches("require "));
    lines.filter_map(|line| line.strip_prefix(module)?.strip_prefix(' ')).find_map(|rest| {
        let version = rest.split_whitespace().next()?;
        version.starts_with('v').then(|| version.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(more: &str) -> Asset {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: a, type: manifest, version: 3.6.1, \
             sha256: 'sha256:{}', size: 1, {more}}}\n",
            "0".repeat(64)
        );
        crate::document::read_lock("lock.yaml", &text).expect("a lock").assets.remove(0)
    }

    #[test]
    fn the_version_moves_in_every_address() {
        let before =
            asset("url: 'https://h/v3.6.1/a-3.6.1.yaml?13.6.1=3.6.10', module: {module: h/a/v3@v3.6.1, path: p}");
        let after = derived(&before, "3.7.0").expect("derived");
        assert_eq!(after.url.as_deref(), Some("https://h/v3.7.0/a-3.7.0.yaml?13.6.1=3.6.10"));
        assert_eq!(after.module.expect("a module").module, "h/a/v3@v3.7.0");
        assert_eq!((after.version.as_str(), after.size), ("3.7.0", None));
        let major = derived(&before, "4.0.0").expect("derived");
        assert_eq!(major.module.expect("a module").module, "h/a/v4@v4.0.0");
    }

    #[test]
    fn the_path_of_a_module_has_its_major_from_two_on() {
        let at = |module: &str, from: &str, to: &str| {
            let module = ModulePath { module: module.to_owned(), path: "p".to_owned() };
            moved_module(&module, from, to).map(|it| it.module)
        };
        assert_eq!(at("h/a@v1.20.0", "1.20.0", "2.0.0").as_deref(), Some("h/a/v2@v2.0.0"));
        assert_eq!(at("h/a/v2@v2.1.0", "2.1.0", "1.20.0").as_deref(), Some("h/a@v1.20.0"));
        assert_eq!(at("h/a@v1.2.0", "1.2.0", "1.3.0").as_deref(), Some("h/a@v1.3.0"));
        assert_eq!(at("h/a@v0.9.0", "1.2.0", "1.3.0"), None, "of another version");
    }

    #[test]
    fn an_address_tells_the_version_where_the_lock_was_changed_by_hand() {
        let by_hand = |more: &str| Asset { version: "3.6.2".to_owned(), ..asset(more) };
        let alone = by_hand("url: 'https://h/v3.6.1/a.yaml', module: {module: h/a/v3@v3.6.1, path: p}");
        assert_eq!(addressed(&alone), "3.6.1");
        assert_eq!(derived(&alone, "3.6.2").expect("both").url.as_deref(), Some("https://h/v3.6.2/a.yaml"));
        assert_eq!(addressed(&by_hand("url: 'https://h/v3.6.2/a.yaml'")), "3.6.2");
        assert_eq!(addressed(&by_hand("url: 'https://h/v3.6.1/a.yaml'")), "3.6.1");
        let failure = derived(&by_hand("url: 'https://h/1.0.0/3.6.1/a.yaml'"), "3.6.2").expect_err("of several");
        assert!(failure.message.contains("does not have the version 3.6.2 of a"), "{failure}");
    }

    #[test]
    fn what_a_module_needs_stands_in_its_go_mod() {
        let text =
            "module h/a\nrequire h/x v1.0.0\nrequire (\n\th/api v0.0.1-alpha.3 // indirect\n\th/api/v2 v2.0.0\n)\n";
        assert_eq!(required(text, "h/api").as_deref(), Some("v0.0.1-alpha.3"));
        assert_eq!(required(text, "h/x").as_deref(), Some("v1.0.0"));
        assert_eq!(required(text, "h"), None);
    }
}
