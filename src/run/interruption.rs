//! Signals: the first one asks the run to end, the second one ends it.
//!
//! Porter tells the mixin alone, not what it has started, and kills 30 s later (`configureGracefulShutdown` in
//! Porter's `pkg/pkgmgmt/client`). So everything of a run ends with it, but for what has to end by itself: that is waited for,
//! and left alone by a second signal.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::process::{Signals, ask_to_end, end_children, none_is_left};
use crate::report::{Exit, Failure, Outcome, leave_terminal};

/// How long a run may take to end after the first signal: it may be stuck where nothing reaches it, such as a write
/// to a stream that nobody reads. Half of Porter's 30 s: these begin for the container at the same moment, and after us Porter
/// still has to read the outputs and to pack the state.
const GRACE: Duration = Duration::from_secs(15);

/// Runs a verb that waits for programs or servers, until it ends or a signal ends it.
pub fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let mut first_signal = first_signal()?;
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        tokio::select! {
            biased; // what the work says of its end is more than what we know
            result = work => result,
            number = asked_to_end(&mut first_signal) => Err(interrupted(number)),
        }
    });
    // Whatever still runs belongs to the dropped work; nothing is sent after this.
    runtime.shutdown_background();
    end_children();
    result
}

/// What drives everything that waits.
pub fn runtime() -> Outcome<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::failed(format!("failed to begin to wait for servers, programs and signals: {error}"))
            .hint("each run needs a handful of open files: see `ulimit -n`")
    })
}

/// The number of the signal, when nothing runs any more that has to end by itself.
async fn asked_to_end(first_signal: &mut watch::Receiver<u8>) -> u8 {
    let Ok(number) = first_signal.wait_for(|number| *number > 0).await.map(|number| *number) else {
        return std::future::pending().await; // nobody listens
    };
    ask_to_end(number);
    none_is_left().await;
    number
}

fn interrupted(number: u8) -> Failure {
    Failure::new(Exit::Interrupted(number), "interrupted").hint("run the same again: the work resumes")
}

/// The number of the first signal, 0 before it. It stays: a step works in more than one piece.
fn first_signal() -> Outcome<watch::Receiver<u8>> {
    static FIRST: Mutex<Option<watch::Receiver<u8>>> = Mutex::new(None);
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*first {
        Some(known) => Ok(known.clone()),
        None => Ok(first.insert(listen()?).clone()),
    }
}

/// Waits for signals in a thread of its own, which nothing can hold up.
fn listen() -> Outcome<watch::Receiver<u8>> {
    let (tell, first_signal) = watch::channel(0);
    let runtime = runtime()?;
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let first = signals.next().await;
            tell.send_replace(first);
            let grace = async {
                none_is_left().await;
                tokio::time::sleep(GRACE).await;
            };
            let last = tokio::select! {
                second = signals.next() => second,
                () = grace => first,
            };
            end_children();
            leave_terminal();
            std::process::exit(i32::from(Exit::Interrupted(last).code()));
        });
    });
    Ok(first_signal)
}
