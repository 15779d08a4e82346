//! What a cluster step lets go: objects on the cluster, resources of a module, and two words.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::iter;

use crate::document::ClusterStep;
use crate::guard::Hanging;
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome};
use crate::run::Named;

/// Whatever is on a cluster that does not answer.
const CLUSTER: &str = "cluster";
/// What a state held that is not there any more.
const STATE: &str = "state";

/// The names of `mayRemove`.
#[derive(Debug, Clone, Default)]
pub struct MayRemove {
    named: Named,
    /// As they are written: an address can have a comma in it.
    texts: Vec<String>,
    /// Those that have let something go.
    used: RefCell<BTreeSet<String>>,
}

impl MayRemove {
    /// Those of a step.
    pub fn of(step: &ClusterStep) -> Self {
        let texts = step.may_remove.iter().map(|it| it.trim().to_owned()).collect();
        Self { named: Named::of(&step.may_remove), texts, used: RefCell::default() }
    }

    /// Whether a cluster that does not answer may go without a look at it.
    pub fn has_cluster(&self) -> bool {
        self.uses(CLUSTER)
    }

    /// Whether what a lost state held may be forgotten.
    pub fn has_state(&self) -> bool {
        self.uses(STATE)
    }

    /// Whether a resource of a module may be destroyed or replaced.
    pub fn has_address(&self, address: &str) -> bool {
        if self.texts.iter().any(|it| it == address) {
            self.used.borrow_mut().extend(address.split(',').map(|it| it.trim().to_owned()));
            return true;
        }
        self.uses(address)
    }

    fn uses(&self, name: &str) -> bool {
        let is_named = self.named.has(name);
        if is_named {
            self.used.borrow_mut().insert(name.to_owned());
        }
        is_named
    }

    /// Warns of names that have let nothing go: they would do so in a later run.
    pub fn warn_of_idle(&self, console: &Console) {
        for name in self.idle() {
            console.say(format!(
                "warning: `mayRemove` names {name}, which nothing that goes is called: take it out again"
            ));
        }
    }

    fn idle(&self) -> Vec<String> {
        let used = self.used.borrow();
        self.named.without_effect(iter::empty()).into_iter().filter(|it| !used.contains(it)).collect()
    }

    /// The `APIServices` without which a look goes on.
    pub fn api_services(&self) -> impl Iterator<Item = String> {
        let all = self.named.api_services();
        all.inspect(|it| {
            self.used.borrow_mut().insert(format!("APIService.apiregistration.k8s.io/{it}"));
        })
    }

    /// Refuses to destroy or replace resources that are not named.
    pub fn demand_addresses(&self, removed: &[String], replaced: &[String]) -> Outcome<()> {
        let unnamed =
            [self.unnamed(replaced, "would be destroyed and made anew"), self.unnamed(removed, "would be destroyed")]
                .concat();
        self.demand_none("the plan would destroy", &unnamed, "change the module or its variables so that they stay")
    }

    /// Refuses to make resources that the state holds once more, beside those that another credential would see.
    pub fn demand_second(&self, again: &[String]) -> Outcome<()> {
        let unnamed = self.unnamed(again, "is not seen, and would be made once more");
        let remedy = "give it the credential, the project and the region by which they were made";
        self.demand_none("the plan would make a second time", &unnamed, remedy)
    }

    fn unnamed(&self, all: &[String], what: &str) -> Vec<(String, String)> {
        let unnamed = all.iter().filter(|it| !self.has_address(it));
        unnamed.map(|it| (it.clone(), format!("{it}: {what}"))).collect()
    }

    fn demand_none(&self, would: &str, unnamed: &[(String, String)], remedy: &str) -> Outcome<()> {
        if unnamed.is_empty() {
            return Ok(());
        }
        let things =
            if unnamed.len() == 1 { "one resource".to_owned() } else { format!("{} resources", unnamed.len()) };
        let addresses = unnamed.iter().map(|(address, _)| address.as_str());
        let before = self.texts.iter().map(String::as_str).filter(|it| !it.is_empty());
        let names: Vec<&str> = before.chain(addresses).collect();
        Err(Failure::refused(format!("{would} {things}; nothing was changed"))
            .details(unnamed.iter().map(|(_, line)| line))
            .hint(format!(
                "{remedy}, or let them go with whatever is on them: `mayRemove: {}` (in a bundle: its parameter, \
                 `may-remove={}`)",
                listed(&names),
                names.join(",")
            )))
    }

