//! The way through a set: each object is begun when what it needs is done, many at a time.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::Value;

use super::fault::Fault;
use super::order::Order;
use crate::report::Outcome;

/// Requests under way at once. An ordinary user has about 49 seats at the API server's priority and fairness: 20 of 245
/// shares of the 600 requests that it serves at a time (apiserver 1.37, `pkg/apis/flowcontrol/bootstrap/default.go`,
/// `global-default`), and a write takes one. What comes in too much it queues, or refuses with a 429, which is asked again.
const AT_ONCE: usize = 32;

/// What became of a set.
#[derive(Debug)]
pub struct Walked<T> {
    /// What came of the objects that were done.
    pub done: Vec<T>,
    /// What failed, the same first in every run.
    pub faults: Vec<Fault>,
    /// What was not tried since it needs something that failed, a line each.
    pub not_tried: Vec<String>,
}

/// Does this with each object as soon as what it needs of the set is done. Where that fails, what needs it is not tried; all the
/// rest is.
pub async fn walk<'o, T>(
    objects: &[&'o Value],
    act: impl AsyncFn(&'o Value) -> Result<T, Fault>,
) -> Outcome<Walked<T>> {
    let mut order = Order::of(objects)?;
    let mut under_way = FuturesUnordered::new();
    let (mut done, mut faults) = (Vec::new(), BTreeMap::new());
    let act = &act;
    loop {
        while under_way.len() < AT_ONCE
            && let Some((place, object)) = order.begin()
        {
            under_way.push(async move { (place, act(object).await) });
        }
        match under_way.next().await {
            None => break,
            Some((place, Ok(it))) => {
                order.done(place);
                done.push(it);
            }
            Some((place, Err(fault))) => _ = faults.insert(place, fault),
        }
    }
    let not_tried = order.waiting().map(|(object, need)| format!("{object} was not tried: it needs {need}")).collect();
    Ok(Walked { done, faults: faults.into_values().collect(), not_tried })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use serde_json::json;

    use super::*;
    use crate::engine::FaultKind;
    use crate::object::name;

    fn object(api_version: &str, kind: &str, name: &str) -> Value {
        let namespace = (kind != "Namespace").then_some("n");
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}})
    }

    fn set() -> Vec<Value> {
        let mut application = object("argoproj.io/v1alpha1", "Application", "root");
        application["spec"]["project"] = "hub".into();
        let project = object("argoproj.io/v1alpha1", "AppProject", "hub");
        let mut set = vec![object("v1", "Namespace", "n"), application, project];
        set.extend((0..40).map(|number| object("v1", "Secret", &format!("secret-{number}"))));
        set
    }

    #[tokio::test]
    async fn as_many_as_are_free_are_under_way_and_no_more_than_are_borne() {
        let set = set();
        let (now, most) = (RefCell::new(0), RefCell::new(0));
        let act = async |object: &Value| {
            *now.borrow_mut() += 1;
            let here = *now.borrow();
            most.replace_with(|most| here.max(*most));
            tokio::task::yield_now().await;
            *now.borrow_mut() -= 1;
            Ok::<_, Fault>(name(object).to_owned())
        };
        let walked = walk(&set.iter().collect::<Vec<_>>(), act).await.expect("no circle");
        assert_eq!((walked.done.len(), most.into_inner()), (set.len(), AT_ONCE));
        assert_eq!(walked.done[0], "n", "the namespace alone, before all that is in it");
        assert!(walked.faults.is_empty() && walked.not_tried.is_empty(), "{walked:?}");
    }

    #[tokio::test]
    async fn what_needs_what_failed_is_not_tried_and_the_rest_is() {
        let set = set();
        let act = async |object: &Value| match name(object) {
            "hub" | "secret-1" => Err(Fault::new(FaultKind::Invalid, &format!("apply {}", name(object)), "no")),
            _ => Ok(()),
        };
        let walked = walk(&set.iter().collect::<Vec<_>>(), act).await.expect("no circle");
        let failed: Vec<&str> = walked.faults.iter().map(|it| it.doing.as_str()).collect();
        assert_eq!(failed, ["apply hub", "apply secret-1"]);
        assert_eq!(walked.not_tried, ["Application n/root was not tried: it needs AppProject n/hub"]);
        assert_eq!(walked.done.len(), set.len() - 3);
    }
}
