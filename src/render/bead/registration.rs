//! How what people order becomes a spoke: a policy of Kyverno for each composite API of the bead that says so, and the rights
//! that Kyverno needs for it.
//!
//! Kyverno registers when the object changes. It neither watches nor takes away what it has made: a spoke goes by the step
//! (`synchronize` deletes too much in too many versions).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::piece::Piece;
use super::registration_cel::{generate, variables};
use super::xrd;
use crate::document::{Bead, ClaimedSpoke, ClusterResource, OwnedApi};
use crate::report::Diagnostic;
use crate::words::kyverno::{GENERATING, POLICIES, TO_BACKGROUND, TO_REPORTS};
use crate::words::{argo, spoke};

const RBAC: &str = "rbac.authorization.k8s.io";
/// Before the policies: Kyverno looks at its rights when it first sees one.
const RIGHTS_WAVE: &str = "-1";
/// Group and kind of a policy that makes objects.
const POLICY: (&str, &str) = (POLICIES, GENERATING);

/// Whether Crossplane has composed a Secret for the object: before that there is nothing to register. Kyverno hands a condition on
/// to the API server, which asks it less; and without any a write of an object of one policy is worked at for all policies that
/// make objects (Kyverno 1.19.1: `pkg/controllers/webhook/validating.go`, `pkg/webhooks/resource/gpol/handler.go`). Deletions are
/// asked about, too, and have no `object`.
const COMPOSED: &str = "object != null && object.?spec.?crossplane.?resourceRefs.orValue([]).exists(ref, ref.?kind.orValue('') == 'Secret')";

/// What is rendered among the policies of the bead.
pub fn registrations(bead: &Bead) -> Vec<Piece> {
    let mut found: Vec<Value> = Vec::new();
    for (api, spoke) in bead.claimed_spokes() {
        let name = bead.registration(api);
        let read = json!({"apiGroups": [api.group], "resources": [api.plural, format!("{}/status", api.plural)], "verbs": ["get", "list", "watch"]});
        found.push(role(&name, &[TO_BACKGROUND, TO_REPORTS], &read));
        found.push(policy(&name, api, spoke));
    }
    if !found.is_empty() {
        let read = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]});
        found.push(role(&spoke::of_bead(&bead.metadata.name), &[TO_BACKGROUND], &read));
    }
    found.into_iter().map(Piece::rendered).collect()
}

/// The definitions of what is to become a spoke whose objects have no namespace: none of these is ever registered, since the
/// Secret with the kubeconfig is looked for beside the object.
pub fn without_namespace(bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let is_registered = |piece: &&Piece| {
        let its = |(api, _): (&OwnedApi, &ClaimedSpoke)| {
            api.group == piece.text("/spec/group") && api.kind == piece.text("/spec/names/kind")
        };
        xrd::is_xrd(&piece.object) && bead.claimed_spokes().any(its)
    };
    let has_none = |piece: &&Piece| xrd::scope(&piece.object) != "Namespaced";
    let mistake = |piece: &Piece| {
        let message = format!("{}: what has no namespace of its own becomes no spoke", piece.title());
        let hint = "write `scope: Namespaced`, or take `spoke` of `crossplane.apis` out";
        Diagnostic::error("spec.scope", message).at(&piece.source, piece.place_of("spec")).hint(hint)
    };
    content.iter().filter(is_registered).filter(has_none).map(mistake).collect()
}

/// The right to write into Argo CD's namespace, and who has it, each with its name among the files. The project of the bead
/// lets nobody write there, so the parent Application brings them.
pub fn rights(bead: &Bead) -> Vec<(&'static str, Value)> {
    let accounts: BTreeSet<(&str, &str)> = bead.claimed_spokes().map(|(_, spoke)| spoke.account()).collect();
    if accounts.is_empty() {
        return Vec::new();
    }
    let name = spoke::of_bead(&bead.metadata.name);
    let metadata = json!({"name": name, "namespace": argo::NAMESPACE, "annotations": {argo::SYNC_WAVE: (argo::FIRST_PART_WAVE - 1).to_string()}});
    let role = json!({
        "apiVersion": format!("{RBAC}/v1"),
        "kind": "Role",
        "metadata": metadata,
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "patch"]}],
    });
    let subject = |(namespace, name)| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    let binding = json!({
        "apiVersion": format!("{RBAC}/v1"),
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
        "subjects": accounts.into_iter().map(subject).collect::<Vec<Value>>(),
    });
    vec![("role", role), ("rolebinding", binding)]
}

