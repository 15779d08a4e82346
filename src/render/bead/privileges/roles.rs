//! What a Role lets be done in its namespace, held against the same table as the objects of a bead.
//!
//! Which resources a rule means: `k8s.io/kubernetes/pkg/apis/rbac/v1` `ResourceMatches`. `*` is every resource, `*/part` that
//! part of every resource; `pods/*` is none.

use std::collections::BTreeSet;

use serde_json::Value;

use super::own::Own;
use super::table::{HARMLESS, POWERS, Power, Told, UNKNOWN_HERE, meant, powers};
use crate::object::{items, strings};
use crate::render::bead::definitions::kinds_of;
use crate::render::bead::{KINDS_WITH_PODS, Piece};
use crate::words::{BOUNDS, KNOWN_KINDS, KnownKind, is_of_kubernetes};

const RBAC: &str = "rbac.authorization.k8s.io";
/// Verbs that write nothing. The last three are told in words of their own.
const WRITING_NOTHING: [&str; 6] = ["get", "list", "watch", "impersonate", "bind", "escalate"];
const DELETING: [&str; 2] = ["delete", "deletecollection"];
/// Parts of objects that open a way into pods, for whoever may `get` them, too: a WebSocket begins with a GET.
const WAYS_IN: [&str; 4] = ["exec", "attach", "portforward", "proxy"];
/// Parts besides that are told in words of their own.
const TOLD_PARTS: [&str; 2] = ["token", "ephemeralcontainers"];
/// Parts through which an object becomes nothing else than it was.
const HARMLESS_PARTS: [&str; 3] = ["scale", "finalizers", "eviction"];
/// Resources without objects of a bead, which only tell or ask something.
const HARMLESS_RESOURCES: [(&str, &str); 4] = [
    ("", "events"),
    ("events.k8s.io", "events"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
];
/// Kinds that somebody who writes them in a namespace gets no further with: the level of the namespace bounds its pods, and
/// nobody gives rights by RBAC that he does not have.
const BOUNDED: [(&str, &str); 4] = [("", "ConfigMap"), ("", "Secret"), (RBAC, "Role"), (RBAC, "RoleBinding")];
/// By whom somebody may be impersonated.
const PERSONS: [(&str, &str); 5] = [
    ("", "users"),
    ("", "groups"),
    ("", "serviceaccounts"),
    ("authentication.k8s.io", "uids"),
    ("authentication.k8s.io", "userextras"),
];

/// Rights within a namespace by which its bounds, or those of others in it, can be left.
pub fn rights_that_grow(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let rules = items(&piece.object, "/rules").map(Rule);
    rules.flat_map(|rule| rule.special().into_iter().map(str::to_owned).chain(rule.written(own))).collect()
}

struct Rule<'r>(&'r Value);

impl<'r> Rule<'r> {
    fn groups(&self) -> impl Iterator<Item = &'r str> + use<'r> {
        strings(self.0, "/apiGroups")
    }

    /// Whether it is about this resource; one of a part is written `pods/exec`.
    fn is_of(&self, group: &str, resource: &str) -> bool {
        let part_of_all = resource.split_once('/').map(|(_, part)| format!("*/{part}"));
        self.groups().any(|it| it == "*" || it == group)
            && strings(self.0, "/resources").any(|it| it == "*" || it == resource || part_of_all.as_deref() == Some(it))
    }

    fn has(&self, verb: &str) -> bool {
        strings(self.0, "/verbs").any(|it| it == "*" || it == verb)
    }

    fn writes(&self) -> bool {
        strings(self.0, "/verbs").any(|it| !WRITING_NOTHING.contains(&it))
    }

    /// Whether it lets something be there that was not.
    fn makes(&self) -> bool {
        strings(self.0, "/verbs").any(|it| !WRITING_NOTHING.contains(&it) && !DELETING.contains(&it))
    }

    /// What lets somebody act as others, or leave the bounds of the namespace, by resources that no manifest has.
    fn special(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        let is_of_roles = self.is_of(RBAC, "roles") || self.is_of(RBAC, "clusterroles");
        if is_of_roles && (self.has("escalate") || self.has("bind")) {
            found.push("whoever has it gives himself whatever rights in the namespace");
        }
        let impersonates = strings(self.0, "/verbs").any(|it| it == "*" || it.starts_with("impersonate"));
        let is_person = |(group, resource): &(&str, &str)| {
            self.is_of(group, resource)
                || self.groups().any(|it| it == *group)
                    && strings(self.0, "/resources").any(|it| it.starts_with("userextras/"))
        };
        if impersonates && PERSONS.iter().any(is_person) {
            found.push("whoever has it acts in the name of others");
        }
        let way_in = WAYS_IN.iter().any(|part| self.is_of("", &format!("pods/{part}")));
        let way_in = way_in || self.is_of("", "services/proxy");
        if way_in && (self.writes() || self.has("get")) || self.is_of("", "pods/ephemeralcontainers") && self.writes() {
            found.push("whoever has it runs commands in the pods of the namespace, or reaches their ports");
        }
        if self.is_of("", "serviceaccounts/token") && self.writes() {
            found.push("whoever has it acts as any ServiceAccount of the namespace");
        }
        let mut bounds = KNOWN_KINDS.iter().filter(|it| BOUNDS.contains(&(it.group, it.kind)));
        if bounds.any(|it| self.is_of(it.group, it.plural)) && self.writes() {
            found.push("whoever has it lifts quotas, limits or network policies of the namespace");
        }
        let of_namespace = ["namespaces", "namespaces/finalize", "namespaces/status"];
        if of_namespace.iter().any(|it| self.is_of("", it)) && self.writes() {
            found.push("whoever has it takes off the labels of the namespace, and with them the level of its pods");
        }
        found
    }

