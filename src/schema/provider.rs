//! The address of a provider of OpenTofu.

use std::fmt;

/// The host of a provider whose source names none: the registry of OpenTofu's own domain.
const DEFAULT_HOST: &str = concat!("registry", ".opentofu.org");
/// What a source that names no namespace stands for.
const DEFAULT_NAMESPACE: &str = "hashicorp";

/// Which provider it is, whatever its version. All of it is in small letters, as OpenTofu takes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderAddress {
    /// Who says what the namespaces are.
    pub host: String,
    /// Whose it is.
    pub namespace: String,
    /// Its own name.
    pub name: String,
}

impl ProviderAddress {
    /// `NAMESPACE/TYPE`, with the default host, or `HOST/NAMESPACE/TYPE`.
    #[must_use]
    pub fn parse(source: &str) -> Option<Self> {
        let parts: Vec<&str> = source.split('/').collect();
        let (host, namespace, name) = match parts[..] {
            [namespace, name] => (DEFAULT_HOST, namespace, name),
            [host, namespace, name] if host.contains('.') => (host, namespace, name),
            _ => return None,
        };
        let is_part = |part: &str, others: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || others.contains(c))
        };
        let is_one = is_part(host, "-.") && is_part(namespace, "-_") && is_part(name, "-_");
        is_one.then(|| Self { host: host.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The same of a module, which may write capitals, and leave out the namespace of the oldest providers.
    #[must_use]
    pub fn of_module(source: &str) -> Option<Self> {
        let source = source.to_ascii_lowercase();
        if source.contains('/') { Self::parse(&source) } else { Self::parse(&format!("{DEFAULT_NAMESPACE}/{source}")) }
    }

    /// The folder of a filesystem mirror that has it.
    #[must_use]
    pub fn folder(&self) -> String {
        let Self { host, namespace, name } = self;
        format!("{host}/{namespace}/{name}")
    }
}

/// As a module writes it: without the default host.
impl fmt::Display for ProviderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, namespace, name } = self;
        if host != DEFAULT_HOST {
            write!(f, "{host}/")?;
        }
        write!(f, "{namespace}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_two_parts_or_three() {
        let shown = |source: &str| ProviderAddress::parse(source).map(|it| it.to_string());
        assert_eq!(shown("hashicorp/google").as_deref(), Some("hashicorp/google"));
        assert_eq!(shown("example.org/acme/thing").as_deref(), Some("example.org/acme/thing"));
        let google = ProviderAddress::of_module("Google").expect("an old name");
        assert_eq!(google.folder(), format!("{DEFAULT_HOST}/hashicorp/google"));
        for wrong in
            ["", "google", "Hashicorp/google", "../google", "a/../b", "host/a/b", "a.b/../c", "a/b/c/d", "a//b"]
        {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
