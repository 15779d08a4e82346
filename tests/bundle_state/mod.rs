//! The `state` of a bundle is there again in the next run of `bundle run --state DIR`.

mod interrupted;
mod refused;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Mixin, PorterHome, Run, data};

/// Says what it finds, and writes what it does into it.
const APPEND: &str = r#"cat > /dev/null; mkdir -p tofu; echo "found: $(cat tofu/terraform.tfstate 2>&1)"; echo "$@" >> tofu/terraform.tfstate"#;
/// Says what it finds.
const LOOK: &str = r#"cat > /dev/null; echo "found: $(cat tofu/terraform.tfstate 2>&1)""#;

const STATE: &str = "state: [{name: tfstate, path: tofu/terraform.tfstate, description: of OpenTofu, mixin: echo}]\n";

/// A bundle and a folder for its state, which is not there yet.
struct Site {
    place: TempDir,
    manifest: String,
}

impl Site {
    fn new(manifest: &str) -> Self {
        let site = Self { place: tempfile::tempdir().expect("a folder"), manifest: manifest.to_owned() };
        site.write("tryout");
        site
    }

    fn write(&self, name: &str) {
        let head =
            format!("schemaVersion: 1.0.1\nname: {name}\nversion: 1.2.3\nregistry: r.example.org\nmixins: [echo]\n");
        let actions =
            ["install", "upgrade", "uninstall", "look", "help", "rotate"].map(|it| format!("{it}: [{{echo: {{}}}}]\n"));
        let custom = "customActions: {look: {modifies: false}, rotate: {description: without modifies}}\n";
        fs::create_dir_all(self.bundle()).expect("made");
        let text = format!("{head}{}{custom}{}", self.manifest, actions.concat());
        fs::write(self.bundle().join("porter.yaml"), text).expect("written");
    }

    fn bundle(&self) -> PathBuf {
        self.place.path().join("bundle")
    }

    fn state(&self) -> PathBuf {
        self.place.path().join("state")
    }

    fn bag(&self) -> PathBuf {
        self.state().join("porter-state.tgz")
    }

    fn record(&self) -> Value {
        serde_json::from_slice(&fs::read(self.state().join("record.json")).expect("a record")).expect("JSON")
    }

    /// A run, with the options that are given, of a mixin that is this script.
    fn call(&self, home: &PorterHome, line: &str) -> Mixin {
        let mut words = line.split(' ');
        Mixin::new("bundle run")
            .arg(words.next().expect("an action"))
            .arg(self.bundle())
            .env("PORTER_HOME", home.path())
            .with_path()
            .args(words)
    }

    /// A run with the folder for state.
    fn run(&self, script: &str, line: &str) -> Run {
        self.call(&PorterHome::new().mixin("echo", script), line).arg("--state").arg(self.state()).run()
    }

    /// One that installs.
    fn installed(self) -> Self {
        self.run(APPEND, "install").exits(0);
        self
    }
}

/// What is in a bag, as tar(1) lists and prints it.
fn listed(bag: &Path) -> String {
    let names = Command::new("tar").arg("-tzf").arg(bag).output().expect("tar");
    assert!(names.status.success(), "{}", String::from_utf8_lossy(&names.stderr));
    String::from_utf8(names.stdout).expect("text")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

#[test]
fn a_state_is_there_again_in_the_next_run() {
    let site = Site::new(STATE);
    let first = site.run(APPEND, "install").exits(0).says("no state is there yet in ").says("found: cat: tofu");
    first.says("executing install action from tryout (installation: tryout); its state is kept in ");
    site.run(APPEND, "upgrade").exits(0).says("found: install\n");
    site.run(APPEND, "uninstall").exits(0).says("found: install\nupgrade\n");
    assert_eq!(listed(&site.bag()), "porter-state/tfstate\n");
}

#[test]
fn the_folder_is_for_its_owner_and_holds_no_more_than_it_needs() {
    let site = Site::new(STATE);
    fs::create_dir(site.state()).expect("made");
    fs::set_permissions(site.state(), fs::Permissions::from_mode(0o755)).expect("open to all");
    let site = site.installed();
    assert_eq!(mode(&site.state()), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(site.state()).expect("a folder").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().expect("text"));
    }
    names.sort();
    assert_eq!(names, ["lock", "porter-state.tgz", "record.json", "stage.lock"]);
}

#[test]
fn the_record_says_whose_state_it_is_and_which_run_has_written_it() {
    let site = Site::new(STATE);
    site.run(APPEND, "install --name=dev").exits(0);
    let record = site.record();
    assert_eq!((&record["bundle"], &record["installation"]), (&json!("tryout"), &json!("dev")));
    assert_eq!((&record["lastRun"]["action"], &record["lastRun"]["outcome"]), (&json!("install"), &json!("succeeded")));
    assert_eq!(record["bag"]["sha256"].as_str().expect("a digest").len(), 64);
    assert!(record["bag"]["time"].as_str().expect("a time").ends_with('Z'), "{record}");
    assert_eq!((&record["uninstalled"], &record["unfinished"]), (&json!(false), &json!(null)));
}