    /// Refuses while something on the cluster would be lost that is not named; tells what is.
    pub fn demand_objects(&self, lost: &[Hanging], console: &Console) -> Outcome<()> {
        let idle = self.named.without_effect(lost.iter().map(|it| &it.object));
        let effective = self.named.without_effect(iter::empty()).into_iter().filter(|it| !idle.contains(it));
        self.used.borrow_mut().extend(effective);
        let (named, unnamed): (Vec<Hanging>, Vec<Hanging>) =
            lost.iter().cloned().partition(|it| self.named.covers(&it.object));
        if unnamed.is_empty() {
            for it in &named {
                console.done("loses", it.to_string());
            }
            return Ok(());
        }
        let things = if unnamed.len() == 1 { "one object".to_owned() } else { format!("{} objects", unnamed.len()) };
        let objects: Vec<&ObjectRef> = unnamed.iter().map(|it| &it.object).collect();
        Err(Failure::refused(format!(
            "{things} on the cluster would be lost or orphaned with it; nothing was destroyed"
        ))
        .details(Hanging::lines(&unnamed))
        .hint(format!("remove them, or {}; then run again", self.named.remedy(objects.into_iter()))))
    }

    /// How a step goes on without the cluster, or without the state.
    pub fn remedy_of_cluster() -> String {
        format!("to destroy it without a look at what is on it: `mayRemove: [{CLUSTER}]`")
    }

    /// The same of a state that was lost.
    pub fn remedy_of_state() -> String {
        format!("to forget it, with whatever it held: `mayRemove: [{STATE}]`, which destroys nothing")
    }

    /// The same of a state that may lack something.
    pub fn remedy_of_torn() -> String {
        format!(
            "run install again, which goes on; or look what is there that the state lacks, and to destroy just what it holds: \
             `mayRemove: [{STATE}]`"
        )
    }
}

/// The names as a list of YAML: an address with a key has quotes and brackets in it.
fn listed(names: &[&str]) -> String {
    let quoted = |name: &&str| {
        if name.contains(['[', '"', ',', '*']) { format!("'{}'", name.replace('\'', "''")) } else { (*name).to_owned() }
    };
    format!("[{}]", names.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(texts: &[&str]) -> MayRemove {
        let may_remove = texts.iter().map(|&it| it.to_owned()).collect();
        MayRemove::of(&ClusterStep { may_remove, ..ClusterStep::default() })
    }

    #[test]
    fn a_resource_goes_by_its_whole_address_alone() {
        let all = named(&["google_container_cluster.hub, terraform_data.a", " google_subnet.b[\"x,y\"]", "cluster"]);
        for address in ["google_container_cluster.hub", "terraform_data.a", "google_subnet.b[\"x,y\"]"] {
            assert!(all.has_address(address), "{address}");
        }
        assert!(!all.has_address("google_subnet.b") && !all.has_address("hub"));
        assert!(all.has_cluster() && !all.has_state());
        let refused = all.demand_addresses(&["a.b".to_owned()], &["terraform_data.a".to_owned(), "c.d".to_owned()]);
        let refused = refused.expect_err("not named");
        assert_eq!(refused.details, ["c.d: would be destroyed and made anew", "a.b: would be destroyed"]);
        assert!(refused.exit.code() == 3 && refused.hint.expect("one").contains("cluster, c.d, a.b]`"));
        let second = all.demand_second(&["terraform_data.a".to_owned(), "c.d".to_owned()]).expect_err("not named");
        assert_eq!(second.details, ["c.d: is not seen, and would be made once more"]);
        let keyed = named(&["state"]).demand_addresses(&["a.b[\"x\"]".to_owned()], &[]).expect_err("not named");
        let hint = keyed.hint.expect("one");
        assert!(hint.contains("`may-remove=state,a.b[\"x\"]`"), "{hint}");
        let list = hint.split_once("`mayRemove: ").expect("a list").1.split_once('`').expect("its end").0;
        assert_eq!(list, "[state, 'a.b[\"x\"]']", "as YAML takes it");
    }

    #[test]
    fn an_object_goes_by_its_kind_group_and_name() {
        let bucket =
            Hanging { object: ObjectRef::new("s3.example.org/v1", "Bucket", None, "precious"), why: "why".to_owned() };
        let console = Console::new(true);
        let refused =
            named(&["cluster"]).demand_objects(std::slice::from_ref(&bucket), &console).expect_err("not named");
        assert_eq!(refused.exit.code(), 3);
        assert!(refused.hint.expect("one").contains("Bucket.s3.example.org/precious"));
        let all = named(&["Bucket.s3.example.org/*, cluster, state", "a.b[\"x,y\"]"]);
        all.demand_objects(&[bucket], &console).expect("named");
        assert_eq!(all.idle(), ["a.b[\"x", "cluster", "state", "y\"]"]);
        assert!(all.has_cluster() && all.has_address("a.b[\"x,y\"]"));
        assert_eq!(all.idle(), ["state"]);
    }
}
