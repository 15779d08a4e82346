//! The verbs of the cluster step: one that exists is found, one that is made is made, looked at, and taken away again.
//!
//! `install.rs` and `uninstall.rs` are the ways from top to bottom, whatever makes the cluster (`maker.rs`). Whose a cluster
//! is stands in `record.rs`, and is decided in `origin.rs`.

mod connect;
mod gone;
mod install;
mod kubeconfig;
mod look;
mod maker;
mod mark;
mod may_remove;
mod module;
mod origin;
mod private_file;
mod record;
mod tools;
mod uninstall;
mod with_kind;
mod with_opentofu;

use std::path::Path;

pub use connect::connect;
pub use kubeconfig::of as reached_by;

use crate::document::{ClusterStep, Existing, OnUninstall};
use crate::engine::Deadline;
use crate::kind::Kind;
use crate::report::{Console, Failure, Outcome};
use crate::run::Found;
use maker::Maker;
use record::Kept;
use tools::Tools;
use with_kind::WithKind;

/// Does what an action means for the cluster of a step.
pub async fn act(
    action: &str,
    step: &ClusterStep,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    if let Some(existing) = &step.existing {
        return act_on_existing(action, existing, step, deadline, console, found).await;
    }
    if action == "uninstall" && step.on_uninstall == Some(OnUninstall::Leave) {
        console.done("cluster", "it is left standing, as the step says");
        return Ok(());
    }
    match (&step.opentofu, &step.kind) {
        (Some(module), _) => {
            let maker = module::prepare(module, folder(step), deadline, console).await?;
            act_with(&maker, action, step, deadline, console, found).await
        }
        (None, Some(cluster)) => {
            let tools = Tools::find("kind", console)?;
            let program = Kind::new(tools.program, deadline.end());
            let maker = WithKind { program, cluster, deadline, console };
            act_with(&maker, action, step, deadline, console, found).await
        }
        (None, None) => Err(Failure::usage("the step has no cluster").hint("give it `existing`, `opentofu` or `kind`")),
    }
}

async fn act_on_existing(
    action: &str,
    existing: &Existing,
    step: &ClusterStep,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    match (action, step.on_uninstall) {
        ("uninstall", Some(OnUninstall::CheckOnly)) => {
            uninstall::check_only(existing, step, deadline, console, found).await
        }
        ("uninstall", _) => {
            console.done("cluster", "an adopted cluster is left standing");
            Ok(())
        }
        _ => connect(existing, deadline, console, found).await.map(drop),
    }
}

async fn act_with<M: Maker>(
    maker: &M,
    action: &str,
    step: &ClusterStep,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    let mut kept = Kept::read(folder(step), M::BY)?;
    match (action, step.on_uninstall) {
        _ if step.connect_only => look::look(maker, &kept, step, action == "uninstall", deadline, console, found).await,
        ("install" | "upgrade", _) => install::install(maker, &mut kept, step, deadline, console, found).await,
        ("uninstall", Some(OnUninstall::CheckOnly)) => {
            uninstall::check_only_made(maker, &kept, step, deadline, console, found).await
        }
        ("uninstall", _) => uninstall::uninstall(maker, &mut kept, step, deadline, console, found).await,
        _ => look::look(maker, &kept, step, false, deadline, console, found).await,
    }
}

/// The folder for what the next run has to know.
fn folder(step: &ClusterStep) -> &Path {
    Path::new(step.state.as_deref().unwrap_or_default())
}
