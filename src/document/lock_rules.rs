//! What an asset of a lock must be beyond its shape: what its form needs, and nothing that another form has.

use std::collections::BTreeSet;

use super::lock::{Asset, AssetForm, Lock};
use crate::schema::{Mistakes, Path};
use crate::words::argo;

/// Says what is wrong with the assets of a lock.
pub(super) fn lock_rules(lock: &Lock, found: &mut Mistakes) {
    let mut kept = BTreeSet::new();
    for (index, asset) in lock.assets.iter().enumerate() {
        let mut say = |field: &str, message: String, hint: &str| {
            found.say(Path::new("assets").index(index).key(field), message, Some(hint));
        };
        if asset.form.is_run() {
            rules_of_what_is_run(asset, &mut say);
        } else if let Some(field) = field_of_another(&[
            ("platform", asset.platform.is_some()),
            ("executable", asset.executable.is_some()),
            ("source", asset.source.is_some()),
        ]) {
            say(
                field,
                format!("`{field}` is for programs and providers, and `{}` is neither", asset.name),
                "leave it out",
            );
        }
        if asset.repository.is_some() && asset.form != AssetForm::Chart {
            say("repository", format!("`repository` is for a chart, and `{}` is none", asset.name), "leave it out");
        }
        let is_argocd = asset.form == AssetForm::Manifest && asset.name == argo::ARGOCD;
        if !is_argocd && !asset.variant.is_standard() {
            let message =
                format!("`variant` is for the manifest `{}`, and `{}` is another asset", argo::ARGOCD, asset.name);
            say("variant", message, "leave it out");
        }
        if !kept.insert(identity(asset)) {
            say("name", format!("`{}` is pinned twice{}", asset.name, on(asset)), "keep one of both");
        }
    }
}

fn rules_of_what_is_run(asset: &Asset, say: &mut impl FnMut(&str, String, &str)) {
    let name = &asset.name;
    let is_program = asset.form == AssetForm::Program;
    if asset.platform.is_none() {
        say("platform", format!("`{name}` has no `platform`"), "say what it runs on: `platform: linux/amd64`");
    }
    match &asset.source {
        None if !is_program => {
            say(
                "source",
                format!("the provider `{name}` has no `source`"),
                "write it as the module does: `source: hashicorp/google`",
            );
        }
        Some(_) if is_program => {
            say("source", format!("`source` is for a provider, and `{name}` is a program"), "leave it out");
        }
        _ => {}
    }
    if asset.executable.is_some() && !is_program {
        say("executable", format!("`executable` is for a program, and `{name}` is a provider"), "leave it out");
    }
    if asset.module.is_some() {
        let hint = "give the `url` of what its project publishes, or `vendor --from` a folder that has it";
        say("module", format!("a Go module is source, and `{name}` is to be run"), hint);
    }
    if let Some(field) =
        field_of_another(&[("download", asset.download.is_some()), ("charts", !asset.charts.is_empty())])
    {
        say(
            field,
            format!("`{field}` is not for what is run, as `{name}` is"),
            "pin its download by `sha256` and `size`",
        );
    }
}

fn field_of_another<'f>(fields: &[(&'f str, bool)]) -> Option<&'f str> {
    fields.iter().find(|(_, is_there)| *is_there).map(|(field, _)| *field)
}

/// What two assets must not have in common: it is where they are kept.
fn identity(asset: &Asset) -> (AssetForm, &str, &str, &str) {
    let platform = asset.platform.as_deref().unwrap_or_default();
    match asset.form {
        AssetForm::Provider => (asset.form, asset.source.as_deref().unwrap_or(&asset.name), &asset.version, platform),
        _ => (asset.form, &asset.name, "", platform),
    }
}

fn on(asset: &Asset) -> String {
    asset.platform.as_ref().map_or_else(String::new, |platform| format!(" for {platform}"))
}
