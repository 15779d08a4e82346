//! The memory and time of each action on a hub whose cluster has thousands of Applications and other objects, at a tenth of the crowd
//! and at the whole of it, beside kubectl, which lists them.

use anyhow::Result;
use backstack_testbed::Crowd;

use crate::clock::watch;
use crate::hub::{Hub, add};
use crate::report::{Bound, Measure, OURS, Report, say};

/// What an action may hold, however many there are.
const BOUND: f64 = 60.0;
const TENTH: Crowd = Crowd { objects: 10_000, applications: 500, definitions: 30 };
const WHOLE: Crowd = Crowd { objects: 100_000, applications: 5000, definitions: 300 };

/// Makes the crowd, and adds the efforts.
pub fn measure(hub: &Hub<'_>, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    report.section("Beside a crowd");
    for crowd in [TENTH, WHOLE] {
        let Crowd { objects, applications, definitions } = crowd;
        let beside = format!("{applications} Applications");
        say(&format!("the same hub beside {beside}, {definitions} definitions and {objects} other objects"));
        runtime.block_on(crowd.make(hub.cluster.kubeconfig()))?;
        let bound = Bound::most(BOUND, Measure::Memory);
        for (action, code) in [("status", 0), ("install", 0), ("verify", 0), ("diff", 0), ("uninstall", 3)] {
            add(report, &format!("{action}, {beside}"), OURS, hub.run(action, code)?, Some(bound.clone()));
        }
        let list = format!("status, {beside}");
        let get = watch(hub.kubectl().args(["get", "applications", "--all-namespaces"]), "", "kubectl", 0)?;
        add(report, &list, "kubectl get", get, None);
        let json = ["get", "applications", "--all-namespaces", "--output", "json"];
        add(report, &list, "kubectl get -o json", watch(hub.kubectl().args(json), "", "kubectl", 0)?, None);
    }
    Ok(())
}
