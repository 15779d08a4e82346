//! `diff`: what git holds and the cluster does not, and the other way round.

use std::time::Duration;

use super::find;
use crate::cli::DiffArgs;
use crate::hub::Live;
use crate::report::{Console, Exit, Failure, Outcome, OutputForm, answer};
use crate::run::give;

/// The forms that it has.
pub const FORMS_OF_DIFF: &[OutputForm] = &[OutputForm::Table, OutputForm::Json, OutputForm::Yaml, OutputForm::Markdown];

const PATIENCE: Duration = Duration::from_secs(300);

/// Tells it. A difference is no failure of this verb, unless that is asked for.
pub async fn diff(args: &DiffArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, FORMS_OF_DIFF)?;
    let current = find(&args.hub, PATIENCE, console).await?;
    let live = Live::of(&current.repository, current.git()?, &current.cluster).await?;
    match form {
        OutputForm::Markdown => answer(&live.markdown())?,
        form => give(form, &live, [""; 0], || live.tell(console))?,
    }
    if args.exit_code && live.differs {
        return Err(Failure::new(Exit::Differs, "git and the cluster differ"));
    }
    Ok(())
}