/// `tests/data/porter-state.tgz` is what `porter-runtime` 1.6.1 has packed.
#[test]
fn a_bag_of_porters_is_taken() {
    let places = "state: [{name: tfstate, path: tofu/terraform.tfstate}, {name: abs, path: /data/x.json}, \
                  {name: tilde, path: ~/home.json}, {name: never, path: never}]\n";
    let site = Site::new(places);
    fs::create_dir(site.state()).expect("made");
    fs::copy(data("tests/data/porter-state.tgz"), site.bag()).expect("carried over");
    let script = r#"cat > /dev/null; cat tofu/terraform.tfstate "$BACKSTACK_ROOT/data/x.json" '~/home.json'; ls never
        stat -c 'mode %a' tofu/terraform.tfstate; exit 0"#;
    let run = site.run(script, "upgrade").exits(0).says("takes ").says("for the state, as it is\n");
    run.says("one\n{}\nhome\n").says("ls: cannot access 'never'").says("mode 600");
    assert_eq!(listed(&site.bag()), "porter-state/abs\nporter-state/tfstate\nporter-state/tilde\n");
}

#[test]
fn paths_of_the_image_are_moved() {
    let site = Site::new("state: [{name: s, path: /data/s.json}]\n");
    let text = fs::read_to_string(site.bundle().join("porter.yaml")).expect("read");
    let step = "upgrade: [{echo: {file: /data/s.json}}]\n";
    fs::write(site.bundle().join("porter.yaml"), text.replace("upgrade: [{echo: {}}]\n", step)).expect("written");
    let script = r#"file=$(sed -n 's/.*file: //p'); test "$file" = "$BACKSTACK_ROOT/data/s.json" && mkdir -p "${file%/*}" && echo x > "$file""#;
    site.run(script, "upgrade").exits(0);
    assert_eq!(listed(&site.bag()), "porter-state/s\n");
}

#[test]
fn what_a_step_removes_is_no_part_of_the_state_any_more() {
    let site = Site::new(STATE).installed();
    site.run("rm tofu/terraform.tfstate", "upgrade").exits(0);
    assert_eq!(listed(&site.bag()), "");
    site.run(LOOK, "upgrade").exits(0).says("found: cat: tofu/terraform.tfstate: No such file");
}

#[test]
fn a_link_on_the_stage_is_followed_and_one_that_leads_out_is_not() {
    let site = Site::new(STATE);
    site.run("mkdir -p tofu; echo far > data; ln -s ../data tofu/terraform.tfstate", "install").exits(0);
    site.run(LOOK, "upgrade").exits(0).says("found: far");
    let outside = site.place.path().join("outside");
    fs::write(&outside, "not of the bundle").expect("written");
    let run = site.run(&format!("ln -sf {} tofu/terraform.tfstate", outside.display()), "upgrade").exits(1);
    run.says("the state `tfstate` at tofu/terraform.tfstate: it leads out of the bundle's image");
}

#[test]
fn an_action_that_changes_nothing_reads_the_state_and_leaves_it() {
    let site = Site::new(STATE).installed();
    let before = (fs::read(site.bag()).expect("a bag"), site.record());
    // Porter takes what is declared without `modifies` for an action that changes nothing.
    for action in ["look", "rotate"] {
        let run = site.run(APPEND, action).exits(0).says("found: install\n");
        run.says(&format!("{action} reads the state: what it changes of it is not kept\n"));
        assert_eq!((fs::read(site.bag()).expect("a bag"), site.record()), before);
    }
}

#[test]
fn an_action_without_state_needs_no_folder() {
    let site = Site::new(STATE);
    site.call(&PorterHome::new().mixin("echo", LOOK), "help").run().exits(0);
    let run = site.call(&PorterHome::new().mixin("echo", LOOK), "look").run().exits(2);
    let run = run.says("the bundle tryout has a state to keep; nothing was started").says("by --state DIR");
    assert!(!run.stderr.contains("found"), "{}", run.stderr);
}

#[test]
fn a_folder_for_a_bundle_without_state_is_idle() {
    let site = Site::new("");
    site.run(LOOK, "install").exits(0).says("is idle: the bundle declares no `state`").says("no record of it is kept");
    assert!(!site.state().exists());
}

/// Porter takes the last bag of an installation, also after it was uninstalled.
#[test]
fn after_an_uninstall_the_state_is_kept() {
    let site = Site::new(STATE).installed();
    site.run(APPEND, "uninstall").exits(0);
    assert_eq!(site.record()["uninstalled"], json!(true));
    site.run(APPEND, "install").exits(0).says("found: install\nuninstall\n");
    assert_eq!(site.record()["uninstalled"], json!(false));
}

/// It is the mixin that knows whether it can remove something without its state.
#[test]
fn an_uninstall_without_state_is_the_mixins_business() {
    Site::new(STATE).run(LOOK, "uninstall").exits(0).says("no state is there yet in ");
}

#[test]
fn nothing_of_the_state_is_shown() {
    let site = Site::new(STATE);
    let run = site.run("mkdir tofu; echo s3cret-of-tofu > tofu/terraform.tfstate; exit 1", "install").exits(1);
    let next = site.run("cat > /dev/null", "upgrade -o json").exits(0);
    for text in [run.stdout, run.stderr, next.stdout, next.stderr] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert!(!site.record().to_string().contains("s3cret"));
}