/// What the project of the bead has to allow for it.
pub fn allowed(bead: &Bead) -> impl Iterator<Item = ClusterResource> + '_ {
    let of = |(group, kind): (&str, &str), name: String| ClusterResource {
        group: group.to_owned(),
        kind: kind.to_owned(),
        name,
    };
    let each = bead.claimed_spokes().flat_map(move |(api, _)| {
        let name = bead.registration(api);
        [of(POLICY, name.clone()), of((RBAC, "ClusterRole"), name)]
    });
    let any = bead.claimed_spokes().next().map(|_| of((RBAC, "ClusterRole"), spoke::of_bead(&bead.metadata.name)));
    each.chain(any)
}

/// What it means for the hub, a line each.
pub fn powers(bead: &Bead) -> Vec<String> {
    let power = |(api, spoke): (&OwnedApi, &ClaimedSpoke)| {
        let title = format!("crossplane.apis {}.{}", api.kind, api.group);
        let whom =
            if spoke.at_once { "at once, before anybody has looked which it is" } else { "which a step then accepts" };
        [
            format!("{title}: whoever makes one registers a cluster in Argo CD, {whom}"),
            format!("{title}: {} reads the Secrets of every namespace, and writes those of Argo CD's", spoke.account),
        ]
    };
    bead.claimed_spokes().flat_map(power).collect()
}

fn role(name: &str, to: &[&str], rule: &Value) -> Value {
    let labels: serde_json::Map<String, Value> = to.iter().map(|label| ((*label).to_owned(), "true".into())).collect();
    json!({
        "apiVersion": format!("{RBAC}/v1"),
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels, "annotations": {argo::SYNC_WAVE: RIGHTS_WAVE}},
        "rules": [rule],
    })
}

