//! Health checks of Argo CD for kinds that it does not judge, or judges wrongly.
//!
//! Argo CD calls a Crossplane object healthy by the first condition that says so, whatever the others say
//! (`resource_customizations/_.crossplane.io/_/health.lua` of its sources), and knows nothing of the kinds that a
//! bead brings. A wave would go on too early.

use std::collections::BTreeMap;

use crate::document::Bead;
use crate::report::{Failure, Outcome};
use crate::words::MUST_SAY;
use crate::words::crossplane::XRD;

/// The condition-driven check; the lines before it say which conditions.
const CONDITIONS: &str = include_str!("conditions-health.lua");

/// The prefix of a check's key in `argocd-cm`.
const PREFIX: &str = "resource.customizations.health.";

/// The checks that every hub has: Crossplane's packages and XRDs, Kyverno's policies.
#[must_use]
pub fn common() -> BTreeMap<String, String> {
    let more = |kind: &str| (kind == XRD).then_some(("claimNames", "Offered"));
    MUST_SAY
        .iter()
        .map(|(group, kind, needed)| (key(&format!("{group}_{kind}")), check(needed, &[], more(kind))))
        .collect()
}

/// The checks of installed beads, by key of `argocd-cm`. Two beads that define one key differently, or that own one
/// API, are refused.
pub fn of_beads<'b>(beads: impl IntoIterator<Item = &'b Bead>) -> Outcome<BTreeMap<String, String>> {
    let mut checks: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for bead in beads {
        let name = bead.metadata.name.as_str();
        for (kind, lua, owned) in checks_of(bead) {
            let key = key(&kind);
            match checks.get(&key) {
                Some((other, owner)) if owned || *other != lua => {
                    return Err(Failure::usage(format!(
                        "the beads {owner} and {name} both define the health of {kind}; nothing was changed"
                    ))
                    .hint("a kind belongs to one bead: take it out of the other's `crossplane.apis` or `health`"));
                }
                _ => _ = checks.insert(key, (lua, name)),
            }
        }
    }
    Ok(checks.into_iter().map(|(key, (lua, _))| (key, lua)).collect())
}

fn checks_of(bead: &Bead) -> Vec<(String, String, bool)> {
    let apis = bead.spec.crossplane.iter().flat_map(|part| &part.apis);
    let owned = apis.flat_map(|api| {
        let lua = check(&["Synced", "Ready"], &["Synced"], None);
        api.kinds().map(move |(group, kind)| (format!("{group}_{kind}"), lua.clone(), true))
    });
    let written = bead.spec.health.iter().map(|(kind, lua)| (kind.clone(), lua.clone(), false));
    owned.chain(written).collect()
}

fn key(kind: &str) -> String {
    format!("{PREFIX}{kind}")
}

/// A check that wants these conditions to be true. A false one of `hard` is a failure; any other takes time.
/// `more` is a condition that is wanted where a field of the spec is there.
fn check(needed: &[&str], hard: &[&str], more: Option<(&str, &str)>) -> String {
    let list = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let flags = hard.iter().map(|name| format!("{name} = true")).collect::<Vec<_>>().join(", ");
    let more = more.map_or(String::new(), |(field, condition)| {
        format!("if obj.spec ~= nil and obj.spec.{field} ~= nil then table.insert(needed, \"{condition}\") end\n")
    });
    format!("local needed = {{{}}}\nlocal hard = {{{flags}}}\n{more}{CONDITIONS}", list(needed))
}
