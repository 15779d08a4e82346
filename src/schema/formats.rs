//! The `format`s of our schemas: what a string must look like beyond being a string.

use std::borrow::Cow;

use super::git_branch::is_branch;
use super::image::ImageReference;
use super::provider::ProviderAddress;
use super::{duration, json_path, version_range};

const JSON_PATH: &str = "a JSONPath such as {.status.phase} or {.data.tls\\.crt}";
const RANGE: &str = "a version requirement such as `>=1.29`, `1.30` or `>=1.20, <3`";

/// `bead-<name>-application` must be a name of an Application and, as a Helm release, at most 53 characters.
const LONGEST_BEAD_NAME: usize = 36;
/// The name is in those of Applications, namespaces and labels, beside the name of a bead.
const LONGEST_SPOKE_NAME: usize = 36;

/// What `text` should have been, if it is not of the format. Unknown formats accept everything, as JSON schema
/// demands.
#[must_use]
pub fn expectation(format: &str, text: &str) -> Option<Cow<'static, str>> {
    let (fits, expected) = match format {
        "go-duration" => return duration::expectation(text).map(Cow::Borrowed),
        "json-path" => return json_path::mistake(text).map(|why| Cow::Owned(format!("{JSON_PATH}: {why}"))),
        "version-requirement" => return version_range::mistake(text).map(|why| Cow::Owned(format!("{RANGE}: {why}"))),
        "dns-label" => (is_dns_label(text), "a DNS label: lower-case letters, digits and `-`, at most 63"),
        "bead-name" => (
            is_dns_label(text) && text.len() <= LONGEST_BEAD_NAME,
            "a DNS label of at most 36 characters, since `bead-<name>-application` becomes the name of a Helm release",
        ),
        "spoke-name" => (
            is_dns_label(text) && text.len() <= LONGEST_SPOKE_NAME,
            "a DNS label of at most 36 characters, since `spoke-<name>.<bead>` becomes the name of an Application",
        ),
        "semver" => (semver::Version::parse(text).is_ok(), "a version such as 1.2.3"),
        "sha256" => (
            text.strip_prefix("sha256:")
                .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())),
            "`sha256:` and 64 hexadecimal digits",
        ),
        "git-branch" => {
            (is_branch(text), "the name of a branch as `git check-ref-format --branch` has it, without `refs/heads/`")
        }
        "image" => (ImageReference::parse(text).is_some(), "an image such as registry.example.org/path/name:tag"),
        "file-name" => (is_file_name(text), "a name for a file: without `/`, at most 255 bytes"),
        "relative-path" => (is_inside(text), "a relative path that stays inside its folder"),
        "platform" => (is_platform(text), "a platform such as linux/amd64"),
        "provider-source" => (
            ProviderAddress::parse(text).is_some(),
            "the address of a provider in small letters, such as hashicorp/google or example.org/acme/thing",
        ),
        _ => return None,
    };
    (!fits).then_some(Cow::Borrowed(expected))
}

/// A pattern that says the same to an editor, which does not know our formats. It may accept more.
#[must_use]
pub fn pattern(format: &str) -> Option<&'static str> {
    match format {
        "go-duration" => Some(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h)?)+$"),
        "dns-label" => Some(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"),
        "bead-name" | "spoke-name" => Some(r"^[a-z0-9]([-a-z0-9]{0,34}[a-z0-9])?$"),
        "semver" => Some(r"^[0-9]+\.[0-9]+\.[0-9]+([-+].+)?$"),
        "sha256" => Some(r"^sha256:[0-9a-fA-F]{64}$"),
        "git-branch" => Some(r"^[^\s~^:?*\[\\]+$"),
        "image" => Some(r"^[^\s$]+$"),
        "json-path" => Some(r"^\s*(\{.*\}|\$.*|[.\[].*)\s*$"),
        "file-name" => Some(r"^[^/]{1,255}$"),
        "relative-path" => Some(r"^[^/]"),
        "platform" => Some(r"^[a-z0-9]+/[a-z0-9]+$"),
        "provider-source" => Some(r"^[-a-z0-9_./]+$"),
        _ => None,
    }
}

/// Whether it can be a key of a Secret or a ConfigMap: letters, digits, `-`, `_` and `.`, at most 253.
#[must_use]
pub fn is_data_key(text: &str) -> bool {
    let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=253).contains(&text.len()) && text.bytes().all(is_of_key)
}

/// RFC 1123 label, as Kubernetes names namespaces.
#[must_use]
pub fn is_dns_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// What every file system of Linux takes (`NAME_MAX`), and is no folder.
fn is_file_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.contains(['/', '\0']) && text != "." && text != ".."
}

/// Go's names of a system and of a processor, which container images have, too.
fn is_platform(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.split_once('/').is_some_and(|(system, processor)| is_name(system) && is_name(processor))
}

fn is_inside(text: &str) -> bool {
    use std::path::{Component, Path};
    !text.is_empty()
        && Path::new(text).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
