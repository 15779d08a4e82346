//! Where lint runs by itself: before a commit, and in a workflow of GitHub. What this repository ships for both is played as
//! they play it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use backstack::files::sha256;
use serde_json::Value;
use tempfile::TempDir;

use super::fixture::{BUNDLE, bundle, with, write};
use crate::support::document;

const PROGRAM: &str = env!("CARGO_BIN_EXE_backstack");

/// A shell that finds the program, or does not.
fn shell(script: &str, folder: &Path, has_program: bool) -> Command {
    let programs =
        Path::new(PROGRAM).parent().filter(|_| has_program).map_or_else(String::new, |it| format!("{}:", it.display()));
    let mut shell = Command::new("bash");
    shell.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(folder).env_clear();
    shell.env("PATH", format!("{programs}/usr/local/bin:/usr/bin:/bin")).env("HOME", folder);
    shell
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_commit_of_a_broken_bundle_is_refused() {
    let hook = &document(".pre-commit-hooks.yaml")[0];
    // Named files would be looked at alone, and a commit that takes files away has none.
    assert_eq!(
        (&hook["language"], &hook["pass_filenames"], &hook["always_run"]),
        (&"system".into(), &false.into(), &true.into())
    );
    let args = hook["args"].as_array().expect("a list").iter().map(|it| it.as_str().expect("text"));
    let line = args.fold(hook["entry"].as_str().expect("text").to_owned(), |line, arg| line + " " + arg);

    let folder = bundle(BUNDLE);
    let git = |line: &str| {
        let author = "-c user.name=a -c user.email=a@example.org -c commit.gpgsign=false";
        shell(&format!("git {author} {line}"), folder.path(), true).output().expect("git starts")
    };
    assert!(git("init --quiet .").status.success());
    write(folder.path(), ".git/hooks/pre-commit", &format!("#!/bin/sh\nexec {line} < /dev/null\n"));
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path().join(".git/hooks/pre-commit"), mode).expect("executable");
    let good = git("add . && git -c user.name=a -c user.email=a@example.org commit --quiet --message good");
    assert!(good.status.success(), "{}", said(&good));
    write(folder.path(), "porter.yaml", &with("timeout: 5m\n    outputs", "timeout: soon\n    outputs"));
    let broken = git("commit --quiet --all --message broken");
    assert!(!broken.status.success() && said(&broken).contains("error[backstack-102]"), "{}", said(&broken));
    let gone =
        git("rm --quiet --force hub.yaml && git -c user.name=a -c user.email=a@example.org commit --message gone");
    assert!(!gone.status.success() && said(&gone).contains("error[backstack-103]"), "{}", said(&gone));
    let count = String::from_utf8(git("rev-list --count HEAD").stdout).expect("text");
    assert_eq!(count, "1\n");
}

/// A run of the action, with what it takes in place of its defaults, as a runner plays a composite one.
struct Workflow {
    folder: TempDir,
    /// The last one that was given is the first.
    inputs: Vec<(&'static str, String)>,
    has_program: bool,
}

impl Workflow {
    fn new(porter_yaml: &str) -> Self {
        Self { folder: bundle(porter_yaml), inputs: Vec::new(), has_program: true }
    }

    fn with(mut self, input: &'static str, value: impl Into<String>) -> Self {
        self.inputs.insert(0, (input, value.into()));
        self
    }

    /// The code that ends it, and what was said.
    fn run(&self) -> (i32, String) {
        let action = document("action.yml");
        let temporary = tempfile::tempdir().expect("a folder");
        let path_file = temporary.path().join("path");
        fs::write(&path_file, "").expect("written");
        let mut all = String::new();
        for step in action["runs"]["steps"].as_array().expect("a list") {
            assert_eq!(step["shell"], "bash");
            let mut shell = shell(step["run"].as_str().expect("a script"), self.folder.path(), self.has_program);
            let added = fs::read_to_string(&path_file).expect("there").replace('\n', ":");
            if !added.is_empty() {
                shell.env("PATH", format!("{added}/usr/local/bin:/usr/bin:/bin"));
            }
            for (name, value) in step["env"].as_object().expect("a mapping") {
                shell.env(name, self.input(&action, value.as_str().expect("text")));
            }
            shell.env("GITHUB_ACTIONS", "true").env("GITHUB_PATH", &path_file).env("RUNNER_TEMP", temporary.path());
            let output = shell.output().expect("a shell");
            all += &said(&output);
            match output.status.code() {
                Some(0) => {}
                code => return (code.expect("no signal"), all),
            }
        }
        (0, all)
    }

