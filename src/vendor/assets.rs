//! The pinned downloads of a bundle, read from its folder `assets/` and held against the lock.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::download::identified;
use super::own_version::{
    another_name_of_chart, another_version_of_address, another_version_of_chart, is_same, variant_of_argocd,
    version_of_argocd, version_of_manifests, words_of_chart,
};
use crate::document::{ArgoCdVariant, Asset, AssetForm, Download, Lock};
use crate::files::{Blob, Bound, Tree, is_plain, sha256, sha256_hex};
use crate::report::{Failure, Outcome};

/// What brings a download that is missing.
const VENDOR: &str = "run `backstack vendor` in the bundle's folder";

/// Where the providers of a bundle are below `assets/`: a filesystem mirror, as OpenTofu calls it, with the archives as they are
/// published. No chart has a name with an underscore.
const PROVIDERS: &str = "provider_mirror";

/// The asset that Argo CD is made from.
pub const ARGOCD_ASSET: &str = "argocd";

/// What a fetched asset is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetContent {
    /// The bytes of a file of manifests.
    Manifest(Vec<u8>),
    /// The files of a Helm chart's folder. Helm runs none of them, and the digest does not tell which may be.
    Chart(Tree),
    /// What is published of a program or a provider, which is too large to be held: where it is, and what it was when it was read.
    File(PathBuf, Download),
}

impl AssetContent {
    /// The digest that `lock.yaml` pins: see [`chart_digest`] for charts, of the bytes for manifests.
    #[must_use]
    pub fn digest(&self) -> String {
        match self {
            Self::Manifest(bytes) => sha256(bytes),
            Self::Chart(files) => chart_digest(files),
            Self::File(_, it) => it.sha256.clone(),
        }
    }

    /// How many bytes it has, all files together.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Manifest(bytes) => bytes.len() as u64,
            Self::Chart(files) => files.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
            Self::File(_, it) => it.size,
        }
    }

    /// How it is not as the lock pins it; `None` where it is.
    #[must_use]
    pub fn otherwise(&self, asset: &Asset) -> Option<String> {
        self.unlike(asset).or_else(|| {
            let told = self.another_variant(asset)?;
            Some(format!("what the digest pins is of variant {told}, lock.yaml says {}", asset.variant))
        })
    }

    /// The same, whatever variant the lock says it is of. Locks are older than variants, and no download makes it another one.
    #[must_use]
    pub fn unlike(&self, asset: &Asset) -> Option<String> {
        let (digest, size) = (self.digest(), self.size());
        if digest != asset.sha256 {
            return Some(format!("digest is {digest}, lock.yaml pins {}", asset.sha256));
        }
        if let Some(pinned) = asset.size.filter(|pinned| *pinned != size) {
            return Some(format!("size is {size}, lock.yaml pins {pinned}"));
        }
        let version = self.another_version(asset).map(|told| format!("what the digest pins is of version {told}"));
        version.or_else(|| Some(format!("what the digest pins is the chart `{}`", self.another_name(asset)?)))
    }

    /// Which of upstream's manifests it is, where it is another one than the lock says.
    #[must_use]
    pub fn another_variant(&self, asset: &Asset) -> Option<ArgoCdVariant> {
        match self {
            Self::Manifest(bytes) if asset.name == ARGOCD_ASSET => {
                Some(variant_of_argocd(bytes)).filter(|told| *told != asset.variant)
            }
            _ => None,
        }
    }

    /// The version that it tells of itself, where it is another one than the lock says. Nothing where it tells none that counts.
    #[must_use]
    pub fn another_version(&self, asset: &Asset) -> Option<String> {
        let differs = |told: &String| !is_same(told, &asset.version);
        match self {
            Self::Manifest(bytes) if asset.name == ARGOCD_ASSET => version_of_argocd(bytes).filter(differs),
            Self::Manifest(bytes) => version_of_manifests(bytes).filter(differs),
            Self::Chart(files) => another_version_of_chart(&words_of_chart(files)?, asset),
            Self::File(..) => another_version_of_address(asset),
        }
    }

    /// The name of the chart that it is, where the lock pins that by none of its names.
    #[must_use]
    pub fn another_name(&self, asset: &Asset) -> Option<String> {
        match self {
            Self::Chart(files) => another_name_of_chart(&words_of_chart(files)?, asset),
            Self::Manifest(_) | Self::File(..) => None,
        }
    }

    /// Reads an asset of the given form, within a bound; `None` when nothing is there.
    pub fn read(path: &Path, form: AssetForm, bound: Bound) -> Outcome<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let content = match form {
            AssetForm::Manifest => Self::Manifest(file(path, bound.file)?),
            AssetForm::Chart => Self::Chart(folder_within(path, bound)?.without_modes()),
            AssetForm::Program | AssetForm::Provider => Self::File(path.to_owned(), whole_file(path, bound.file)?),
        };
        Ok(Some(content))
    }
}

