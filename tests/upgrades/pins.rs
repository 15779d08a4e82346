//! Older versions, as the locks of bundles pin them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::hub::fixture::{Hub, TESTBED, vendor};
use crate::support::images;

/// What a lock pins.
pub struct Pin {
    /// Its name in the lock.
    pub name: &'static str,
    /// The version before the one of today.
    pub version: &'static str,
    entry: &'static str,
}

pub const ARGOCD_3_6_0: Pin = Pin {
    name: "argocd",
    version: "3.6.0",
    entry: "  type: manifest
  version: 3.6.0
  sha256: sha256:c1d7ec243fa63ce675d71e564775ae42bf11608d35436d5c5951365b6c86fa6a
  size: 2115275
  url: https://raw.githubusercontent.com/argoproj/argo-cd/v3.6.0/manifests/install.yaml
  module:
    module: github.com/argoproj/argo-cd/v3@v3.6.0
    path: manifests/install.yaml
",
};

pub const ARGOCD_3_5_1: Pin = Pin {
    name: "argocd",
    version: "3.5.1",
    entry: "  type: manifest
  version: 3.5.1
  sha256: sha256:795a3a972224da6a7f9d32c3e946445f062b60fb46028476715affeb688236e3
  size: 1917766
  url: https://raw.githubusercontent.com/argoproj/argo-cd/v3.5.1/manifests/install.yaml
  module:
    module: github.com/argoproj/argo-cd/v3@v3.5.1
    path: manifests/install.yaml
",
};

pub const CROSSPLANE_1_20: Pin = Pin {
    name: "crossplane",
    version: "1.20.0",
    entry: "  type: chart
  version: 1.20.0
  sha256: sha256:02700ab505ab6b8eb1e17e749c9f4289e778595cec44d0e2e6fc46467987e297
  size: 67256
  module:
    module: github.com/crossplane/crossplane@v1.20.0
    path: cluster/charts/crossplane
",
};

pub const CROSSPLANE_2_0: Pin = Pin {
    name: "crossplane",
    version: "2.0.2",
    entry: "  type: chart
  version: 2.0.2
  sha256: sha256:09020256738a77ea9227b69b86b98034a58460cf386545d7fcd11e2b13d557bc
  size: 68851
  module:
    module: github.com/crossplane/crossplane/v2@v2.0.2
    path: cluster/charts/crossplane
",
};

pub const KYVERNO_1_18: Pin = Pin {
    name: "kyverno",
    version: "1.18.2",
    entry: "  type: chart
  version: 1.18.2
  sha256: sha256:882aa48283bc6e89a4b3d7c5e957ca2aa53fb0e95222982eb40a486ae9c0acce
  size: 6446342
  module:
    module: github.com/kyverno/kyverno@v1.18.2
    path: charts/kyverno
  charts:
  - name: kyverno-api
    module:
      module: github.com/kyverno/api@v0.0.1-alpha.2.0.20260129144402-7b64bcf2b1f7
      path: charts/kyverno-api
  - name: openreports
  - name: reports-server
",
};

impl Pin {
    /// Has a bundle be of this version: its lock, its downloads, and its document, in which `today` stands.
    pub fn put_into(&self, bundle: &Path, document: &str, today: &str) {
        let edit = |file: &str, edit: &dyn Fn(&str) -> String| {
            let text = fs::read_to_string(bundle.join(file)).expect("a file of the bundle");
            let edited = edit(&text);
            assert_ne!(text, edited, "{file} is not of {today}");
            fs::write(bundle.join(file), edited).expect("written");
        };
        edit("lock.yaml", &|text| self.pinned(text));
        edit(document, &|text| text.replace(today, self.version));
        vendor(bundle);
    }

    /// The lock, with this in the place of what it pins under the name.
    fn pinned(&self, lock: &str) -> String {
        let head = format!("- name: {}\n", self.name);
        let (before, rest) = lock.split_once(&head).expect("it is pinned");
        let after = rest.find("\n- name: ").map_or("", |at| &rest[at + 1..]);
        format!("{before}{head}{}{after}", self.entry)
    }
}

/// Has the programs of one version of Argo CD be played by the one that the testbed has: its images are copied into a
/// registry, as Porter does, and stand for that one there. The older program is not to be had; its manifests are.
pub fn play_argocd(hub: &Hub) {
    let app = hub.folder.path().join("cnab/app");
    let registry = format!("{}/played", TESTBED.registry());
    let version = &TESTBED.description().argocd_version;
    let played: BTreeMap<String, String> = images::images_of(&hub.bundle())
        .into_iter()
        .enumerate()
        .map(|(index, image)| {
            let (repository, tag) = image.rsplit_once(':').expect("a tag");
            let is_argocd = repository.ends_with("/argocd");
            let stands_for = if is_argocd { format!("{repository}:{version}") } else { image.clone() };
            // By its tag, or two versions that one program plays would be one image, and nothing would be restarted.
            let copy = format!("{registry}/{tag}");
            let digest = images::push(&format!("{copy}:{index}"), &stands_for);
            (image, format!("{copy}@{digest}"))
        })
        .collect();
    fs::create_dir_all(&app).expect("the bundle's place");
    fs::write(app.join("relocation-mapping.json"), json!(played).to_string()).expect("the map");
}
