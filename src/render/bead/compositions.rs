//! What the function patch-and-transform makes of the patches of a Composition and says nothing of. Pure.
//!
//! Source: the function's code, 0.10: all numbers of the resources that it is sent are floats, a wildcard reaches what is
//! there already, and a match without a fallback is null.

use std::iter::once;

use regex::Regex;
use serde_json::Value;

use super::go_format::{Operand, errors};
use super::piece::Piece;
use super::xrd::{Schema, schema_of, segments};
use crate::object::{items, str_at};
use crate::report::Diagnostic;
use crate::words::crossplane::{COMPOSITION, EXTENSIONS, PATCH_AND_TRANSFORM};

/// What is to be said of the Compositions among these objects.
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    let is_composition = |it: &&Piece| it.group() == EXTENSIONS && it.text("/kind") == COMPOSITION;
    pieces
        .iter()
        .filter(is_composition)
        .flat_map(|it| Look { piece: it, schema: schema_of(it, pieces) }.all())
        .collect()
}

struct Look<'a> {
    piece: &'a Piece,
    /// Of the composite resource, when the bead brings its definition.
    schema: Option<Schema<'a>>,
}

/// A patch, and where it is written.
struct Patch<'a> {
    value: &'a Value,
    path: String,
}

impl Look<'_> {
    fn all(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (index, step) in items(&self.piece.object, "/spec/pipeline").enumerate() {
            let is_its = str_at(step, "/input/apiVersion").starts_with(PATCH_AND_TRANSFORM);
            let Some(input) = step.get("input").filter(|_| is_its) else { continue };
            let path = format!("spec.pipeline[{index}].input");
            for set in patches_of(input, "/patchSets", &path).into_iter().chain(environment(input, &path)) {
                for patch in &set {
                    self.values(patch, &mut found);
                }
            }
            let resources = items(input, "/resources").zip(patches_of(input, "/resources", &path));
            for (resource, patches) in resources {
                for patch in &patches {
                    self.values(patch, &mut found);
                }
                self.wildcards(input, &path, resource, &patches, &mut found);
            }
        }
        found
    }

    /// What the values of a patch become.
    fn values(&self, patch: &Patch<'_>, found: &mut Vec<Diagnostic>) {
        let is_from_composite = matches!(
            str_at(patch.value, "/type"),
            "" | "FromCompositeFieldPath" | "CombineFromComposite" | "ToEnvironmentFieldPath"
        );
        let field = |path: &str| self.schema.as_ref().filter(|_| is_from_composite).and_then(|it| it.field(path));
        let mut operand = field(str_at(patch.value, "/fromFieldPath")).map_or(Operand::Unknown, operand_of);
        let mut values = field(str_at(patch.value, "/fromFieldPath")).map(|it| strings(it, "/enum"));
        if let Some(combine) = patch.value.get("combine") {
            let variables = items(combine, "/variables").map(|it| str_at(it, "/fromFieldPath"));
            let operands: Vec<Operand> = variables.map(|it| field(it).map_or(Operand::Unknown, operand_of)).collect();
            self.format(combine, &operands, &format!("{}.combine.string.fmt", patch.path), found);
            (operand, values) = (Operand::Text, None);
        }
        for (index, transform) in items(patch.value, "/transforms").enumerate() {
            let at = format!("{}.transforms[{index}]", patch.path);
            let kind = str_at(transform, "/type");
            if kind == "string" && matches!(str_at(transform, "/string/type"), "" | "Format") {
                self.format(transform, &[operand], &format!("{at}.string.fmt"), found);
            }
            if kind == "match" && !falls_back(transform) && !is_covered(transform, values.as_deref()) {
                let warning = self.warning(&format!("{at}.match"), "a value that no pattern matches becomes null");
                found.push(warning.hint("give `fallbackValue`, or `fallbackTo: Input` for the value itself"));
            }
            (operand, values) = (after(transform, operand), None);
        }
    }

    fn format(&self, at: &Value, operands: &[Operand], path: &str, found: &mut Vec<Diagnostic>) {
        let Some(format) = at.pointer("/string/fmt").and_then(Value::as_str) else { return };
        for error in errors(format, operands) {
            let warning = self.warning(path, &format!("in the format `{format}`, {error}"));
            found.push(warning.hint(
                "one verb for each value; for `%d` a transform before it converts to int64 (`convert: {toType: int64}`)",
            ));
        }
    }

    /// Where a wildcard leads in the base of its resource.
    fn wildcards(
        &self,
        input: &Value,
        path: &str,
        resource: &Value,
        patches: &[Patch<'_>],
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(base) = resource.get("base") else { return };
        let sets: Vec<(&str, Vec<Patch<'_>>)> = items(input, "/patchSets")
            .map(|it| str_at(it, "/name"))
            .zip(patches_of(input, "/patchSets", path))
            .collect();
        let named = |name: &str| sets.iter().find(|(set, _)| *set == name).map_or(&[][..], |(_, all)| all.as_slice());
        let mut written: Vec<&str> = Vec::new();
        for patch in patches {
            let inlined = match str_at(patch.value, "/type") {
                "PatchSet" => named(str_at(patch.value, "/patchSetName")),
                _ => std::slice::from_ref(patch),
            };
            for one in inlined {
                let target = target(one.value);
                if is_to_resource(one.value) && !is_written(&written, target) {
                    self.wildcard(one, target, base, str_at(resource, "/name"), found);
                }
                written.push(target);
            }
        }
    }

    fn wildcard(&self, patch: &Patch<'_>, target: &str, base: &Value, resource: &str, found: &mut Vec<Diagnostic>) {
        let Some((list, rest)) = target.split_once("[*]") else { return };
        if rest.contains("[*]") {
            return; // which of them lack what is not told in one sentence
        }
        let at = format!("{}.toFieldPath", patch.path);
        if patch.value.get("combine").is_some() {
            let message = format!("`{target}`: a patch that combines values takes no `[*]`, and fails");
            return found.push(self.warning(&at, &message));
        }
        let Some(way) = segments(list) else { return };
        let there = way.iter().try_fold(base, |value, step| step.in_value(value));
        let elements: Vec<&Value> = match there {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(Value::Object(map)) => map.values().collect(),
            _ => Vec::new(),
        };
        let Some(rest) = segments(rest.trim_start_matches('.')) else { return };
        let has = |element: &&&Value| rest.iter().try_fold(**element, |value, step| step.in_value(value)).is_some();
        let (all, reached) = (elements.len(), elements.iter().filter(has).count());
        let message = match reached {
            0 => format!("`{target}` reaches nothing in the base of {resource}, and the patch fails"),
            _ if reached < all => {
                format!(
                    "`{target}` reaches {reached} of {all} elements in the base of {resource}: those that have the field"
                )
            }
            _ => return,
        };
        found.push(self.warning(&at, &message).hint("write the field into each element of the base, with any value"));
    }

    fn warning(&self, path: &str, message: &str) -> Diagnostic {
        let title = self.piece.title();
        Diagnostic::warning(path, format!("{title}: {message}")).at(&self.piece.source, self.piece.place_of(path))
    }
}

/// The patches of each element of a list.
fn patches_of<'v>(input: &'v Value, list: &str, path: &str) -> Vec<Vec<Patch<'v>>> {
    let each = items(input, list).enumerate().map(|(index, element)| {
        let path = format!("{path}{}[{index}].patches", list.replace('/', "."));
        patches(element, "/patches", &path)
    });
    each.collect()
}

