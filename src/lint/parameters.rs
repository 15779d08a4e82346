//! The parameters of a bundle, on their way by its steps to those of its beads: one that gets lost there is silently its default.

use super::beads::given;
use super::bundle::{Bundle, StepAt};
use super::documents::{GoodDocument, NamedDocument, Noun};
use super::finding::Finding;
use super::rule::{DIFFERENT_PARAMETER, NOT_GIVEN, NOT_HANDED, UNUSED_PARAMETER};
use super::template::names;
use crate::bundle::{Manifest, Parameter};
use crate::document::{Bead, BeadParameter, Shape, scalar_text};
use crate::report::Diagnostic;
use crate::schema::{closest, expressions, is_template, only_expression};
use crate::yaml::Node;
use crate::{env, process};

/// The actions that render a bead. The others know it from git.
const RENDERING: [&str; 3] = ["install", "upgrade", "diff"];
/// What stands for a parameter in a template.
const PARAMETERS: &str = "bundle.parameters";

/// The parameters of a bead, at each step that renders it: those that it needs, and those that other steps give.
pub(super) fn of_bead(bundle: &Bundle<'_>, document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let Some(bead) = good.bead() else { return Vec::new() };
    let all = bundle.steps().into_iter();
    let steps: Vec<StepAt<'_>> = all.filter(|at| renders(at, &document.file)).collect();
    bead.spec.parameters.iter().flat_map(|parameter| not_given(&steps, parameter)).collect()
}

fn renders(at: &StepAt<'_>, file: &str) -> bool {
    RENDERING.contains(&at.action) && Noun::Bead.file_of(at) == Some(file)
}

fn not_given(steps: &[StepAt<'_>], parameter: &BeadParameter) -> Vec<Finding> {
    let name = parameter.name.as_str();
    // A template in the place of all parameters may give any; a name without a value is not given, as in a run.
    let known = steps
        .iter()
        .filter_map(|at| Some((at, given(at, "/bead/parameters")?.get(name).copied().filter(|it| !it.is_null()))));
    let (giving, lacking): (Vec<_>, Vec<_>) = known.partition(|(_, value)| value.is_some());
    let written = giving.iter().find_map(|(_, value)| value.as_ref()?.as_str().filter(|it| is_template(it)));
    let remedy = match written {
        Some(written) => format!("give it under `parameters`, as there: `{name}: \"{written}\"`"),
        None => format!("give it under `parameters`: `{name}: …`"),
    };
    let places: Vec<String> = giving.iter().map(|(at, _)| at.name()).collect();
    let findings = lacking.into_iter().filter_map(|(at, _)| {
        let (rule, message) = if parameter.shape.default.is_none() {
            (NOT_GIVEN, format!("the bead needs the parameter `{name}`, which has no default"))
        } else if places.is_empty() {
            return None; // the bundle leaves it to the bead, everywhere
        } else {
            let others = places.join(", ");
            (NOT_HANDED, format!("the parameter `{name}` is the bead's default here, and is given by {others}"))
        };
        Some(at.finding(rule, "bead.parameters", message).hint(&remedy))
    });
    findings.collect()
}

/// Parameters that the bundle declares, and no text of it uses. Other mixins may read the variable that holds one, so there it is
/// said of those alone that a bead has, too.
pub(super) fn unused(bundle: &Bundle<'_>, beads: &[&Bead]) -> Vec<Finding> {
    let Some(manifest) = &bundle.manifest else { return Vec::new() };
    let parameters = manifest.header.parameters.iter().enumerate();
    let findings = parameters.filter(|(_, it)| !is_used(manifest, it)).filter_map(|(index, parameter)| {
        let name = &parameter.name;
        let is_of_bead = beads.iter().any(|bead| bead.spec.parameters.iter().any(|it| it.name == *name));
        let remedy = if is_of_bead {
            format!("hand it to the bead, under `bead.parameters`: `{name}: \"${{ {PARAMETERS}.{name} }}\"`")
        } else if bundle.has_no_other_mixin() {
            "use it, or take it out".to_owned()
        } else {
            return None;
        };
        let message = format!("no step uses the parameter `{name}`, so whatever is given for it changes nothing");
        let mistake = manifest.place(Diagnostic::error(format!("parameters[{index}]"), message));
        Some(Finding::new(UNUSED_PARAMETER, mistake).hint(remedy))
    });
    findings.collect()
}

/// Whether a text names it by a template or by its variable, or is told that it misspells it. What is in a file or in a variable of
/// its own may be for anybody.
fn is_used(manifest: &Manifest, parameter: &Parameter) -> bool {
    if parameter.path.is_some() || parameter.env.is_some() {
        return true;
    }
    let variable = parameter.variable().unwrap_or_default();
    let is_read_by_us = variable == env::KUBECONFIG || process::is_of_network(&variable);
    let declared: Vec<&str> = manifest.header.parameters.iter().map(|it| it.name.as_str()).collect();
    let is_meant = |text: &str| misspelt(text, &declared).any(|meant| meant == parameter.name);
    let uses = |text: &str| {
        names_parameter(text, &parameter.name) || is_meant(text) || words(text).any(|word| word == variable)
    };
    // What a partial brings in is in another file.
    is_read_by_us
        || manifest.texts().into_iter().any(|text| uses(text) || expressions(text).any(|it| it.inside.starts_with('>')))
}

/// The parameters that templates of the text name almost.
fn misspelt<'d>(text: &'d str, declared: &'d [&'d str]) -> impl Iterator<Item = &'d str> {
    let named = names(text).filter_map(|name| name.strip_prefix(PARAMETERS)?.strip_prefix('.'));
    named.filter(|name| !declared.contains(name)).filter_map(|name| closest(name, declared))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

