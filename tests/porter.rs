//! The hub bundle in the hands of the real Porter.
//!
//! Porter is on no package registry, so these tests run where `porter` (1.6 or later) is on PATH; elsewhere each says
//! that it was skipped. What Porter sends is covered there by the recorded calls (`contract`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use backstack_testbed::{Cluster, Repository, Testbed};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::porter_on_path;

/// Porter with a home, a store and a driver of its own, and a copy of the hub bundle.
struct Porter {
    testbed: Testbed,
    folder: TempDir,
}

impl Porter {
    /// `None`, said on the terminal, where Porter is not installed.
    fn find(test: &str) -> Option<Self> {
        if !porter_on_path(&format!("porter::{test}")) {
            return None;
        }
        let testbed = Testbed::start_with_porter(1).expect("the testbed starts");
        let porter = Self { testbed, folder: tempfile::tempdir().expect("a folder") };
        let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundles/hubs/existing");
        let copied = Command::new("cp").arg("-R").arg(bundle).arg(porter.bundle()).status();
        assert!(copied.expect("cp starts").success());
        let vendored = Command::new(env!("CARGO_BIN_EXE_backstack")).arg("vendor").arg(porter.bundle()).output();
        assert!(vendored.expect("vendor starts").status.success());
        let mixin = porter.home().join("mixins/backstack");
        fs::create_dir_all(mixin.join("runtimes")).expect("the mixin's folder");
        for name in ["backstack", "runtimes/backstack-runtime"] {
            fs::copy(env!("CARGO_BIN_EXE_backstack"), mixin.join(name)).expect("the mixin");
        }
        Some(porter)
    }

    fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    fn home(&self) -> &Path {
        &self.testbed.description().porter.as_ref().expect("porter is set up").home
    }

    fn has_engine(&self) -> bool {
        self.testbed.description().porter.as_ref().is_some_and(|porter| porter.driver == "docker")
    }

    fn command(&self, args: &[&str]) -> Command {
        let porter = self.testbed.description().porter.as_ref().expect("porter is set up");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("porter");
        command
            .args(args)
            .current_dir(self.bundle())
            .env("PORTER_HOME", &porter.home)
            .env("PORTER_RUNTIME_DRIVER", &porter.driver)
            .env("DOCKER_NETWORK", "host")
            .env("PATH", format!("{}:{path}", porter.bin.display()));
        command
    }

    fn try_run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("porter starts")
    }

    /// Runs Porter, demands success, and answers what it printed.
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let output = self.try_run(args);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "porter {args:?}\n{stdout}\n{stderr}");
        format!("{stdout}{stderr}")
    }

    /// Builds the bundle. Without an engine Porter writes everything but the image, which the run driver needs not.
    fn build(&self, optimized: bool) {
        let mut command = self.command(&["build", "--force"]);
        if optimized {
            command.env("PORTER_EXPERIMENTAL", "optimized-bundle-build");
        }
        let output = command.output().expect("porter starts");
        let said = String::from_utf8_lossy(&output.stderr);
        if self.has_engine() {
            assert!(output.status.success(), "porter build: {said}");
        }
        let dockerfile = fs::read_to_string(self.bundle().join(".cnab/Dockerfile")).expect("a Dockerfile");
        assert!(dockerfile.contains("# backstack: git and ssh"), "{dockerfile}");
    }

    fn act(&self, action: &[&str], repository: &Repository) -> String {
        let url = format!("repository={}", repository.url());
        let mut args = action.to_vec();
        args.extend(["--credential-set", "hub", "--param", url.as_str()]);
        if !self.has_engine() {
            args.extend(["--cnab-file", ".cnab/bundle.json"]);
        }
        self.run(&args)
    }

    fn bind(&self, cluster: &Cluster, repository: &Repository) {
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

#[test]
#[ignore = "needs the testbed, and porter on PATH"]
fn porter_lints_validates_and_builds_the_hub_bundle() {
    let Some(porter) = Porter::find("porter_lints_validates_and_builds_the_hub_bundle") else { return };
    // Without a finding Porter prints nothing at all, not an empty list.
    let lint = porter.try_run(&["lint", "-o", "json"]);
    let (found, said) = (String::from_utf8_lossy(&lint.stdout), String::from_utf8_lossy(&lint.stderr));
    assert!(lint.status.success() && found.trim().is_empty(), "porter lint: {found}{said}");

    let schema: Value = serde_json::from_str(&porter.run(&["schema"])).expect("the schema is JSON");
    let steps = schema["properties"]["install"]["items"]["anyOf"].to_string();
    assert!(steps.contains("#/mixin.backstack/definitions/installStep"), "{steps}");
    let validator = jsonschema::options().build(&without_remote(&schema)).expect("the merged schema compiles");
    let text = fs::read_to_string(porter.bundle().join("porter.yaml")).expect("porter.yaml");
    let manifest = backstack::spec::yaml::manifests("porter.yaml", &text).expect("YAML").remove(0);
    let errors: Vec<String> = validator.iter_errors(&manifest).map(|it| it.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    porter.build(false);
    porter.build(true);
}

/// The base schema refers to one document of Porter's site, for the types of parameters and outputs.
fn without_remote(schema: &Value) -> Value {
    let text =
        schema.to_string().replace(r#""$ref":"https://porter.sh/schema/json-schema.json""#, r#""type":"object""#);
    serde_json::from_str(&text).expect("still JSON")
}

#[test]
#[ignore = "needs the testbed, and porter on PATH"]
fn porter_runs_the_whole_life_of_a_hub() {
    let Some(porter) = Porter::find("porter_runs_the_whole_life_of_a_hub") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cluster = runtime.block_on(porter.testbed.lease()).expect("a cluster");
    let repository = porter.testbed.repository().expect("a repository");
    porter.bind(&cluster, &repository);
    porter.build(false);

    let said = porter.act(&["install", "hub"], &repository);
    assert!(said.contains("Argo CD heals drift"), "{said}");
    let password = &repository.writer().password;
    assert!(!said.contains(password.as_str()), "a password is printed");
    let outputs: Value =
        serde_json::from_str(&porter.run(&["installation", "outputs", "list", "-i", "hub", "-o", "json"]))
            .expect("outputs are JSON");
    let value = |name: &str| {
        let all = outputs.as_array().expect("a list");
        let found = all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no output {name}: {outputs:#}"));
        found["value"].as_str().expect("a value").to_owned()
    };
    let proof: Value = serde_json::from_str(&value("handover")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert_eq!(proof["revision"], value("revision").as_str());

    porter.act(&["invoke", "hub", "--action", "status"], &repository);
    porter.act(&["invoke", "hub", "--action", "verify"], &repository);
    let said = porter.act(&["upgrade", "hub"], &repository);
    assert!(said.contains("no change"), "{said}");
    let said = porter.act(&["uninstall", "hub"], &repository);
    assert!(said.contains("nothing of the hub is left"), "{said}");
}
