//! `verify`: the proof of the handover again, of the hub as its repository holds it.

use std::time::Duration;

use super::find;
use crate::cli::VerifyArgs;
use crate::hub::prove;
use crate::report::{Console, Outcome, OutputForm};
use crate::run::{WITHOUT_NAMES, give, of_proof};

const PATIENCE: Duration = Duration::from_secs(300);

/// Proves it, answers, and writes down that it holds.
pub async fn verify(args: &VerifyArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITHOUT_NAMES)?;
    let current = find(&args.hub, PATIENCE, console).await?;
    let proven = prove(&current.repository.url, current.git()?, &current.cluster, console).await?;
    let shown = give(form, &proven.proof, [""; 0], || proven.proof.tell(console));
    proven.write_down(&current.repository, None, &current.cluster, console).await;
    proven.demand().and(shown)?;
    console.last(of_proof(&proven.proof.revision));
    Ok(())
}
