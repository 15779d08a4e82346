//! Hubs that are installed when a test begins: each kind for real, once in a run, by whichever test needs it first; all
//! others begin with a snapshot of it, on any cluster.

use std::fs;
use std::time::UNIX_EPOCH;

use backstack_testbed::Cluster;

use super::back;
use super::fixture::{Hub, TESTBED, lease};
use crate::bead::fixture::Bead;

/// What is on the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Argo CD alone.
    Plain,
    /// Argo CD, and Crossplane as a component of the hub.
    Component,
    /// Argo CD, and Crossplane as a bead.
    Crossplane,
    /// Argo CD, and Crossplane and Kyverno as beads.
    Whole,
    /// Argo CD, and Crossplane, Kyverno and Backstage as beads, from one bundle; a shop of others is beside them.
    Back,
}

impl Kind {
    /// The name of its snapshot, which is another one for another program: a testbed may outlive many.
    fn snapshot(self) -> String {
        let program = fs::metadata(env!("CARGO_BIN_EXE_backstack")).and_then(|it| it.modified()).expect("the program");
        let built = program.duration_since(UNIX_EPOCH).expect("a time").as_millis();
        format!("{self:?}-{built}").to_lowercase()
    }

    fn components(self) -> &'static [&'static str] {
        if self == Self::Component { &["crossplane"] } else { &[] }
    }

    /// The kind that it is made from, and the bead that makes the difference.
    fn base(self) -> Option<(Self, &'static str)> {
        match self {
            Self::Plain | Self::Component | Self::Back => None,
            Self::Crossplane => Some((Self::Plain, "crossplane")),
            Self::Whole => Some((Self::Crossplane, "kyverno")),
        }
    }

    /// A hub of this kind on a cluster that has it already, or is to get it.
    fn on(self, cluster: Cluster) -> Hub {
        if self == Self::Back { back::beside(cluster) } else { Hub::of_cluster(cluster, self.components()) }
    }

    /// Installs it on what it is made from, or on an empty cluster; `watch` sees that before.
    fn install<T>(self, watch: impl FnOnce(&Hub) -> T) -> (Hub, T) {
        let Some((base, bead)) = self.base() else {
            let hub = self.on(lease(TESTBED.lease()));
            let watched = watch(&hub);
            if self == Self::Back {
                back::install(&hub);
            } else {
                hub.run("install").expect(0);
            }
            return (hub, watched);
        };
        let hub = Hub::installed(base);
        let watched = watch(&hub);
        Bead::shipped(&hub, bead).run("install").expect(0);
        (hub, watched)
    }
}

impl Hub {
    /// A hub that is installed, handed over and at rest.
    pub fn installed(kind: Kind) -> Self {
        let name = kind.snapshot();
        let (recorded, recording) = TESTBED.recording(&name).expect("the testbed answers");
        if recorded {
            drop(recording);
            return kind.on(lease(TESTBED.lease_recorded(&name)));
        }
        let (hub, ()) = kind.install(|_| ());
        hub.cluster.record(&name).expect("recorded");
        hub
    }

    /// The same, but always for real, for a test that wants to see it come up.
    pub fn installed_under<T>(kind: Kind, watch: impl FnOnce(&Self) -> T) -> (Self, T) {
        let name = kind.snapshot();
        let (recorded, recording) = TESTBED.recording(&name).expect("the testbed answers");
        let _others_wait = (!recorded).then_some(recording);
        let (hub, watched) = kind.install(watch);
        if !recorded {
            hub.cluster.record(&name).expect("recorded");
        }
        (hub, watched)
    }
}
