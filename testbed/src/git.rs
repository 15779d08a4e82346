//! The git server: nginx with a password in front of git's own HTTP program.
//!
//! Two users exist. The writer may push and fetch, the reader may only fetch; nobody may do
//! anything without a password. Below [`forge::API`] the same repositories are asked about as on GitHub; the passwords
//! are the tokens there.
//!
//! Every cluster has a repository of its own under one address, which its user tells from the others: what a hub has been
//! told of its repository is true on every cluster.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::forge;
use crate::paths::find_program;
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};

/// Each of these answers one request at a time; a long clone must not hold up the others.
const WORKERS: usize = 4;

/// A user of the git server.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Credential {
    /// The user's name.
    pub username: String,
    /// The user's password, made anew at each start.
    pub password: String,
}

/// How the git server is reached.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Git {
    /// The address below which the repositories are.
    pub url: String,
    /// The directory of the bare repositories.
    pub dir: PathBuf,
    /// May push and fetch.
    pub writer: Credential,
    /// May only fetch.
    pub reader: Credential,
}

/// Where the server notes each request, beside the repositories.
const REQUESTS: &str = "requests.log";
/// Under which address every cluster has its own repository.
pub const HUB: &str = "hub.git";

impl Git {
    /// Who may push to the repository of a cluster.
    #[must_use]
    pub fn writer_of(&self, cluster: usize) -> Credential {
        Credential { username: format!("writer-{cluster:02}"), password: self.writer.password.clone() }
    }

    /// Who may fetch from it.
    #[must_use]
    pub fn reader_of(&self, cluster: usize) -> Credential {
        Credential { username: format!("reader-{cluster:02}"), password: self.reader.password.clone() }
    }

    /// The requests that users have made, in their order, a line each: user, method, address, status, and how many bytes came and went.
    pub fn requests(&self) -> Result<Vec<String>> {
        let log = self.dir.with_file_name(REQUESTS);
        let text = fs::read_to_string(&log).with_context(|| format!("failed to read {}", log.display()))?;
        // Whoever has not shown a password yet is called so.
        Ok(text.lines().filter(|line| !line.starts_with("- ")).map(str::to_owned).collect())
    }

    /// The directory of the repository of a cluster.
    #[must_use]
    pub fn dir_of(&self, cluster: usize) -> PathBuf {
        self.dir.join(format!("{}.git", hub_name(cluster)))
    }
}

/// The name of the repository of a cluster.
#[must_use]
pub fn hub_name(cluster: usize) -> String {
    format!("hub-cluster-{cluster:02}")
}

/// The running server.
pub struct GitServer {
    /// Its processes.
    pub processes: Vec<Process>,
    /// How it is reached.
    pub git: Git,
    port: Port,
}

impl GitServer {
    /// Starts the server with its files below `dir`.
    pub fn start(dir: &Path, logs: &Path, ports: &Ports, clusters: usize) -> Result<Self> {
        let repositories = dir.join("repositories");
        // The sockets are here, and whoever reaches one may run programs as this user.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&repositories)
            .with_context(|| format!("failed to create {}", repositories.display()))?;
        let port = ports.take()?;
        let git = Git {
            url: format!("http://127.0.0.1:{}", port.number()),
            dir: repositories,
            writer: credential("writer")?,
            reader: credential("reader")?,
        };
        let line = |user: &Credential| format!("{}:{{PLAIN}}{}\n", user.username, user.password);
        let of_clusters =
            |user: &dyn Fn(usize) -> Credential| (1..=clusters).map(|it| line(&user(it))).collect::<String>();
        let writers = line(&git.writer) + &of_clusters(&|it| git.writer_of(it));
        let readers = line(&git.reader) + &of_clusters(&|it| git.reader_of(it));
        fs::write(dir.join("writers"), &writers)?;
        fs::write(dir.join("readers"), writers + &readers)?;
        let this = std::env::current_exe().context("failed to find this program")?;
        symlink(this, dir.join(forge::PROGRAM)).context("failed to link the forge")?;
        let config = dir.join("nginx.conf");
        fs::write(&config, configuration(dir, &git, port.number(), &backend()?))?;

        let mut processes = Vec::new();
        for worker in 0..WORKERS {
            processes.push(fcgiwrap(dir, logs, worker)?);
        }
        let nginx = find_program("nginx").context("nginx is not installed")?;
        let mut spec = Spec::new("nginx", nginx, logs).args([
            "-p".to_owned(),
            dir.display().to_string(),
            // Until the configuration is read errors go to the distribution's file.
            "-e".to_owned(),
            "stderr".to_owned(),
            "-c".to_owned(),
            config.display().to_string(),
        ]);
        spec.cwd = Some(dir.to_owned());
        processes.push(Process::spawn(&spec)?);
        Ok(Self { processes, git, port })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }
}

