//! The programs that a bundle carries, made ready to run.
//!
//! In `assets/` they are as they are published. A run unpacks them into a folder of its own and digests what it takes on the way:
//! what runs is what was verified, and what nobody has pinned is not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::assets::{asset_path, mirror_path};
use super::download::copied;
use crate::document::{Asset, AssetForm, Download, Lock};
use crate::files::Bound;
use crate::input;
use crate::report::{Failure, Outcome};

/// What pins them.
const LOCK: &str = "lock.yaml";
/// For the user that we run as, and nobody else.
const TO_RUN: u32 = 0o700;
const TO_READ: u32 = 0o600;

/// A program that `lock.yaml` pins, ready to run, and the providers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// The executable.
    pub program: PathBuf,
    /// Its version.
    pub version: String,
    /// A filesystem mirror, as OpenTofu calls it, of the pinned providers; `None` when none is pinned.
    pub providers: Option<PathBuf>,
}

/// Makes a program and all providers that the `lock.yaml` of a bundle pins for this platform ready to run, in a folder of the run.
pub fn tools(bundle: &Path, program: &str, into: &Path) -> Outcome<Tools> {
    let lock = read_lock(bundle, program)?;
    let assets = bundle.join("assets");
    let pinned = of_this_platform(lock.assets.iter().filter(|it| it.form == AssetForm::Program && it.name == program))?;
    let Some(pinned) = pinned.first() else {
        return Err(Failure::usage(format!("{LOCK} of the bundle pins no program `{program}`"))
            .hint(format!("pin it by `name: {program}`, `type: program`, its version, platform, digest and address")));
    };
    let executable = into.join(program);
    match &pinned.executable {
        None => copy(&assets, pinned, &executable, TO_RUN)?,
        Some(inside) => {
            let archive = into.join(format!("{program}.tar.gz"));
            copy(&assets, pinned, &archive, TO_READ)?;
            unpack(&archive, inside, &executable).map_err(|error| {
                Failure::failed(format!("failed to unpack `{inside}` of {}: {error}", asset_path(pinned)))
                    .hint("`executable` in lock.yaml is its path in the archive; TMPDIR needs room for it")
            })?;
            let _ = fs::remove_file(archive); // goes with the folder at the latest
        }
    }
    Ok(Tools { program: executable, version: pinned.version.clone(), providers: providers(&lock, &assets, into)? })
}

/// A filesystem mirror of the providers.
fn providers(lock: &Lock, assets: &Path, into: &Path) -> Outcome<Option<PathBuf>> {
    let mirror = into.join("providers");
    let mut sources: Vec<_> = lock.assets.iter().filter_map(Asset::provider).collect();
    sources.sort();
    sources.dedup();
    for source in &sources {
        for provider in of_this_platform(lock.assets.iter().filter(|it| it.provider().as_ref() == Some(source)))? {
            copy(assets, provider, &mirror.join(mirror_path(provider)), TO_READ)?;
        }
    }
    Ok((!sources.is_empty()).then_some(mirror))
}

fn read_lock(bundle: &Path, program: &str) -> Outcome<Lock> {
    let path = bundle.join(LOCK);
    let name = path.display().to_string();
    let text = input::text_of(&path).map_err(|error| {
        Failure::usage(format!("failed to read {name}: {error}"))
            .hint(format!("it pins `{program}`, which the step runs; it stands beside porter.yaml"))
    })?;
    crate::document::read_lock(&name, &text)
}

/// Those for the platform that we run on. Where there are only others, that is an error.
fn of_this_platform<'a>(pinned: impl Iterator<Item = &'a Asset>) -> Outcome<Vec<&'a Asset>> {
    let here = platform();
    let (fit, others): (Vec<&Asset>, Vec<&Asset>) =
        pinned.partition(|it| it.platform.as_deref() == Some(here.as_str()));
    match others.first().filter(|_| fit.is_empty()) {
        None => Ok(fit),
        Some(other) => {
            let platforms: Vec<&str> = others.iter().filter_map(|it| it.platform.as_deref()).collect();
            let message = format!("{LOCK} pins `{}` for {}, and this is {here}", other.name, platforms.join(", "));
            Err(Failure::usage(message).hint(format!("pin it for {here} besides, and run `backstack vendor`")))
        }
    }
}

/// What we run on, in the words of images.
fn platform() -> String {
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    format!("{system}/{processor}")
}

/// Copies an asset, and verifies what was copied.
fn copy(assets: &Path, asset: &Asset, to: &Path, mode: u32) -> Outcome<()> {
    let Asset { name, version, .. } = asset;
    let from = assets.join(asset_path(asset));
    let vendor = "run `backstack vendor` before the bundle is built; a `.dockerignore` must not leave out `assets/`";
    let read = File::open(&from).map_err(|error| {
        Failure::failed(format!("failed to open {} of {name} {version}: {error}", from.display())).hint(vendor)
    })?;
    let Download { sha256, size } = written(read.take(Bound::of(asset).file + 1), to, mode).map_err(|error| {
        Failure::failed(format!("failed to copy {} to {}: {error}", from.display(), to.display()))
            .hint("TMPDIR names a folder with room for it")
    })?;
    let fits = |pinned: u64| pinned == size;
    if sha256 == asset.sha256 && asset.size.is_none_or(fits) {
        return Ok(());
    }
    let _ = fs::remove_file(to); // goes with the folder at the latest
    let message = format!(
        "{} is not {name} {version}: it has {size} bytes with digest {sha256}, {LOCK} pins {}{}",
        from.display(),
        asset.size.map_or_else(String::new, |pinned| format!("{pinned} with ")),
        asset.sha256
    );
    Err(Failure::failed(message).hint(vendor))
}

/// A new file with the content of another, and what was written.
fn written(from: impl io::Read, to: &Path, mode: u32) -> io::Result<Download> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    copied(from, OpenOptions::new().write(true).create_new(true).mode(mode).open(to)?)
}

/// Takes one file out of an archive.
fn unpack(archive: &Path, inside: &str, to: &Path) -> io::Result<()> {
    let most = Bound::of_executable();
    let mut archive = Archive::new(MultiGzDecoder::new(File::open(archive)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let is_here = |part: &Component<'_>| *part == Component::CurDir;
        let path = entry.path()?;
        if !path.components().skip_while(is_here).eq(Path::new(inside).components().skip_while(is_here)) {
            continue;
        }
        if entry.header().entry_type() != EntryType::Regular {
            return Err(io::Error::other("it is no file"));
        }
        if entry.size() > most {
            return Err(io::Error::other(format!("it has more than {most} bytes")));
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(TO_RUN).open(to)?;
        return io::copy(&mut entry, &mut file).map(drop);
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "it is not in the archive"))
}
