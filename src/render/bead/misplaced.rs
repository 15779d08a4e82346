//! What stands in the folder of a part and belongs elsewhere: what objects of others hang on is where a removal and an
//! upgrade look for it, and an example or a test is deployed nowhere. Pure.

use super::definitions::kinds_of;
use super::parts::Part;
use super::piece::Piece;
use crate::report::Diagnostic;
use crate::words::crossplane::{CONFIGURATION, EXTENSIONS, FUNCTION, PACKAGES, PROVIDER, XRD};
use crate::words::kyverno;

/// The groups of policies, of Kyverno and of Kubernetes' own.
const OF_POLICIES: [&str; 3] = [kyverno::GROUP, kyverno::POLICIES, "admissionregistration.k8s.io"];
/// The group of the rights that they need.
const OF_RIGHTS: &str = "rbac.authorization.k8s.io";

/// Everything in the folder of a part that belongs elsewhere.
pub fn misplaced(part: Part, pieces: &[Piece]) -> Vec<Diagnostic> {
    let of_piece = |piece: &Piece| {
        of_crossplane(part, piece).or_else(|| match part {
            Part::Policies => no_policy(piece, pieces),
            Part::Apis => order(piece, pieces),
            _ => None,
        })
    };
    pieces.iter().filter_map(of_piece).collect()
}

fn of_crossplane(part: Part, piece: &Piece) -> Option<Diagnostic> {
    let said = match (piece.group(), piece.text("/kind")) {
        (PACKAGES, PROVIDER | FUNCTION | CONFIGURATION) => "a package is named in `spec.crossplane` of bead.yaml",
        (EXTENSIONS, XRD) if part != Part::Apis => "an XRD belongs to `spec.crossplane.definitions`",
        _ => return None,
    };
    let hint = "removal and upgrade are guarded by it";
    Some(piece.mistake(format!("{}: {said}", piece.title())).hint(hint))
}

/// What lies beside policies is mostly what they are tried on. A ConfigMap may be what one of them reads.
fn no_policy(piece: &Piece, pieces: &[Piece]) -> Option<Diagnostic> {
    let name = piece.text("/metadata/name");
    let is_read = || pieces.iter().any(|it| is_policy(it) && it.object.to_string().contains(name));
    let is_data = (piece.group(), piece.text("/kind")) == ("", "ConfigMap") && is_read();
    if is_policy(piece) || piece.group() == OF_RIGHTS || is_data {
        return None;
    }
    let message = format!("{}: no policy, and no right or ConfigMap of one", piece.title());
    let hint = "what a policy is tried on belongs into another folder or a hidden one (`.test`), and what is meant for the \
                hub into that of the application";
    Some(piece.mistake(message).hint(hint))
}

fn is_policy(piece: &Piece) -> bool {
    OF_POLICIES.contains(&piece.group())
}

/// An object of an API that stands beside its definition is mostly an example, and would make what it orders.
fn order(piece: &Piece, pieces: &[Piece]) -> Option<Diagnostic> {
    let kind = (piece.group(), piece.text("/kind"));
    let is_defined = pieces.iter().any(|it| kinds_of(&it.object).contains(&kind));
    let message = format!("{}: an object of an API that this folder defines", piece.title());
    let hint = "an example belongs into another folder or a hidden one (`.examples`), and what is meant for the hub into \
                that of the application";
    is_defined.then(|| piece.mistake(message).hint(hint))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(part: Part, objects: &[Value]) -> Vec<String> {
        let pieces: Vec<Piece> = objects.iter().cloned().map(Piece::rendered).collect();
        misplaced(part, &pieces).into_iter().map(|it| it.message).collect()
    }

    fn object(api_version: &str, kind: &str, name: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}})
    }

    #[test]
    fn policies_come_with_their_rights_and_what_they_read_and_with_nothing_else() {
        let mut policy = object("kyverno.io/v1", "ClusterPolicy", "p");
        policy["spec"] = json!({"rules": [{"context": [{"configMap": {"name": "registries", "namespace": "b"}}]}]});
        let mut binding = object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "b");
        binding["spec"] = json!({"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny"}});
        let right = [
            policy,
            binding,
            object("v1", "ConfigMap", "limits"),
            object("policies.kyverno.io/v1", "ValidatingPolicy", "v"),
            object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "a"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", "r"),
            object("v1", "ConfigMap", "registries"),
        ];
        assert_eq!(said(Part::Policies, &right), [""; 0]);
        for (wrong, title) in [
            (object("v1", "Pod", "bad"), "Pod bad"),
            (object("v1", "ConfigMap", "bad"), "ConfigMap bad"),
            (object("apps/v1", "Deployment", "good"), "Deployment good"),
            (object("v1", "Namespace", "x"), "Namespace x"),
        ] {
            let all = [&right[..], std::slice::from_ref(&wrong)].concat();
            assert_eq!(said(Part::Policies, &all), [format!("{title}: no policy, and no right or ConfigMap of one")]);
            assert_eq!(said(Part::Application, &[wrong]), [""; 0]);
        }
    }

    #[test]
    fn an_example_beside_its_definition_is_no_part_of_the_bead() {
        let mut definition = object("apiextensions.crossplane.io/v2", "CompositeResourceDefinition", "things.a.org");
        definition["spec"] = json!({"group": "a.org", "names": {"kind": "Thing", "plural": "things"}});
        let all = [definition.clone(), object("a.org/v1", "Thing", "x"), object("b.org/v1", "Thing", "y")];
        assert_eq!(said(Part::Apis, &all), ["Thing x: an object of an API that this folder defines"]);
        assert!(said(Part::Application, &[definition])[0].contains("`spec.crossplane.definitions`"));
    }
}
