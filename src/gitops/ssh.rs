//! How git calls ssh: never asking, trusting the given host keys or else those that the machine trusts, and with the key of
//! the credential, which is in no file at any time: an agent of our own has it in memory, until the run ends.
//!
//! ssh, `ssh-agent` and `ssh-add` are parts of one package everywhere. They all run in our folder, so that the names of files
//! below are enough: ssh expands `%` in a path, and a socket has no room for a long one.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::access::{Access, key_file};
use crate::env;
use crate::process::{Program, Running};
use crate::report::{Failure, Outcome};

/// The socket of the agent.
const AGENT: &str = "agent";
/// The public half of the key, by which ssh knows which one of an agent is meant.
const PUBLIC_KEY: &str = "key.pub";
/// The host keys to trust.
const KNOWN_HOSTS: &str = "known_hosts";
/// With what is given, and nothing that is in the home of the user: ssh finds that by the system's list of users, whatever
/// `HOME` says.
const NOTHING_OF_USER: &str = " -F none -o IdentitiesOnly=yes";
/// Without any key.
const NO_KEY: &str = " -o IdentityAgent=none -o IdentityFile=none";
/// The exit code of `ssh-add` that does not reach the agent (ssh-add(1)).
const NO_AGENT: i32 = 2;

/// ssh, for one repository.
#[derive(Debug)]
pub(super) struct Ssh {
    command: String,
    _agent: Option<Running>,
}

impl Ssh {
    /// Puts into our folder what ssh will read, and starts the agent where there is a key. The key is of use until the
    /// deadline.
    pub async fn set_up(access: &Access, home: &Path, deadline: Instant) -> Outcome<Self> {
        let mut command = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=15".to_owned();
        // A bundle that is played has what it was given, and not the keys of whoever plays it.
        let is_played = env::get(env::ROOT).is_some();
        if is_played {
            command.push_str(NOTHING_OF_USER);
        }
        let credential = access.credential.as_ref().filter(|_| access.is_over_ssh());
        if let Some(known_hosts) = credential.and_then(|it| it.known_hosts.as_ref()) {
            write_private(&home.join(KNOWN_HOSTS), &format!("{known_hosts}\n"))?;
            let _ = write!(command, " -o UserKnownHostsFile={KNOWN_HOSTS}");
        }
        let Some(key) = credential.and_then(|it| it.ssh_private_key.as_ref()) else {
            command.push_str(if is_played { NO_KEY } else { "" });
            return Ok(Self { command, _agent: None });
        };
        let agent = start_agent(key, home, deadline).await?;
        // A connection that somebody else has left open was made with another key.
        let _ = write!(command, " -o IdentitiesOnly=yes -o IdentityAgent={AGENT} -i {PUBLIC_KEY} -o ControlPath=none");
        Ok(Self { command, _agent: Some(agent) })
    }

    /// The command, as one line of the shell that git starts it with.
    pub fn command(&self) -> &str {
        &self.command
    }
}

async fn start_agent(key: &SecretString, home: &Path, deadline: Instant) -> Outcome<Running> {
    let mut agent = Program::new("ssh-agent").args(["-D", "-a", AGENT]).dir(home).start()?;
    let left = deadline.saturating_duration_since(Instant::now()).as_secs() + 1;
    let add = loop {
        let add = ssh_add(home).args(["-q", "-t", &left.to_string(), "-"]).input(bytes(key)).run(deadline).await?;
        // It listens a moment after it was started.
        if add.status.code() != Some(NO_AGENT) || !agent.is_there() {
            break add;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let public = ssh_add(home).args(["-L"]).run(deadline).await?;
    if !add.status.success() || !public.status.success() {
        return Err(Failure::failed("the SSH key of the repository cannot be used")
            .details(add.stderr.lines())
            .hint("`sshPrivateKey` is a whole private key as `ssh-keygen` writes it, without a passphrase"));
    }
    write_private(&home.join(PUBLIC_KEY), &(public.text() + "\n"))?;
    Ok(agent)
}

/// Who adds keys to our agent. Nobody is there to be asked for a passphrase.
fn ssh_add(home: &Path) -> Program {
    let program = Program::new("ssh-add").dir(home).env("SSH_AUTH_SOCK", AGENT);
    program.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force")
}

fn bytes(key: &SecretString) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(key_file(key).as_bytes().to_vec())
}

fn write_private(path: &Path, text: &str) -> Outcome<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::failed(format!("failed to write {}, which ssh reads: {error}", path.display()))
            .hint("it is gone at the end of the run; TMPDIR names a folder with more room")
    })
}
