//! What may be run in a bundle may be run in git, and stays what people have made of it. On a git server on disk.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use backstack::document::read_bead;
use backstack::files::{Blob, Tree};
use backstack::git::Access;
use backstack::hub_repository::bead::REVISION;
use backstack::publish::bead::publish;
use backstack::render::bead::{BeadInput, RenderedBead, Values, render};
use backstack::vendor::Assets;

use super::bead_edit::installed;
use super::fixture::hub;
use super::publish::{Server, all, anything, soon};

const SCRIPT: &str = "backstage/beads/x/skeleton/build.sh";

/// A bead with a skeleton that has a script.
fn bead(version: &str, script: &str, is_executable: bool) -> RenderedBead {
    bead_by(REVISION, version, script, is_executable)
}

fn bead_by(revision: u32, version: &str, script: &str, is_executable: bool) -> RenderedBead {
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: {version}\n  application: \
         {{namespace: x, manifests: app}}\n  backstage: {{entities: catalog}}\n"
    );
    let mut files = Tree::default();
    let entity =
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: t}\nspec: {targets: [./template.yaml]}\n";
    let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec:\n  type: service\n  \
                    steps: [{id: a, name: a, action: 'fetch:template', input: {url: ./skeleton}}]\n";
    for (path, text) in [
        ("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        ("catalog/catalog-info.yaml", entity),
        ("catalog/template.yaml", template),
        ("catalog/skeleton/README.md", "# a\n"),
    ] {
        files.insert(path, text).expect("free");
    }
    files.insert("catalog/skeleton/build.sh", Blob { is_executable, ..script.into() }).expect("free");
    let bead = read_bead("bead.yaml", &document).unwrap_or_else(|failure| panic!("{}", failure.render()));
    let (assets, parameters, hub) = (Assets::default(), Values::new(), hub().resolved);
    let (claims, depth, relocation) = (None, 0, None);
    render(&BeadInput { bead, files, assets, parameters, hub, claims, depth, relocation, revision })
        .unwrap_or_else(|failure| panic!("{}", failure.render()))
}

async fn put(access: &Access, rendered: &RenderedBead) -> bool {
    publish(access, "x", all(&rendered.tree), "Render a bead", soon(), anything).await.expect("published").committed
}

/// What of the bead may be run in git.
fn executable(server: &Server) -> Vec<String> {
    let listing = server.tree();
    let files = listing.lines().filter_map(|line| line.strip_prefix("100755 ")?.split_once('\t'));
    files.map(|(_, path)| path.to_owned()).collect()
}

fn chmod(clone: &Path, path: &str, mode: u32) {
    fs::set_permissions(clone.join(path), Permissions::from_mode(mode)).expect("ours");
}

#[tokio::test]
async fn what_may_be_run_in_a_bundle_may_be_run_in_git() {
    let (server, access) = installed().await;
    assert!(put(&access, &bead("0.1.0", "a", true)).await);
    assert_eq!(executable(&server), [SCRIPT]);
    assert!(!put(&access, &bead("0.1.0", "a", true)).await, "a run that changes nothing makes no commit");
    // A version that changes nothing but the mode, and back.
    assert!(put(&access, &bead("0.2.0", "a", false)).await);
    assert_eq!(executable(&server), [""; 0]);
    assert!(put(&access, &bead("0.3.0", "a", true)).await);
    assert_eq!(executable(&server), [SCRIPT]);
}

#[tokio::test]
async fn a_version_that_was_installed_without_modes_stays_so() {
    let (server, access) = installed().await;
    // The revision before this one knew no modes.
    assert!(put(&access, &bead_by(2, "0.1.0", "a", false)).await);
    assert!(!put(&access, &bead_by(2, "0.1.0", "a", true)).await, "a mode is no reason for a commit");
    assert_eq!(executable(&server), [""; 0]);
    assert!(put(&access, &bead("0.2.0", "a", true)).await);
    assert_eq!(executable(&server), [SCRIPT]);
}

#[tokio::test]
async fn a_mode_that_people_have_set_stays_when_the_file_is_written_anew() {
    let (server, access) = installed().await;
    put(&access, &bead("0.1.0", "a", true)).await;
    server.edit(|clone| {
        chmod(clone, SCRIPT, 0o644);
        chmod(clone, "backstage/beads/x/skeleton/README.md", 0o755);
        chmod(clone, "README.md", 0o755);
    });
    let of_people = ["README.md", "backstage/beads/x/skeleton/README.md"];
    assert_eq!(executable(&server), of_people);
    assert!(!put(&access, &bead("0.1.0", "a", true)).await, "a mode is no reason for a commit");
    assert!(put(&access, &bead("0.2.0", "b", true)).await);
    assert_eq!(server.show(SCRIPT), "b");
    assert_eq!(executable(&server), of_people, "the README of the hub has a line of the bead");
    server.publish(&super::publish::upgraded()).await.expect("published");
    assert_eq!(executable(&server), of_people);
}
