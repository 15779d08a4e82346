//! The promise about formats: what an earlier version wrote into a hub repository is read by this one, for ever.
//!
//! A folder beside this file is what one version made of a hub bundle and a bead bundle, which lie beside it: all that
//! we render. Argo CD's manifests and the charts come from the pins of that bundle.

mod page;

use std::fs;
use std::path::{Path, PathBuf};

use backstack::document::{Lock, Resolved, read_hub};
use backstack::files::sha256;
use backstack::hub_repository::HubLock;
use backstack::render::hub::{HubInput, render};
use backstack::schema::{Scalars, read};
use backstack::vendor::Assets;

use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, vendor};
use crate::hub::installed::Kind;
use crate::support::{data, files_below};

/// What one version wrote.
struct Recorded {
    folder: PathBuf,
    /// The address of the repository, which is another one on each testbed.
    address: String,
    /// The identity of the cluster, which is another one, too.
    uid: String,
}

impl Recorded {
    fn of(version: &str) -> Self {
        let folder = data("tests/formats").join(version);
        let text = fs::read_to_string(folder.join("repository/hub.yaml")).expect("recorded");
        let value = |key: &str| {
            // The last one: a value of a component may be called so, too.
            let value = text.lines().rev().find_map(|line| line.trim().strip_prefix(key)).expect("a line");
            value.trim().to_owned()
        };
        Self { address: value("repository:"), uid: value("clusterUid:"), folder }
    }

    /// Makes the clone of a repository what this version would have made of it, from what it wrote and what its pins bring.
    fn put_into(&self, clone: &Path, address: &str, uid: &str) {
        for (path, _) in texts_below(clone) {
            fs::remove_file(clone.join(path)).expect("removed");
        }
        let write = |path: &str, bytes: &[u8]| {
            fs::create_dir_all(clone.join(path).parent().expect("a folder")).expect("made");
            fs::write(clone.join(path), bytes).expect("written");
        };
        for (path, bytes) in self.brought_by_the_pins() {
            write(&path, &bytes);
        }
        let recorded = texts_below(&self.folder.join("repository"));
        let here = |text: &str| text.replace(&self.address, address).replace(&self.uid, uid);
        let digest = |text: &str| sha256(text.as_bytes());
        let digests: Vec<_> = recorded.iter().map(|(_, text)| (digest(text), digest(&here(text)))).collect();
        for (path, text) in &recorded {
            let is_lock = path.ends_with("lock.yaml");
            let others = digests.iter().filter(|_| is_lock);
            write(path, others.fold(here(text), |text, (before, after)| text.replace(before, after)).as_bytes());
        }
    }

    /// Argo CD's manifests with the settings of the hub, and the chart: byte for byte what this version had rendered.
    fn brought_by_the_pins(&self) -> Vec<(String, Vec<u8>)> {
        let text = |file: &str| fs::read_to_string(self.folder.join(file)).expect("recorded");
        let bundle = tempfile::tempdir().expect("a folder");
        fs::copy(self.folder.join("hub/lock.yaml"), bundle.path().join("lock.yaml")).expect("copied");
        vendor(bundle.path());
        let lock: Lock = read("lock.yaml", &text("hub/lock.yaml"), Scalars::Strict).expect("a lock");
        let assets = Assets::load(&bundle.path().join("assets"), &lock).expect("the downloads");
        let hub = read_hub("hub.yaml", &text("hub/hub.yaml")).expect("a hub");
        let resolved =
            Resolved { repository: self.address.clone(), branch: "main".to_owned(), cluster_uid: self.uid.clone() };
        let tree = render(&HubInput { hub, lock, assets, resolved, relocation: None }).expect("rendered").tree;
        let recorded = HubLock::read(text("repository/lock.yaml").as_bytes()).expect("the lock").files;
        // What only later versions render is in no lock of this one.
        let was_rendered = |path: &str| recorded.contains_key(path);
        let is_beside = |path: &str| self.folder.join("repository").join(path).exists();
        let brought = tree.iter().filter(|(path, _)| was_rendered(path) && !is_beside(path));
        let brought: Vec<_> = brought.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
        for (path, bytes) in &brought {
            assert_eq!(recorded.get(path), Some(&sha256(bytes)), "{path}");
        }
        assert!(brought.len() > 80, "{} files", brought.len());
        brought
    }
}

/// The files below a folder, by their paths from there; bytes that are no text are of no interest.
fn texts_below(folder: &Path) -> Vec<(String, String)> {
    let named = files_below(folder, &[".git"]).into_iter().map(|path| {
        let name = path.strip_prefix(folder).expect("below it").display().to_string();
        (name, String::from_utf8_lossy(&fs::read(path).expect("read")).into_owned())
    });
    named.collect()
}

#[test]
#[ignore = "needs the testbed"]
fn a_repository_of_version_0_1_0_is_left_alone_upgraded_and_removed() {
    let recorded = Recorded::of("v0.1.0");
    let hub = Hub::installed(Kind::Component);
    for file in ["hub.yaml", "lock.yaml"] {
        fs::copy(recorded.folder.join("hub").join(file), hub.bundle().join(file)).expect("copied");
    }
    vendor(&hub.bundle());
    let bead = Bead::new(&hub, "hello");
    for file in ["bead.yaml", "lock.yaml", "app/deployment.yaml"] {
        fs::copy(recorded.folder.join("bead").join(file), bead.bundle().join(file)).expect("copied");
    }
    let uid = hub.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    let head = hub.commit(|clone| recorded.put_into(clone, &hub.repository.url(), &uid));

    // Nobody who runs a newer version finds that it changes what they did not change.
    hub.run("install").expect(0).says("no change");
    bead.run("install").expect(0).says("no change");
    hub.run("verify").expect(0);
    bead.run("verify").expect(0);
    assert_eq!(hub.commits()[0], head);
    assert_eq!(hub.object("appproject", "spokes"), None);
    assert!(bead.object("deployment", "hello", "hello").is_some());

    hub.edit_document(|text| {
        text.replacen("  argocd:\n", "  argocd:\n    config: {url: \"https://argocd.example.org\"}\n", 1)
    });
    hub.run("upgrade").expect(0);
    assert!(hub.object("appproject", "spokes").is_some(), "what an upgrade brings besides");
    bead.edit("bead.yaml", |text| text.replace("version: 0.1.0", "version: 0.2.0"));
    bead.edit("app/deployment.yaml", |text| text.replace("name: hello\n  namespace", "name: hi\n  namespace"));
    bead.run("upgrade").expect(0);
    // Two of the bead: what it may write is less by its namespace, which is labelled from now on.
    assert_eq!(hub.commits().iter().position(|it| *it == head), Some(3), "three commits");
    let namespace = bead.object("namespace", "hello", "hello").expect("there");
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "baseline");
    assert_eq!(hub.object("configmap", "argocd-cm").expect("there")["data"]["url"], "https://argocd.example.org");
    assert!(bead.object("deployment", "hello", "hi").is_some());
    assert_eq!(bead.object("deployment", "hello", "hello"), None, "pruned");

    bead.run("uninstall").expect(0).says("nothing of bead hello is left");
    hub.run("uninstall").expect(0).says("nothing of the hub is left");
}
