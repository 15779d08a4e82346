//! `pin` and `outdated`: versions in the lock and in the documents, moved together and by digest.

mod asset;
mod chart;
mod derived;
mod folder;
mod found;
mod image;
mod outdated;
mod plan;
mod skeleton;
mod upgrade;
mod upstream;
mod wanted;
mod ways;

use chart::ChartOf;
use folder::Folder;
use found::{Pin, What, pins};
pub use outdated::{FORMS, outdated};
use plan::Plan;
use upgrade::{Target, named, target, unknown};
use upstream::Upstream;
use wanted::fixed;
use ways::Ways;

use crate::cli::{PinArgs, PinVerb};
use crate::report::{Console, Failure, Outcome, answer};
use crate::upgrade::Reach;

/// Pins what the command line names: all of it is fetched and verified first, and then written together.
pub async fn pin(args: &PinArgs, console: &Console) -> Outcome<()> {
    demand_sense(args)?;
    let folder = Folder::read(&args.reach.dir)?;
    let ways = Ways::of(&args.reach, folder.lock.as_ref())?;
    let mut plan = Plan::default();
    match &args.verb {
        Some(PinVerb::Chart { name, repository, version }) => {
            let of = ChartOf { name, repository };
            let version = fixed(name, version, &of.upstream()?, &ways).await?;
            chart::pin(&folder, &of, &version, &ways, &mut plan).await?;
        }
        Some(PinVerb::Image { reference }) => image::pin(&folder, reference, false, &ways, &mut plan).await?,
        Some(PinVerb::Package { reference }) => image::pin(&folder, reference, true, &ways, &mut plan).await?,
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
                _ => fixed(name, version, &pin.upstream, ways).await?,
            };
            one(&Target { pin: pin.clone(), version }, folder, ways, plan).await
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

async fn one(target: &Target, folder: &Folder, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let Target { pin: Pin { name, what, .. }, version } = target;
    match what {
        What::Asset(_) => match &target.pin.upstream {
            Upstream::Index { repository, chart } if chart == name => {
                chart::pin(folder, &ChartOf { name, repository }, version, ways, plan).await
            }
            _ => asset::pin(folder, name, version, ways, plan).await,
        },
        What::Chart(repository) => chart::pin(folder, &ChartOf { name, repository }, version, ways, plan).await,
        What::Image(_) => image::pin(folder, &format!("{name}:{version}"), false, ways, plan).await,
        What::Package(_) => image::pin(folder, &format!("{name}:{version}"), true, ways, plan).await,
    }
}

async fn upgrade(args: &PinArgs, folder: &Folder, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let reach = match (args.minor, args.major) {
        (_, true) => Reach::Major,
        (true, _) => Reach::Minor,
        _ => Reach::Patch,
    };
    for pin in named(pins(folder), &args.names)? {
        if let Some(target) = target(pin, reach, folder, ways, plan).await {
            one(&target, folder, ways, plan).await?;
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
    if written.is_empty() {
        console.say("nothing was changed: all of it is pinned so already");
    } else {
        let dir = args.reach.dir.display();
        console.say(format!("next: backstack vendor {dir} && backstack lint {dir}"));
    }
    plan.answers.iter().try_for_each(|line| answer(&format!("{line}\n")))
}