fn environment<'v>(input: &'v Value, path: &str) -> impl Iterator<Item = Vec<Patch<'v>>> {
    once(patches(input, "/environment/patches", &format!("{path}.environment.patches")))
}

fn patches<'v>(of: &'v Value, pointer: &str, path: &str) -> Vec<Patch<'v>> {
    items(of, pointer).enumerate().map(|(index, value)| Patch { value, path: format!("{path}[{index}]") }).collect()
}

fn operand_of(schema: &Value) -> Operand {
    match str_at(schema, "/type") {
        "integer" | "number" => Operand::Number,
        "string" => Operand::Text,
        "boolean" => Operand::Bool,
        _ => Operand::Unknown,
    }
}

/// What a transform makes of a value.
fn after(transform: &Value, before: Operand) -> Operand {
    match (str_at(transform, "/type"), str_at(transform, "/convert/toType"), str_at(transform, "/math/type")) {
        ("string", ..) | ("convert", "string", _) => Operand::Text,
        ("convert", "bool", _) => Operand::Bool,
        ("convert", "int" | "int64", _) => Operand::Integer,
        ("math", ..) if before == Operand::Integer => Operand::Integer,
        ("math", _, "ClampMin" | "ClampMax") => Operand::IntegerOrNumber,
        ("math", ..) | ("convert", "float64", _) => Operand::Number,
        _ => Operand::Unknown,
    }
}

fn falls_back(transform: &Value) -> bool {
    transform.pointer("/match/fallbackValue").is_some() || str_at(transform, "/match/fallbackTo") == "Input"
}

/// Whether the patterns match all values that there can be.
fn is_covered(transform: &Value, values: Option<&[&str]>) -> bool {
    let matches = |value: &str| {
        items(transform, "/match/patterns").any(|pattern| match pattern.get("regexp").and_then(Value::as_str) {
            Some(regexp) => Regex::new(regexp).is_ok_and(|it| it.is_match(value)),
            None => str_at(pattern, "/literal") == value,
        })
    };
    let matches_all = |it: &Value| matches!(str_at(it, "/regexp"), ".*" | "^.*$" | "^.*" | ".*$" | ".+" | "^.+$");
    match values {
        Some(values) if !values.is_empty() => values.iter().all(|it| matches(it)),
        _ => items(transform, "/match/patterns").any(matches_all),
    }
}

fn strings<'v>(value: &'v Value, pointer: &str) -> Vec<&'v str> {
    items(value, pointer).filter_map(Value::as_str).collect()
}

/// Whether a patch writes into the composed resource.
fn is_to_resource(patch: &Value) -> bool {
    !matches!(
        str_at(patch, "/type"),
        "ToCompositeFieldPath" | "CombineToComposite" | "ToEnvironmentFieldPath" | "CombineToEnvironment"
    )
}

/// Where a patch writes.
fn target(patch: &Value) -> &str {
    match str_at(patch, "/toFieldPath") {
        "" => str_at(patch, "/fromFieldPath"),
        written => written,
    }
}

/// Whether patches before have written at or below the list of a path, or above it: then what is there is not known.
fn is_written(written: &[&str], target: &str) -> bool {
    let Some((list, _)) = target.split_once("[*]") else { return false };
    written.iter().any(|it| !it.contains("[*]") && (it.starts_with(list) || list.starts_with(*it)))
}
