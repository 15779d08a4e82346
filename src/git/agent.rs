//! An agent of our own, which has a private key in memory until the run ends; the key is in no file at any time.
//!
//! `ssh-agent` and `ssh-add` are parts of one package everywhere. They run in our folder, so that the name of the socket is
//! enough: one has no room for a long path.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::access::key_file;
use crate::process::{Program, Running};
use crate::report::{Failure, Outcome};

/// The exit code of `ssh-add` that does not reach the agent (ssh-add(1)).
const NO_AGENT: i32 = 2;

/// An agent with one key.
#[derive(Debug)]
pub(super) struct Agent {
    /// The public half, as one line.
    pub public: String,
    _running: Running,
}

impl Agent {
    /// Starts one with a socket of this name in our folder. The key is of use until the deadline. `whose` says what the key is,
    /// and `field` where it was given.
    pub async fn start(
        key: &SecretString,
        home: &Path,
        socket: &str,
        (whose, field): (&str, &str),
        deadline: Instant,
    ) -> Outcome<Self> {
        // One that was ended before has left its socket, which another one does not take over.
        let _ = fs::remove_file(home.join(socket)); // there may be none
        let mut agent = Program::new("ssh-agent").args(["-D", "-a", socket]).dir(home).start()?;
        let left = deadline.saturating_duration_since(Instant::now()).as_secs() + 1;
        let add = loop {
            let add = ssh_add(home, socket).args(["-q", "-t", &left.to_string(), "-"]).input(bytes(key));
            let add = add.run(deadline).await?;
            // It listens a moment after it was started.
            if add.status.code() != Some(NO_AGENT) || !agent.is_there() {
                break add;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let public = ssh_add(home, socket).args(["-L"]).run(deadline).await?;
        if !add.status.success() || !public.status.success() {
            return Err(Failure::failed(format!("the SSH key {whose} cannot be used"))
                .details(add.stderr.lines())
                .hint(format!("`{field}` is a whole private key as `ssh-keygen` writes it, without a passphrase")));
        }
        Ok(Self { public: public.text(), _running: agent })
    }
}

/// Who adds keys to our agent. Nobody is there to be asked for a passphrase.
fn ssh_add(home: &Path, socket: &str) -> Program {
    let program = Program::new("ssh-add").dir(home).env("SSH_AUTH_SOCK", socket);
    program.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force")
}

fn bytes(key: &SecretString) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(key_file(key).as_bytes().to_vec())
}
