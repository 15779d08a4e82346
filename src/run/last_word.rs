//! The last word of a step that went well: what is now, and what is next.

use serde_json::Value;

use super::found::Found;
use crate::argocd::application::short;
use crate::document::{BeadStep, HubStep, SpokeStep, Step};

/// What is now, and what is next; nothing of an action whose answer is the last word itself.
pub(crate) fn last_word(action: &str, step: &Step, found: &Found) -> Option<String> {
    match (&step.hub, &step.bead, &step.spoke) {
        (Some(hub), ..) => of_hub(action, hub, found),
        (_, Some(bead), _) => of_bead(action, bead, found),
        (.., Some(spoke)) => of_spoke(action, spoke),
        (None, None, None) => None,
    }
}

/// The same of a hub whose proof holds, whichever verb has asked for it.
pub(crate) fn of_proof(revision: &str) -> String {
    let commit = short(revision);
    format!("the hub at {commit} is proven; next: `backstack doctor` looks for what the proof is not about")
}

fn of_hub(action: &str, step: &HubStep, found: &Found) -> Option<String> {
    if step.check {
        return None;
    }
    let at = at(found);
    match (action, &found.proof) {
        ("install" | "upgrade", Some(_)) => Some(format!(
            "the hub is on the cluster{at} and proven; next: `backstack open` says how to log in to Argo CD"
        )),
        ("verify", Some(proof)) => Some(of_proof(&proof.revision)),
        ("uninstall", _) => Some(
            "the hub is not on the cluster, and its repository stays; next: `backstack check --pre` says whether another may come"
                .to_owned(),
        ),
        _ => None,
    }
}

fn of_bead(action: &str, step: &BeadStep, found: &Found) -> Option<String> {
    if step.check {
        return None;
    }
    let text = |key| found.state.as_ref().and_then(|it| it.get(key)).and_then(Value::as_str);
    let version = text("version").map(|version| format!(" {version}")).unwrap_or_default();
    let bead = text("name").map_or_else(|| "the bead".to_owned(), |name| format!("bead {name}{version}"));
    let at = at(found);
    match action {
        "install" | "upgrade" => {
            Some(format!("{bead} is on the hub{at}; next: `backstack bead list` shows it with the others"))
        }
        "verify" => {
            Some(format!("{bead} is on the hub{at}, and well; next: `backstack bead list` shows it with the others"))
        }
        "uninstall" => Some(format!("{bead} is not on the hub; next: `backstack bead list` shows the others")),
        _ => None,
    }
}

fn of_spoke(action: &str, step: &SpokeStep) -> Option<String> {
    let name = &step.name;
    match action {
        "install" | "upgrade" => Some(format!(
            "spoke {name} is registered, and Argo CD comes there; next: `backstack status` shows it with the hub"
        )),
        "verify" => Some(format!("Argo CD comes to spoke {name}; next: `backstack status` shows it with the hub")),
        "uninstall" => {
            Some(format!("spoke {name} is not registered; next: `backstack status` shows the hub without it"))
        }
        _ => None,
    }
}

fn at(found: &Found) -> String {
    let commit = found.revision.as_deref().unwrap_or_default();
    if commit.is_empty() { String::new() } else { format!(" at {}", short(commit)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(action: &str, step: Value) -> Option<String> {
        let step: Step = serde_json::from_value(step).expect("a step");
        let state = json!({"name": "hello", "version": "0.1.0"});
        let revision = Some("0123456789abcdef0123456789abcdef01234567".to_owned());
        last_word(action, &step, &Found { state: Some(state), revision, ..Found::default() })
    }

    #[test]
    fn what_is_and_what_is_next_is_said_of_what_was_done() {
        let bead = told("install", json!({"bead": {}})).expect("a sentence");
        assert!(bead.starts_with("bead hello 0.1.0 is on the hub at 0123456789ab; next: "), "{bead}");
        let spoke = told("upgrade", json!({"spoke": {"name": "one"}})).expect("a sentence");
        assert!(spoke.starts_with("spoke one is registered"), "{spoke}");
        let hub = json!({"hub": {"repository": {"url": "https://git.example/hub"}}});
        assert!(told("uninstall", hub.clone()).is_some_and(|it| it.contains("not on the cluster")));
        assert_eq!(told("install", hub.clone()), None, "nothing is called proven without a proof");
        for looks in ["status", "diff", "logs", "help"] {
            assert_eq!(told(looks, hub.clone()), None, "{looks}");
        }
        assert_eq!(told("uninstall", json!({"bead": {"check": true}})), None);
    }
}
