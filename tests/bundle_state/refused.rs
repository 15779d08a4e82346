//! What is refused before anything is started, so that no state is lost or mixed up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{APPEND, LOOK, STATE, Site, mode};
use crate::support::{Mixin, PorterHome, Run};

/// Demands that the mixin was not started.
fn nothing_ran(run: &Run) {
    assert!(!run.stderr.contains("found"), "{}", run.stderr);
}

#[test]
fn a_state_that_is_not_there_any_more_is_refused() {
    let site = Site::new(STATE).installed();
    let bag = fs::read(site.bag()).expect("a bag");
    let changed: Vec<u8> = bag.iter().rev().copied().collect();
    for (left, said) in [
        (None, "is not there any more"),
        (Some(&bag[..bag.len() / 2]), "was changed since"),
        (Some(&[]), "was changed since"),
        (Some(&changed), "was changed since"),
    ] {
        match left {
            Some(bytes) => fs::write(site.bag(), bytes).expect("written"),
            None => fs::remove_file(site.bag()).expect("removed"),
        }
        for action in ["upgrade", "uninstall", "look"] {
            let run = site.run(LOOK, action).exits(3).says("the state that install has written at ").says(said);
            nothing_ran(&run.says("porter-state.tgz").says("nothing was started").says("hint: put the file back"));
        }
    }
    fs::write(site.bag(), bag).expect("put back");
    site.run(LOOK, "upgrade").exits(0).says("found: install\n");
}

#[test]
fn without_the_record_the_state_is_taken_as_it_is() {
    let site = Site::new(STATE).installed();
    fs::remove_file(site.bag()).expect("removed");
    fs::remove_file(site.state().join("record.json")).expect("removed");
    site.run(LOOK, "upgrade").exits(0).says("no state is there yet in ");
}

#[test]
fn a_stage_of_which_nothing_is_recorded_is_refused() {
    let site = Site::new(STATE);
    fs::create_dir_all(site.state().join("stage/cnab/app/tofu")).expect("made");
    nothing_ran(&site.run(LOOK, "install").exits(3).says("nothing is recorded of the run that left "));
    assert!(site.state().join("stage/cnab/app/tofu").exists());
}

#[test]
fn what_is_no_bag_is_refused() {
    let site = Site::new(STATE);
    fs::create_dir(site.state()).expect("made");
    fs::write(site.bag(), "no archive").expect("written");
    nothing_ran(&site.run(LOOK, "install").exits(3).says("porter-state.tgz is no state of Porter's"));
}

#[test]
fn a_state_that_the_bundle_does_not_declare_is_refused() {
    let mut site = Site::new(STATE).installed();
    site.manifest = STATE.replace("tfstate,", "other,");
    site.write("tryout");
    let run = site.run(LOOK, "upgrade").exits(3).says("the state holds `tfstate`, which the bundle does not declare");
    nothing_ran(&run);
    assert!(!site.state().join("stage").exists(), "a run that has not begun leaves nothing");
}

#[test]
fn the_folder_of_another_installation_is_refused() {
    let site = Site::new(STATE).installed();
    let run = site.run(LOOK, "install --name=other").exits(3);
    nothing_ran(
        &run.says("holds the state of the installation tryout of the bundle tryout, not of the installation other"),
    );
    site.write("another");
    let run =
        site.run(LOOK, "install --name=tryout").exits(3).says("not of the installation tryout of the bundle another");
    nothing_ran(&run);
}

#[test]
fn a_folder_with_other_things_is_refused() {
    let site = Site::new(STATE);
    fs::create_dir(site.state()).expect("made");
    fs::set_permissions(site.state(), fs::Permissions::from_mode(0o755)).expect("open to all");
    fs::write(site.state().join("thesis.txt"), "").expect("written");
    nothing_ran(&site.run(LOOK, "install").exits(2).says("is no folder for state: it holds thesis.txt"));
    assert_eq!(fs::read_dir(site.state()).expect("a folder").count(), 1, "nothing is added to it");
    assert_eq!(mode(&site.state()), 0o755, "it is left as it is");
}

#[test]
fn a_folder_in_the_bundle_is_refused() {
    let site = Site::new(STATE);
    for folder in ["state", "deep/er/state"] {
        let folder = site.bundle().join(folder);
        let call = site.call(&PorterHome::new().mixin("echo", LOOK), "install").arg("--state").arg(&folder);
        nothing_ran(&call.run().exits(2).says("is in the bundle itself; nothing was started"));
        assert!(!folder.exists());
    }
}

#[test]
fn a_record_that_is_none_is_refused() {
    let site = Site::new(STATE).installed();
    fs::write(site.state().join("record.json"), "{}").expect("written");
    nothing_ran(&site.run(LOOK, "upgrade").exits(3).says("record.json is no record of state"));
}

#[test]
fn a_folder_of_the_bundle_is_no_state() {
    let site = Site::new(STATE);
    fs::create_dir_all(site.bundle().join("tofu/terraform.tfstate")).expect("made");
    let run = site.run(APPEND, "install").exits(2).says("the state `tfstate` is a folder of the bundle");
    nothing_ran(&run);
}

#[test]
fn mistakes_in_state_are_told_at_their_place() {
    for (state, place, said) in [
        ("{name: a}", "6:9", "`a` has no `path`"),
        ("{name: a, env: A}", "6:9", "`a` has no `path`"),
        ("{path: a}", "6:9", "`state[0].name` is required"),
        ("{name: a, path: x}, {name: a, path: y}", "6:36", "the state `a` is declared twice"),
        ("{name: a, path: x/}", "6:25", "`x/` is a folder"),
        ("{name: a, path: ../x}", "6:25", "`../x` is no path of a file in the bundle's image"),
        ("{name: a, path: ''}", "6:25", "`` is no path of a file"),
        ("{name: ../a, path: x}", "6:16", "`../a` is no name for a state"),
        ("{name: a//b, path: x}", "6:16", "`a//b` is no name for a state"),
    ] {
        let site = Site::new(&format!("state: [{state}]\n"));
        let run = site.run(LOOK, "install").exits(2).says(said).says(&format!("porter.yaml:{place}"));
        nothing_ran(&run);
        assert!(!site.state().exists());
        let lint = Mixin::new("lint").arg(site.bundle()).run().exits(2);
        assert!(lint.stdout.contains(said) || lint.stderr.contains(said), "{}{}", lint.stdout, lint.stderr);
    }
    let fine = Site::new("state: [{name: a/b, path: x}, {name: c, path: ./y}]\n");
    let lint = Mixin::new("lint").arg(fine.bundle()).run();
    assert!(!lint.stdout.contains("backstack-127"), "{}", lint.stdout);
}
