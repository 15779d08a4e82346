//! The end of a step's patience. Every wait has one.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::pace::paced;
use crate::report::{Console, Failure, Outcome};
use crate::schema::Timeout;

/// The pauses of a wait that may take long, at first and at most; see [`growing_pauses`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A point in time on the monotonic clock, and how long it was away at first.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    started: Instant,
    total: Duration,
}

impl Deadline {
    /// A deadline that passes after `total`, but not later than in a year.
    #[must_use]
    pub fn after(total: Duration) -> Self {
        Self { started: Instant::now(), total: total.min(Timeout::LONGEST) }
    }

    /// A deadline after `total`, but not later than this one.
    #[must_use]
    pub fn at_most(&self, total: Duration) -> Self {
        Self::after(total.min(self.left()))
    }

    /// How long it was away at first.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// How much time has passed.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// How much time is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.total.saturating_sub(self.waited())
    }

    /// The moment at which it passes.
    #[must_use]
    pub fn end(&self) -> Instant {
        // No clock ends within the longest one.
        self.started.checked_add(self.total).unwrap_or(self.started)
    }

    /// Whether it has passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.left().is_zero()
    }

    /// Waits `pause`, or less when the deadline comes first.
    pub async fn pause(&self, pause: Duration) {
        tokio::time::sleep(pause.min(self.left())).await;
    }

    /// The failure of who has waited for this until it has passed.
    #[must_use]
    pub fn missed(&self, what: &str) -> Failure {
        Failure::deadline(format!("{what} was not reached within {} s", self.total.as_secs()))
    }

    /// Says what is waited for, and how long it has been.
    pub fn tell(&self, console: &Console, what: &str, blocked_by: impl AsRef<str>) {
        console.waiting(what, blocked_by, self.waited(), self.total());
    }

    /// The answer of a look that has found this in the way, and says so.
    #[must_use]
    pub fn blocked<T>(&self, console: &Console, what: &str, why: String) -> Poll<T> {
        self.tell(console, what, &why);
        Poll::Blocked(why)
    }

    /// Polls until `look` says that it is done. At the deadline fails with what `look` said last was in the way.
    pub async fn poll<T, F, L>(&self, what: &str, pause: Duration, look: L) -> Outcome<T>
    where
        L: FnMut() -> F,
        F: Future<Output = Outcome<Poll<T>>>,
    {
        self.poll_at(what, std::iter::repeat(pause), look).await
    }

    /// The same, less and less often.
    pub async fn poll_patiently<T, F, L>(&self, what: &str, look: L) -> Outcome<T>
    where
        L: FnMut() -> F,
        F: Future<Output = Outcome<Poll<T>>>,
    {
        self.poll_at(what, growing_pauses(), look).await
    }

    async fn poll_at<T, F, L>(&self, what: &str, mut pauses: impl Iterator<Item = Duration>, mut look: L) -> Outcome<T>
    where
        L: FnMut() -> F,
        F: Future<Output = Outcome<Poll<T>>>,
    {
        loop {
            match look().await? {
                Poll::Done(value) => return Ok(value),
                Poll::Blocked(_) if !self.passed() => self.pause(pauses.next().unwrap_or_default()).await,
                Poll::Blocked(why) => return Err(self.missed(what).details([why])),
            }
        }
    }
}

/// Pauses between looks at what may take long: a look costs a request or a few, and a wait of minutes must not cost
/// thousands.
pub fn growing_pauses() -> impl Iterator<Item = Duration> {
    let longest = paced(LONGEST_PAUSE).max(FIRST_PAUSE);
    std::iter::successors(Some(FIRST_PAUSE), move |pause| Some((*pause * 2).min(longest)))
}

/// What a look at a state found.
#[derive(Debug)]
pub enum Poll<T> {
    /// The state is reached.
    Done(T),
    /// It is not, for this reason.
    Blocked(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_deadline_is_beyond_the_clock() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(deadline.end() > Instant::now() && !deadline.passed());
        assert_eq!(deadline.total(), Timeout::LONGEST);
    }

    #[test]
    fn a_long_wait_looks_less_and_less_often() {
        let pauses: Vec<u128> = growing_pauses().take(6).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 5000, 5000]);
    }
}