fn fcgiwrap(dir: &Path, logs: &Path, worker: usize) -> Result<Process> {
    let program = find_program("fcgiwrap").context("fcgiwrap is not installed")?;
    let mut spec = Spec::new("fcgiwrap", program, logs).args(["-f", "-s", &format!("unix:{}", socket(worker))]);
    // A relative socket: the path of a socket may have 107 bytes, that of a directory more.
    spec.cwd = Some(dir.to_owned());
    Process::spawn(&spec)
}

fn socket(worker: usize) -> String {
    format!("git-{worker}.sock")
}

fn backend() -> Result<PathBuf> {
    let output = Command::new("git").arg("--exec-path").output().context("failed to start git")?;
    let backend = Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("git-http-backend");
    ensure!(backend.exists(), "this git has no {}", backend.display());
    Ok(backend)
}

fn credential(username: &str) -> Result<Credential> {
    Ok(Credential { username: username.to_owned(), password: password()? })
}

/// A new password that nobody guesses.
pub fn password() -> Result<String> {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)
        .context("failed to read random bytes")?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn configuration(dir: &Path, git: &Git, port: u16, backend: &Path) -> String {
    let sockets: Vec<_> = (0..WORKERS).map(|worker| format!("    server unix:{};\n", socket(worker))).collect();
    let sockets = sockets.concat();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/tmp;\n", dir.display()))
        .concat();
    format!(
        r#"daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{}}
http {{
  log_format plain '$remote_user $request_method $request_uri $status $request_length $bytes_sent';
  access_log {dir}/{requests} plain;
  client_max_body_size 0;
{temporary}
  upstream git {{
    least_conn;
{sockets}  }}
  # The first request of a push names the service in its query, the second in its path.
  map "$arg_service $uri" $users {{
    default {dir}/readers;
    "~git-receive-pack" {dir}/writers;
  }}
  map "$remote_user $uri" $path {{
    default $uri;
    "~^(?:reader|writer)-(?<cluster>[0-9]+) /{hub}(?<rest>/.*)$" /hub-cluster-$cluster.git$rest;
  }}
  map $http_authorization $token {{
    default "";
    "Bearer {reader}" reader;
    "Bearer {writer}" writer;
  }}
  server {{
    listen 127.0.0.1:{port};
    location = /healthz {{ return 200 "ok\n"; }}
    location {api}/ {{
      if ($token = "") {{ return 401; }}
      fastcgi_pass git;
      fastcgi_param SCRIPT_FILENAME {dir}/{forge};
      fastcgi_param GIT_PROJECT_ROOT {repositories};
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param HTTP_HOST $http_host;
    }}
    location / {{
      auth_basic "git";
      auth_basic_user_file $users;
      fastcgi_pass git;
      fastcgi_read_timeout 300s;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {repositories};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $path;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }}
  }}
}}
"#,
        dir = dir.display(),
        backend = backend.display(),
        repositories = git.dir.display(),
        reader = git.reader.password,
        writer = git.writer.password,
        hub = HUB.replace('.', "\\."),
        requests = REQUESTS,
        api = forge::API,
        forge = forge::PROGRAM,
    )
}
