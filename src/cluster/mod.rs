//! The life of a cluster: one that exists is found, one that is made is made, looked at, and taken away again.
//!
//! `install.rs` and `uninstall.rs` are the ways from top to bottom, whatever makes the cluster (`maker.rs`). Whose a cluster
//! is stands in `record.rs`, and is decided in `origin.rs`.

mod connect;
mod gone;
mod install;
mod kubeconfig;
mod let_go;
mod look;
mod maker;
mod mark;
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
use crate::kind::Kind;
use crate::report::{Failure, Outcome};
use crate::run::Run;
use maker::Maker;
use record::Kept;
use tools::Tools;
use with_kind::WithKind;

/// Does what an action means for the cluster of a step.
pub async fn act(action: &str, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    if let Some(existing) = &step.existing {
        return act_on_existing(action, existing, step, run).await;
    }
    if action == "uninstall" && step.on_uninstall == Some(OnUninstall::Leave) {
        console.done("cluster", "it is left standing, as the step says");
        return Ok(());
    }
    match (&step.opentofu, &step.kind) {
        (Some(module), _) => {
            let maker = module::prepare(module, folder(step), run.deadline, console).await?;
            act_with(&maker, action, step, run).await
        }
        (None, Some(cluster)) => {
            let tools = Tools::find("kind", console)?;
            let program = Kind::new(tools.program, run.deadline.end());
            let maker = WithKind { program, cluster, deadline: run.deadline, console };
            act_with(&maker, action, step, run).await
        }
        (None, None) => Err(Failure::usage("the step has no cluster").hint("give it `existing`, `opentofu` or `kind`")),
    }
}

async fn act_on_existing(action: &str, existing: &Existing, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    match (action, step.on_uninstall) {
        ("uninstall", Some(OnUninstall::CheckOnly)) => uninstall::check_only(existing, step, run).await,
        ("uninstall", _) => {
            run.console.done("cluster", "an adopted cluster is left standing");
            Ok(())
        }
        _ => connect(existing, run).await.map(drop),
    }
}

async fn act_with<M: Maker>(maker: &M, action: &str, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    let mut kept = Kept::read(folder(step), M::BY)?;
    match (action, step.on_uninstall) {
        _ if step.connect_only => look::look(maker, &kept, step, action == "uninstall", run).await,
        ("install" | "upgrade", _) => install::install(maker, &mut kept, step, run).await,
        ("uninstall", Some(OnUninstall::CheckOnly)) => uninstall::check_only_made(maker, &kept, step, run).await,
        ("uninstall", _) => uninstall::uninstall(maker, &mut kept, step, run).await,
        _ => look::look(maker, &kept, step, false, run).await,
    }
}

/// The folder for what the next run has to know.
fn folder(step: &ClusterStep) -> &Path {
    Path::new(step.state.as_deref().unwrap_or_default())
}
