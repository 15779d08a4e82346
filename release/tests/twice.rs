//! The same commit gives the same bytes, wherever it is built: twice by `make build`, in folders and with homes of other
//! names. Unoptimized, which is a third of the time: what comes in is paths, times and the order of things, and these come in
//! without optimization as well. What is built stands in the cache, beside the other tools: the libraries, which are most of
//! it, are built again only where `Cargo.lock` or the compiler has changed.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = "target/x86_64-unknown-linux-gnu/release/backstack";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Where the builds of the versions before are.
fn cache() -> PathBuf {
    let set = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = set.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache"));
    cache.join("backstack-tools/twice")
}

/// The sources that git knows.
fn sources() -> HashSet<PathBuf> {
    let mut git = Command::new("git");
    git.current_dir(repository()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listing = String::from_utf8(git.output().expect("git starts").stdout).expect("text");
    listing.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

/// Makes a folder these sources and nothing else, but for what cargo has built there. A file that is as it was keeps its
/// date, so that cargo builds nothing twice.
fn copy(sources: &HashSet<PathBuf>, to: &Path) {
    for name in sources {
        let Ok(content) = fs::read(repository().join(name)) else { continue }; // a link, or gone since
        let target = to.join(name);
        if fs::read(&target).is_ok_and(|there| there == content) {
            continue;
        }
        fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        fs::write(target, content).expect("written");
    }
    let mut folders = vec![to.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(to).expect("below");
            if path.is_dir() && name != Path::new("target") {
                folders.push(path);
            } else if path.is_file() && !sources.contains(name) {
                fs::remove_file(path).expect("removed");
            }
        }
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

fn build(folder: &Path, home: &Path) -> Vec<u8> {
    let mut make = Command::new("make");
    make.current_dir(folder).arg("build").env("CARGO_HOME", home);
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
    fs::read(folder.join(PROGRAM)).expect("the program")
}

#[test]
#[ignore = "takes minutes"]
fn two_builds_of_one_commit_are_equal() {
    let here = cache();
    fs::create_dir_all(&here).expect("made");
    let alone = File::create(here.join("lock")).expect("created");
    alone.lock().expect("locked"); // of all runs of the tests on this machine
    let [folder, other_folder] = [here.join("a"), here.join("another-place")];
    let sources = sources();
    for to in [&folder, &other_folder] {
        copy(&sources, to); // before anything changes them
    }
    let one = build(&folder, &home(&here.join("home")));
    let other = build(&other_folder, &home(&here.join("a-home-elsewhere")));
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
