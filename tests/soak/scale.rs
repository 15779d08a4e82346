//! What each verb asks of the API server beside a crowd of others: counted by a proxy, in requests and in bytes of answers, so that
//! it holds on a machine of any speed.

use std::collections::BTreeMap;
use std::process::Output;
use std::rc::Rc;

use backstack_testbed::Crowd;
use tokio::runtime::Builder;

use super::hub::{Hub, lease};
use super::requests::{is_of_waits, lasting};
use super::state::at_rest;
use super::way::Way;

/// Few of everything.
const FEW: Crowd = Crowd { objects: 100, applications: 20, definitions: 4 };
/// The same with many objects that no verb has to do with.
const MANY_OBJECTS: Crowd = Crowd { objects: 2600, ..FEW };
/// Many of everything.
const MANY: Crowd = Crowd { applications: 280, definitions: 40, ..MANY_OBJECTS };

/// The most objects of one page of a list: of whole ones, and of their metadata (`engine/cluster/list.rs`).
const PAGE: usize = 250;
const PAGE_OF_METADATA: usize = 500;
/// What of each is in an answer, in bytes at most: an Application whole, its metadata, a definition with its kind and the objects of
/// that, and the metadata of an object.
const OF_APPLICATION: usize = 18_000;
const OF_ITS_METADATA: usize = 4_600;
const OF_DEFINITION: usize = 6_000;
const OF_OBJECT: usize = 700;
/// What the same requests may bring more, in bytes: names and numbers are not always as long.
const OF_NAMES: usize = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Status,
    Verify,
    Diff,
    Rerun,
    RefusedUninstall,
    BeadInstall,
    BeadRemoval,
}

/// How often a verb has to look at all of others: at their Applications, at their definitions with the kinds of these, and at
/// the objects of a kind of which it has any.
struct Looks {
    applications: usize,
    metadata_of_applications: usize,
    definitions: usize,
    objects: usize,
}

/// What a verb has asked for.
struct Asked {
    /// Different ones with the bytes of their answers: a wait asks for the same once more, and how often is a matter of time. The
    /// pages of a list but its first are one, with the bytes of all.
    requests: BTreeMap<String, usize>,
}

impl Verb {
    const ALL: [Self; 7] = [
        Self::Status,
        Self::Verify,
        Self::Diff,
        Self::Rerun,
        Self::RefusedUninstall,
        Self::BeadInstall,
        Self::BeadRemoval,
    ];

    /// `status` shows every Application, and a guard whatever an Application could hold. What hangs on the hub or on a bead can be
    /// of any kind, and a copy of what a bead has brought can be any object of that kind; both are looked at anew before each of the
    /// two commits of a removal.
    fn looks(self) -> Looks {
        let (applications, metadata_of_applications, definitions, objects) = match self {
            Self::Status | Self::Rerun => (1, 0, 0, 0),
            Self::BeadInstall => (1, 1, 0, 0),
            Self::Verify | Self::Diff => (0, 0, 0, 0),
            Self::RefusedUninstall => (1, 0, 2, 0),
            Self::BeadRemoval => (2, 2, 2, 2),
        };
        Looks { applications, metadata_of_applications, definitions, objects }
    }

    /// Goes it to its end.
    fn done(self, hub: &Hub) -> Asked {
        hub.proxy.forget();
        let child = match self {
            Self::Status => hub.start("hub", "status", ""),
            Self::Verify => hub.start("hub", "verify", ""),
            Self::Diff => hub.start("hub", "diff", ""),
            Self::Rerun => Way::Rerun.start(hub),
            Self::RefusedUninstall => Way::Uninstall.start(hub),
            Self::BeadInstall => Way::BeadInstall.start(hub),
            Self::BeadRemoval => Way::BeadRemoval.start(hub),
        };
        let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
        let code = if self == Self::RefusedUninstall { 3 } else { 0 };
        assert_eq!(status.code(), Some(code), "{self:?}: {}", String::from_utf8_lossy(&stderr));
        let seen = hub.proxy.seen();
        let mut requests = BTreeMap::new();
        for it in seen.iter().filter(|it| !is_of_waits(&it.line)) {
            let is_further = it.line.contains("continue=");
            let page = if is_further { "further pages of " } else { "" };
            let bytes: &mut usize = requests.entry(format!("{page}{}", lasting(&it.line))).or_default();
            *bytes = if is_further { *bytes + it.received } else { it.received };
        }
        Asked { requests }
    }
}

impl Asked {
    fn bytes(&self) -> usize {
        self.requests.values().sum()
    }
}

/// What is there more is asked for only by the verb that has to look at it, a page at a time, and as often as is said here. What
/// nobody has to look at is no request and no byte more.
#[test]
#[ignore = "needs the testbed"]
fn a_verb_asks_for_no_more_beside_a_crowd_than_it_has_to_look_at() {
    let cluster = Rc::new(lease());
    let hub = Way::Rerun.hub(&cluster);
    // The namespace of a bead stays, and is looked into when the bead comes again.
    Way::BeadInstall.done(&hub);
    Way::BeadRemoval.done(&hub);
    let asked = [FEW, MANY_OBJECTS, MANY].map(|crowd| (crowd, beside(crowd, &hub)));
    for [(before, less), (after, more)] in [[&asked[0], &asked[1]], [&asked[1], &asked[2]]] {
        for verb in Verb::ALL {
            let (less, more) = (&less[&verb], &more[&verb]);
            let (requests, bytes) = most_more(&verb.looks(), before, after);
            let new: Vec<&String> = more.requests.keys().filter(|it| !less.requests.contains_key(*it)).collect();
            let told = format!(
                "{verb:?} at {after:?}: {} requests after {}, {} bytes after {}",
                more.requests.len(),
                less.requests.len(),
                more.bytes(),
                less.bytes()
            );
            println!("{told}");
            assert!(more.requests.len() <= less.requests.len() + requests, "{told}, at most {requests} more: {new:#?}");
            assert!(more.bytes() <= less.bytes() + bytes, "{told}, at most {bytes} more");
        }
    }
}

/// What each verb asks for beside this crowd. The hub is as before when all are done.
fn beside(crowd: Crowd, hub: &Hub) -> BTreeMap<Verb, Asked> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(crowd.make(hub.cluster.kubeconfig())).expect("a crowd");
    // What a round has left, such as a commit that nobody has proven, is no part of the next one.
    Way::Rerun.done(hub);
    let done = |verb: Verb| {
        // What the one before has left Argo CD to do is none of the next one's.
        at_rest(hub);
        (verb, verb.done(hub))
    };
    Verb::ALL.into_iter().map(done).collect()
}

/// How many requests and bytes more there may be where a crowd grows.
fn most_more(looks: &Looks, before: &Crowd, after: &Crowd) -> (usize, usize) {
    let applications = after.applications - before.applications;
    let definitions = after.definitions - before.definitions;
    let objects = after.objects - before.objects;
    let requests = looks.applications * applications.div_ceil(PAGE)
        + looks.metadata_of_applications * applications.div_ceil(PAGE_OF_METADATA)
        + looks.definitions * definitions
        + looks.objects * objects.div_ceil(PAGE_OF_METADATA);
    let bytes = looks.applications * applications * OF_APPLICATION
        + looks.metadata_of_applications * applications * OF_ITS_METADATA
        + looks.definitions * definitions * OF_DEFINITION
        + looks.objects * objects * OF_OBJECT;
    (requests, bytes + OF_NAMES)
}
