//! Crossplane's composite resource definitions (XRDs): the scope of what they define, and its schema. Pure.

use serde_json::Value;

use super::piece::Piece;
use crate::document::{wrong_group, wrong_kind};
use crate::object::{group, items, kind, str_at};
use crate::report::Diagnostic;
use crate::words::crossplane::{EXTENSIONS, EXTENSIONS_V2, XRD};

/// Whether an object is an XRD.
#[must_use]
pub fn is_xrd(object: &Value) -> bool {
    group(object) == EXTENSIONS && kind(object) == XRD
}

/// The scope that a new hub gives what an XRD defines. An XRD of v1 that says none defines what can be claimed.
#[must_use]
pub fn scope(xrd: &Value) -> &str {
    match (str_at(xrd, "/spec/scope"), str_at(xrd, "/apiVersion")) {
        ("", EXTENSIONS_V2) => "Namespaced",
        ("", _) => "LegacyCluster",
        (scope, _) => scope,
    }
}

/// What is wrong with the names that an XRD gives to what it defines, each with the field.
pub fn wrong_names(xrd: &Value) -> Vec<(&'static str, String)> {
    let group = wrong_group(str_at(xrd, "/spec/group")).map(|it| ("spec.group", it));
    let kind = wrong_kind(str_at(xrd, "/spec/names/kind")).map(|it| ("spec.names.kind", it));
    let claim = xrd.pointer("/spec/claimNames").and_then(|_| wrong_kind(str_at(xrd, "/spec/claimNames/kind")));
    group.into_iter().chain(kind).chain(claim.map(|it| ("spec.claimNames.kind", it))).collect()
}

/// The XRDs among these objects that give such names.
pub fn misnamed(pieces: &[Piece]) -> Vec<Diagnostic> {
    let of_piece = |piece: &Piece| -> Vec<Diagnostic> {
        let told = |(field, message): (&str, String)| {
            Diagnostic::error(field, format!("{}: {message}", piece.title()))
                .at(&piece.source, piece.place_of(field))
                .hint("people could order it: give what the bead defines a group and a name of its own")
        };
        wrong_names(&piece.object).into_iter().map(told).collect()
    };
    pieces.iter().filter(|it| is_xrd(&it.object)).flat_map(of_piece).collect()
}

/// What is to be said of the XRDs among these objects.
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    let is_unsaid = |it: &&Piece| {
        is_xrd(&it.object) && it.text("/apiVersion").ends_with("/v2") && it.text("/spec/scope").is_empty()
    };
    let doubts = pieces.iter().filter(is_unsaid).map(|it| {
        let message = format!(
            "{} says no `scope`: a new hub makes it Namespaced, one that had it as v1 silently keeps LegacyCluster",
            it.title()
        );
        let hint = "write `scope: Namespaced` or `scope: Cluster`; a scope never changes, so what was v1 stays v1 or gets a new name";
        Diagnostic::warning("spec.scope", message).at(&it.source, it.place_of("spec")).hint(hint)
    });
    doubts.collect()
}

/// The schema of a kind of composite resources.
pub struct Schema<'a>(&'a Value);

/// The schema of what a Composition composes, when one of these objects defines it.
pub fn schema_of<'a>(composition: &Piece, pieces: &'a [Piece]) -> Option<Schema<'a>> {
    let (group, version) = composition.text("/spec/compositeTypeRef/apiVersion").split_once('/')?;
    let defines = (group, composition.text("/spec/compositeTypeRef/kind"));
    let is_its = |it: &&Piece| is_xrd(&it.object) && (it.text("/spec/group"), it.text("/spec/names/kind")) == defines;
    let xrd = pieces.iter().find(is_its)?;
    let version = items(&xrd.object, "/spec/versions").find(|it| str_at(it, "/name") == version)?;
    version.pointer("/schema/openAPIV3Schema").map(Schema)
}

impl<'a> Schema<'a> {
    /// The schema of the field at a path, such as `spec.parameters.nodes[0].size`.
    pub fn field(&self, path: &str) -> Option<&'a Value> {
        segments(path)?.iter().try_fold(self.0, |schema, segment| match segment {
            Segment::Index(_) => schema.get("items"),
            Segment::Key(name) => schema
                .get("properties")
                .and_then(|all| all.get(name))
                .or_else(|| schema.get("additionalProperties").filter(|it| it.is_object())),
        })
    }
}

/// A segment of a field path.
#[derive(Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into a field.
    Key(String),
    /// Into an element of a list.
    Index(usize),
}

impl Segment {
    /// The value one segment further.
    pub fn in_value<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Key(name) => value.get(name),
            Self::Index(index) => value.get(index),
        }
    }
}

/// The segments of a field path as Crossplane reads it: `a.b`, `a[0]`, `a[b.c]`. `None` for one that is none.
pub fn segments(path: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('[') {
            let (inside, behind) = behind.split_once(']')?;
            let name = inside.trim_matches(['\'', '"']);
            segments.push(inside.parse().map_or_else(|_| Segment::Key(name.to_owned()), Segment::Index));
            rest = behind.strip_prefix('.').unwrap_or(behind);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        segments.push(Segment::Key(rest[..end].to_owned()));
        rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_into_fields_and_lists() {
        let key = |name: &str| Segment::Key(name.to_owned());
        assert_eq!(segments("a.b[0].c"), Some(vec![key("a"), key("b"), Segment::Index(0), key("c")]));
        assert_eq!(segments("a[b.c/d]"), Some(vec![key("a"), key("b.c/d")]));
        assert_eq!(segments("a["), None);
        let schema = json!({"properties": {"spec": {"properties": {
            "list": {"items": {"properties": {"size": {"type": "integer"}}}},
            "map": {"additionalProperties": {"type": "string"}},
        }}}});
        let schema = Schema(&schema);
        let kind = |path: &str| schema.field(path).map(|it| str_at(it, "/type"));
        assert_eq!(
            (kind("spec.list[2].size"), kind("spec.map[x]"), kind("spec.other")),
            (Some("integer"), Some("string"), None)
        );
    }

    #[test]
    fn what_is_everybodys_or_a_pattern_is_no_name() {
        let fields =
            |spec: Value| wrong_names(&json!({"spec": spec})).into_iter().map(|(it, _)| it).collect::<Vec<_>>();
        assert_eq!(
            fields(json!({"group": "e.org", "names": {"kind": "XBook"}, "claimNames": {"kind": "Book"}})),
            [""; 0]
        );
        let wrong = json!({"group": "rbac.authorization.k8s.io", "names": {"kind": "*"}, "claimNames": {"kind": "B*"}});
        assert_eq!(fields(wrong), ["spec.group", "spec.names.kind", "spec.claimNames.kind"]);
    }

    #[test]
    fn a_scope_that_is_not_said_is_that_of_the_version() {
        let xrd = |version: &str, spec: Value| json!({"apiVersion": format!("{EXTENSIONS}/{version}"), "kind": XRD, "spec": spec});
        assert_eq!(scope(&xrd("v1", json!({}))), "LegacyCluster");
        assert_eq!(scope(&xrd("v2", json!({}))), "Namespaced");
        assert_eq!(scope(&xrd("v2", json!({"scope": "Cluster"}))), "Cluster");
    }
}
