//! `backstack vendor`: brings the pinned downloads of a bundle into its folder `assets/`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bundle::{Manifest, text_in};
use crate::cli::{Servers, VendorArgs};
use crate::document::{Asset, AssetForm, DEPENDENCY_LOCK, Download, Lock, disagreements, locked_providers};
use crate::files::Bound;
use crate::input;
use crate::process::TemporaryFolder;
use crate::report::{Console, Diagnostic, Failure, Outcome, Source};
use crate::run::secrets;
use crate::schema::{address, closest};
use crate::vendor::fetch::{Fetched, Origin, origins};
use crate::vendor::{AssetContent, Login, asset_path, demand, to_pin};

/// How long one download may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Fetches every asset of the lock that is not there with its digest, and verifies all; or those that are named.
pub async fn vendor(args: &VendorArgs, console: &Console) -> Outcome<()> {
    let lock = read_lock(args.folder())?;
    demand_agreement(args.folder(), &lock)?;
    let lock = named(lock, &args.names())?;
    demand_folders(&args.from)?;
    let login = login(&args.servers, &args.from, Some(&lock))?;
    let assets = args.folder().join("assets");
    if !args.check && !lock.assets.is_empty() {
        fs::create_dir_all(&assets).map_err(|error| {
            Failure::failed(format!("failed to make the folder {}: {error}", assets.display()))
                .hint("the downloads of the bundle go there: move away what has its name, and let yourself write")
        })?;
        for asset in &lock.assets {
            let from = provide(asset, &assets, args, &login, console).await?;
            console.done("vendor", format!("{} {}: {from}", asset.name, asset.version));
        }
    }
    // What no download mends is said here, with its remedy.
    demand(&assets, lock.assets.iter(), |_, _| {})?;
    let counted = match lock.assets.len() {
        1 => "1 download is as lock.yaml pins it".to_owned(),
        count => format!("{count} downloads are as lock.yaml pins them"),
    };
    console.done("verified", counted);
    Ok(())
}

/// Demands that the dependency lock files of the bundle's modules mean the providers that are pinned.
fn demand_agreement(bundle: &Path, lock: &Lock) -> Outcome<()> {
    let Ok(manifest) = Manifest::in_folder(bundle) else {
        return Ok(()); // a bead, or the folder of a document that pins nothing for steps
    };
    let input = manifest.build_input();
    let steps = input.actions.iter().flat_map(|action| &action.steps);
    let modules: BTreeSet<&str> =
        steps.filter_map(|step| step.value.pointer("/cluster/opentofu/module")?.as_str()).collect();
    let mut wrong = Vec::new();
    for module in modules {
        let name = format!("{}/{DEPENDENCY_LOCK}", module.trim_end_matches('/'));
        let Ok(text) = text_in(bundle, &name) else { continue };
        let source = Arc::new(Source { name: bundle.join(&name).display().to_string(), text });
        let locked = locked_providers(&source).map_err(|mistake| Failure::document(&source.name, vec![*mistake]))?;
        wrong.extend(disagreements(&locked, &lock.assets).into_iter().map(|((source, place), message)| {
            let mistake = Diagnostic::error("", message).at(&source, place);
            mistake.hint("pin what the module was locked with, or lock it anew: `tofu providers lock`")
        }));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::document("lock.yaml", wrong)) }
}

/// The lock without what is not named; all of it where nothing is.
fn named(lock: Lock, names: &[String]) -> Outcome<Lock> {
    let known: Vec<&str> = lock.assets.iter().map(|asset| asset.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let failure = Failure::usage(format!("lock.yaml pins nothing by the name `{unknown}`"));
        return Err(match closest(unknown, &known) {
            Some(best) => failure.hint(format!("did you mean `{best}`?")),
            None if known.is_empty() => failure.hint("it pins no downloads"),
            None => failure.hint(format!("it pins {}", known.join(", "))),
        });
    }
    let is_meant = |asset: &Asset| names.is_empty() || names.contains(&asset.name);
    Ok(Lock { assets: lock.assets.into_iter().filter(is_meant).collect(), ..lock })
}

