//! `pin` and `outdated`: versions in the lock and in the documents, moved together and by digest.

mod asset;
mod chart;
mod derived;
mod folder;
mod found;
mod image;
mod manifests;
mod outdated;
mod plan;
mod references;
mod skeleton;
mod text_file;
mod upgrade;
mod upstream;
mod wanted;
mod ways;

use std::path::Path;

use chart::ChartOf;
use folder::Folder;
use found::{Pin, What, not_asked, pins};
use image::ImageOf;
pub use outdated::outdated;
use plan::{NOT_LOOKED_AT, Plan};
use upgrade::{Target, is_in_two_versions, named, target, unknown};
use upstream::Upstream;
use wanted::fixed;
use ways::Ways;

use crate::cli::{PinArgs, PinVerb};
use crate::report::{Console, Failure, Outcome, answer};
use crate::upgrade::Reach;

/// The names of what a folder pins, each with its version.
pub fn pinned(dir: &Path) -> Outcome<Vec<(String, String)>> {
    let folder = Folder::read(dir)?;
    Ok(pins(&folder).into_iter().map(|it| (it.name, it.version)).collect())
}

/// The downloads among them.
pub fn downloads(dir: &Path) -> Outcome<Vec<(String, String)>> {
    let folder = Folder::read(dir)?;
    Ok(folder.assets().map(|(_, asset, _)| (asset.name.clone(), asset.version.clone())).collect())
}

/// Pins what the command line names: all of it is fetched and verified first, and then written together.
pub async fn pin(args: &PinArgs, console: &Console) -> Outcome<()> {
    demand_sense(args)?;
    let folder = Folder::read(&args.reach.dir)?;
    let ways = Ways::of(&args.reach, folder.lock.as_ref())?;
    let mut plan = Plan::default();
    match &args.verb {
        Some(PinVerb::Chart { name, repository, version }) => {
            let of = ChartOf { name, repository, from: None };
            let version = fixed(name, version, &of.upstream()?, &ways).await?;
            chart::pin(&folder, &of, &version, &ways, &mut plan).await?;
        }
        Some(PinVerb::Image { reference }) => {
            image::pin(&folder, &ImageOf { text: reference, is_package: false, from: None }, &ways, &mut plan).await?;
        }
        Some(PinVerb::Package { reference }) => {
            image::pin(&folder, &ImageOf { text: reference, is_package: true, from: None }, &ways, &mut plan).await?;
        }
        None if args.upgrade => upgrade(args, &folder, &ways, &mut plan).await?,
        None => {
            for text in &args.names {
                by_name(text, &folder, &ways, &mut plan).await?;
            }
        }
    }
    let written = plan.write(&folder)?;
    tell(args, &plan, &written, console)
}

fn demand_sense(args: &PinArgs) -> Outcome<()> {
    let has_verb = args.verb.is_some();
    if has_verb && (args.upgrade || !args.names.is_empty()) {
        return Err(Failure::usage("`pin chart`, `pin image` and `pin package` take one thing, with its version")
            .hint("leave out `--upgrade` and what stands before them"));
    }
    if args.upgrade && !args.all && args.names.is_empty() {
        return Err(Failure::usage("--upgrade of what?").hint("name what is pinned, or add `--all`"));
    }
    if !has_verb && !args.upgrade && args.names.is_empty() {
        return Err(Failure::usage("pin what?")
            .hint("write `backstack pin NAME@VERSION`; `backstack outdated` tells what is pinned"));
    }
    Ok(())
}

/// `NAME@VERSION`, by what the folder pins, or what bundles of the project do.
async fn by_name(text: &str, folder: &Folder, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let Some((name, version)) = text.rsplit_once('@').filter(|(name, _)| !name.is_empty()) else {
        return Err(Failure::usage(format!("`{text}` names no version; nothing was changed"))
            .hint(format!("write `{text}@1.2.3`, or `--upgrade {text}` for the newest patch")));
    };
    let pins = pins(folder);
    match pins.iter().find(|pin| pin.is_called(name)) {
        Some(pin) => {
            let version = match pin.what {
                What::Image(_) | What::Package(_) => version.to_owned(),
                What::Chart(_) => fixed(name, version, &pin.upstream, ways).await?,
                What::Asset(_) => fixed(name, version, &pin.upstream, ways).await?.trim_start_matches('v').to_owned(),
            };
            one(&Target { pin: pin.clone(), version }, None, folder, ways, plan).await
        }
        None => match skeleton::assets(name) {
            known if known.is_empty() => Err(unknown(name, &pins)),
            known => {
                let version = fixed(name, version, &Upstream::of_asset(&known[0]), ways).await?;
                skeleton::pin(known, &version, ways, plan).await
            }
        },
    }
}

/// Pins one thing; in documents only where it has the version that it moves from, if one is named.
async fn one(target: &Target, from: Option<&str>, folder: &Folder, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let Target { pin: Pin { name, what, .. }, version } = target;
    match what {
        What::Asset(_) => match &target.pin.upstream {
            Upstream::Index { repository, chart } if chart == name => {
                chart::pin(folder, &ChartOf { name, repository, from }, version, ways, plan).await
            }
            _ => asset::pin(folder, name, version, ways, plan).await,
        },
        What::Chart(repository) => chart::pin(folder, &ChartOf { name, repository, from }, version, ways, plan).await,
        What::Image(_) | What::Package(_) => {
            let (text, is_package) = (format!("{name}:{version}"), matches!(what, What::Package(_)));
            image::pin(folder, &ImageOf { text: &text, is_package, from }, ways, plan).await
        }
    }
}

async fn upgrade(args: &PinArgs, folder: &Folder, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let reach = match (args.minor, args.major) {
        (_, true) => Reach::Major,
        (true, _) => Reach::Minor,
        _ => Reach::Patch,
    };
    let all = pins(folder);
    for pin in named(all.clone(), &args.names)? {
        if is_in_two_versions(&pin, &all) {
            let why = "lock.yaml has one version of a chart, and others of it are pinned: write `backstack pin chart` for one of them";
            plan.tell("not moved", format!("{} {}: {why}", pin.name, pin.version));
            continue;
        }
        if let Some(target) = target(pin, reach, folder, ways, plan).await {
            one(&target, Some(&target.pin.version), folder, ways, plan).await?;
        }
    }
    if args.all {
        for it in not_asked(folder) {
            plan.tell(NOT_LOOKED_AT, format!("{} ({}): {}", it.name, it.at, it.why));
        }
    }
    Ok(())
}

fn tell(args: &PinArgs, plan: &Plan, written: &[String], console: &Console) -> Outcome<()> {
    for (word, line) in &plan.told {
        console.done(word, line);
    }
    for file in written {
        console.done("write", file);
    }
    let unseen = plan.told.iter().filter(|(word, _)| *word == NOT_LOOKED_AT).count();
    if written.is_empty() && unseen > 0 {
        console.say(format!("nothing was changed; not looked at: {unseen}"));
    } else if written.is_empty() && plan.told.iter().any(|(word, _)| ["not moved", "unused"].contains(word)) {
        console.say("nothing was changed");
    } else if written.is_empty() {
        console.say("nothing was changed: all of it is pinned so already");
    } else {
        let dir = args.reach.dir.display();
        console.say(format!("next: backstack vendor {dir} && backstack lint {dir}"));
    }
    plan.answers.iter().try_for_each(|line| answer(&format!("{line}\n")))
}
