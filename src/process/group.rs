//! A program that runs, and everything that it has started: its streams, its end, and that nothing of it stays.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::Child;
use tokio::time::{Instant, timeout_at};

use super::descendants::end_with_descendants;
use crate::report::redact;

/// How many bytes a program may write to stderr. Any size will do that a person would not read to its end.
const LONGEST_COMPLAINT: u64 = 1 << 20;
/// How long what a program has written may take to arrive after its end. It is in the pipe by then; the pipe stays open for as
/// long as something that the program has left behind holds it, which may be for ever.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long a program says nothing that waits for somebody.
const SILENCE: Duration = Duration::from_secs(2);

/// Is told what a program has newly said, behind all that it had said before: that may be half of a line, or of a secret.
pub(super) type Tell = fn(before: &str, new: &str);

/// A child and everything that it started; killed when dropped before its end.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    /// The number of the child, until its end is known: from then on it may be somebody else's.
    leader: Option<Pid>,
}

/// Why nothing is known of how a program ended.
pub(super) enum Broken {
    /// It wrote more than so many bytes to this stream.
    TooLong(&'static str, u64),
    /// It has ended and its streams have not.
    Held,
    /// The system says so.
    Lost(std::io::Error),
}

impl Group {
    pub fn of(child: Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Self { child, leader }
    }

    /// Whether it has not ended by itself.
    pub fn is_there(&mut self) -> bool {
        let is_there = self.child.try_wait().is_ok_and(|status| status.is_none());
        if !is_there {
            self.leader = None;
        }
        is_there
    }

    /// Gives it its stdin and waits for its end; gives its exit status and its stderr, without secrets.
    pub async fn finish(
        &mut self,
        input: &[u8],
        out: &mut (impl AsyncWrite + Unpin),
        bound: u64,
        tell: Option<Tell>,
    ) -> Result<(ExitStatus, String), Broken> {
        let (stdin, stdout, stderr) = (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program that ends without reading all of it says why in its exit status.
                let _ = stdin.write_all(input).await;
            }
            Ok(())
        };
        let mut err = Vec::new();
        let has_ended = AtomicBool::new(false);
        let status = {
            let carried = async {
                let err = listen(stderr, &mut err, tell, &has_ended);
                tokio::try_join!(write, carry("stdout", stdout, out, bound), err)
            };
            let mut carried = std::pin::pin!(carried);
            let mut is_carried = false;
            let status = loop {
                tokio::select! {
                    status = self.child.wait() => break status.map_err(Broken::Lost)?,
                    all = &mut carried, if !is_carried => is_carried = all.map(|_| true)?,
                }
            };
            self.leader = None;
            has_ended.store(true, Ordering::Relaxed);
            if !is_carried {
                tokio::time::timeout(LAST_WORDS, carried).await.map_err(|_| Broken::Held)??;
            }
            status
        };
        Ok((status, redact(&String::from_utf8_lossy(&err))))
    }
}

/// Carries all that a stream gives, as long as that is no more than the bound.
async fn carry(
    name: &'static str,
    from: Option<impl AsyncRead + Unpin>,
    to: &mut (impl AsyncWrite + Unpin),
    bound: u64,
) -> Result<(), Broken> {
    let Some(from) = from else { return Ok(()) };
    let carried = tokio::io::copy(&mut from.take(bound + 1), to).await.map_err(Broken::Lost)?;
    to.flush().await.map_err(Broken::Lost)?;
    if carried > bound { Err(Broken::TooLong(name, bound)) } else { Ok(()) }
}

/// Carries what a program says of itself, and tells it to whoever wants to hear it while the program waits: what comes just before
/// its end is no question, and may be more than anybody should see.
async fn listen(
    from: Option<impl AsyncRead + Unpin>,
    heard: &mut Vec<u8>,
    tell: Option<Tell>,
    has_ended: &AtomicBool,
) -> Result<(), Broken> {
    let Some(mut from) = from else { return Ok(()) };
    let (mut chunk, mut told, mut since) = ([0; 4096], 0, Instant::now());
    loop {
        let read = from.read(&mut chunk);
        let read = match tell.filter(|_| told < heard.len() && !has_ended.load(Ordering::Relaxed)) {
            None => read.await,
            Some(tell) => match timeout_at(since + SILENCE, read).await {
                Ok(read) => read,
                Err(_) if has_ended.load(Ordering::Relaxed) => continue,
                Err(_) => {
                    let (before, new) = heard.split_at(told);
                    tell(&String::from_utf8_lossy(before), &String::from_utf8_lossy(new));
                    told = heard.len();
                    continue;
                }
            },
        };
        let count = read.map_err(Broken::Lost)?;
        if count == 0 {
            return Ok(());
        }
        // Dots in one line are a silence, too.
        if told == heard.len() || chunk[..count].contains(&b'\n') {
            since = Instant::now();
        }
        heard.extend_from_slice(&chunk[..count]);
        if u64::try_from(heard.len()).is_ok_and(|length| length > LONGEST_COMPLAINT) {
            return Err(Broken::TooLong("stderr", LONGEST_COMPLAINT));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            end_with_descendants(leader);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;
    use crate::process::attend::command;

    fn started(line: &[&str]) -> Group {
        let mut command = tokio::process::Command::from(command(line[0]));
        command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Group::of(command.spawn().expect("starts"))
    }

    #[tokio::test]
    async fn the_number_of_who_has_ended_is_nobodys() {
        let mut group = started(&["sh", "-c", "sleep 2 &"]);
        let mut out = Vec::new();
        let finish = group.finish(&[], &mut out, 1, None);
        tokio::time::timeout(Duration::from_secs(1), finish).await.map(drop).expect_err("its stdout is open");
        assert_eq!(group.leader, None);
        let mut running = started(&["true"]);
        while running.is_there() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(running.leader, None);
    }
}
