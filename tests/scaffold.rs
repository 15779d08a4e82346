//! `hub new` and `bead new`: bundles that work from the first day.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::hub::fixture::TESTBED;
use crate::support::{Mixin, PorterHome, document, text};

fn manifest(bundle: &Path) -> Value {
    document(bundle.join("porter.yaml"))
}

/// A `$PORTER_HOME` whose mixin is the program itself.
fn porter_home() -> PorterHome {
    let home = PorterHome::new().mixin("backstack", "");
    let runtime = home.path().join("mixins/backstack/runtimes/backstack-runtime");
    fs::remove_file(&runtime).expect("the script");
    symlink(env!("CARGO_BIN_EXE_backstack"), runtime).expect("linked");
    home
}

/// Plays the action that needs nothing but the bundle.
fn help(bundle: &Path) -> crate::support::Run {
    Mixin::new("bundle run help").arg(bundle).env("PORTER_HOME", porter_home().path()).with_path().run()
}

#[test]
fn a_new_hub_is_a_bundle_without_findings() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = Mixin::new("hub new mine").folder(folder.path()).run().exits(0);
    run.says("next: backstack vendor mine && backstack lint mine");
    let bundle = folder.path().join("mine");
    assert_eq!(Mixin::new("lint").arg(&bundle).run().exits(0).stdout, "0 errors, 0 warnings\n");
    assert_eq!(manifest(&bundle)["name"], "mine");
    let document = fs::read_to_string(bundle.join("hub.yaml")).expect("written");
    assert!(document.starts_with("# yaml-language-server: $schema=") && document.contains("name: mine"), "{document}");
    let readme = fs::read_to_string(bundle.join("README.md")).expect("written");
    assert!(readme.starts_with("# mine: ") && !readme.contains("](../"), "{readme}");
    assert!(
        ["\n$ porter install", "\n$ backstack bundle run install . "].iter().all(|it| readme.contains(it)),
        "{readme}"
    );
    let ignored = fs::read_to_string(bundle.join(".gitignore")).expect("written");
    assert_eq!(ignored, "/assets/\n/.cnab/\n");
    let lock = fs::read_to_string(bundle.join("lock.yaml")).expect("written");
    assert_eq!(lock, text("bundles/hubs/existing/lock.yaml"));
    help(&bundle).exits(0).says("install");
}

#[test]
fn nothing_is_written_where_one_file_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("README.md"), "mine").expect("written");
    for verb in ["hub", "bead"] {
        let run = Mixin::new(&format!("{verb} new x .")).folder(folder.path()).run().exits(2);
        run.says("README.md is there already");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "{verb}");
    }
}

#[test]
#[ignore = "needs the testbed"]
fn the_downloads_of_a_new_hub_are_those_that_it_pins() {
    let folder = tempfile::tempdir().expect("a folder");
    Mixin::new("hub new mine .").folder(folder.path()).run().exits(0);
    // The cache of modules that the testbed was built from.
    let crossplane = &TESTBED.description().modules.crossplane;
    let cache = crossplane.ancestors().find(|it| it.ends_with("mod")).expect("a module cache");
    Mixin::new("vendor --from").arg(cache).arg(folder.path()).run().exits(0).says("2 downloads are as lock.yaml pins");
    Mixin::new("vendor --check").arg(folder.path()).run().exits(0);
}
