//! What a cluster step lets go: objects on the cluster, resources of a module, and two words.

use crate::actions::named::Named;
use crate::guard::Hanging;
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome};
use crate::spec::ClusterStep;

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
}

impl MayRemove {
    /// Those of a step.
    pub fn of(step: &ClusterStep) -> Self {
        let texts = step.may_remove.iter().map(|it| it.trim().to_owned()).collect();
        Self { named: Named::of(&step.may_remove), texts }
    }

    /// Whether a cluster that does not answer may go without a look at it.
    pub fn has_cluster(&self) -> bool {
        self.named.has(CLUSTER)
    }

    /// Whether what a lost state held may be forgotten.
    pub fn has_state(&self) -> bool {
        self.named.has(STATE)
    }

    /// Whether a resource of a module may be destroyed or replaced.
    pub fn has_address(&self, address: &str) -> bool {
        self.named.has(address) || self.texts.iter().any(|it| it == address)
    }

    /// The `APIServices` without which a look goes on.
    pub fn api_services(&self) -> impl Iterator<Item = String> {
        self.named.api_services()
    }

    /// Refuses to destroy or replace resources that are not named.
    pub fn demand_addresses(&self, removed: &[String], replaced: &[String]) -> Outcome<()> {
        let lines = |all: &[String], what: &str| -> Vec<(String, String)> {
            let unnamed = all.iter().filter(|it| !self.has_address(it));
            unnamed.map(|it| (it.clone(), format!("{it}: would be {what}"))).collect()
        };
        let unnamed = [lines(replaced, "destroyed and made anew"), lines(removed, "destroyed")].concat();
        if unnamed.is_empty() {
            return Ok(());
        }
        let things =
            if unnamed.len() == 1 { "one resource".to_owned() } else { format!("{} resources", unnamed.len()) };
        let addresses: Vec<&str> = unnamed.iter().map(|(address, _)| address.as_str()).collect();
        Err(Failure::refused(format!("the plan would destroy {things}; nothing was changed"))
            .details(unnamed.iter().map(|(_, line)| line))
            .hint(format!(
                "change the module or its variables so that they stay, or let them go with whatever is on them: `mayRemove: [{}]`",
                addresses.join(", ")
            )))
    }

    /// Refuses while something on the cluster would be lost that is not named; tells what is.
    pub fn demand_objects(&self, lost: &[Hanging], console: &Console) -> Outcome<()> {
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
        assert!(refused.exit.code() == 3 && refused.hint.expect("one").contains("`mayRemove: [c.d, a.b]`"));
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
        named(&["Bucket.s3.example.org/*"]).demand_objects(&[bucket], &console).expect("named");
    }
}
