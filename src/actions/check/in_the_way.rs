//! What stands on the cluster already: a hub, an Argo CD of others, what is left of one, the work of others.

use serde_json::Value;

use super::report::{Line, seen};
use crate::actions::current::repository_of;
use crate::argocd::{Application, Applications};
use crate::document::Repository;
use crate::engine::{Cluster, Fault};
use crate::guard::{check_install, inhabitants, is_of_hub};
use crate::hub::{inventory, whoever_else};
use crate::object::{ObjectRef, is_being_deleted};
use crate::report::{Exit, Outcome, counted};
use crate::schema::address;
use crate::words::argo;

const ARGOCD: &str = "argo cd";
const NAMESPACE: &str = "namespace";
const COMPANY: &str = "company";
/// The most objects that are named.
const MOST: usize = 10;

/// What stands there.
pub struct Found {
    /// What is to be said of it.
    pub lines: Vec<Line>,
    /// Whether it is a hub already.
    pub is_hub: bool,
}

/// Looks at it as an installation does.
pub async fn look(cluster: &Cluster) -> Outcome<Found> {
    let root = match cluster.get(&argo::application(argo::ROOT)).await {
        Ok(root) => root.map(Application).filter(is_of_hub),
        Err(fault) => {
            let unseen = Line::unseen(ARGOCD, format!("whether this is a hub already: {fault}"));
            return Ok(Found { lines: vec![unseen], is_hub: false });
        }
    };
    let mut lines = vec![argocd(root.as_ref(), cluster).await?];
    if root.is_none() {
        lines.extend(seen(NAMESPACE, namespace(cluster).await));
        lines.extend(seen(ARGOCD, definitions(cluster).await));
    }
    lines.push(company(cluster).await);
    Ok(Found { lines, is_hub: root.is_some() })
}

/// What the guard of an installation says, by whatever repository the hub has that is there.
async fn argocd(root: Option<&Application>, cluster: &Cluster) -> Outcome<Line> {
    let none = Application(Value::Null);
    let repository = repository_of(root.unwrap_or(&none));
    let looked = async { check_install(cluster, &Applications::of(cluster).await?, &repository, false).await };
    match looked.await {
        Ok(_) if root.is_some() => Ok(is_hub(&repository)),
        Ok(_) => Ok(Line::ok(ARGOCD, "there is none, and no Application waits to be deleted")),
        Err(failure) if failure.exit == Exit::Refused => Ok(Line::refused(ARGOCD, failure)),
        Err(failure) if failure.exit == Exit::Failed => Ok(Line::unseen(ARGOCD, failure.message)),
        Err(failure) => Err(failure),
    }
}

fn is_hub(of: &Repository) -> Line {
    let says = format!("this is a hub already, of {} (branch {})", address::shown(&of.url), of.branch);
    Line::warn(ARGOCD, says)
        .remedy("an installation with this repository goes on with it; for another one, uninstall this hub first")
}

/// The namespace of Argo CD, where no hub has made it.
async fn namespace(cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    let Some(live) = cluster.metadata(&inventory::namespace()).await? else {
        return Ok(vec![Line::ok(NAMESPACE, format!("{} is not there yet", argo::NAMESPACE))]);
    };
    if is_being_deleted(&live) {
        return Ok(vec![
            Line::fail(NAMESPACE, format!("{} is being deleted", argo::NAMESPACE))
                .remedy("wait until it is gone; `kubectl get namespace argocd -o yaml` says what holds it up"),
        ]);
    }
    if inventory::is_recorded(&live) {
        return Ok(vec![Line::ok(
            NAMESPACE,
            format!("{} was made for a hub, and an installation goes on in it", argo::NAMESPACE),
        )]);
    }
    let all: Vec<String> =
        inhabitants(cluster, argo::NAMESPACE).await?.iter().map(|it| ObjectRef::of(it).to_string()).collect();
    let says = match all.len() {
        0 => format!("{} is there, and empty: no hub has made it, and none will remove it", argo::NAMESPACE),
        count => format!("{} is there with {}, staying beside Argo CD", argo::NAMESPACE, counted(count, "object")),
    };
    let told = Line::warn(NAMESPACE, says).about(shortened(all));
    Ok(vec![told.remedy("a hub wants a cluster of its own; look whether these are left of something")])
}

/// Argo CD's definitions without an Argo CD.
async fn definitions(cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    let mut found = Vec::new();
    for name in argo::DEFINITIONS {
        let live = cluster.metadata(&ObjectRef::crd(name)).await?;
        found.extend(live.map(|live: Value| (is_being_deleted(&live), name)));
    }
    if let Some((_, going)) = found.iter().find(|(is_going, _)| *is_going) {
        return Ok(vec![
            Line::fail(ARGOCD, format!("the definition {going} is being deleted, and every object of it"))
                .remedy("wait until it is gone, or look at what holds its objects (their finalizers)"),
        ]);
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let applications = Applications::of(cluster).await?.iter().count();
    let says = format!("its definitions are there, with {applications} Applications: an Argo CD is here, or was");
    Ok(vec![Line::warn(ARGOCD, says).about(found.into_iter().map(|(_, name)| name.to_owned())).remedy(
        "an installation takes no field of them from whoever has brought them: give the folder of the bundle, and it is tried",
    )])
}

async fn company(cluster: &Cluster) -> Line {
    match whoever_else(cluster).await {
        Ok(others) if others.is_empty() => Line::ok(COMPANY, "nobody else works on this cluster"),
        Ok(others) => Line::warn(COMPANY, "this cluster is not the hub's alone")
            .about(shortened(others))
            .remedy("take a cluster of its own: whoever changes the hub can change what others run here"),
        Err(failure) => Line::unseen(COMPANY, failure.message),
    }
}

fn shortened(mut all: Vec<String>) -> Vec<String> {
    if let Some(rest) = all.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        all.truncate(MOST);
        all.push(format!("and {rest} more"));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hub_is_named_by_its_repository_without_the_login_in_its_address() {
        let source = json!({"repoURL": "https://me:pw-1@git.example.org/hub.git", "targetRevision": "main"});
        let line = is_hub(&repository_of(&Application(json!({"spec": {"source": source}}))));
        assert_eq!(line.says, "this is a hub already, of https://git.example.org/hub.git (branch main)");
    }
}
