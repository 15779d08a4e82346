//! The actions that the steps of a template take, beside those that the bead requires. Pure.

use super::form::{at, text_at};
use crate::document::Bead;
use crate::report::Diagnostic;
use crate::yaml::{Data, Document, Node};

/// What every scaffolder has. Source: `ScaffolderPlugin` of `@backstage/plugin-scaffolder-backend` 4.3.0.
const BUILT_IN: [&str; 12] = [
    "catalog:fetch",
    "catalog:register",
    "catalog:write",
    "debug:log",
    "debug:wait",
    "fetch:plain",
    "fetch:plain:file",
    "fetch:template",
    "fetch:template:file",
    "fs:delete",
    "fs:readdir",
    "fs:rename",
];

/// The actions of a template that do more than write files and publish them, a line each: they have the rights of Backstage,
/// whoever runs the template.
pub fn powers(template: &Document) -> Vec<String> {
    let name = text_at(&template.root, &["metadata", "name"]).unwrap_or_default();
    let others = steps(template).filter(|(_, action)| !BUILT_IN.contains(action) && !action.starts_with("publish:"));
    others.map(|(_, action)| format!("Template {name}: runs {action} with the rights of Backstage")).collect()
}

/// The actions of a template that Backstage has by an image of its own only, and that the bead does not ask for.
pub fn not_required(bead: &Bead, template: &Document) -> Vec<Diagnostic> {
    let required = bead.spec.requires.backstage.iter().flat_map(|it| &it.actions).collect::<Vec<_>>();
    let missing = steps(template).filter(|(_, name)| !BUILT_IN.contains(name) && !required.iter().any(|it| it == name));
    let warning = |(node, name): (&Node, &str)| {
        let message = format!("not every Backstage has the action `{name}`, and the bead does not require it");
        Diagnostic::warning("spec.steps", message)
            .at(&template.source, node.place)
            .hint("name it in `spec.requires.backstage.actions` of bead.yaml; an installation then asks whether the hub has it")
    };
    missing.map(warning).collect()
}

/// The actions of its steps, with their places.
fn steps(template: &Document) -> impl Iterator<Item = (&Node, &str)> {
    let steps = match at(&template.root, &["spec", "steps"]).map(|it| &it.data) {
        Some(Data::List(steps)) => steps.as_slice(),
        _ => &[],
    };
    steps.iter().filter_map(|step| Some((at(step, &["action"])?, text_at(step, &["action"])?)))
}
