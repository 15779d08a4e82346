//! A real sshd on loopback, with a repository of git behind it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";
/// Where sshd wants a folder when root starts it (sshd(8), FILES).
const SEPARATION: &str = "/run/sshd";

/// It lets in who has one of its keys, as the user that the test runs as, and lives as long as the test.
pub struct Sshd {
    place: TempDir,
    port: u16,
    user: String,
}

impl Sshd {
    /// One that runs this command whatever it is asked to run.
    pub fn forcing(command: &str) -> Self {
        Self::with(&format!("ForceCommand {command}\n"))
    }

    pub fn new() -> Self {
        Self::with("")
    }

    fn with(more: &str) -> Self {
        let place = TempDir::new().expect("a folder");
        if fs::metadata("/proc/self").expect("/proc").uid() == 0 {
            fs::create_dir_all(SEPARATION).expect("root may");
        }
        let path = |name: &str| place.path().join(name);
        keygen(&path("host"), &["-t", "ed25519", "-N", ""]);
        output(Command::new("git").args(["init", "-q", "--bare", "-b", "main"]).arg(path("hub.git")));
        let settings = format!(
            "HostKey {0}/host\nAuthorizedKeysFile {0}/authorized\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n{more}",
            place.path().display()
        );
        fs::write(path("sshd_config"), settings).expect("written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (settings, log) = (path("sshd_config"), path("log"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // As inetd does: one process for one connection, which it has on stdin.
                let out = stream.try_clone().expect("a second one");
                let mut sshd = Command::new(SSHD);
                sshd.args(["-i", "-f"]).arg(&settings).arg("-E").arg(&log);
                sshd.stdin(Stdio::from(std::os::fd::OwnedFd::from(stream)));
                sshd.stdout(Stdio::from(std::os::fd::OwnedFd::from(out))).stderr(Stdio::null());
                let mut sshd = sshd.spawn().expect("sshd starts; it is in the package openssh-server");
                thread::spawn(move || sshd.wait());
            }
        });
        Self { place, port, user: output(Command::new("id").arg("-un")).trim().to_owned() }
    }

    /// The address of the repository.
    pub fn url(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, self.repository().display())
    }

    /// Where the repository is.
    pub fn repository(&self) -> PathBuf {
        self.place.path().join("hub.git")
    }

    /// Its line for a `known_hosts` file.
    pub fn known_hosts(&self) -> String {
        let key = fs::read_to_string(self.place.path().join("host.pub")).expect("a key");
        format!("[127.0.0.1]:{} {key}", self.port)
    }

    /// A new key that it lets in, made by `ssh-keygen` with these arguments.
    pub fn key(&self, args: &[&str]) -> String {
        let (private, public) = new_key(args);
        let authorized = self.place.path().join("authorized");
        let others = fs::read_to_string(&authorized).unwrap_or_default();
        fs::write(&authorized, others + &public).expect("written");
        fs::set_permissions(&authorized, fs::Permissions::from_mode(0o600)).expect("ours");
        private
    }

    /// What it has to say.
    pub fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }
}

/// A new key that nobody knows: its private and its public half.
pub fn new_key(args: &[&str]) -> (String, String) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("key");
    keygen(&file, args);
    let read = |file: &Path| fs::read_to_string(file).expect("a key");
    (read(&file), read(&file.with_extension("pub")))
}

fn keygen(file: &Path, args: &[&str]) {
    output(Command::new("ssh-keygen").arg("-q").args(args).args(["-C", "nobody", "-f"]).arg(file));
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
