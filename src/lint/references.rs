//! References of Argo CD's settings to Secrets, beside what the steps give.

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::documents::{Content, GoodDocument, MAKING, NamedDocument, Noun};
use super::finding::Finding;
use super::rule::UNGIVEN_REFERENCE;
use crate::document::{SecretReference, secret_references};
use crate::report::Diagnostic;
use crate::schema::is_template;

/// References in a Hub document to what no step that installs or upgrades it gives.
pub(super) fn not_given(bundle: &Bundle<'_>, document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let Content::Hub(hub) = &good.content else { return Vec::new() };
    let steps = bundle.steps();
    let is_of_it = |at: &&StepAt<'_>| {
        let file = Noun::Hub.file_of(at);
        MAKING.contains(&at.action) && file.is_some_and(|file| file == document.file || is_template(file))
    };
    let making: Vec<&StepAt<'_>> = steps.iter().filter(is_of_it).collect();
    let is_given = |wanted: &SecretReference| making.iter().any(|at| gives(at, wanted));
    let missing = secret_references(&hub.spec.argocd).into_iter().filter(|wanted| !is_given(wanted));
    let mistakes = missing.map(|wanted| {
        let SecretReference { secret, key, written, at } = &wanted;
        let message = format!("`{written}` is the key `{key}` of the Secret {secret}, which no step gives");
        let place = good.text.root.nearest(at).place;
        Diagnostic::error(at.clone(), message).at(&good.text.source, place).hint(format!(
            "give it as `secrets: {{{secret}: {{{key}: {{env: …}}}}}}` of the hub step, or have the Secret made in the namespace \
             argocd, with the label app.kubernetes.io/part-of: argocd"
        ))
    });
    document.findings(UNGIVEN_REFERENCE, mistakes.collect())
}

/// Whether a step gives it, or may do so by a template.
fn gives(at: &StepAt<'_>, wanted: &SecretReference) -> bool {
    let below = |value: Option<&Value>, key: &str| match value {
        Some(Value::Object(fields)) => fields.get(key).cloned(),
        Some(template @ Value::String(_)) => Some(template.clone()),
        _ => None,
    };
    let secret = below(at.at("/hub/secrets"), &wanted.secret);
    below(secret.as_ref(), &wanted.key).is_some_and(|it| !it.is_null())
}
