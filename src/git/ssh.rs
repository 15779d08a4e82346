//! How git calls ssh: never asking, trusting the given host keys or else those that the machine trusts, and with the key of
//! the credential, which an [`Agent`] has.
//!
//! ssh runs in our folder, so that the names of files below are enough: it expands `%` in a path.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Instant;

use super::access::Access;
use super::agent::Agent;
use crate::env;
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

/// ssh, for one repository.
#[derive(Debug)]
pub(super) struct Ssh {
    command: String,
    _agent: Option<Agent>,
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
        let agent = Agent::start(key, home, AGENT, ("of the repository", "sshPrivateKey"), deadline).await?;
        write_private(&home.join(PUBLIC_KEY), &format!("{}\n", agent.public))?;
        // A connection that somebody else has left open was made with another key.
        let _ = write!(command, " -o IdentitiesOnly=yes -o IdentityAgent={AGENT} -i {PUBLIC_KEY} -o ControlPath=none");
        Ok(Self { command, _agent: Some(agent) })
    }

    /// The command, as one line of the shell that git starts it with.
    pub fn command(&self) -> &str {
        &self.command
    }
}

fn write_private(path: &Path, text: &str) -> Outcome<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::failed(format!("failed to write {}, which ssh reads: {error}", path.display()))
            .hint("it is gone at the end of the run; TMPDIR names a folder with more room")
    })
}