/// The digest of a chart's folder: the sha256 of one line `<sha256>  <path>` per file, the lines sorted.
///
/// The same as, in that folder, `find . -type f -printf '%P\0' | xargs -0 sha256sum | LC_ALL=C sort | sha256sum`.
#[must_use]
pub fn chart_digest(files: &Tree) -> String {
    let mut lines: Vec<String> = files.iter().map(|(path, bytes)| format!("{}  {path}\n", sha256_hex(bytes))).collect();
    lines.sort();
    sha256(lines.concat().as_bytes())
}

/// Where an asset is kept below `assets/`.
#[must_use]
pub fn asset_path(asset: &Asset) -> String {
    match asset.form {
        AssetForm::Manifest => format!("{}.yaml", asset.name),
        AssetForm::Chart => asset.name.clone(),
        AssetForm::Program => {
            let packed = if asset.executable.is_some() { ".tar.gz" } else { "" };
            format!("{}_{}{packed}", asset.name, of_platform(asset))
        }
        AssetForm::Provider => format!("{PROVIDERS}/{}", mirror_path(asset)),
    }
}

/// Where a filesystem mirror of OpenTofu keeps the archive of a provider.
#[must_use]
pub(super) fn mirror_path(asset: &Asset) -> String {
    let (folder, name) = asset.provider().map(|it| (it.folder(), it.name)).unwrap_or_default();
    format!("{folder}/terraform-provider-{name}_{}_{}.zip", asset.version, of_platform(asset))
}

fn of_platform(asset: &Asset) -> String {
    asset.platform.as_deref().unwrap_or_default().replace('/', "_")
}

/// The assets of a bundle, every one with the digest that its lock pins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    manifests: BTreeMap<String, Vec<u8>>,
    charts: BTreeMap<String, Tree>,
}

impl Assets {
    /// Reads every asset of the lock from a folder that a hub repository is rendered from. Fails with all that are missing or
    /// not as pinned.
    pub fn load(dir: &Path, lock: &Lock) -> Outcome<Self> {
        Self::load_by(dir, lock, AssetContent::otherwise)
    }

    /// The same for what commits nothing of them, whatever variant Argo CD is of.
    pub fn load_as_they_are(dir: &Path, lock: &Lock) -> Outcome<Self> {
        Self::load_by(dir, lock, AssetContent::unlike)
    }

    fn load_by(dir: &Path, lock: &Lock, otherwise: Otherwise) -> Outcome<Self> {
        let mut assets = Self::default();
        let wanted = lock.assets.iter().filter(|asset| !asset.form.is_run());
        demand_by(dir, wanted, otherwise, |name, content| assets.insert(name, content))?;
        Ok(assets)
    }

    /// Adds an asset under the name that the lock gives it.
    pub fn insert(&mut self, name: &str, content: AssetContent) {
        match content {
            AssetContent::Manifest(bytes) => drop(self.manifests.insert(name.to_owned(), bytes)),
            AssetContent::Chart(files) => drop(self.charts.insert(name.to_owned(), files)),
            AssetContent::File(..) => {} // is no part of a hub repository
        }
    }

    /// The text of a manifest.
    #[must_use]
    pub fn manifest(&self, name: &str) -> Option<&[u8]> {
        self.manifests.get(name).map(Vec::as_slice)
    }

    /// The files of a chart.
    #[must_use]
    pub fn chart(&self, name: &str) -> Option<&Tree> {
        self.charts.get(name)
    }

    /// The names of all charts.
    pub fn charts(&self) -> impl Iterator<Item = &str> {
        self.charts.keys().map(String::as_str)
    }
}

/// Demands that assets are in a folder as they are pinned, and hands each over. Fails with all that are not.
pub fn demand<'a>(
    dir: &Path,
    assets: impl Iterator<Item = &'a Asset>,
    take: impl FnMut(&str, AssetContent),
) -> Outcome<()> {
    demand_by(dir, assets, AssetContent::otherwise, take)
}

/// How content is not as an asset is pinned.
type Otherwise = fn(&AssetContent, &Asset) -> Option<String>;

fn demand_by<'a>(
    dir: &Path,
    assets: impl Iterator<Item = &'a Asset>,
    otherwise: Otherwise,
    mut take: impl FnMut(&str, AssetContent),
) -> Outcome<()> {
    let (mut count, mut wrong, mut of_variant) = (0, Vec::new(), None);
    for asset in assets {
        count += 1;
        match AssetContent::read(&dir.join(asset_path(asset)), asset.form, Bound::of(asset)) {
            Ok(None) => wrong.push(format!("{} {}: missing", asset.name, asset.version)),
            Ok(Some(content)) => match otherwise(&content, asset) {
                Some(how) => {
                    wrong.push(format!("{} {}: {how}", asset.name, asset.version));
                    of_variant = of_variant
                        .or_else(|| content.another_variant(asset).filter(|_| content.unlike(asset).is_none()));
                }
                None => take(&asset.name, content),
            },
            Err(failure) => wrong.push(format!("{} {}: {}", asset.name, asset.version, failure.message)),
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} of {count} pinned downloads are not in {} as they are pinned",
        wrong.len(),
        dir.display()
    ))
    .hint(match of_variant {
        Some(variant) if wrong.len() == 1 => variant.how_to_say().to_owned(),
        Some(variant) => format!("{}; then {VENDOR}", variant.how_to_say()),
        None => VENDOR.to_owned(),
    })
    .details(wrong))
}

