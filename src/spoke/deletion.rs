//! Whether Argo CD would delete what comes to a spoke, and whether it has said what that is. What keeps it from deleting ends
//! like a deletion: the Application goes, and what it brought stays (argo-cd 3.6.1, `controller/appcontroller.go`,
//! `finalizeApplicationDeletion`).

use crate::argocd::{Application, Spoke, Spokes};
use crate::guard::not_looked_at;
use crate::hub::without_cascade;
use crate::object::{ObjectRef, annotation};
use crate::words::argo;

const LEAVE: &str = "or leave what is there, by `onUninstall: leave`";

/// What stands in the way of a deletion, a line each, and what can be done about it.
#[derive(Debug, Default)]
pub struct Obstacles {
    /// What it is.
    pub lines: Vec<String>,
    /// The remedies, once each.
    pub remedies: Vec<String>,
}

impl Obstacles {
    /// Looks at what Argo CD goes by. Where nothing comes to the spoke, there is nothing to delete.
    pub fn of(known: &Spokes, registered: Option<&Spoke>, applications: &[Application]) -> Self {
        let mut found = Self::default();
        if applications.is_empty() {
            return found;
        }
        let broken = known.broken.iter().map(|it| format!("{}: {}", it.secret, it.why));
        found.add(broken, "mend or delete the Secret that says nothing");
        let Some(spoke) = registered else {
            let why = "the cluster is not registered, so Argo CD would let it go and delete nothing";
            let all = applications.iter().map(|it| format!("{}: {why}", ObjectRef::of(&it.0)));
            found.add(all, "register the spoke again");
            return found;
        };
        let twins = known.all.iter().filter(|it| it.secret.uid != spoke.secret.uid);
        let twins = twins.filter(|it| it.name == spoke.name || it.server == spoke.server);
        let twins = twins.map(|it| {
            format!(
                "{}: it has the name or the address of {} too, and Argo CD would delete nothing",
                it.secret, spoke.name
            )
        });
        found.add(twins, "delete the Secret that is not meant");
        let skipped = (annotation(&spoke.metadata, argo::SKIP_RECONCILE) == Some("true")).then(|| {
            format!("{}: by its annotation {} Argo CD deletes nothing there", spoke.secret, argo::SKIP_RECONCILE)
        });
        found.add(skipped, "take the annotation off the Secret");
        let astray = applications
            .iter()
            .filter(|it| !spoke.is_the_destination_of(it))
            .map(|it| format!("{}: its destination is not {} alone", ObjectRef::of(&it.0), spoke.name));
        found.add(astray, "mend its destination");
        found.add(
            without_cascade(applications),
            "what is being deleted without what it brought cannot be deleted with it any more",
        );
        found.add(not_looked_at(applications), "wait until Argo CD has compared it, then run again");
        found
    }

    fn add(&mut self, lines: impl IntoIterator<Item = String>, remedy: &str) {
        let before = self.lines.len();
        self.lines.extend(lines);
        if self.lines.len() > before {
            self.remedies.push(format!("{remedy}, {LEAVE}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::argocd::Broken;
    use crate::object::Identity;
    use crate::words::spoke::Standing;

    fn east(uid: &str) -> Spoke {
        let object = ObjectRef::new("v1", "Secret", Some("argocd"), &format!("spoke-{uid}"));
        Spoke {
            secret: Identity { object, uid: uid.to_owned() },
            name: "east".to_owned(),
            server: "https://east".to_owned(),
            standing: Standing::Ready,
            labels: [].into(),
            metadata: json!({}),
        }
    }

    fn known(all: Vec<Spoke>) -> Spokes {
        Spokes { all, broken: Vec::new() }
    }

    fn application(destination: &Value, status: &Value, deletion: Option<&str>) -> Application {
        let mut live = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "spoke-east.web", "namespace": "argocd"},
            "spec": {"destination": destination}, "status": status});
        if let Some(at) = deletion {
            live["metadata"]["deletionTimestamp"] = json!(at);
        }
        Application(live)
    }

    fn compared() -> Value {
        json!({"sync": {"status": "Synced"}})
    }

    #[test]
    fn what_one_known_cluster_has_and_argocd_has_looked_at_can_be_deleted() {
        for destination in [json!({"name": "east"}), json!({"server": "https://east/"})] {
            let found = Obstacles::of(
                &known(vec![east("a")]),
                Some(&east("a")),
                &[application(&destination, &compared(), None)],
            );
            assert!(found.lines.is_empty() && found.remedies.is_empty(), "{found:?}");
        }
        assert!(Obstacles::of(&known(Vec::new()), None, &[]).lines.is_empty(), "nothing comes to it");
    }

    #[test]
    fn what_argocd_would_let_go_without_deleting_is_refused() {
        let there = application(&json!({"name": "east"}), &compared(), None);
        let said = |known: &Spokes, registered: Option<&Spoke>, application: &Application| {
            let found = Obstacles::of(known, registered, std::slice::from_ref(application));
            assert_eq!((found.lines.len(), found.remedies.len()), (1, 1), "{found:?}");
            assert!(found.remedies[0].contains("onUninstall: leave"), "{found:?}");
            found.lines[0].clone()
        };
        let one = known(vec![east("a")]);
        assert!(said(&known(Vec::new()), None, &there).contains("is not registered"));
        assert!(said(&known(vec![east("a"), east("b")]), Some(&east("a")), &there).contains("Secret argocd/spoke-b"));
        let secret = ObjectRef::new("v1", "Secret", Some("argocd"), "theirs");
        let broken = Spokes { broken: vec![Broken { secret, why: "it has no `server`" }], ..one.clone() };
        assert!(said(&broken, Some(&east("a")), &there).contains("Secret argocd/theirs: it has no `server`"));
        for destination in [json!({"name": "west"}), json!({"name": "east", "server": "https://east"})] {
            let astray = application(&destination, &compared(), None);
            assert!(said(&one, Some(&east("a")), &astray).contains("its destination is not east"), "{destination}");
        }
        let going = application(&json!({"name": "east"}), &compared(), Some("t"));
        assert!(said(&one, Some(&east("a")), &going).contains("is being deleted"));
    }

    #[test]
    fn what_argocd_has_not_looked_at_is_not_nothing() {
        for status in [json!({}), json!({"sync": {"status": "Unknown"}})] {
            let unseen = application(&json!({"name": "east"}), &status, None);
            let found = Obstacles::of(&known(vec![east("a")]), Some(&east("a")), &[unseen]);
            assert!(found.lines[0].contains("not looked at"), "{found:?}");
        }
    }
}
