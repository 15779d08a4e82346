//! Porter, with what it needs around it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use backstack_testbed::{Cluster, Repository, Testbed};
use tempfile::TempDir;

use crate::hub::fixture::vendor;
use crate::support::{Mixin, porter_on_path, skipped};

/// Porter with a home, a store and a driver of its own, and a copy of the hub bundle.
pub struct Porter {
    pub testbed: Testbed,
    folder: TempDir,
    /// Whether it works from a home of its own, away from the bundle's folder.
    away: bool,
}

impl Porter {
    /// `None`, said on the terminal, where Porter is not installed.
    pub fn find(test: &str) -> Option<Self> {
        if !porter_on_path(&format!("porter::{test}")) {
            return None;
        }
        let testbed = Testbed::start_with_porter(1).expect("the testbed starts");
        let porter = Self { testbed, folder: tempfile::tempdir().expect("a folder"), away: false };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("bundles/hubs/existing"), &porter.bundle());
        vendor(&porter.bundle());
        let mixin = porter.home().join("mixins/backstack");
        fs::create_dir_all(mixin.join("runtimes")).expect("the mixin's folder");
        for name in ["backstack", "runtimes/backstack-runtime"] {
            // Without what a debugger reads: Porter puts both into every image.
            let mut strip = Command::new("strip");
            let stripped = strip.arg(env!("CARGO_BIN_EXE_backstack")).arg("-o").arg(mixin.join(name)).status();
            assert!(stripped.expect("strip starts").success());
        }
        Some(porter)
    }

    /// The same, where a Docker engine that can build bundles answers too.
    pub fn find_with_engine(test: &str) -> Option<Self> {
        let porter = Self::find(test)?;
        if !porter.has_engine() {
            skipped(&format!("porter::{test}"), "no Docker engine since version 23 answers");
            return None;
        }
        Some(porter)
    }

    /// Goes where nothing is known of the bundle: an empty folder, and a `PORTER_HOME` without a mixin and with a
    /// database of its own.
    pub fn go_away(&mut self) {
        let config = fs::read_to_string(self.home().join("config.yaml")).expect("a configuration");
        let home = self.folder.path().join("away");
        fs::create_dir_all(home.join("empty")).expect("a folder");
        fs::write(home.join("config.yaml"), config.replace("/porter?", "/away?")).expect("a configuration");
        self.away = true;
    }

    /// The folder of the hub bundle.
    pub fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    /// A bead bundle of this repository, with its downloads.
    pub fn shipped_bead(&self, name: &str) -> PathBuf {
        let bundle = self.folder.path().join(name);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("bundles/beads").join(name), &bundle);
        vendor(&bundle);
        bundle
    }

    /// The bundle that `backstack bead new` writes.
    pub fn new_bead(&self, name: &str) -> PathBuf {
        Mixin::new("bead new").arg(name).folder(self.folder.path()).run().exits(0);
        self.folder.path().join(name)
    }

    fn home(&self) -> &Path {
        &self.testbed.description().porter.as_ref().expect("porter is set up").home
    }

    pub fn has_engine(&self) -> bool {
        self.testbed.description().porter.as_ref().is_some_and(|porter| porter.driver == "docker")
    }

    fn command(&self, bundle: &Path, args: &[&str]) -> Command {
        let porter = self.testbed.description().porter.as_ref().expect("porter is set up");
        let path = std::env::var("PATH").unwrap_or_default();
        let away = self.folder.path().join("away");
        let (home, place) =
            if self.away { (away.clone(), away.join("empty")) } else { (porter.home.clone(), bundle.to_owned()) };
        let mut command = Command::new("porter");
        command
            .args(args)
            .current_dir(place)
            .env("PORTER_HOME", home)
            .env("PORTER_RUNTIME_DRIVER", &porter.driver)
            .env("DOCKER_NETWORK", "host")
            .env("PATH", format!("{}:{path}", porter.bin.display()));
        command
    }

    /// Runs Porter in the folder of a bundle.
    pub fn try_run_in(&self, bundle: &Path, args: &[&str]) -> Output {
        self.command(bundle, args).output().expect("porter starts")
    }

    /// Runs Porter in the folder of the hub bundle, demands success, and answers what it printed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        self.run_in(&self.bundle(), args)
    }

    /// The same in the folder of another bundle.
    #[track_caller]
    pub fn run_in(&self, bundle: &Path, args: &[&str]) -> String {
        let output = self.try_run_in(bundle, args);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "porter {args:?}\n{stdout}\n{stderr}");
        format!("{stdout}{stderr}")
    }

    /// What a Porter user sees of our lint before a build. Without a finding Porter prints nothing at all, not an empty
    /// list.
    #[track_caller]
    pub fn lints_clean(&self, bundle: &Path) {
        let lint = self.try_run_in(bundle, &["lint", "-o", "json"]);
        let (found, said) = (String::from_utf8_lossy(&lint.stdout), String::from_utf8_lossy(&lint.stderr));
        assert!(lint.status.success() && found.trim().is_empty(), "porter lint {}: {found}{said}", bundle.display());
    }

    /// Asks the cluster, or tells it what stands on stdin.
    #[track_caller]
    pub fn kubectl(&self, cluster: &Cluster, args: &[&str], stdin: &str) -> String {
        let mut kubectl = Command::new(self.testbed.bin().join("kubectl"));
        kubectl.arg("--kubeconfig").arg(cluster.kubeconfig()).args(args);
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = kubectl.spawn().expect("kubectl starts");
        child.stdin.take().expect("stdin").write_all(stdin.as_bytes()).expect("read");
        let output = child.wait_with_output().expect("kubectl ends");
        assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Builds the bundle. Without an engine Porter writes everything but the image, which the run driver needs not.
    pub fn build(&self, optimized: bool) {
        self.build_in(&self.bundle(), optimized);
    }

    /// The same in the folder of another bundle.
    pub fn build_in(&self, bundle: &Path, optimized: bool) {
        let mut command = self.command(bundle, &["build", "--force"]);
        if optimized {
            command.env("PORTER_EXPERIMENTAL", "optimized-bundle-build");
        }
        let output = command.output().expect("porter starts");
        let said = String::from_utf8_lossy(&output.stderr);
        if self.has_engine() {
            assert!(output.status.success(), "porter build: {said}");
        }
        let dockerfile = fs::read_to_string(bundle.join(".cnab/Dockerfile")).expect("a Dockerfile");
        assert!(dockerfile.contains("# backstack: git and ssh"), "{dockerfile}");
    }

    pub fn act(&self, action: &[&str], repository: &Repository) -> String {
        let url = format!("repository={}", repository.url());
        self.act_in(&self.bundle(), &[action, &["--param", url.as_str()]].concat())
    }

    /// The same for another bundle, which may need other parameters.
    #[track_caller]
    pub fn act_in(&self, bundle: &Path, action: &[&str]) -> String {
        let mut args = [action, &["--credential-set", "hub"]].concat();
        if !self.has_engine() {
            args.extend(["--cnab-file", ".cnab/bundle.json"]);
        }
        self.run_in(bundle, &args)
    }

    pub fn bind(&self, cluster: &Cluster, repository: &Repository) {
        let file = self.folder.path().join("credentials.yaml");
        let path = |name: &str, value: &str| {
            let source = self.folder.path().join(name);
            fs::write(&source, value).expect("a credential");
            format!("- {{name: {name}, source: {{path: \"{}\"}}}}\n", source.display())
        };
        let text = [
            "schemaType: CredentialSet\nschemaVersion: 1.0.1\nname: hub\ncredentials:\n".to_owned(),
            format!("- {{name: kubeconfig, source: {{path: \"{}\"}}}}\n", cluster.kubeconfig().display()),
            path("git-push-username", &repository.writer().username),
            path("git-push-password", &repository.writer().password),
            path("git-pull-username", &repository.reader().username),
            path("git-pull-password", &repository.reader().password),
        ];
        fs::write(&file, text.concat()).expect("a credential set");
        self.run(&["credentials", "apply", file.to_str().expect("a path")]);
    }
}

fn copy(bundle: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-R").arg(bundle).arg(to).status();
    assert!(copied.expect("cp starts").success(), "{}", bundle.display());
}
