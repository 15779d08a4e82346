//! What a bead can do beyond the objects that it names. Nothing of this is bounded by an AppProject, nor by the level of its
//! pods.
//!
//! What is not known to be harmless is a privilege: a kind that is in no table, and a namespace that is not the bead's.

mod cases;
mod claims;
mod ingress;
mod marks;
mod own;
mod roles;
mod table;

use std::collections::BTreeSet;

use super::piece::Piece;
use super::pods::KINDS_WITH_PODS;
use super::registration;
use crate::document::{Bead, ClusterResource, OwnedApi, PodSecurity};
use crate::words::{is_namespaced, known_kind};
pub use marks::{MARKS, Mark};
use own::Own;
pub use table::{HARMLESS, POWERS, Power, UNKNOWN_EVERYWHERE, UNKNOWN_HERE};
use table::{Told, meant, powers};

/// All of it, a line each. `chart` is what the chart makes, where somebody has looked.
#[must_use]
pub fn privileges(bead: &Bead, content: &[Piece], chart: Option<&[Piece]>) -> Vec<String> {
    let unseen = by_chart(bead).filter(|_| chart.is_none());
    let chart = chart.unwrap_or_default();
    let all: Vec<Piece> = content.iter().chain(chart).cloned().collect();
    let own = Own { bead, content: &all };
    let of_content = content.iter().flat_map(|piece| lines(piece, own, true));
    // What a chart makes without a namespace is told by its permissions, which also hold for what it makes elsewhere.
    let of_chart = chart.iter().flat_map(|piece| lines(piece, own, has_namespace(piece)));
    let of_document = by_level(bead)
        .into_iter()
        .chain(by_namespace(bead))
        .chain(by_permission(bead))
        .chain(by_health(own))
        .chain(registration::powers(bead));
    of_content.chain(of_chart).chain(of_document).chain(unseen).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What an object can do. What every object of its kind can do is left out, unless it is wanted.
fn lines(piece: &Piece, own: Own<'_>, is_general_wanted: bool) -> Vec<String> {
    let (group, kind) = (piece.group(), piece.text("/kind"));
    let mut lines = match meant(group, kind) {
        Some(Power { told: Told::Each(told), .. }) => told(piece, own),
        Some(_) if !is_general_wanted => Vec::new(),
        Some(power) => vec![power.can.to_owned()],
        None if is_harmless(group, kind) || own.defines(group, kind) || !is_general_wanted => Vec::new(),
        None if has_namespace(piece) => vec![UNKNOWN_HERE.to_owned()],
        None => vec![UNKNOWN_EVERYWHERE.to_owned()],
    };
    for power in powers(group, kind) {
        match power.told {
            Told::Alike | Told::Each(_) => {}
            Told::Also(told) => lines.extend(told(piece, own)),
            Told::ByRights => lines.extend(roles::rights_that_grow(piece, own)),
        }
    }
    let title = piece.title();
    lines.into_iter().map(|line| format!("{title}: {line}")).collect()
}

/// Whether an object of a kind can do nothing beyond its namespace, but for what the table says of some.
fn is_harmless(group: &str, kind: &str) -> bool {
    [HARMLESS, KINDS_WITH_PODS].iter().any(|kinds| kinds.contains(&(group, kind)))
}

fn has_namespace(piece: &Piece) -> bool {
    let known = is_namespaced(piece.group(), piece.text("/kind"));
    known.unwrap_or(!piece.text("/metadata/namespace").is_empty())
}

/// What nothing bounds any more.
fn by_level(bead: &Bead) -> Option<String> {
    let is_unbounded = bead.spec.permissions.pod_security == PodSecurity::Privileged;
    is_unbounded.then(|| {
        "podSecurity privileged: nothing bounds its pods, which can take over the nodes that they run on".to_owned()
    })
}

/// Namespaces that are not the bead's own.
fn by_namespace(bead: &Bead) -> impl Iterator<Item = String> + '_ {
    let own = &bead.spec.application.namespace;
    let others = &bead.spec.permissions.namespaces;
    let written = others.iter().filter(move |it| *it != own).map(|name| {
        format!("namespace {name}: writes there, and its pods may act as any ServiceAccount there, beyond the level of its own")
    });
    let secrets = bead.spec.secrets.iter().filter(move |it| it.namespace != *own && !others.contains(&it.namespace));
    written.chain(secrets.map(|it| format!("Secret {}: is written into the namespace {}", it.name, it.namespace)))
}

/// What a chart may make without a namespace: of that there is nothing but the permissions to go by, here or on a hub that
/// Helm renders it for.
fn by_permission(bead: &Bead) -> impl Iterator<Item = String> + '_ {
    let named = bead.spec.application.chart.iter().flat_map(|_| &bead.spec.permissions.cluster_resources);
    named.map(|it| format!("{} {}, by its chart: {}", it.kind, it.name, power_of(it)))
}

fn power_of(resource: &ClusterResource) -> &'static str {
    meant(&resource.group, &resource.kind).map_or(UNKNOWN_EVERYWHERE, |it| it.can)
}

/// A chart that nobody has looked at: the project bounds where it writes, and few of the kinds that it writes there.
fn by_chart(bead: &Bead) -> Option<String> {
    let chart = bead.spec.application.chart.as_ref()?;
    let (name, own) = (chart.title(), &bead.spec.application.namespace);
    Some(format!(
        "chart {name}: what it brings was not looked at: in the namespace {own} it may be anything that its project lets \
         through"
    ))
}

/// Health checks, which hold for the whole hub: of kinds that it has itself, and of those that the bead does not define.
fn by_health(own: Own<'_>) -> Vec<String> {
    let spec = &own.bead.spec;
    let written = spec.health.keys().filter(|key| {
        let (group, kind) = key.split_once('_').unwrap_or(("", key));
        known_kind(group, kind).is_some() || !own.defines(group, kind)
    });
    let apis = spec.crossplane.iter().flat_map(|it| &it.apis).flat_map(OwnedApi::kinds);
    let unproven = apis.filter(|(group, kind)| !own.defines(group, kind)).map(|(group, kind)| {
        format!("crossplane.apis {kind}.{group}: decides what counts as healthy everywhere, and no file shows that the bead defines it")
    });
    written.map(|key| format!("health of {key}: decides what counts as healthy everywhere")).chain(unproven).collect()
}
