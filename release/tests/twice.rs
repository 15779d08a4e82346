//! The same commit gives the same bytes, wherever it is built: twice by `make build`, in folders and with homes of other
//! names. Unoptimized, which is a third of the time: what comes in is paths, times and the order of things, and these come in
//! without optimization as well.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = "target/x86_64-unknown-linux-gnu/release/backstack";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// A copy of the sources that git knows. What is as it was keeps its date, so that cargo builds nothing twice.
fn copy(to: &Path) {
    let mut git = Command::new("git");
    git.current_dir(repository()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listing = git.output().expect("git starts").stdout;
    for name in String::from_utf8(listing).expect("text").split('\0').filter(|name| !name.is_empty()) {
        let Ok(content) = fs::read(repository().join(name)) else { continue }; // a link, or gone since
        let target = to.join(name);
        if fs::read(&target).is_ok_and(|there| there == content) {
            continue;
        }
        fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        fs::write(target, content).expect("written");
    }
}

/// A home for cargo under a name of its own, with the downloads of the other.
fn home(at: &Path) -> PathBuf {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cargo"));
    fs::create_dir_all(at).expect("made");
    for entry in ["registry", "config.toml", "config"] {
        if cargo.join(entry).exists() && !at.join(entry).exists() {
            symlink(cargo.join(entry), at.join(entry)).expect("linked");
        }
    }
    at.to_owned()
}

fn build(sources: &Path, home: &Path) -> Vec<u8> {
    copy(sources);
    let mut make = Command::new("make");
    make.current_dir(sources).arg("build").env("CARGO_HOME", home);
    make.envs([("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"), ("CARGO_PROFILE_RELEASE_LTO", "off")]);
    make.envs([("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"), ("BACKSTACK_COMMIT", "0123456789ab")]);
    // What a run of tests sets for itself.
    for name in std::env::vars().map(|(name, _)| name).filter(|it| it.starts_with("CARGO_") || it == "RUSTFLAGS") {
        if !["CARGO_BUILD_JOBS", "CARGO_NET_OFFLINE"].contains(&name.as_str()) && !name.starts_with("CARGO_REGISTR") {
            make.env_remove(name);
        }
    }
    make.env("CARGO_HOME", home);
    let output = make.output().expect("make starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(sources.join(PROGRAM)).expect("the program")
}

#[test]
#[ignore = "takes minutes"]
fn two_builds_of_one_commit_are_equal() {
    let here = repository().join("target/twice");
    let one = build(&here.join("a"), &home(&here.join("home")));
    let other = build(&here.join("another-place"), &home(&here.join("a-home-elsewhere")));
    assert_eq!(one.len(), other.len(), "the sizes differ");
    let differ = one.iter().zip(&other).position(|(one, other)| one != other);
    let near = |bytes: &[u8], at: usize| {
        String::from_utf8_lossy(&bytes[at.saturating_sub(80)..(at + 80).min(bytes.len())]).into_owned()
    };
    assert_eq!(differ.map(|at| (at, near(&one, at), near(&other, at))), None);
    for name in ["/twice/", "home-elsewhere"] {
        assert!(!one.windows(name.len()).any(|it| it == name.as_bytes()), "the program names the folder `{name}`");
    }
}
