//! Parameters in the document itself: each at its place, before anything is rendered. Pure.

use serde_json::Value;

use super::fill::{fill, no_parameter};
use super::hub_words::hub_words;
use super::parameters::Values;
use crate::document::Bead;
use crate::report::{Diagnostic, Failure, Outcome};
use crate::yaml::{self, Data, Document, Node, Reader};

/// What is said of a parameter where none is filled in.
const WHERE: &str =
    "they are filled into manifests, the values of a chart, what hooks are told, and the addresses of packages";

/// Refuses parameters that the bead does not have, slips, and parameters in fields into which none is filled. `text` is the
/// document of the bead.
pub fn placeholders(bead: &Bead, name: &str, text: &str) -> Outcome<()> {
    let document = yaml::parse(name, text, Reader::Kubernetes).map_err(|it| Failure::document(name, vec![*it]))?;
    let own = bead.spec.parameters.iter().map(|it| (it.name.clone(), Value::Null));
    let values = own.chain(hub_words(None)).collect();
    let mut look =
        Look { document: &document, values: &values, path: Vec::new(), at: String::new(), mistakes: Vec::new() };
    look.node(&document.root);
    if look.mistakes.is_empty() { Ok(()) } else { Err(Failure::document(name, look.mistakes)) }
}

struct Look<'d> {
    document: &'d Document,
    values: &'d Values,
    /// Keys, and `[]` for items.
    path: Vec<&'d str>,
    /// The same as one is told of it.
    at: String,
    mistakes: Vec<Diagnostic>,
}

impl<'d> Look<'d> {
    fn node(&mut self, node: &'d Node) {
        match &node.data {
            Data::List(items) => {
                (0..).zip(items).for_each(|(index, item)| self.below("[]", &format!("[{index}]"), item));
            }
            Data::Map(entries) => {
                for (key, value) in entries {
                    if is_filled(&self.path)
                        && let Err(message) = no_parameter(&key.text, self.values)
                    {
                        self.mistakes.push(Diagnostic::error("", message).at(&self.document.source, key.place));
                    }
                    let dot = if self.at.is_empty() { "" } else { "." };
                    self.below(&key.text, &format!("{dot}{}", key.text), value);
                }
            }
            Data::Text(text) => self.text(text, node),
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }

    fn below(&mut self, step: &'d str, told: &str, node: &'d Node) {
        let before = self.at.len();
        self.at.push_str(told);
        self.path.push(step);
        self.node(node);
        self.path.pop();
        self.at.truncate(before);
    }

    fn text(&mut self, text: &str, node: &Node) {
        let path = self.at.as_str();
        let (message, hint) = if is_filled(&self.path) {
            (fill(text, self.values).err(), None)
        } else if self.path.last() == Some(&"description") {
            (None, None)
        } else {
            let wrong = no_parameter(text, self.values).err();
            (wrong.map(|_| format!("`{path}` has a parameter in it, and none is filled in there")), Some(WHERE))
        };
        let Some(message) = message else { return };
        let mistake = Diagnostic::error(path, message).at(&self.document.source, node.place);
        self.mistakes.push(match hint {
            Some(hint) => mistake.hint(hint),
            None => mistake,
        });
    }
}

/// Whether parameters are filled in at a path, or below it.
fn is_filled(path: &[&str]) -> bool {
    let ["spec", rest @ ..] = path else { return false };
    matches!(
        rest.strip_prefix(&["spokes"]).unwrap_or(rest),
        ["application", "values", ..]
            | ["application", "hooks", "[]", "command" | "args" | "job", ..]
            | ["application", "hooks", "[]", "env", "[]", "value"]
            | ["crossplane", "providers" | "functions" | "configurations", "[]", "package"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_bead;

    fn said(application: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: b}}\nspec:\n  version: 0.1.0\n  \
             description: as in ${{ parameters.size }}\n  parameters: [{{name: size, type: integer, default: 1}}]\n  application: {application}\n"
        );
        let bead = read_bead("bead.yaml", &text).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let failure = placeholders(&bead, "bead.yaml", &text).err();
        failure.into_iter().flat_map(|it| it.diagnostics).map(|it| it.to_string()).collect()
    }

    const CHART: &str = "repository: https://charts.example.org, name: web";

    #[test]
    fn parameters_in_the_document_are_where_they_are_filled_in() {
        for right in [
            "{namespace: b, chart: {CHART, version: 1.0.0}, values: {a: '${ parameters.size }', b: ['x-${parameters.size}', '${VAR}']}}",
            "{namespace: b, manifests: a, hooks: [{name: m, when: sync, image: 'a:1', args: ['${ parameters.size }']}]}",
            "{namespace: b, chart: {CHART, version: 1.0.0}, values: {a: '$${ parameters.other }', b: '${ hub.claims.repoUrl }'}}",
        ] {
            assert_eq!(said(&right.replace("CHART", CHART)), [""; 0], "{right}");
        }
        let told = said(&"{namespace: b, chart: {CHART, version: '${ parameters.size }'}}".replace("CHART", CHART));
        let start =
            "bead.yaml:8:99: `spec.application.chart.version` has a parameter in it, and none is filled in there";
        assert!(told.len() == 1 && told[0].starts_with(start), "{told:?}");
    }

    #[test]
    fn all_slips_are_told_with_their_places() {
        let values = "{a: '${ parameter.size }', b: ['${ parameters.siz }'], '${ parameters.size }': x}";
        let told = said(&format!("{{namespace: b, chart: {{{CHART}, version: 1.0.0}}, values: {values}}}"));
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("bead.yaml:8:119:") && told[0].contains("did you mean `${ parameters.size }`?"));
        assert!(told[1].contains("no parameter `siz`; did you mean `size`?"), "{told:?}");
        assert!(told[2].contains("parameters are filled into values alone"), "{told:?}");
    }
}
