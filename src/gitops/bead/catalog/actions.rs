//! The actions that the steps of a template take, beside those that the bead requires. Pure.

use super::form::{at, text_at};
use crate::report::Diagnostic;
use crate::spec::Bead;
use crate::spec::yaml::{Data, Document, Node};

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

/// The actions of a template that Backstage has by an image of its own only, and that the bead does not ask for.
pub fn not_required(bead: &Bead, template: &Document) -> Vec<Diagnostic> {
    let required = bead.spec.requires.backstage.iter().flat_map(|it| &it.actions).collect::<Vec<_>>();
    let Some(Data::List(steps)) = at(&template.root, &["spec", "steps"]).map(|it| &it.data) else { return Vec::new() };
    let actions = steps.iter().filter_map(|step| Some((at(step, &["action"])?, text_at(step, &["action"])?)));
    let missing = actions.filter(|(_, name)| !BUILT_IN.contains(name) && !required.iter().any(|it| it == name));
    let warning = |(node, name): (&Node, &str)| {
        let message = format!("not every Backstage has the action `{name}`, and the bead does not require it");
        Diagnostic::warning("spec.steps", message)
            .at(&template.source, node.place)
            .hint("name it in `spec.requires.backstage.actions` of bead.yaml; an installation then asks whether the hub has it")
    };
    missing.map(warning).collect()
}
