//! What a bundle carries: OpenTofu and its provider, as `backstack vendor` brings them, made once in a run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use backstack::files::sha256;
use backstack_testbed::opentofu::OpenTofu;

use crate::hub::fixture::TESTBED;
use crate::support::zip::zip;

const PROVIDER: &str = "terraform-provider-time_v";

/// Puts both into a bundle, with the lock that pins them.
pub fn carry(bundle: &Path) {
    let place = brought();
    for name in ["lock.yaml", "assets"] {
        symlink(place.join(name), bundle.join(name)).expect("linked");
    }
}

/// Puts both beside what a bundle carries and pins already.
pub fn carry_into(bundle: &Path) {
    let place = brought();
    let text = |folder: &Path| fs::read_to_string(folder.join("lock.yaml")).expect("a lock");
    let (own, more) = (text(bundle), text(&place));
    let more = more.split_once("assets:\n").expect("a list").1;
    fs::write(bundle.join("lock.yaml"), format!("{}\n{more}", own.trim_end())).expect("written");
    // A bundle that is played leaves out links.
    let copied = Command::new("cp").arg("-a").arg(place.join("assets")).arg(bundle).status();
    assert!(copied.expect("cp starts").success());
}

/// Where both are.
fn brought() -> PathBuf {
    let dir = TESTBED.description().dir.join("bundles");
    fs::create_dir_all(&dir).expect("a folder");
    let guard = fs::File::create(dir.join("guard-of-opentofu")).expect("a lock");
    guard.lock().expect("the lock");
    let place = dir.join("opentofu");
    if !place.exists() {
        let unfinished = dir.join("opentofu-unfinished");
        let _ = fs::remove_dir_all(&unfinished); // there may be none
        lay_out(&unfinished);
        fs::rename(&unfinished, &place).expect("finished");
    }
    place
}

fn lay_out(place: &Path) {
    let real = OpenTofu::ensure().expect("OpenTofu is built");
    let assets = place.join("assets");
    fs::create_dir_all(&assets).expect("a folder");
    let (host, version, platform, provider) = provider_in(&real.mirror);
    let program = fs::read(&real.program).expect("the program");
    fs::write(assets.join(format!("tofu_{platform}")), &program).expect("written");
    let archive = zip(&[(format!("{PROVIDER}{version}"), &provider)]);
    let mirror = assets.join("provider_mirror").join(&host).join("hashicorp/time");
    fs::create_dir_all(&mirror).expect("a folder");
    fs::write(mirror.join(format!("terraform-provider-time_{version}_{platform}.zip")), &archive).expect("written");
    let (program, archive, platform) = (sha256(&program), sha256(&archive), platform.replace('_', "/"));
    let lock = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n\
         - {{name: tofu, type: program, version: 1.0.0, platform: {platform}, sha256: '{program}', url: 'https://example.org/tofu'}}\n\
         - {{name: time, type: provider, version: {version}, platform: {platform}, sha256: '{archive}', \
         source: {host}/hashicorp/time, url: 'https://example.org/time.zip'}}\n"
    );
    fs::write(place.join("lock.yaml"), lock).expect("written");
}

/// The host, the version, the platform and the program of the only provider in the testbed's mirror.
fn provider_in(mirror: &Path) -> (String, String, String, Vec<u8>) {
    let only = |folder: &Path| {
        let entry = fs::read_dir(folder).expect("a folder").next().expect("an entry").expect("an entry");
        entry.file_name().into_string().expect("text")
    };
    let host = only(mirror);
    let versions = mirror.join(&host).join("hashicorp/time");
    let version = only(&versions);
    let platform = only(&versions.join(&version));
    let program = versions.join(&version).join(&platform).join(format!("{PROVIDER}{version}"));
    (host, version, platform, fs::read(program).expect("the provider"))
}
