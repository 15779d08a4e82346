//! Tools beside git that have installed this Argo CD and would do it again.

use std::collections::{BTreeMap, BTreeSet};

use crate::doctor::code::OTHER_INSTALLER;
use crate::doctor::facts::{Facts, Installed, SecretFacts};
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::itself;
use crate::object::ObjectRef;

/// Releases, operators and other tools that hold the workloads of Argo CD.
pub fn beside(facts: &Facts) -> Vec<Finding> {
    // Whoever installs an Argo CD that does not deploy itself is its only installer.
    let is_second = !itself(facts).is_empty();
    let (harm, and) =
        if is_second { (Harm::Trouble, "an Application does, too") } else { (Harm::Note, "no Application does") };
    let finding = |object: &dyn std::fmt::Display, says: String| Finding::new(OTHER_INSTALLER, harm, &object, says);

    let releases = releases(facts);
    let mut found = Vec::new();
    for (release, secret) in &releases {
        let object = ObjectRef::new("v1", "Secret", Some(&facts.namespace), &secret.name);
        let says = format!("Helm holds Argo CD by the release {release}, and {and}: `helm uninstall` would delete it");
        found.push(finding(&object, says));
    }
    let is_told = |it: &Installed| it.release.as_ref().is_some_and(|it| releases.contains_key(it));
    let mut marked: BTreeMap<&str, Vec<&Installed>> = BTreeMap::new();
    for it in facts.installed.iter().filter(|it| !is_told(it)) {
        marked.entry(&it.tool).or_default().push(it);
    }
    for (tool, all) in marked {
        let again = if all.iter().any(|it| it.writes_back) { "goes on writing" } else { "has installed" };
        let says = format!("{tool} {again} {} workloads of Argo CD, and {and}", all.len());
        let objects = all.iter().map(|it| it.object.to_string()).collect();
        found.push(finding(&all[0].object, says).with_details(objects));
    }
    let operated = facts.operated.iter();
    found.extend(operated.map(|it| finding(it, format!("an operator installs what it says, and {and}"))));
    found
}

/// The releases of Argo CD as `namespace/name`, each with the newest Secret of it.
fn releases(facts: &Facts) -> BTreeMap<String, &SecretFacts> {
    let marked: BTreeSet<&String> = facts.installed.iter().filter_map(|it| it.release.as_ref()).collect();
    let mut found: BTreeMap<String, &SecretFacts> = BTreeMap::new();
    for secret in facts.secrets.iter().flatten().filter(|it| it.is_release) {
        let release = format!("{}/{}", facts.namespace, secret.labels.get("name").map_or("", String::as_str));
        let number = |it: &SecretFacts| it.labels.get("version").and_then(|it| it.parse::<u64>().ok());
        if secret.has_argocd || marked.contains(&release) {
            let newest = found.entry(release).or_insert(secret);
            if number(secret) > number(newest) {
                *newest = secret;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::argo;

    fn release(name: &str, version: &str, has_argocd: bool) -> SecretFacts {
        let labels = [("name", name), ("version", version)].map(|(key, value)| (key.to_owned(), value.to_owned()));
        SecretFacts {
            name: format!("sh.helm.release.v1.{name}.v{version}"),
            is_release: true,
            labels: labels.into(),
            has_argocd,
            ..SecretFacts::default()
        }
    }

    fn installed(tool: &str, release: Option<&str>) -> Installed {
        let object = ObjectRef::new("apps/v1", "Deployment", Some("argocd"), "argocd-server");
        Installed { object, tool: tool.to_owned(), release: release.map(str::to_owned), writes_back: false }
    }

    #[test]
    fn a_release_counts_when_argo_cd_is_in_it_and_the_newest_is_named() {
        let secrets = vec![release("argo", "9", true), release("argo", "10", true), release("other", "1", false)];
        let mut facts = Facts { namespace: "argocd".to_owned(), secrets: Some(secrets), ..Facts::default() };
        let told = |facts: &Facts| beside(facts).into_iter().map(|it| (it.object, it.harm)).collect::<Vec<_>>();
        let newest = ("Secret argocd/sh.helm.release.v1.argo.v10".to_owned(), Harm::Note);
        assert_eq!(told(&facts), std::slice::from_ref(&newest));

        facts.installed = vec![installed("Helm release argocd/other", Some("argocd/other"))];
        assert_eq!(
            told(&facts),
            [newest.clone(), ("Secret argocd/sh.helm.release.v1.other.v1".to_owned(), Harm::Note)]
        );

        facts.installed = vec![installed("Helm release argocd/gone", Some("argocd/gone"))];
        assert_eq!(told(&facts), [newest, ("Deployment argocd/argocd-server".to_owned(), Harm::Note)]);
    }

    #[test]
    fn a_second_installer_beside_git_is_worse_than_a_single_one() {
        let server = json!({"metadata": {"name": "argocd-server", "labels": {"app.kubernetes.io/part-of": "argocd"}}});
        let application = json!({"metadata": {"name": "argocd", "namespace": "argocd"},
            "spec": {"destination": {"server": argo::IN_CLUSTER}}, "status": {"resources": [
                {"group": "apps", "kind": "Deployment", "namespace": "argocd", "name": "argocd-server"}]}});
        for (applications, harm) in [(vec![], Harm::Note), (vec![application], Harm::Trouble)] {
            let facts = Facts {
                namespace: "argocd".to_owned(),
                workloads: Some(vec![server.clone()]),
                applications: Some(applications),
                installed: vec![installed("Terraform", None)],
                operated: vec![ObjectRef::new(argo::API, argo::OPERATED, Some("argocd"), "x")],
                ..Facts::default()
            };
            assert_eq!(beside(&facts).iter().map(|it| it.harm).collect::<Vec<_>>(), [harm, harm]);
        }
    }
}
