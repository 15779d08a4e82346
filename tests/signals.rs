//! Signals and streams that nobody reads: a run ends in time, takes everything with it, and does its work otherwise.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What Porter's patience leaves us.
pub const IN_TIME: Duration = Duration::from_secs(20);

/// Sends a signal by its name.
pub fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill starts").success());
}

/// The command lines of the processes in which a text occurs.
pub fn processes_with(text: &str) -> Vec<String> {
    processes().filter(|(_, line)| line.contains(text)).map(|(_, line)| line).collect()
}

/// The ids of the processes in whose command line a text occurs.
pub fn process_ids_with(text: &str) -> Vec<String> {
    processes().filter(|(_, line)| line.contains(text)).map(|(id, _)| id).collect()
}

fn processes() -> impl Iterator<Item = (String, String)> {
    fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some((entry.file_name().into_string().ok()?, String::from_utf8_lossy(&line).replace('\0', " ")))
    })
}

/// Waits for the end, and tells how long it took.
pub fn end_of(child: &mut Child) -> (ExitStatus, Duration) {
    let asked = Instant::now();
    (child.wait().expect("the program ends"), asked.elapsed())
}

/// A `cluster` step that waits for ever: for a server that takes connections and never answers (no real one does
/// that), or for a login program.
struct Stuck {
    folder: TempDir,
    server: TcpListener,
}

impl Stuck {
    fn new(user: &str) -> Self {
        let stuck = Self {
            folder: TempDir::new().expect("a folder"),
            server: TcpListener::bind("127.0.0.1:0").expect("a port"),
        };
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             clusters: [{{name: c, cluster: {{server: 'http://{}', insecure-skip-tls-verify: true}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {user}}}]\n",
            stuck.server.local_addr().expect("an address")
        );
        fs::write(stuck.folder.path().join("config"), text).expect("written");
        stuck
    }

    fn start(&self, stderr: Stdio) -> Child {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backstack"))
            .arg("install")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("KUBECONFIG", self.folder.path().join("config"))
            .env("BACKSTACK_ROOT", self.folder.path().join("image")) // the kubeconfig is the user's, not of the image
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        let step = b"install: [{backstack: {cluster: {existing: {}}, timeout: 5m}}]";
        child.stdin.take().expect("stdin").write_all(step).expect("the step is read");
        child
    }

    /// Waits until the program has asked the server. It asks anew when the connection is dropped.
    fn asked(&self) -> TcpStream {
        self.server.accept().expect("a connection").0
    }
}

fn stderr_of(child: &mut Child) -> String {
    std::io::read_to_string(child.stderr.take().expect("stderr")).expect("stderr is text")
}

#[test]
fn a_server_that_never_answers_does_not_hold_up_a_signal() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let stuck = Stuck::new("{}");
        let mut child = stuck.start(Stdio::piped());
        let _connection = stuck.asked();
        send(signal, &child);
        let (status, took) = end_of(&mut child);
        assert_eq!(status.code(), Some(code));
        assert!(took < IN_TIME, "{took:?}");
        assert_eq!(stderr_of(&mut child), "error: interrupted\nhint: run the same again: the work resumes\n");
    }
}

#[test]
fn a_login_program_that_hangs_ends_with_the_run() {
    // The shell does not become the program: it waits for it, as the wrappers of clouds' login programs do.
    let login = "sleep 86399";
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, '{login}; echo late']}}}}"
    );
    let stuck = Stuck::new(&user);
    let mut child = stuck.start(Stdio::piped());
    let started = Instant::now();
    while !processes_with(login).iter().any(|line| line.starts_with("sleep")) {
        assert!(started.elapsed() < IN_TIME, "the login program is not started");
        std::thread::sleep(Duration::from_millis(20));
    }
    send("TERM", &child);
    let (status, took) = end_of(&mut child);
    assert_eq!(status.code(), Some(143));
    assert!(took < IN_TIME, "{took:?}");
    let asked = Instant::now();
    while !processes_with(login).is_empty() {
        assert!(asked.elapsed() < IN_TIME, "still there: {:?}", processes_with(login));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Nobody reads stderr, so the last line cannot be written: the first signal ends the run after a while, the second
/// one at once.
#[test]
fn a_stream_that_nobody_reads_does_not_hold_up_the_end() {
    let stuck = Stuck::new("{}");
    let mut children = [0, 1].map(|_| {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(&vec![b'.'; 65536]).expect("as much as a pipe holds");
        let child = stuck.start(writer.into());
        (child, reader, stuck.asked())
    });
    for (child, ..) in &children {
        send("TERM", child);
    }
    let [(patient, ..), (twice, ..)] = &mut children;
    // Until the first one is taken, a second one of the same kind is the same signal to the kernel.
    let asked = Instant::now();
    while twice.try_wait().expect("a child").is_none() {
        assert!(asked.elapsed() < IN_TIME, "the second signal does not end it");
        std::thread::sleep(Duration::from_millis(50));
        send("TERM", twice);
    }
    assert_eq!(twice.wait().expect("an end").code(), Some(143));
    // It would have ended by itself otherwise, as this one does after its grace.
    assert!(patient.try_wait().expect("a child").is_none(), "one signal is not enough here");
    let (status, took) = end_of(patient);
    assert_eq!(status.code(), Some(143));
    assert!(took < IN_TIME, "{took:?}");
}

/// Runs a line of the shell with the program as `$B`.
fn shell(line: &str) -> (ExitStatus, String, String) {
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", line])
        .env("B", env!("CARGO_BIN_EXE_backstack"))
        .stdin(Stdio::null())
        .output()
        .expect("bash starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status, text(&output.stdout), text(&output.stderr))
}

#[test]
fn closed_streams_harm_nothing() {
    for (line, code) in [
        ("$B schema >&-", 0),
        ("$B schema 2>&- >/dev/null", 0),
        ("$B version >&- 2>&- <&-", 0),
        ("$B schema | head -1 >/dev/null", 0),
        ("echo 'install: []' | $B install >&-", 2),
        ("echo 'install: []' | $B install 2>&-", 2),
        ("echo 'install: []' | $B install >&- 2>&-", 2),
        ("$B install <&- >&- 2>&-", 2),
        ("$B no-such-command 2>&-", 1),
        ("$B --help >&-", 0),
        ("$B lint --nonsense 2>&-", 2),
    ] {
        let (status, _, stderr) = shell(line);
        assert_eq!(status.code(), Some(code), "{line}: {stderr}");
        assert!(!stderr.contains("panic") && !stderr.contains("internal error"), "{line}: {stderr}");
    }
}

/// The reader of stderr goes away before the first line: the step fails by its own cause, not by the pipe.
#[test]
fn a_reader_of_stderr_that_is_gone_does_not_change_the_exit_code() {
    let folder = TempDir::new().expect("a folder");
    let code = folder.path().join("code");
    let line =
        format!("(sleep 0.2; echo 'install: []' | $B install; echo $? > {}) 2>&1 >/dev/null | true", code.display());
    shell(&line);
    assert_eq!(fs::read_to_string(&code).expect("the exit code"), "2\n");
}