    /// The value of `${{ inputs.NAME }}`, which is all that the action takes from outside.
    fn input(&self, action: &Value, text: &str) -> String {
        let name = text.strip_prefix("${{ inputs.").and_then(|it| it.strip_suffix(" }}")).expect("an input");
        let given = self.inputs.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone());
        given.unwrap_or_else(|| action["inputs"][name]["default"].as_str().expect("a default").to_owned())
    }
}

/// What is said of the good bundle, whose downloads nobody has brought.
const OF_THE_GOOD: &str = "not looked at: 2 downloads that are not there (assets/argocd.yaml, assets/a): `backstack vendor .` brings \
                           what is pinned\n";

#[test]
fn a_workflow_shows_what_is_wrong_in_its_line() {
    assert_eq!(Workflow::new(BUNDLE).run(), (0, OF_THE_GOOD.to_owned()));
    let broken = Workflow::new(&with("timeout: 5m\n    outputs", "timeout: soon\n    outputs"));
    let (code, told) = broken.run();
    let annotation = "::error file=porter.yaml,line=23,endLine=23,col=14,title=backstack-102::`timeout` is `soon`";
    assert!(code == 2 && told.starts_with(annotation), "{code} {told}");
    let (code, told) = Workflow::new(BUNDLE).with("folders", "nowhere\n\n.\n").run();
    assert!(code == 2 && told.contains("::error file=nowhere/porter.yaml,"), "{code} {told}");
    let (code, told) = Workflow::new(BUNDLE).with("folders", "\n").run();
    assert!(code == 2 && told.contains("names none"), "{code} {told}");
    let nowhere = Workflow { has_program: false, ..Workflow::new(BUNDLE) };
    let (code, told) = nowhere.run();
    assert!(code == 1 && told.contains("::error::backstack is not on PATH"), "{code} {told}");
}

#[test]
fn a_workflow_takes_a_release_only_with_its_digest() {
    let platform = match std::env::consts::ARCH {
        "x86_64" => "linux-amd64",
        _ => "linux-arm64",
    };
    let releases = tempfile::tempdir().expect("a folder");
    let release = releases.path().join("v9.9.9");
    fs::create_dir(&release).expect("made");
    let program: PathBuf = release.join(format!("backstack-{platform}"));
    fs::copy(PROGRAM, &program).expect("copied");
    let digest = sha256(&fs::read(&program).expect("there"));
    let hex = digest.trim_start_matches("sha256:");
    let sums =
        |hex: &str| write(&release, "SHA256SUMS", &format!("{hex}  backstack-{platform}\n{hex}  backstack-other\n"));
    let workflow = || {
        let workflow = Workflow { has_program: false, ..Workflow::new(BUNDLE) };
        workflow.with("version", "v9.9.9").with("url", format!("file://{}", releases.path().display()))
    };
    sums(hex);
    assert_eq!(workflow().run(), (0, OF_THE_GOOD.to_owned()));
    assert_eq!(workflow().with("sha256", digest.clone()).run(), (0, OF_THE_GOOD.to_owned()));
    let other = "0".repeat(64);
    let refused = |workflow: Workflow| {
        let (code, told) = workflow.run();
        assert!(code == 1 && told.contains("has another digest than"), "{code} {told}");
    };
    refused(workflow().with("sha256", other.clone()));
    sums(&other);
    refused(workflow());
    write(&release, "SHA256SUMS", "");
    refused(workflow());
    let (code, told) = workflow().with("version", "v0.0.0").run();
    assert!(code != 0 && told.contains("curl"), "{code} {told}");
}
