//! References to images, in the words of registries: `registry/repository:tag@digest`, with the defaults that
//! everybody leaves out (`distribution/reference` in Go).

use std::fmt;
use std::net::Ipv6Addr;

/// The registry of references without one.
const DEFAULT_REGISTRY: &str = "docker.io";
/// The tag of references without tag and digest.
const DEFAULT_TAG: &str = "latest";

/// A reference to an image, or to another artifact that a registry keeps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageReference {
    /// The registry, with its port: `docker.io` where the text names none.
    pub registry: String,
    /// The path in the registry: `library/nginx` for `nginx`.
    pub repository: String,
    /// The tag, where the text names one.
    pub tag: Option<String>,
    /// The digest, where the text names one: `sha256:…`.
    pub digest: Option<String>,
}

impl ImageReference {
    /// Reads a reference; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let (name, tag) = match rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        let (registry, repository) = match name.split_once('/').filter(|(first, _)| is_registry(first)) {
            Some(("index.docker.io", path)) => (DEFAULT_REGISTRY, path),
            Some((registry, path)) => (registry, path),
            None => (DEFAULT_REGISTRY, name),
        };
        let library = if registry == DEFAULT_REGISTRY && !repository.contains('/') { "library/" } else { "" };
        // A bare name of 64 hexadecimal digits is a digest that has lost its algorithm.
        let is_bare_digest = !rest.contains('/') && name.len() == 64 && is_hexadecimal(name);
        let fits = !is_bare_digest
            && is_host(registry)
            && repository.split('/').all(is_path_part)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        fits.then(|| Self {
            registry: registry.to_owned(),
            repository: format!("{library}{repository}"),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// Registry and repository.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// What a registry is asked for: the digest, or else the tag.
    #[must_use]
    pub fn version(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or(DEFAULT_TAG)
    }

    /// Whether a registry is asked for the same by both.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.version() == other.version()
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// The first part of a name is a registry when it cannot be the name of a user.
fn is_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase())
}

/// A name or an address with an optional port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let v6 = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_name = || host.split('.').all(is_label);
    v6.map_or_else(is_name, |it| it.parse::<Ipv6Addr>().is_ok()) && port.is_none_or(is_digits)
}

/// Small letters and digits, with `.`, `_`, `__` or any number of `-` between them.
fn is_path_part(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator = |it: &str| matches!(it, "" | "." | "_" | "__") || it.bytes().all(|b| b == b'-');
    text.starts_with(inner) && text.ends_with(inner) && text.split(inner).all(is_separator)
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b".-".contains(&b))
}

/// Whether a text is a digest, as registries take it (`opencontainers/go-digest`).
fn is_digest(text: &str) -> bool {
    let lengths = [("sha256", 64), ("sha384", 96), ("sha512", 128)];
    text.split_once(':').is_some_and(|(algorithm, digits)| {
        lengths.contains(&(algorithm, digits.len())) && digits.bytes().all(|b| b"0123456789abcdef".contains(&b))
    })
}

/// Whether a text is `sha256:` and 64 hexadecimal digits, as what is pinned has it.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && is_hexadecimal(digits))
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn what_everybody_leaves_out_is_filled_in() {
        for (text, full, version) in [
            ("nginx", "docker.io/library/nginx", "latest"),
            ("index.docker.io/nginx:1", "docker.io/library/nginx:1", "1"),
            ("me/thing", "docker.io/me/thing", "latest"),
            ("localhost/thing", "localhost/thing", "latest"),
            ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "latest"),
            ("r.example.org/a__b:v1.2-x_y", "r.example.org/a__b:v1.2-x_y", "v1.2-x_y"),
        ] {
            let reference = ImageReference::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((reference.to_string().as_str(), reference.version()), (full, version));
        }
        let both = ImageReference::parse(&format!("r.example.org:5000/a:v1@{DIGEST}")).expect("a reference");
        assert_eq!((both.tag.as_deref(), both.version()), (Some("v1"), DIGEST));
        assert_eq!(both.name(), "r.example.org:5000/a");
    }

    #[test]
    fn one_image_has_many_names() {
        let same =
            |a: &str, b: &str| ImageReference::parse(a).expect("a").is_same(&ImageReference::parse(b).expect("b"));
        assert!(same("nginx", "docker.io/library/nginx:latest"));
        assert!(same(&format!("a:1@{DIGEST}"), &format!("a@{DIGEST}")));
        assert!(!same("a:1", "b:1"));
        assert!(!same("a:1", &format!("a:1@{DIGEST}")));
    }

    #[test]
    fn what_is_no_reference_is_not_taken_for_one() {
        for text in [
            "",
            "a b",
            "${ image }",
            "{{ .Values.image }}",
            "Nginx",
            "a//b",
            "a:",
            "a@sha256:1",
            "/a",
            "a/-b",
            "Team/App:1",
            "r.example.org/a:1.0+build",
            "r.example.org/a..b",
            "r.example.org/a._b",
            "r.example.org/a___b",
            "r.example.org:x/a",
            "-r.example.org/a",
            "r..example/a",
            "[::1/a",
            "https://r.example.org/a",
            "oci://r.example.org/a",
            &format!("a@{}", DIGEST.to_uppercase()),
            &format!("a@{}", DIGEST.replace("e3b0", "E3B0")),
            &format!("a@{DIGEST}0"),
            &format!("a:1@sha256:{DIGEST}"),
            &"0".repeat(64),
        ] {
            assert_eq!(ImageReference::parse(text), None, "{text}");
        }
        for text in ["[::1]:5000/a", "R.example.org/a", "r/a--b_c__d.e", &format!("a@sha512:{}", "0".repeat(128))] {
            assert!(ImageReference::parse(text).is_some(), "{text}");
        }
    }
}
