//! The Argo CD that is played does what the real one does.

use std::fs;

use serde_json::{Value, json};

use super::hub::Hub;
use super::state::{State, at_rest, difference};
use super::way::Way;

/// What only the real programs make: their keys, and the password of the first login.
const OF_THE_PROGRAMS: [&str; 3] = ["argocd-secret", "argocd-initial-admin-secret", "argocd-redis"];
/// The file of the bead that one commit brings and the next one takes away.
const MORE: &str = "bead/app/more.yaml";

/// Five commits: a first installation, a bead, another version of it, one without an object, and none of it.
#[test]
#[ignore = "needs the testbed"]
fn a_played_argo_cd_ends_as_the_real_one_on_five_commits() {
    let played = ends(&Hub::played());
    let real = ends(&Hub::real());
    let others = played.iter().zip(&real).filter(|((_, played), (_, real))| played != real);
    let told: Vec<String> =
        others.map(|((what, played), (_, real))| format!("{what}:\n{}", difference(real, played))).collect();
    assert!(told.is_empty(), "the real one is what the other is to be: {}", told.join("\n"));
}

fn ends(hub: &Hub) -> Vec<(&'static str, State)> {
    let mut ends = Vec::new();
    let mut commit = |what: &'static str, way: Way| {
        way.done(hub);
        ends.push((what, compared(at_rest(hub))));
    };
    commit("a first installation", Way::Install);
    commit("a bead", Way::BeadInstall);
    let page = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\ndata: {text: another}\n";
    fs::write(hub.folder().join("bead/app/page.yaml"), page).expect("written");
    fs::write(hub.folder().join(MORE), page.replace("page", "more")).expect("written");
    commit("another version of the bead", Way::BeadInstall);
    fs::remove_file(hub.folder().join(MORE)).expect("it was there");
    commit("one without an object", Way::BeadInstall);
    commit("none of it", Way::BeadRemoval);
    ends
}

/// A state as far as both can have it: of the objects of Applications what we read of them.
fn compared(mut state: State) -> State {
    state.retain(|name, _| !OF_THE_PROGRAMS.iter().any(|it| name.ends_with(&format!("/{it}"))));
    for object in state.values_mut().filter(|it| !it["status"].is_null()) {
        let read = |it: &Value| {
            ["group", "version", "kind", "namespace", "name", "status", "requiresPruning"].map(|at| it[at].clone())
        };
        object["status"][2] = object["status"][2].as_array().into_iter().flatten().map(|it| json!(read(it))).collect();
    }
    state
}
