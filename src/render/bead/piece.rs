//! One object of a bead, on its way into the hub repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::object::{self, kind, name, str_at};
use crate::report::{Diagnostic, Place, Source};
use crate::schema::is_dns_label;
use crate::schema::labels::is_subdomain;
use crate::yaml::Node;

/// Where a file begins.
pub(super) const START: Place = Place { line: 1, column: 1, start: 0, end: 0 };

/// One object of a bead, and where its author wrote it.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The object, parameters filled in.
    pub object: Value,
    /// The file.
    pub source: Arc<Source>,
    /// The place of the object in the file.
    pub place: Place,
    /// The object as it is written; none of one that no author wrote.
    pub(super) written: Option<Arc<Node>>,
}

impl Piece {
    /// An object that no author wrote.
    pub(super) fn rendered(object: Value) -> Self {
        let source = Source { name: "bead.yaml".to_owned(), text: String::new() };
        Self::of(object, Arc::new(source), START)
    }

    /// An object of a text, of whose values no places are known.
    pub(super) fn of(object: Value, source: Arc<Source>, place: Place) -> Self {
        Self { object, source, place, written: None }
    }

    /// The place of the value at a dotted path, or as near as there is.
    pub(super) fn place_of(&self, path: &str) -> Place {
        self.written.as_ref().map_or(self.place, |it| it.nearest(path).place)
    }

    /// What keeps its name from being one: everything is named by a DNS name (Kubernetes documentation, "Object Names and
    /// IDs"), but for what [`has_any_name`].
    pub(super) fn wrong_name(&self) -> Option<Diagnostic> {
        let (field, written) = match self.text("/metadata/name") {
            "" => ("metadata.generateName", self.text("/metadata/generateName")),
            name => ("metadata.name", name),
        };
        // What is put behind the beginning of a name is made of letters and digits.
        let whole = written
            .strip_suffix('-')
            .filter(|it| !it.is_empty() && field != "metadata.name")
            .map(|it| format!("{it}-x"));
        let name = whole.as_deref().unwrap_or(written);
        let (is_right, expected) = match (self.group(), self.text("/kind")) {
            (_, "IPAddress") => (true, ""),
            (group, kind) if has_any_name(group, kind) => {
                (![".", ".."].contains(&name) && !name.contains(['/', '%']), "anything without `/` and `%`")
            }
            ("", "Namespace" | "Service") => (is_dns_label(name), "lower-case letters, digits and `-`, at most 63"),
            _ => (
                is_subdomain(name),
                "lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part",
            ),
        };
        let begins = if field == "metadata.name" { "be" } else { "begin" };
        let message = format!("`{written}` cannot {begins} the name of an object of kind {}", self.text("/kind"));
        let mistake = Diagnostic::error(field, message);
        (!is_right).then(|| mistake.at(&self.source, self.place_of(field)).hint(expected))
    }

    /// Whether no author wrote it.
    pub(super) fn is_rendered(&self) -> bool {
        self.source.text.is_empty()
    }

    /// Its place, for people.
    pub(super) fn origin(&self) -> String {
        format!("{}:{}:{}", self.source.name, self.place.line, self.place.column)
    }

    /// A mistake about the object, at its place.
    #[must_use]
    pub fn mistake(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error("", message).at(&self.source, self.place)
    }

    /// The string at a pointer, or the empty string.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        str_at(&self.object, pointer)
    }

    /// The group of its kind; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        object::group(&self.object)
    }

    /// Kind and name, for people.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", kind(&self.object), name_in_git(&self.object))
    }
}

/// Whether objects are named by any part of a path: roles, users of `OpenShift` (`ldap:me`), and what is named after a signer
/// (`example.org:signer:name`).
fn has_any_name(group: &str, kind: &str) -> bool {
    let of_certificates = ["ClusterTrustBundle", "CertificateSigningRequest"];
    group == "rbac.authorization.k8s.io"
        || group.ends_with(".openshift.io")
        || (group == "certificates.k8s.io" && of_certificates.contains(&kind))
}

/// The name of an object; of a hook that gets one when it runs, what that begins with.
pub(super) fn name_in_git(object: &Value) -> &str {
    match name(object) {
        "" => str_at(object, "/metadata/generateName"),
        name => name,
    }
}