    /// What it lets be written that a manifest of the bead would be asked about.
    fn written(&self, own: Own<'_>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if !self.writes() {
            return found;
        }
        for group in self.groups() {
            for resource in strings(self.0, "/resources") {
                let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
                if [&WAYS_IN[..], &TOLD_PARTS, &HARMLESS_PARTS].iter().all(|parts| !parts.contains(&part)) {
                    found.extend(self.of_resource(group, resource, own));
                }
            }
        }
        found
    }

    fn of_resource(&self, group: &str, resource: &str, own: Own<'_>) -> Vec<String> {
        if (group, resource) == ("*", "*") {
            return vec!["whoever has it writes objects of any kind in the namespace".to_owned()];
        }
        let told = |name: &str, of: &str, can: &str| {
            let of = if of.is_empty() { String::new() } else { format!(".{of}") };
            format!("whoever has it writes {name}{of}: {can}")
        };
        let known: Vec<&KnownKind> =
            KNOWN_KINDS.iter().filter(|it| is(group, it.group) && is(resource, it.plural)).collect();
        let mut found = Vec::new();
        for it in &known {
            // A right to what has no namespace is worth nothing in a Role, but for that to the namespace itself.
            let can = if it.namespaced { self.can((it.group, it.kind), resource == "*", own) } else { None };
            found.extend(can.map(|can| told(it.plural, it.group, can)));
        }
        let unknown = POWERS.iter().flat_map(|power| power.kinds.iter().map(move |(of, kind)| (power, *of, *kind)));
        for (power, of, kind) in unknown {
            let plural = plural(kind);
            let is_known = KNOWN_KINDS.iter().any(|it| (it.group, it.kind) == (of, kind));
            if kind != "*" && of != "*" && !is_known && is(group, of) && is(resource, &plural) {
                found.push(told(&plural, of, power.can));
            }
        }
        let is_thought_of = !known.is_empty() || !found.is_empty();
        let is_harmless = HARMLESS_RESOURCES.iter().any(|(of, it)| is(group, of) && is(resource, it));
        if !is_thought_of && !is_harmless && !self.is_idle(group, resource) && !defines(own, group, resource) {
            let of_group = POWERS.iter().find(|it| group != "*" && it.kinds.contains(&(group, "*")));
            found.push(told(resource, group, of_group.map_or(UNKNOWN_HERE, |it| it.can)));
        }
        found
    }

    /// Whether Kubernetes has no such resource in this group, but in another one of the rule, whose author means that: rules
    /// with several groups and resources are about every pair.
    fn is_idle(&self, group: &str, resource: &str) -> bool {
        let known = KNOWN_KINDS.iter().map(|it| (it.group, it.plural)).chain(HARMLESS_RESOURCES);
        let mut elsewhere = known.filter(|(_, plural)| *plural == resource);
        group != "*" && is_of_kubernetes(group) && elsewhere.any(|(of, _)| self.groups().any(|it| it == of))
    }

    /// What whoever writes objects of a kind can do by them. Of those that a star names only what somebody has thought of.
    fn can(&self, (group, kind): (&str, &str), is_one_of_all: bool, own: Own<'_>) -> Option<&'static str> {
        if BOUNDS.contains(&(group, kind)) {
            return None; // which is told in words of its own
        }
        if let Some(power) = meant(group, kind) {
            return Some(power.can);
        }
        let of_pods = KINDS_WITH_PODS.contains(&(group, kind));
        if of_pods || BOUNDED.contains(&(group, kind)) || own.defines(group, kind) {
            return None;
        }
        if HARMLESS.contains(&(group, kind)) {
            return powers(group, kind).find(|it| self.makes() && is_of_kind(it)).map(|it| it.can);
        }
        (!is_one_of_all).then_some(UNKNOWN_HERE)
    }
}

/// Whether a row is about how objects of a kind are, and not about those of any.
fn is_of_kind(power: &Power) -> bool {
    matches!(power.told, Told::Also(_)) && !power.kinds.contains(&("*", "*"))
}

fn is(pattern: &str, word: &str) -> bool {
    pattern == "*" || pattern == word
}

/// The plural of a kind that is not among those that are known; so the kinds of the table have it.
fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}

/// Whether the bead itself brings the definition of a resource; by a star, of one in a group of which nothing is known.
fn defines(own: Own<'_>, group: &str, resource: &str) -> bool {
    let definitions = own.content.iter().filter(|it| !kinds_of(&it.object).is_empty());
    let mut names = definitions.flat_map(|it| {
        ["/spec/names/plural", "/spec/claimNames/plural"].map(|at| (it.text("/spec/group"), it.text(at)))
    });
    let is_own = |(of, plural): (&str, &str)| of == group && !plural.is_empty() && is(resource, plural);
    let is_of_others = resource == "*" && POWERS.iter().any(|it| it.kinds.iter().any(|(of, _)| *of == group));
    !is_of_others && names.any(is_own)
}
