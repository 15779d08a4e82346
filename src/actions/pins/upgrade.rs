//! Which versions pins are upgraded to: the newest that upstream allows in one step.

use super::folder::Folder;
use super::found::{Pin, What};
use super::plan::{NOT_LOOKED_AT, Plan};
use super::upstream::Upstream;
use super::ways::Ways;
use crate::report::{Failure, Outcome};
use crate::schema::closest;
use crate::upgrade::{Reach, newer, newest_allowed};

/// A pin, and the version or tag that it is to have.
pub struct Target {
    /// The pin.
    pub pin: Pin,
    /// Its version; of an image its tag.
    pub version: String,
}

/// The pins of these names, or all of them where none is named.
pub fn named(pins: Vec<Pin>, names: &[String]) -> Outcome<Vec<Pin>> {
    for name in names {
        if !pins.iter().any(|pin| pin.is_called(name)) {
            return Err(unknown(name, &pins));
        }
    }
    Ok(pins.into_iter().filter(|pin| names.is_empty() || names.iter().any(|name| pin.is_called(name))).collect())
}

/// What is said of a name that nothing is pinned by.
pub fn unknown(name: &str, pins: &[Pin]) -> Failure {
    let known: Vec<&str> = pins.iter().map(|pin| pin.name.as_str()).collect();
    let failure = Failure::usage(format!("nothing is pinned by the name `{name}`; nothing was changed"));
    match closest(name, &known) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => failure.hint("the folder pins nothing: `--dir` names another one"),
        None => failure.hint(format!("pinned are {}", known.join(", "))),
    }
}

/// Whether it is a chart of a Helm repository that the lock cannot take over: it has one version of a chart, and another one is
/// pinned, too.
pub fn is_in_two_versions(pin: &Pin, all: &[Pin]) -> bool {
    let is_fetched = matches!((&pin.what, &pin.upstream), (What::Chart(_), Upstream::Index { .. }));
    is_fetched && all.iter().any(|it| it.kind() == "chart" && it.name == pin.name && it.version != pin.version)
}

/// What a pin is upgraded to. What cannot be asked is told, and is nobody's upgrade.
pub async fn target(pin: Pin, reach: Reach, folder: &Folder, ways: &Ways, plan: &mut Plan) -> Option<Target> {
    if let Upstream::Moving(image) = &pin.upstream {
        return match ways.now(image).await {
            Ok(now) if image.digest.as_ref() == Some(&now) => {
                plan.tell("current", format!("{} {}: the tag has the digest that is pinned", pin.name, pin.version));
                None
            }
            Ok(_) => Some(Target { version: pin.version.clone(), pin }),
            Err(failure) => {
                plan.tell(NOT_LOOKED_AT, format!("{}: {}", pin.name, failure.message));
                None
            }
        };
    }
    let told = pin.upstream.versions(ways).await;
    let (current, known) = match pin.known(&told) {
        Ok(both) => both,
        Err(why) => {
            plan.tell(NOT_LOOKED_AT, format!("{}: {why}", pin.name));
            return None;
        }
    };
    let rows = folder.lock.as_ref().map(|lock| lock.steps.as_slice()).unwrap_or_default();
    let found = newest_allowed(&pin.name, &current, &known.all, reach, rows);
    let newest = newer(&current, &known.all).newest().cloned();
    if let Some(newest) = newest.filter(|newest| Some(newest) != found.as_ref()) {
        plan.tell("stays", format!("{}: {newest} is further than this step goes", pin.name));
    }
    if let Some(why) = &known.not_looked_at {
        plan.tell(NOT_LOOKED_AT, format!("{}: {why}", pin.name));
    }
    let Some(version) = found else {
        plan.tell("current", format!("{} {}: nothing newer was found for this step", pin.name, pin.version));
        return None;
    };
    let version = pin.spelling().map_or_else(|| version.to_string(), |it| it.tag(&version));
    Some(Target { pin, version })
}
