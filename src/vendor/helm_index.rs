//! The `index.yaml` of a Helm repository: which versions of a chart it has, where their archives are, and what their digests are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::download::download;
use super::login::Login;
use super::mirror::mirrored;
use super::web::By;
use crate::files::sha256_hex;
use crate::object::str_at;
use crate::report::{Exit, Failure, Outcome};
use crate::schema::{address, closest};
use crate::{input, yaml};

/// What an index may have in bytes. The largest have some twenty million.
const LONGEST_INDEX: u64 = 32 << 20;

/// A version of a chart in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The version, as it is written.
    pub version: String,
    /// The address of the archive, where a web server has it.
    pub url: Option<String>,
    /// The digest of the archive, where the index has one: `sha256:…`.
    pub digest: Option<String>,
}

/// Everything that a repository has of a chart, in the order of its index, which is kept in `scratch`.
pub async fn published(
    repository: &str,
    chart: &str,
    mirror: Option<&str>,
    login: &Login,
    scratch: &Path,
    deadline: Instant,
) -> Outcome<Vec<Published>> {
    let url = mirrored(&format!("{}/index.yaml", repository.trim_end_matches('/')), mirror);
    let file = kept(&url, login, scratch, deadline).await?;
    let text = input::text_of(&file).map_err(|error| Failure::failed(format!("{url} cannot be read: {error}")))?;
    let index = yaml::manifests(&address::shown(&url), &text).map_err(|failure| failure.with_exit(Exit::Failed))?;
    let index = index.into_iter().next().unwrap_or_default();
    let Some(entries) = index["entries"].as_object() else {
        return Err(Failure::failed(format!("{} is not the index of a Helm repository", address::shown(&url))));
    };
    if let Some(versions) = entries.get(chart).and_then(Value::as_array) {
        return Ok(versions.iter().filter_map(|it| read(it, repository)).collect());
    }
    let known: Vec<&str> = entries.keys().map(String::as_str).collect();
    let failure = Failure::failed(format!("{} has no chart `{chart}`", address::shown(repository)));
    Err(match closest(chart, &known) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    })
}

/// The file of an index, which is downloaded once, however many charts are looked up in it. Only a whole one gets its name.
async fn kept(url: &str, login: &Login, scratch: &Path, deadline: Instant) -> Outcome<PathBuf> {
    let kept = scratch.join(format!("index-{}.yaml", sha256_hex(url.as_bytes())));
    if kept.is_file() {
        return Ok(kept);
    }
    let unmade =
        |error: io::Error| Failure::failed(format!("failed to make a folder in {}: {error}", scratch.display()));
    let folder = tempfile::tempdir_in(scratch).map_err(unmade)?;
    let file = folder.path().join("index.yaml");
    download(url, By::Login(login), &file, LONGEST_INDEX, deadline).await?;
    fs::rename(&file, &kept)
        .map_err(|error| Failure::failed(format!("failed to write {}: {error}", kept.display())))?;
    Ok(kept)
}

fn read(entry: &Value, repository: &str) -> Option<Published> {
    let digest = Some(str_at(entry, "/digest")).filter(|it| !it.is_empty());
    let digest = digest.map(|it| if it.contains(':') { it.to_owned() } else { format!("sha256:{it}") });
    let version = entry["version"].as_str()?.to_owned();
    let url = entry["urls"].get(0).and_then(Value::as_str).and_then(|url| absolute(repository, url));
    Some(Published { version, url, digest })
}

/// The address of an archive, which an index may give from itself on. Other schemes than a web server's have no archive.
fn absolute(repository: &str, url: &str) -> Option<String> {
    let repository = repository.trim_end_matches('/');
    match url.split_once("://") {
        Some(("http" | "https", _)) => Some(url.to_owned()),
        Some(_) => None,
        None => match url.strip_prefix('/') {
            Some(path) => {
                let (scheme, rest) = repository.split_once("://")?;
                Some(format!("{scheme}://{}/{path}", rest.split('/').next()?))
            }
            None => Some(format!("{repository}/{url}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_an_index_may_be_one_from_there_on() {
        let at = |url: &str| absolute("https://c.example.org/charts/", url);
        assert_eq!(at("https://o.example.org/a.tgz").as_deref(), Some("https://o.example.org/a.tgz"));
        assert_eq!(at("a.tgz").as_deref(), Some("https://c.example.org/charts/a.tgz"));
        assert_eq!(at("/a.tgz").as_deref(), Some("https://c.example.org/a.tgz"));
        assert_eq!(at("oci://c.example.org/a"), None);
    }

    #[test]
    fn a_version_is_known_wherever_its_archive_is() {
        let url = |urls: Value| {
            let entry = serde_json::json!({"version": "1.2.3", "urls": urls});
            read(&entry, "https://c.example.org").expect("a version").url
        };
        assert_eq!(url(serde_json::json!(["a.tgz"])).as_deref(), Some("https://c.example.org/a.tgz"));
        assert_eq!(url(serde_json::json!(["oci://c.example.org/a:1.2.3"])), None);
        assert_eq!(url(Value::Null), None);
    }
}
