//! The real peers of backstack on one machine, on loopback only.
//!
//! Everything that a hub meets in production runs here as an ordinary process, built from
//! package registries and started in seconds: etcd, the API server, the controller manager,
//! the scheduler, a node made by kwok, Argo CD, redis, Crossplane, Kyverno, a git server with a
//! reader and a writer, and an OCI registry. Nothing is mocked but the containers: [`kubelet`]
//! starts the programs on the host when the cluster schedules their pods.
//!
//! The rooms, from the ground up:
//!
//! * [`paths`] – where things are kept; [`progress`] – what a person sees meanwhile
//! * [`build`] – fills the cache with the pinned programs
//! * [`process`], [`ports`], [`loopback`], [`tunnel`], [`gate`], [`pki`] – one child, one port, one request, one
//!   connection between two loopbacks, one more address of a server, one certificate; [`faults`] – a way to an API server on
//!   which requests go wrong; [`distance`] – one that takes longer
//! * [`etcd`], [`apiserver`], [`control_plane`] – one cluster, and its way back to the first minute; [`snapshot`] – its way
//!   to what another one has become; [`crowd`] – the many objects that a cluster may have
//! * [`git`], [`forge`], [`registry`] – what a hub reads from; [`gitea`] – a real forge; [`backstage`] – a backend that reads
//!   the same repository
//! * [`kubelet`] – the pods of Argo CD, Crossplane and Kyverno as host processes
//! * [`played`] – an Argo CD that is none, for tests that need thousands of handovers
//! * [`supervisor`], [`control`], [`description`] – one process that owns them all, how it is
//!   talked to, and what it says about itself
//! * [`testbed`], [`cluster`], [`repository`] – what a test holds; `package`, `chart` – what it installs;
//!   `shuffle` – which of many it tries; [`baseline`] – the numbers that it holds against recorded ones
//! * [`readers`] – the libraries that read YAML in all of them; [`opentofu`] – OpenTofu with a mirror of providers
//! * [`porter`] – the store, the configuration and the run driver for the real Porter
//!
//! A test starts a [`Testbed`], takes a [`Cluster`] and a [`Repository`], and drops them:
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let testbed = backstack_testbed::Testbed::start(1)?;
//! let cluster = testbed.lease().await?;
//! let repository = testbed.repository()?;
//! println!("{} {}", cluster.kubeconfig().display(), repository.url());
//! # Ok(())
//! # }
//! ```

pub mod apiserver;
pub mod artifact;
pub mod backstage;
pub mod baseline;
pub mod build;
mod chart;
pub mod cluster;
pub mod control;
pub mod control_plane;
pub mod crowd;
pub mod description;
pub mod distance;
pub mod etcd;
pub mod faults;
pub mod forge;
pub mod gate;
pub mod git;
pub mod gitea;
pub mod kind;
pub mod kubelet;
pub mod loopback;
pub mod opentofu;
mod package;
pub mod paths;
pub mod pki;
pub mod played;
pub mod porter;
pub mod ports;
pub mod process;
mod program;
pub mod progress;
pub mod readers;
pub mod registry;
pub mod repository;
mod shuffle;
pub mod snapshot;
pub mod supervisor;
pub mod testbed;
pub mod tunnel;

pub use backstage::Backstage;
pub use baseline::{Baseline, Counts};
pub use cluster::Cluster;
pub use crowd::Crowd;
pub use description::Description;
pub use distance::Distance;
pub use faults::FaultProxy;
pub use gate::Gate;
pub use gitea::Gitea;
pub use played::PlayedArgoCd;
pub use repository::Repository;
pub use shuffle::shuffle;
pub use testbed::Testbed;
