//! What holds whatever went wrong: I1 to I6 of docs/safety.md.

use std::collections::{BTreeMap, BTreeSet};

use backstack::engine::{Applied, MANAGER};
use backstack::object::{ObjectRef, name};
use backstack::report::Outcome;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::bench::{Bench, INTRODUCTION, LONG, install};
use super::set::{HIDDEN, Set};
use crate::hub::fixture::managers;
use crate::support::on_cluster::try_on_cluster;

/// The objects of a set as they are, by their names.
pub type State = BTreeMap<String, Value>;

impl Bench {
    /// Demands that an installation ends well; see [`Self::ends_well`].
    #[track_caller]
    pub fn installs(&self, set: &Set) {
        let outcome = self.install(set);
        self.ends_well(set, outcome);
    }

    /// Demands that a second installation changes nothing.
    #[track_caller]
    pub fn settles(&self, set: &Set) {
        self.converges(set);
        let before = self.versions(set);
        self.converges(set);
        assert_eq!(self.versions(set), before);
    }

    /// Demands that this has come of an installation, that the rest holds, and that the next one ends as if nothing had
    /// happened.
    #[track_caller]
    pub fn ends_well(&self, set: &Set, outcome: Outcome<Applied>) {
        outcome.unwrap_or_else(|failure| panic!("{}", failure.render()));
        assert_eq!(self.state(set), clean(self, set), "I1: who says that all is there is right");
        let seen = self.proxy.seen();
        let faults = seen.iter().filter(|it| it.fault.is_some()).count();
        let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
        for it in &seen {
            *asked.entry(it.line.as_str()).or_default() += 1;
        }
        // A connection that is cut takes along all that is under way on it.
        let is_little = asked.len() <= most_requests(set) && asked.values().all(|times| *times <= 1 + faults);
        assert!(is_little, "I5: {} requests and {faults} faults: {asked:#?}", seen.len());
        self.holds(set);
    }

    /// The same of one that fails with these words; it goes on when nothing fails any more.
    #[track_caller]
    pub fn fails(&self, set: &Set, outcome: Outcome<Applied>, words: &[&str]) {
        let failure = outcome.expect_err("I1: who says that all is there is right");
        let told = failure.render();
        for words in words {
            assert!(told.contains(words), "`{words}` is not in:\n{told}");
        }
        for hidden in [HIDDEN.to_owned(), STANDARD.encode(HIDDEN)] {
            assert!(!told.contains(&hidden), "I6: {told}");
        }
        assert!(told.contains("hint:"), "{told}");
        self.holds(set);
    }

    /// Demands that nothing is wrong any more after an installation without faults.
    #[track_caller]
    pub fn converges(&self, set: &Set) {
        self.proxy.mend();
        self.proxy.forget();
        self.installs(set);
    }

    /// Demands what holds whether a run has ended well or not.
    #[track_caller]
    pub fn holds(&self, set: &Set) {
        let known: BTreeSet<ObjectRef> = set.objects.iter().map(ObjectRef::of).collect();
        let strays = ours(self, set).into_iter().filter(|it| !known.contains(it)).collect::<Vec<_>>();
        assert_eq!(strays, [], "I2: nothing is ours that the set does not name");
        let others = self.api.kubectl(&["get", "configmap", "of-others", "-o", "json", "--show-managed-fields"]);
        let others: Value = serde_json::from_str(&others).expect("kubectl prints JSON");
        assert_eq!((&others["data"], managers(&others).len()), (&json!({"of": "others"}), 1), "I4: {others:#}");
    }

    /// The objects of a set as they are; those that are not there are left out.
    pub fn state(&self, set: &Set) -> State {
        state(self, set)
    }

    /// Which version each of them is in.
    pub fn versions(&self, set: &Set) -> BTreeMap<String, String> {
        let read = |live: Option<&Value>| live.map(|it| it["metadata"]["resourceVersion"].to_string());
        live(self, set).iter().map(|(name, live)| (name.to_string(), read(live.as_ref()).unwrap_or_default())).collect()
    }
}

/// A read and a write an object, and what is asked before.
fn most_requests(set: &Set) -> usize {
    2 * set.objects.len() + INTRODUCTION
}

/// What the set is after an installation without a fault, in a namespace beside it.
fn clean(bench: &Bench, set: &Set) -> State {
    let namespace = format!("{}-clean", set.namespace);
    let text = json!(set.objects).to_string().replace(&format!("\"{}\"", set.namespace), &format!("\"{namespace}\""));
    let beside = Set { namespace, objects: serde_json::from_str(&text).expect("still objects") };
    install(bench.api.kubeconfig(), &beside, LONG).unwrap_or_else(|failure| panic!("{}", failure.render()));
    state(bench, &beside)
}

fn state(bench: &Bench, set: &Set) -> State {
    let lasting = |live: Value| {
        let all = live["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let ours = all.into_iter().find(|it| it["manager"] == MANAGER && it["operation"] == "Apply");
        let ours = ours.map(|it| it["fieldsV1"].clone());
        let parts = ["data", "spec", "rules", "roleRef", "subjects", "type"].map(|part| live[part].clone());
        let text = json!([parts, live["metadata"]["labels"], ours]).to_string();
        serde_json::from_str::<Value>(&text.replace(&set.namespace, "NAMESPACE")).expect("still JSON")
    };
    let found = live(bench, set).into_iter().filter_map(|(name, live)| Some((name, live?)));
    found.map(|(name, live)| (name.to_string().replace(&set.namespace, "NAMESPACE"), lasting(live))).collect()
}

fn live(bench: &Bench, set: &Set) -> Vec<(ObjectRef, Option<Value>)> {
    let read = try_on_cluster(bench.api.kubeconfig(), LONG, async |cluster| {
        cluster.learn(&set.objects);
        let mut found = Vec::new();
        for object in set.objects.iter().filter(|it| !ObjectRef::of(it).is_crd()) {
            let name = ObjectRef::of(object);
            let live = cluster.get(&name).await?;
            found.push((name, live));
        }
        Ok(found)
    });
    read.unwrap_or_else(|failure| panic!("{}", failure.render()))
}

/// What is in the namespace by our hand, of the kinds of the set.
fn ours(bench: &Bench, set: &Set) -> Vec<ObjectRef> {
    let kinds: BTreeSet<ObjectRef> =
        set.objects.iter().map(ObjectRef::of).filter(|it| it.namespace.is_some()).collect();
    let kinds: BTreeSet<ObjectRef> = kinds.into_iter().map(|it| ObjectRef { name: String::new(), ..it }).collect();
    let read = try_on_cluster(bench.api.kubeconfig(), LONG, async |cluster| {
        cluster.learn(&set.objects);
        let mut found = Vec::new();
        for kind in &kinds {
            let all = cluster.list_metadata(kind).await?;
            let ours = all.iter().filter(|it| managers(it).iter().any(|manager| manager == MANAGER));
            found.extend(ours.map(|it| ObjectRef { name: name(it).to_owned(), ..kind.clone() }));
        }
        Ok(found)
    });
    read.unwrap_or_else(|failure| panic!("{}", failure.render()))
}
