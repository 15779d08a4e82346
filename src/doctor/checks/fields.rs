//! Fields that git does not hold, on objects that Argo CD deploys, and what `kubectl apply` keeps beside them.

use std::collections::BTreeSet;

use crate::doctor::code::{FOREIGN_FIELDS, LAST_APPLIED_HUGE};
use crate::doctor::facts::{Facts, Live};
use crate::doctor::finding::{Finding, Harm};

/// From this size on the next `kubectl apply` is near the 256 KiB that all annotations of an object may have together.
const HUGE: usize = 200_000;
/// How many fields are named in the sentence; all are in the details.
const NAMED: usize = 3;

/// Objects that Applications deploy, with fields that other tools have left or set.
pub fn of_others(facts: &Facts) -> Vec<Finding> {
    facts.objects.iter().filter(|it| !it.foreign.is_empty()).map(of_others_on).collect()
}

fn of_others_on(live: &Live) -> Finding {
    let tools: BTreeSet<&str> = live.foreign.iter().map(|it| it.tool.as_str()).collect();
    let tools = tools.into_iter().collect::<Vec<_>>().join(", ");
    let paths: Vec<&str> = live.foreign.iter().map(|it| it.path.as_str()).collect();
    let more = paths.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown = paths.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let says = format!("git does not hold {shown}{more}, of {tools}");
    // A label, or the time of a restart, changes nothing that runs.
    let is_mark = |path: &&str| path.starts_with("metadata.") || path.ends_with("kubectl.kubernetes.io/restartedAt");
    let harm = if paths.iter().all(is_mark) { Harm::Note } else { Harm::Trouble };
    let details = live.foreign.iter().map(|it| format!("{} ({}, {})", it.path, it.manager, it.tool)).collect();
    Finding::new(FOREIGN_FIELDS, harm, &live.object, says).with_details(details)
}

/// Objects in which `kubectl apply` keeps nearly more than fits.
pub fn last_applied(facts: &Facts) -> Vec<Finding> {
    let huge = facts.objects.iter().filter(|it| it.last_applied > HUGE);
    huge.map(|it| {
        let says = format!(
            "its last-applied-configuration has {} kB; the next client-side apply may be refused",
            it.last_applied / 1000
        );
        Finding::new(LAST_APPLIED_HUGE, Harm::Trouble, &it.object, says)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::facts::Field;
    use crate::object::ObjectRef;

    fn live(paths: &[&str]) -> Live {
        let field = |path: &&str| Field {
            path: (*path).to_owned(),
            manager: "kubectl-edit".to_owned(),
            tool: "kubectl edit".to_owned(),
        };
        Live {
            foreign: paths.iter().map(field).collect(),
            ..Live::of(ObjectRef::new("v1", "ConfigMap", Some("a"), "b"))
        }
    }

    #[test]
    fn fields_are_named_with_their_tool_and_marks_weigh_less() {
        let found = of_others_on(&live(&["data.a", "data.b", "data.c", "data.d"]));
        assert_eq!(found.says, "git does not hold data.a, data.b, data.c and 1 more, of kubectl edit");
        assert_eq!((found.harm, found.details.len()), (Harm::Trouble, 4));
        for (path, harm) in [
            ("metadata.labels.a", Harm::Note),
            ("spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt", Harm::Note),
            ("spec.replicas", Harm::Trouble),
        ] {
            assert_eq!(of_others_on(&live(&[path])).harm, harm, "{path}");
        }
    }

    #[test]
    fn a_copy_in_an_annotation_is_told_when_it_nearly_fills_the_room() {
        for (size, count) in [(HUGE, 0), (HUGE + 1, 1)] {
            let facts = Facts { objects: vec![Live { last_applied: size, ..live(&[]) }], ..Facts::default() };
            assert_eq!((last_applied(&facts).len(), of_others(&facts).len()), (count, 0));
        }
    }
}