/// Whether a template names the parameter, one of its parts, or all parameters.
fn names_parameter(text: &str, parameter: &str) -> bool {
    is_template(text)
        && text.match_indices(PARAMETERS).any(|(at, found)| {
            let rest = text[at + found.len()..].strip_prefix('.');
            let goes_on = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            rest.is_none_or(|rest| rest.strip_prefix(parameter).is_some_and(|rest| !rest.starts_with(goes_on)))
        })
}

/// Parameters that the bundle hands to a bead as they are, and that the two declare with different types or defaults.
pub(super) fn different(bundle: &Bundle<'_>, document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let (Some(bead), Some(manifest)) = (good.bead(), &bundle.manifest) else { return Vec::new() };
    let mut told: Vec<(usize, usize)> = Vec::new();
    let mut findings = Vec::new();
    for at in bundle.steps().iter().filter(|at| renders(at, &document.file)) {
        let given = given(at, "/bead/parameters").unwrap_or_default();
        for (of_bead, parameter) in bead.spec.parameters.iter().enumerate() {
            let text = given.get(parameter.name.as_str()).and_then(|value| value.as_str());
            let Some(of_bundle) = text.and_then(|text| handed(manifest, text)) else { continue };
            if told.contains(&(of_bundle, of_bead)) {
                continue;
            }
            told.push((of_bundle, of_bead));
            let theirs = format!("spec.parameters[{of_bead}]");
            let places = (format!("parameters[{of_bundle}]"), at_line(document, good.text.root.nearest(&theirs)));
            findings.extend(difference(&manifest.header.parameters[of_bundle], parameter, manifest, &places));
        }
    }
    findings
}

fn at_line(document: &NamedDocument<'_>, node: &Node) -> String {
    format!("{}:{}", document.file, node.place.line)
}

/// The parameter of the bundle that a text is the whole value of.
fn handed(manifest: &Manifest, text: &str) -> Option<usize> {
    let name = only_expression(text.trim())?.trim().strip_prefix(PARAMETERS)?.strip_prefix('.')?;
    manifest.header.parameters.iter().position(|it| it.name == name)
}

/// No default is shown: of a parameter that is sensitive it is a secret.
fn difference(
    of_bundle: &Parameter,
    of_bead: &BeadParameter,
    manifest: &Manifest,
    (path, there): &(String, String),
) -> Option<Finding> {
    let (name, ours, theirs) = (&of_bundle.name, &of_bundle.shape, &of_bead.shape);
    let (key, message) = if !takes(theirs, ours) {
        ("type", format!("`{name}` is declared as {}, and by the bead as {} ({there})", ours.kind(), theirs.kind()))
    } else if defaults(ours, theirs).is_some_and(|(ours, theirs)| ours != theirs) {
        ("default", format!("`{name}` has another default than the bead declares for it ({there})"))
    } else {
        return None;
    };
    let mistake = manifest.place(Diagnostic::error(format!("{path}.{key}"), message));
    Some(
        Finding::new(DIFFERENT_PARAMETER, mistake).hint("declare it alike in both, so that both say what is installed"),
    )
}

/// Whether values of one type are values of the other.
fn takes(bead: &Shape, bundle: &Shape) -> bool {
    match (bead.kind(), bundle.kind()) {
        ("any", _) | (_, "any") | ("number", "integer") | ("string", "file") => true,
        (one, other) => one == other,
    }
}

/// Both defaults as they are compared, where both have one.
fn defaults(bundle: &Shape, bead: &Shape) -> Option<(String, String)> {
    let text = |shape: &Shape| {
        let value = shape.default.as_ref()?;
        Some(value.as_f64().map_or_else(|| scalar_text(value), |number| number.to_string()))
    };
    Some((text(bundle)?, text(bead)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_names_a_parameter_as_a_whole() {
        for text in [
            "${ bundle.parameters.size }",
            "a${bundle.parameters.size.unit}",
            "${#bundle.parameters.size}",
            "${ bundle.parameters }",
        ] {
            assert!(names_parameter(text, "size"), "{text}");
        }
        for text in
            ["${ bundle.parameters.size-2 }", "${ bundle.parameters.sizes }", "bundle.parameters.size", "${ size }"]
        {
            assert!(!names_parameter(text, "size"), "{text}");
        }
    }
}
