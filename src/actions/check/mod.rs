//! `check --pre`: may this cluster become a hub? Everything that an installation would be refused for, or wait for in vain, as far
//! as the cluster tells. Nothing is written: it reads, asks for permissions, and tries by dry runs.

mod admission;
mod cluster;
mod coming;
mod in_the_way;
mod permissions;
mod report;

use self::coming::{Coming, files_in};
pub use self::report::Report;
use self::report::{Line, Verdict, seen};
use super::current::{PATIENCE, connected};
use crate::cli::CheckArgs;
use crate::engine::Deadline;
use crate::report::{Console, Failure, Outcome, OutputForm};
use crate::run::{WITHOUT_NAMES, give};

/// Looks at the cluster that the command line names.
pub async fn run(args: &CheckArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITHOUT_NAMES)?;
    if !args.pre {
        return Err(Failure::usage("`check` looks at a cluster before an installation, and is asked to by `--pre`")
            .hint("`backstack check --pre`; an Argo CD that is there is looked at by `backstack doctor`"));
    }
    let files = args.folder.as_deref().map(files_in).transpose()?;
    let cluster = connected(&args.cluster, Deadline::after(PATIENCE), console).await?;
    let coming = Coming::of(files.as_ref(), &cluster)?;

    let mut checks = vec![cluster::version(&coming.argocd, &cluster.facts().version)];
    checks.extend(seen("permissions", permissions::look(&coming, &cluster).await));
    let found = in_the_way::look(&cluster).await?;
    checks.extend(found.lines);
    if found.is_hub {
        checks.push(Line::unseen(
            "admission",
            "nothing was tried on a hub that is there: `diff` of its bundle does that",
        ));
    } else {
        checks.extend(seen("admission", admission::look(&coming, &cluster).await));
    }
    checks.extend(cluster::nodes(&coming, &cluster).await);
    checks.extend(cluster::storage(&coming, &cluster).await);
    checks.extend(beyond(&coming));

    let facts = cluster.facts();
    let report = Report {
        cluster: facts.uid.clone(),
        server: facts.server.clone(),
        kubernetes: facts.version.clone(),
        argocd: coming.argocd,
        may_become_hub: !checks.iter().any(|it| it.verdict == Verdict::Fail),
        checks,
    };
    give(form, &report, [""; 0], || report.tell(console))?;
    report.demand(console)
}

/// What a look at the cluster cannot tell.
fn beyond(coming: &Coming) -> Vec<Line> {
    let mut lines = Vec::new();
    match &coming.bundle {
        None => lines.push(Line::unseen("bundle", "what a hub has besides Argo CD: give the folder of its bundle")),
        Some(bundle) if bundle.charts.is_empty() => {}
        Some(bundle) => {
            let says = "what the charts of the components bring: their objects, pods and volumes";
            lines.push(Line::unseen("charts", says).about(bundle.charts.iter().cloned()));
        }
    }
    lines.push(Line::unseen(
        "git, images",
        "whether Argo CD reads the repository, and the nodes pull the images: the cluster does not tell",
    ));
    lines
}
