//! What the program does, each from a state that is recorded once.

use std::process::Child;
use std::rc::Rc;

use backstack_testbed::Cluster;

use super::hub::{Hub, TESTBED, ended_well};

/// What no run may touch.
const OF_OTHERS: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: of-others}\n---\napiVersion: v1\nkind: ConfigMap\n\
                         metadata: {name: of-others, namespace: of-others}\ndata: {of: others}\n";

/// A way of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Install,
    Rerun,
    Upgrade,
    Uninstall,
    BeadInstall,
    BeadRemoval,
}

impl Way {
    pub const ALL: [Self; 6] =
        [Self::Install, Self::Rerun, Self::Upgrade, Self::Uninstall, Self::BeadInstall, Self::BeadRemoval];

    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Rerun => "re-run",
            Self::Upgrade => "upgrade",
            Self::Uninstall => "uninstall",
            Self::BeadInstall => "install of a bead",
            Self::BeadRemoval => "removal of a bead",
        }
    }

    /// What there is before, by the way that has brought it.
    fn before(self) -> Option<Self> {
        match self {
            Self::Install => None,
            Self::Rerun | Self::Upgrade | Self::Uninstall | Self::BeadInstall => Some(Self::Install),
            Self::BeadRemoval => Some(Self::BeadInstall),
        }
    }

    /// A hub as it is before this way, on this cluster. What was there is gone.
    pub fn hub(self, cluster: &Rc<Cluster>) -> Hub {
        let recorded = self.before().map(|before| before.recorded(cluster));
        cluster.begin_anew(recorded.as_deref()).expect("it begins anew");
        let hub = Hub::small(cluster);
        if recorded.is_none() {
            hub.make(OF_OTHERS);
        }
        hub
    }

    /// The name under which it is recorded what this way comes to.
    fn recorded(self, cluster: &Rc<Cluster>) -> String {
        let name = format!("soak-{}-{}", self as usize, std::process::id());
        let (is_recorded, _others_wait) = TESTBED.recording(&name).expect("the testbed answers");
        if !is_recorded {
            let hub = self.hub(cluster);
            self.done(&hub);
            cluster.record(&name).expect("recorded");
        }
        name
    }

    /// Starts it.
    pub fn start(self, hub: &Hub) -> Child {
        let url = hub.cluster.repository().url();
        let push = "push: {username: {env: GIT_PUSH_USERNAME}, password: {env: GIT_PUSH_PASSWORD}}";
        let pull = "pull: {username: {env: GIT_PULL_USERNAME}, password: {env: GIT_PULL_PASSWORD}}";
        let of_hub = format!("hub: {{file: hub.yaml, repository: {{url: \"{url}\", {push}, {pull}}}}}");
        let of_bead = format!("bead: {{file: bead.yaml, repository: {{{push}}}}}");
        let (bundle, action, step) = match self {
            Self::Install | Self::Rerun => ("hub", "install", of_hub),
            Self::Upgrade => ("upgraded", "upgrade", of_hub),
            Self::Uninstall => ("hub", "uninstall", of_hub),
            Self::BeadInstall => ("bead", "install", of_bead),
            Self::BeadRemoval => ("bead", "uninstall", of_bead),
        };
        let step = format!("{action}:\n- backstack:\n    description: soak\n    {step}\n    timeout: 8m\n");
        hub.start(bundle, action, &step)
    }

    /// Goes it to its end, which has to be a good one; what it says.
    #[track_caller]
    pub fn done(self, hub: &Hub) -> String {
        ended_well(self.start(hub), self.name())
    }
}