/// Demands that there is every folder that is to be looked into.
pub(super) fn demand_folders(from: &[PathBuf]) -> Outcome<()> {
    match from.iter().find(|from| !from.is_dir()) {
        None => Ok(()),
        Some(nowhere) => Err(Failure::usage(format!("{} is no folder", nowhere.display()))
            .hint("--from names a folder that has the downloads: one laid out as assets/, or a Go module cache")),
    }
}

/// How downloads log in. A login in the address of the mirror would be in every list of processes.
pub(super) fn login(args: &Servers, from: &[PathBuf], lock: Option<&Lock>) -> Outcome<Login> {
    demand_sense(args)?;
    let mirror = args.mirror.as_deref().unwrap_or_default();
    if let Some((what, _)) = address::secret_in(mirror) {
        return Err(Failure::usage(format!("there is {what}: that of --mirror"))
            .hint("give the login by `--mirror-login` or `--netrc-file`"));
    }
    let is_of_web = |address: &str| ["http://", "https://"].iter().any(|scheme| address.starts_with(scheme));
    if args.mirror.as_deref().is_some_and(|it| !is_of_web(it)) {
        let shown = address::shown(mirror);
        return Err(Failure::usage(format!("--mirror is `{shown}`, which is no address of a server"))
            .hint("write `https://HOST/PATH`; a folder is given by `--from`"));
    }
    let netrc = args.netrc_file.clone();
    if let Some(file) = netrc.as_ref().filter(|file| !file.is_file()) {
        return Err(Failure::usage(format!("{} is not a file", file.display())).hint("--netrc-file names a `.netrc`"));
    }
    let user = args.mirror_login.as_deref().map(|source| secrets::login("--mirror-login", source)).transpose()?;
    let login = Login { user, netrc };
    if let Some(address) = open_ways(args, from, lock).find(|_| !login.is_none()).filter(|_| !args.allow_insecure) {
        return Err(Failure::refused(format!(
            "the login for {} would cross the network unencrypted",
            address::shown(&address)
        ))
        .hint("give it an https address, or let it by `--allow-insecure`"));
    }
    Ok(login)
}

/// What makes sense with something else alone.
fn demand_sense(args: &Servers) -> Outcome<()> {
    if args.mirror_login.is_some() && args.mirror.is_none() {
        return Err(Failure::usage("--mirror-login is given without --mirror").hint("add `--mirror URL`"));
    }
    if args.allow_insecure && args.mirror_login.is_none() && args.netrc_file.is_none() {
        return Err(Failure::usage("--allow-insecure is given without a login")
            .hint("add `--mirror-login` or `--netrc-file`, or leave it out: what needs no login may be had by http"));
    }
    Ok(())
}

/// The servers to which whatever is sent can be read on the way.
fn open_ways(args: &Servers, from: &[PathBuf], lock: Option<&Lock>) -> impl Iterator<Item = String> {
    let mirror = args.mirror.clone();
    let assets = lock.into_iter().flat_map(|lock| &lock.assets);
    let origins = assets.flat_map(|asset| origins(asset, from, args.mirror.as_deref()));
    let web = origins.filter_map(|origin| match origin {
        Origin::Web(url) => Some(url),
        _ => None,
    });
    mirror.into_iter().chain(web).filter(|address| address::is_open(address))
}

fn read_lock(bundle: &Path) -> Outcome<Lock> {
    let path = bundle.join("lock.yaml");
    let name = path.display().to_string();
    let text = input::text_of(&path).map_err(|error| {
        Failure::usage(format!("failed to read {name}: {error}")).hint("give the folder of a hub bundle")
    })?;
    crate::document::read_lock(&name, &text)
}

