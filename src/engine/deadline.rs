//! The end of a step's patience. Every wait has one.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::report::{Failure, Outcome};

/// A point in time on the monotonic clock, and how long it was away at first.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    started: Instant,
    total: Duration,
}

impl Deadline {
    /// A deadline that passes after `total`.
    #[must_use]
    pub fn after(total: Duration) -> Self {
        Self { started: Instant::now(), total }
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
        self.started + self.total
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

    /// Polls until `look` says that it is done. At the deadline fails with what `look` said last was in the way.
    pub async fn poll<T, F, L>(&self, what: &str, pause: Duration, mut look: L) -> Outcome<T>
    where
        L: FnMut() -> F,
        F: Future<Output = Outcome<Poll<T>>>,
    {
        loop {
            match look().await? {
                Poll::Done(value) => return Ok(value),
                Poll::Blocked(_) if !self.passed() => self.pause(pause).await,
                Poll::Blocked(why) => {
                    let seconds = self.total.as_secs();
                    return Err(Failure::deadline(format!("{what} was not reached within {seconds} s")).details([why]));
                }
            }
        }
    }
}

/// What a look at a state found.
#[derive(Debug)]
pub enum Poll<T> {
    /// The state is reached.
    Done(T),
    /// It is not, for this reason.
    Blocked(String),
}