/// Every file below a folder. Links are refused: they would bring in content that nobody has looked at.
pub fn folder(root: &Path) -> Outcome<Tree> {
    folder_within(root, Bound::default())
}

fn folder_within(root: &Path, bound: Bound) -> Outcome<Tree> {
    let mut tree = Tree::default();
    let (mut bytes_left, mut entries) = (bound.bytes, 0);
    let mut open = vec![(root.to_owned(), String::new())];
    while let Some((dir, prefix)) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(|error| unreadable(&dir, &error))? {
            let entry = entry.map_err(|error| unreadable(&dir, &error))?;
            entries += 1;
            if entries > bound.files {
                return Err(Failure::failed(format!("{} has more than {bound}", root.display())));
            }
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                return Err(Failure::failed(format!("{} has a name that is not UTF-8", path.display())));
            };
            if !is_plain(&name) {
                return Err(Failure::usage(format!("git cannot keep {}", path.display())).hint(
                    "take it out, or rename it: `.git` is git's own name, and a path has no `\\`, no line end and no `\"` at its beginning",
                ));
            }
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            if kind.is_dir() {
                open.push((path, format!("{prefix}{name}/")));
            } else if kind.is_file() {
                let about = entry.metadata().map_err(|error| unreadable(&path, &error))?;
                let bytes = file(&path, bound.file.min(bytes_left))?;
                bytes_left -= bytes.len() as u64;
                tree.insert(format!("{prefix}{name}"), Blob::from(bytes).with_mode(about.permissions().mode()))?;
            } else {
                // A link would bring content into the hub repository that no digest has seen.
                return Err(Failure::usage(format!("{} is neither a file nor a folder", path.display()))
                    .hint("links are not followed: put the file itself there, or take it out"));
            }
        }
    }
    Ok(tree)
}

/// The bytes of a file that has no more than so many.
fn file(path: &Path, most: u64) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    // It stays as long as the run, and was read into twice the room.
    bytes.shrink_to_fit();
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > most {
        return Err(Failure::failed(format!("{} has more than the {most} bytes that are left for it", path.display())));
    }
    Ok(bytes)
}

/// What a file is, which has no more than so many bytes.
fn whole_file(path: &Path, most: u64) -> Outcome<Download> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > most {
        return Err(Failure::failed(format!(
            "{} has {size} bytes, more than the {most} that it may have",
            path.display()
        )));
    }
    identified(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("failed to read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither the digest nor what gets into git may depend on how the files of a chart came here.
    #[test]
    fn no_file_of_a_chart_may_be_run() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let script = folder.path().join("test.sh");
        fs::write(&script, "#!/bin/sh\n").expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
        assert!(super::folder(folder.path()).expect("read").is_executable("test.sh"), "of a bead it may");
        let read = AssetContent::read(folder.path(), AssetForm::Chart, Bound::default()).expect("read");
        let Some(AssetContent::Chart(files)) = read else { panic!("no chart") };
        assert!(files.get("test.sh").is_some() && files.executables().is_empty());
    }

    #[test]
    fn the_digest_of_a_chart_is_that_of_the_documented_command() {
        let mut chart = Tree::default();
        chart.insert("Chart.yaml", "name: x\n").expect("free");
        chart.insert("templates/a.yaml", "").expect("free");
        // printf 'name: x\n' > Chart.yaml; mkdir templates; : > templates/a.yaml; and the command above
        assert_eq!(chart_digest(&chart), "sha256:03d03110dc1468c9775a1c745918149b1c036f6b8bcb82fd11123ef6ec072c11");
    }

    #[test]
    fn a_lock_without_the_variant_keeps_nobody_from_what_commits_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = "image: quay.io/argoproj/argocd:v3.6.1\nname: argocd-redis-ha-server\n";
        fs::write(folder.path().join("argocd.yaml"), manifest).expect("written");
        let lock = |digest: &str| {
            let head = "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n";
            let asset = format!("- {{name: argocd, type: manifest, version: 3.6.1, sha256: '{digest}'}}\n");
            crate::document::read_lock("lock.yaml", &format!("{head}{asset}")).expect("a lock")
        };
        let (older, other) = (lock(&sha256(manifest.as_bytes())), lock(&sha256(b"")));
        let said = Assets::load(folder.path(), &older).expect_err("refused").render();
        assert!(said.contains("lock.yaml says standard") && said.contains("write `variant: ha`"), "{said}");
        let read = Assets::load_as_they_are(folder.path(), &older).expect("read as they are");
        assert_eq!(read.manifest("argocd"), Some(manifest.as_bytes()));
        let said = Assets::load_as_they_are(folder.path(), &other).expect_err("another digest").render();
        assert!(said.contains("digest is") && said.contains("hint: run `backstack vendor`"), "{said}");
    }
}