/// Makes sure that one asset is there, and says where it comes from.
async fn provide(asset: &Asset, assets: &Path, args: &VendorArgs, login: &Login, console: &Console) -> Outcome<String> {
    let target = assets.join(asset_path(asset));
    // Whatever is there that cannot be read within the bound is none of ours.
    let there = AssetContent::read(&target, asset.form, Bound::of(asset)).unwrap_or_default();
    if let Some(content) = there.filter(|content| content.digest() == asset.sha256) {
        // With this digest there is no other content, wherever it comes from.
        return match content.unlike(asset) {
            None => Ok("there already".to_owned()),
            Some(how) => Err(Failure::failed(format!("{} {}: {how}", asset.name, asset.version)).hint(to_pin(asset))),
        };
    }
    let mut tried = Vec::new();
    for origin in origins(asset, &args.from, args.servers.mirror.as_deref()) {
        let scratch = TemporaryFolder::new("vendor")?;
        console.busy("vendor", format!("{} {} from {origin}", asset.name, asset.version), PATIENCE);
        match obtain(&origin, asset, login, scratch.path()).await {
            Ok(Some(found)) => {
                tell_unpinned(asset, &found, console);
                put(&found.content, &target, assets).map_err(|error| {
                    Failure::failed(format!("failed to write {}: {error}", target.display()))
                        .hint(format!("{} must be a folder of yours with room for it", assets.display()))
                })?;
                return Ok(format!("from {origin}"));
            }
            Ok(None) => tried.push(format!("{origin}: does not have it")),
            Err(failure) => {
                tried.push(format!("{origin}: {}", failure.message));
                tried.extend(failure.details.into_iter().map(|line| format!("  {line}")));
            }
        }
    }
    let hint = match (&asset.url, &asset.module) {
        _ if tried.iter().any(|line| line.contains("error: 401")) => {
            "log in by `--netrc-file`, or to a mirror by `--mirror-login`"
        }
        (None, Some(_)) => "it is carried by a Go module: install `go`, or give `--from` a folder that has it",
        _ if asset.form.is_run() => {
            "give `--from` a folder that has it as it is published (or what `tofu providers mirror` makes), or `--mirror` a server"
        }
        _ => "give `--from` a folder that has it, or `--mirror` a server",
    };
    Err(Failure::failed(format!("failed to get {} {} with digest {}", asset.name, asset.version, asset.sha256))
        .details(tried)
        .hint(hint))
}

/// The asset from one origin. Another digest than the pinned one is an error that names both.
async fn obtain(origin: &Origin, asset: &Asset, login: &Login, scratch: &Path) -> Outcome<Option<Fetched>> {
    let Some(found) = origin.fetch(asset, login, scratch, Instant::now() + PATIENCE).await? else {
        return Ok(None);
    };
    match found.content.unlike(asset) {
        None => Ok(Some(found)),
        Some(how) => Err(Failure::failed(how)),
    }
}

/// What the lock could pin besides, so that the next download is known before it is unpacked, and ends where it should.
fn tell_unpinned(asset: &Asset, found: &Fetched, console: &Console) {
    let mut lines = Vec::new();
    if asset.size.is_none() {
        lines.push(format!("`size: {}`", found.content.size()));
    }
    // The digest of all but charts is the one of the download.
    let download = found.download.as_ref().filter(|_| asset.download.is_none() && asset.form == AssetForm::Chart);
    if let Some(Download { sha256, size }) = download {
        lines.push(format!("`download: {{sha256: {sha256}, size: {size}}}`"));
    }
    if !lines.is_empty() {
        console.done("vendor", format!("{}: lock.yaml can pin {}", asset.name, lines.join(" and ")));
    }
}

/// Writes beside the target and renames, so that a broken run leaves either the old asset or the new one.
fn put(content: &AssetContent, target: &Path, assets: &Path) -> io::Result<()> {
    let staging = tempfile::Builder::new().prefix(".vendor-").tempdir_in(assets)?;
    let fresh = staging.path().join("new");
    fs::create_dir_all(target.parent().unwrap_or(assets))?;
    match content {
        AssetContent::Manifest(bytes) => fs::write(&fresh, bytes)?,
        AssetContent::Chart(files) => {
            for (path, file) in files.iter() {
                let place = fresh.join(path);
                fs::create_dir_all(place.parent().unwrap_or(&fresh))?;
                file.write(&place)?;
            }
        }
        AssetContent::File(path, _) => {
            io::copy(&mut File::open(path)?, &mut File::create(&fresh)?)?;
        }
    }
    if target.exists() {
        fs::rename(target, staging.path().join("old"))?; // has a wrong digest, and goes with the staging folder
    }
    fs::rename(&fresh, target)
}