/// One object a file. Objects of one kind and name in several namespaces are told apart by them.
pub(crate) fn file_name(object: &Value) -> String {
    let namespace = str_at(object, "/metadata/namespace");
    let separator = if namespace.is_empty() { "" } else { "." };
    let file_of = name_in_git(object).replace(':', "_");
    format!("{}-{file_of}{separator}{namespace}.yaml", kind(object).to_lowercase())
}

/// The name of its file where another object would have the same: with all that makes an object's identity. No name has a `%`.
fn full_file_name(object: &Value) -> String {
    let (kind, namespace) = (kind(object).to_lowercase(), str_at(object, "/metadata/namespace"));
    let group = object::group(object);
    let of_group = if group.is_empty() { String::new() } else { format!(".{group}") };
    let in_namespace = if namespace.is_empty() { String::new() } else { format!("@{namespace}") };
    let name = name_in_git(object).replace(':', "%3A");
    format!("{kind}{of_group}-{name}{in_namespace}.yaml")
}

/// Whether an object is written into files of this name.
pub(crate) fn is_file_of(object: &Value, file: &str) -> bool {
    file == file_name(object) || file == full_file_name(object)
}

/// The names of the files of objects that are beside each other. Two that would have one differ in their groups (the `ProviderConfig`s
/// of two providers), or have dots in their names.
pub(super) fn names(pieces: &[Piece]) -> Vec<String> {
    let plain: Vec<String> = pieces.iter().map(|it| file_name(&it.object)).collect();
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &plain {
        *wanted.entry(name).or_default() += 1;
    }
    let named = |(piece, name): (&Piece, &String)| match wanted[name.as_str()] {
        1 => name.clone(),
        _ => full_file_name(&piece.object),
    };
    pieces.iter().zip(&plain).map(named).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_that_differ_have_different_files() {
        let object = |version: &str, kind: &str, name: &str, namespace: Option<&str>| json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
        let names = |objects: &[Value]| names(&objects.iter().cloned().map(Piece::rendered).collect::<Vec<_>>());
        let of = |group: &str| object(&format!("{group}/v1"), "ProviderConfig", "default", None);
        let (helm, plain) = ("providerconfig.helm.crossplane.io-default.yaml", "providerconfig-default.yaml");
        assert_eq!(names(&[of("helm.crossplane.io")]), [plain]);
        assert_eq!(
            names(&[
                of("helm.crossplane.io"),
                of("kubernetes.crossplane.io"),
                object("v1", "ConfigMap", "a", Some("b"))
            ]),
            [helm, "providerconfig.kubernetes.crossplane.io-default.yaml", "configmap-a.b.yaml"]
        );
        assert!(is_file_of(&of("helm.crossplane.io"), helm) && is_file_of(&of("helm.crossplane.io"), plain));
        assert!(!is_file_of(&of("kubernetes.crossplane.io"), helm));
        let dotted = [object("v1", "ConfigMap", "a", Some("b")), object("v1", "ConfigMap", "a.b", None)];
        assert_eq!(names(&dotted), ["configmap-a@b.yaml", "configmap-a.b.yaml"]);
        let role = |name| object("rbac.authorization.k8s.io/v1", "ClusterRole", name, None);
        let of_rbac = |name: &str| format!("clusterrole.rbac.authorization.k8s.io-{name}.yaml");
        assert_eq!(names(&[role("a:b"), role("a_b")]), [of_rbac("a%3Ab"), of_rbac("a_b")]);
    }

    #[test]
    fn a_name_is_one_by_the_rules_of_its_kind() {
        for (version, kind, name, is_right) in [
            ("v1", "ConfigMap", "a.b", true),
            ("v1", "ConfigMap", "a:b", false),
            ("v1", "Service", "a.b", false),
            ("rbac.authorization.k8s.io/v1", "Role", "system:a", true),
            ("rbac.authorization.k8s.io/v1", "Role", "a/b", false),
            ("certificates.k8s.io/v1alpha1", "ClusterTrustBundle", "example.com:mysigner:foo", true),
            ("user.openshift.io/v1", "Identity", "ldap:Some Body", true),
            ("user.openshift.io/v1", "Group", "a%b", false),
            ("openshift.io/v1", "Thing", "a:b", false),
        ] {
            let piece = Piece::rendered(json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}}));
            assert_eq!(piece.wrong_name().is_none(), is_right, "{kind} {name}");
        }
    }
}
