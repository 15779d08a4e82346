//! Hubs that are installed when a test begins: each kind for real, once in a run, by whichever test needs it first; all
//! others begin with a snapshot of it, on any cluster.

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
}

impl Kind {
    /// The name of its snapshot.
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Component => "component",
            Self::Crossplane => "crossplane",
            Self::Whole => "whole",
        }
    }

    fn components(self) -> &'static [&'static str] {
        if self == Self::Component { &["crossplane"] } else { &[] }
    }

    /// Installs it from what is there, or from nothing.
    fn install(self) -> Hub {
        let with_bead = |base, bead| {
            let hub = Hub::installed(base);
            Bead::shipped(&hub, bead).run("install").expect(0);
            hub
        };
        match self {
            Self::Plain | Self::Component => {
                let hub = Hub::of_cluster(lease(TESTBED.lease()), self.components());
                hub.run("install").expect(0);
                hub
            }
            Self::Crossplane => with_bead(Self::Plain, "crossplane"),
            Self::Whole => with_bead(Self::Crossplane, "kyverno"),
        }
    }
}

impl Hub {
    /// A hub that is installed, handed over and at rest.
    pub fn installed(kind: Kind) -> Self {
        let (recorded, recording) = TESTBED.recording(kind.name()).expect("the testbed answers");
        if recorded {
            drop(recording);
            return Self::of_cluster(lease(TESTBED.lease_recorded(kind.name())), kind.components());
        }
        let hub = kind.install();
        hub.cluster.record(kind.name()).expect("recorded");
        hub
    }
}
