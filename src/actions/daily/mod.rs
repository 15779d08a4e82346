//! The daily verbs: about the hub of the cluster that the kubeconfig leads to. No bundle and no address is given.

mod diff;
mod head;
mod status;
mod verify;
mod wait;
mod wanted;

pub use diff::{FORMS_OF_DIFF, diff};
pub use status::status;
pub use verify::verify;
pub use wait::wait;

use std::time::Duration;

use super::current::Current;
use crate::cli::HubArgs;
use crate::engine::Deadline;
use crate::report::{Console, Failure, Outcome};
use crate::run::given_time;
use crate::schema::address;

/// Finds the hub that is named, with this much time for all that is asked of it where nothing else is said.
async fn find(args: &HubArgs, patience: Duration, console: &Console) -> Outcome<Current> {
    let deadline = deadline(args.timeout.as_deref(), patience)?;
    let current = Current::of(&args.cluster, deadline, console).await?;
    let current = match &args.git_url {
        Some(address) => current.at(address)?,
        None => current,
    };
    let shown = address::shown(&current.repository.url);
    // Who may not read the namespace need not know the name.
    let name = current.name().await.ok().flatten().map(|it| format!("{it}, ")).unwrap_or_default();
    console.done("hub", format!("{name}{shown} (branch {})", current.repository.branch));
    Ok(current)
}

fn deadline(given: Option<&str>, patience: Duration) -> Outcome<Deadline> {
    let Some(text) = given else { return Ok(Deadline::after(patience)) };
    let time = given_time("--timeout", text)?;
    if time.is_zero() {
        return Err(Failure::usage("--timeout: it gives no time at all").hint("say 90s or 10m"));
    }
    Ok(Deadline::after(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_given_as_in_a_step() {
        let seconds = |text| deadline(text, Duration::from_secs(60)).map(|it| it.total().as_secs());
        assert_eq!((seconds(None), seconds(Some("1h30m"))), (Ok(60), Ok(5400)));
        for wrong in ["soon", "0s"] {
            let failure = seconds(Some(wrong)).expect_err(wrong);
            assert!(failure.exit.code() == 2 && failure.message.starts_with("--timeout: "), "{failure}");
        }
    }
}
