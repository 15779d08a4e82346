//! OpenTofu and a provider as a bundle carries them: packed, as they are published, and unpacked by the run.

use std::fs;
use std::path::{Path, PathBuf};

use backstack::files::sha256;
use backstack::opentofu::{Done, Goal, Setup};
use backstack::vendor::tools;
use tempfile::TempDir;

use super::fixture::{Module, REAL, TIME, prepared};
use crate::support::Mixin;
use crate::support::zip::zip;

const PLATFORM: &str = if cfg!(target_arch = "x86_64") { "linux/amd64" } else { "linux/arm64" };
const VERSION: &str = "0.13.1";

/// A bundle with both in its assets.
fn bundle(provider: &[u8]) -> TempDir {
    let (bundle, downloads) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let program = fs::read(&REAL.program).expect("built");
    let archive = zip(&[(format!("terraform-provider-time_v{VERSION}"), provider)]);
    let lock = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n\
         - {{name: tofu, type: program, version: 1.12.6, platform: {PLATFORM}, sha256: '{}', size: {}, url: 'https://a.example/tofu'}}\n\
         - {{name: time, type: provider, version: {VERSION}, platform: {PLATFORM}, source: hashicorp/time, sha256: '{}', \
         url: 'https://a.example/time.zip'}}\n",
        sha256(&program),
        program.len(),
        sha256(&archive)
    );
    for (folder, name, content) in
        [(&bundle, "lock.yaml", lock.as_bytes()), (&downloads, "tofu", &program), (&downloads, "time.zip", &archive)]
    {
        fs::write(folder.path().join(name), content).expect("written");
    }
    Mixin::new("vendor")
        .arg(bundle.path())
        .arg("--from")
        .arg(downloads.path())
        .run()
        .exits(0)
        .says("time: lock.yaml can pin `size:");
    bundle
}

fn setup(module: &Module, bundle: &Path, into: &Path) -> Setup {
    let tools = tools(bundle, "tofu", into).expect("as pinned");
    Setup { program: tools.program, providers: tools.providers, ..module.setup() }
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn what_a_bundle_carries_makes_a_cluster_without_a_network() {
    let module = Module::new(&format!("{TIME}resource \"time_sleep\" \"it\" {{ create_duration = \"10ms\" }}\n"));
    let provider = binary_below(&REAL.mirror).expect("in the mirror");
    let (bundle, into) = (bundle(&fs::read(provider).expect("readable")), TempDir::new().expect("a folder"));
    let tofu = prepared(setup(&module, bundle.path(), into.path())).await.expect("prepared");
    tofu.begin_state().expect("written");
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    assert_eq!(tofu.apply(plan).await.expect("applied"), Done { added: 1, changed: 0, removed: 0 });
    let plan = tofu.plan(Goal::Destroy).await.expect("planned");
    assert_eq!(tofu.apply(plan).await.expect("destroyed"), Done { added: 0, changed: 0, removed: 1 });
}

/// The provider in a mirror that has no other.
fn binary_below(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() { binary_below(&path) } else { Some(path) }
    })
}
