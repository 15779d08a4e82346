//! Waits that only pace: how often somebody is asked, how long somebody may go on. Tests need not sit them out.
//!
//! Only a build for debugging can be hurried. A release does not even know the variable, and `make dist` makes sure of it.

use std::time::Duration;

/// The wait, as long as it is in a release; in a build for debugging the part of it that `BACKSTACK_PACE` asks for.
#[must_use]
pub fn paced(wait: Duration) -> Duration {
    #[cfg(debug_assertions)]
    let wait = hurried(wait, crate::env::get(crate::env::PACE).as_deref());
    wait
}

#[cfg(debug_assertions)]
fn hurried(wait: Duration, divisor: Option<&str>) -> Duration {
    let Some(divisor) = divisor else { return wait };
    match divisor.parse() {
        Ok(divisor) if divisor > 0 => wait / divisor,
        _ => panic!("{}={divisor} is no number above 0", crate::env::PACE),
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_wait_is_divided_where_that_is_asked_for() {
        assert_eq!(hurried(WAIT, None), WAIT);
        assert_eq!(hurried(WAIT, Some("1")), WAIT);
        assert_eq!(hurried(WAIT, Some("4")), Duration::from_millis(2500));
    }

    #[test]
    #[should_panic(expected = "BACKSTACK_PACE=0 is no number above 0")]
    fn a_wait_is_not_divided_by_nothing() {
        hurried(WAIT, Some("0"));
    }
}
