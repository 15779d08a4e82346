//! Whose the namespaces are that a bead writes into: a pod there may act as any of its accounts. Pure.

use crate::document::{Bead, Hub, HubClaims};
use crate::hub_repository::bead::{Beads, Installed};
use crate::render::bead::namespaces;

/// The namespaces of a bead that are those of another bead, of a component of the hub or of claims, a line each; on spokes those
/// of another bead. A namespace that is no bead's own, several may write into. A Secret that the step writes is no bead's doing,
/// and a privilege elsewhere.
pub fn namespaces_of_others(hub: &Hub, beads: &Beads, bead: &Bead) -> Vec<String> {
    let written = namespaces(bead);
    let of_components = hub.spec.components.iter().filter(|it| written.contains(it.namespace.as_str()));
    let of_components =
        of_components.map(|it| format!("namespace {} is that of the component {} of the hub", it.namespace, it.name));
    let others = || beads.values().map(|it| &it.bead).filter(|other| other.metadata.name != bead.metadata.name);
    let of_beads = others().filter_map(|other| of_another(bead, other));
    let of_claims = hub.spec.claims.iter().flat_map(|claims| with_claims(claims, bead));
    let on_spokes = bead.on_spokes();
    // Whatever labels they ask for: a spoke that gets other labels keeps what came to it by the old ones.
    let of_beads_there = others()
        .filter_map(|other| of_another(on_spokes.as_ref()?, &other.on_spokes()?))
        .map(|line| format!("on spokes: {line}"));
    of_components.chain(of_beads).chain(of_claims).chain(of_beads_there).collect()
}

/// Why two beads would meet in a namespace of one of them, on a cluster that both come to.
fn of_another(bead: &Bead, other: &Bead) -> Option<String> {
    let own = bead.spec.application.namespace.as_str();
    let (name, its) = (&other.metadata.name, other.spec.application.namespace.as_str());
    if namespaces(bead).contains(its) {
        return Some(format!("namespace {its} is that of bead {name}"));
    }
    namespaces(other).contains(own).then(|| format!("namespace {own} is one that bead {name} may write into"))
}

/// The namespaces of beads in which claims may be, a line each: who orders there could meddle with the bead.
pub fn namespaces_with_claims(claims: &HubClaims, beads: &Beads) -> Vec<String> {
    let of_bead = |(name, there): (&String, &Installed)| {
        with_claims(claims, &there.bead).into_iter().map(|line| format!("bead {name}: {line}")).collect::<Vec<_>>()
    };
    beads.iter().flat_map(of_bead).collect()
}

fn with_claims(claims: &HubClaims, bead: &Bead) -> Vec<String> {
    let with = |name: &str| {
        claims.reach(name).map(|it| format!("claims may be in the namespace {name}, by `{it}` in `claims` of hub.yaml"))
    };
    namespaces(bead).into_iter().filter_map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{read_bead, read_hub};

    fn bead(name: &str, namespace: &str, more: &str) -> Bead {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: 0.1.0\n  \
             application: {{namespace: {namespace}, manifests: app}}\n{more}"
        );
        read_bead("bead.yaml", &text).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    #[test]
    fn a_namespace_is_of_one_bead_or_of_a_component() {
        let hub = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: demo}\nspec:\n  argocd: {version: 3.6.1}\n  \
                   components: [{name: xp, namespace: crossplane-system, chart: {locked: crossplane}}]\n  \
                   claims: {repository: {url: 'https://git.example.org/c.git'}, namespaces: ['team-*']}\n";
        let hub = read_hub("hub.yaml", hub).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let shop = bead("shop", "shop", "  permissions: {namespaces: [till, shared]}\n");
        let beads = Beads::from([("shop".to_owned(), Installed { bead: shop.clone(), parts: Vec::new() })]);
        let said = |bead: &Bead| namespaces_of_others(&hub, &beads, bead);
        assert_eq!(said(&shop), [""; 0], "its own");
        assert_eq!(said(&bead("x", "x", "  permissions: {namespaces: [shared]}\n")), [""; 0], "of neither");
        for (other, line) in [
            (bead("x", "shop", ""), "namespace shop is that of bead shop"),
            (bead("x", "x", "  permissions: {namespaces: [shop]}\n"), "namespace shop is that of bead shop"),
            (bead("x", "till", ""), "namespace till is one that bead shop may write into"),
            (
                bead("x", "x", "  permissions: {namespaces: [crossplane-system]}\n"),
                "namespace crossplane-system is that of the component xp of the hub",
            ),
        ] {
            assert_eq!(said(&other), [line]);
        }
        let line = "claims may be in the namespace team-a, by `team-*` in `claims` of hub.yaml";
        let team = bead("x", "team-a", "");
        assert_eq!(said(&team), [line]);
        let beads = Beads::from([("x".to_owned(), Installed { bead: team, parts: Vec::new() })]);
        let claims = hub.spec.claims.as_ref().expect("claims");
        assert_eq!(namespaces_with_claims(claims, &beads), [format!("bead x: {line}")]);
    }

    #[test]
    fn on_spokes_too_a_namespace_is_of_one_bead() {
        let hub = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: demo}\nspec:\n  argocd: {version: 3.6.1}\n";
        let hub = read_hub("hub.yaml", hub).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let to_spokes = |name: &str, labels: &str, namespace: &str, more: &str| {
            let application = format!("application: {{namespace: {namespace}, manifests: spoke}}");
            let spokes = format!(
                "  spokes:\n    labels: {{{labels}}}\n    {application}\n    permissions: {{namespaces: [{more}]}}\n"
            );
            bead(name, name, &spokes)
        };
        let shop = to_spokes("shop", "env: prod", "web", "till, shared");
        let beads = Beads::from([("shop".to_owned(), Installed { bead: shop.clone(), parts: Vec::new() })]);
        let said = |bead: &Bead| namespaces_of_others(&hub, &beads, bead);
        for good in [&shop, &to_spokes("x", "", "x", "shared"), &to_spokes("x", "", "shop", ""), &bead("x", "web", "")]
        {
            assert_eq!(said(good), [""; 0]);
        }
        for (other, line) in [
            (to_spokes("x", "env: test", "web", ""), "on spokes: namespace web is that of bead shop"),
            (to_spokes("x", "", "x", "web"), "on spokes: namespace web is that of bead shop"),
            (to_spokes("x", "", "till", ""), "on spokes: namespace till is one that bead shop may write into"),
        ] {
            assert_eq!(said(&other), [line]);
        }
    }
}