fn policy(name: &str, api: &OwnedApi, spoke: &ClaimedSpoke) -> Value {
    let variables = variables(api, spoke).into_iter();
    let variables: Vec<Value> = variables.map(|(name, it)| json!({"name": name, "expression": it})).collect();
    json!({
        "apiVersion": format!("{}/v1", POLICY.0),
        "kind": POLICY.1,
        "metadata": {"name": name},
        "spec": {
            // What was missed while Kyverno was away is made up for by `generateExisting`, and by nothing else. `synchronize` would
            // revert every label and annotation that a step writes, and delete the registration with the policy; in 1.19.0 it
            // deleted and made anew all that it kept every hour (kyverno #17594). A token is renewed without it.
            "evaluation": {
                "generateExisting": {"enabled": true},
                "synchronize": {"enabled": false},
                "orphanDownstreamOnPolicyDelete": {"enabled": true},
            },
            // The whole object would be replaced otherwise, with all that others have written into it.
            "useServerSideApply": true,
            // The status, too: an object becomes ready by it. Both operations: a renewed login comes by an update.
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [api.group],
                "apiVersions": ["*"],
                "resources": [api.plural, format!("{}/status", api.plural)],
                "operations": ["CREATE", "UPDATE"],
            }]},
            "matchConditions": [{"name": "composed", "expression": COMPOSED}],
            "variables": variables,
            "generate": [{"expression": generate(api, spoke)}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::permissions::excess;
    use super::*;
    use crate::document::read_bead;
    use crate::hub_repository::bead::REVISION;
    use crate::words::crossplane::{EXTENSIONS, XRD};

    fn bead(spoke: &str) -> Bead {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: clusters}}\nspec:\n  version: 1.0.0\n  \
             requires: {{kyverno: '>=1.19'}}\n  application: {{namespace: clusters, manifests: app}}\n  crossplane:\n    definitions: apis\n    \
             apis:\n    - {{group: e.org, kind: Other, plural: others}}\n    - {{group: e.org, kind: Sandbox, plural: sandboxes, spoke: {{{spoke}}}}}\n"
        );
        read_bead("bead.yaml", &text).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    fn names(bead: &Bead) -> Vec<String> {
        registrations(bead).iter().map(Piece::title).collect()
    }

    #[test]
    fn only_an_api_that_says_so_is_registered_and_the_project_allows_what_comes_of_it() {
        let bead = bead("");
        let all = [
            "ClusterRole spokes-clusters-sandboxes",
            "GeneratingPolicy spokes-clusters-sandboxes",
            "ClusterRole spokes-clusters",
        ];
        assert_eq!(names(&bead), all);
        assert_eq!(excess(REVISION, &bead, &registrations(&bead)), []);
        let none = Bead { spec: crate::document::BeadSpec { crossplane: None, ..bead.spec.clone() }, ..bead };
        assert_eq!((names(&none), rights(&none).len(), powers(&none).len(), allowed(&none).count()), (vec![], 0, 0, 0));
    }

    #[test]
    fn what_has_no_namespace_is_no_spoke() {
        let said = |group: &str, version: &str, scope: &str| {
            let piece = Piece::rendered(json!({
                "apiVersion": format!("{EXTENSIONS}/{version}"), "kind": XRD, "metadata": {"name": "sandboxes.e.org"},
                "spec": {"group": group, "scope": scope, "names": {"kind": "Sandbox", "plural": "sandboxes"}},
            }));
            without_namespace(&bead(""), &[piece]).len()
        };
        assert_eq!((said("e.org", "v2", "Namespaced"), said("e.org", "v2", "")), (0, 0));
        assert_eq!((said("e.org", "v2", "Cluster"), said("e.org", "v1", ""), said("f.org", "v1", "")), (1, 1, 0));
    }

    #[test]
    fn kyverno_writes_into_no_namespace_but_argo_cds() {
        let bead = bead("account: policies/background");
        for (_, object) in rights(&bead) {
            assert_eq!(object["metadata"]["namespace"], "argocd");
        }
        let subject = &rights(&bead)[1].1["subjects"];
        assert_eq!(*subject, json!([{"kind": "ServiceAccount", "namespace": "policies", "name": "background"}]));
        for piece in registrations(&bead) {
            for rule in crate::object::items(&piece.object, "/rules") {
                assert!(!rule.to_string().contains("create") && !rule.to_string().contains("patch"), "{rule}");
            }
        }
    }

    #[test]
    fn kyverno_is_asked_about_what_has_a_secret_alone() {
        let policy = &registrations(&bead(""))[1].object;
        let conditions = policy.pointer("/spec/matchConditions").expect("conditions");
        assert_eq!(conditions.as_array().map(Vec::len), Some(1), "{conditions}");
        assert!(
            conditions[0]["expression"].as_str().is_some_and(|it| it.starts_with("object != null && ")),
            "{conditions}"
        );
    }

    #[test]
    fn the_state_is_the_steps_unless_a_spoke_is_ready_at_once() {
        let made = |spoke: &str| {
            let pieces = registrations(&bead(spoke));
            pieces[1].text("/spec/generate/0/expression").to_owned()
        };
        let plain = made("labels: {env: test}, labelsOfObject: [ring]");
        assert!(plain.contains(r#", "env": "test", ?"ring": variables.live[0].metadata.?labels[?"ring"]}"#), "{plain}");
        assert!(!plain.contains(spoke::STATE) && !plain.contains('@'), "{plain}");
        let at_once = made("atOnce: true");
        assert!(at_once.contains(r#""backstack.dev/spoke-state": size(variables.own) == 0 ? "ready""#), "{at_once}");
        assert!(powers(&bead("atOnce: true"))[0].contains("before anybody has looked"));
        assert!(powers(&bead(""))[0].contains("which a step then accepts"));
    }
}
