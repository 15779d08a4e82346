//! `outdated`: every pin with what is newer upstream, and what could not be asked.

use std::collections::BTreeMap;

use semver::Version;
use serde::Serialize;
use serde_json::json;

use super::folder::Folder;
use super::found::{Pin, not_asked, pins};
use super::references::Unread;
use super::upstream::{Upstream, Versions};
use super::ways::Ways;
use crate::cli::OutdatedArgs;
use crate::document::VersionStep;
use crate::report::{Console, Exit, Failure, Outcome, OutputForm, Table, counted};
use crate::run::{WITH_NAMES, give};
use crate::schema::ImageReference;
use crate::upgrade::{forbidden, newer};

/// What is newer than a pin.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    kind: &'static str,
    version: String,
    at: String,
    /// Whether anything newer is known.
    outdated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    major: Option<String>,
    /// Whether nobody could be asked for a later major.
    #[serde(skip)]
    is_major_unknown: bool,
    /// What upstream forbids as one step.
    forbidden: Vec<Forbidden>,
}

/// A step that upstream forbids.
#[derive(Debug, Serialize)]
struct Forbidden {
    to: String,
    says: String,
    remedy: String,
    source: Option<String>,
}

/// What nobody looked at.
#[derive(Debug, Serialize)]
struct Unknown {
    name: String,
    kind: &'static str,
    version: String,
    at: String,
    why: String,
}

/// Asks upstream for every pin, and tells.
pub async fn outdated(args: &OutdatedArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITH_NAMES)?;
    let reach = args.reach();
    let folder = Folder::read(&reach.dir)?;
    let ways = Ways::of(&reach, folder.lock.as_ref())?;
    let rows = folder.lock.as_ref().map(|lock| lock.steps.as_slice()).unwrap_or_default();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut asked: BTreeMap<String, Outcome<Versions>> = BTreeMap::new();
    for pin in pins(&folder) {
        if let Upstream::Moving(image) = &pin.upstream {
            match ways.now(image).await {
                Ok(now) => known.push(moving(&pin, image, &now)),
                Err(failure) => unknown.push(not_told(&pin, failure.message)),
            }
            continue;
        }
        let key = format!("{:?}", pin.upstream);
        if !asked.contains_key(&key) {
            asked.insert(key.clone(), pin.upstream.versions(&ways).await);
        }
        look(pin, &asked[&key], rows, &mut known, &mut unknown);
    }
    unknown.extend(not_asked(&folder).into_iter().map(Unknown::from));
    tell(&known, &unknown, form, console)?;
    let count = known.iter().filter(|it| it.outdated).count();
    if args.exit_code && count > 0 {
        let failure = Failure::new(Exit::Differs, format!("outdated: {count} of {}", counted(known.len(), "pin")));
        return Err(
            failure.hint("`backstack pin --upgrade NAME` pins the newest patch; `--minor` and `--major` go further")
        );
    }
    Ok(())
}

impl From<Unread> for Unknown {
    fn from(Unread { name, kind, at, why }: Unread) -> Self {
        Self { name, kind, version: String::new(), at, why: why.to_owned() }
    }
}

fn not_told(pin: &Pin, why: String) -> Unknown {
    Unknown { name: pin.name.clone(), kind: pin.kind(), version: pin.version.clone(), at: pin.at.clone(), why }
}

/// A tag that moves is outdated when it is another image than the one that is pinned.
fn moving(pin: &Pin, pinned: &ImageReference, now: &str) -> Row {
    let is_other = pinned.digest.as_deref() != Some(now);
    Row {
        name: pin.name.clone(),
        kind: pin.kind(),
        version: pin.version.clone(),
        at: pin.at.clone(),
        outdated: is_other,
        patch: is_other.then(|| format!("{}@{now}", pin.version)),
        minor: None,
        major: None,
        is_major_unknown: true,
        forbidden: Vec::new(),
    }
}

fn look(pin: Pin, told: &Outcome<Versions>, rows: &[VersionStep], known: &mut Vec<Row>, unknown: &mut Vec<Unknown>) {
    let (current, versions) = match pin.known(told) {
        Ok(both) => both,
        Err(why) => return unknown.push(not_told(&pin, why)),
    };
    if let Some(why) = &versions.not_looked_at {
        unknown.push(not_told(&pin, why.clone()));
    }
    let found = newer(&current, &versions.all);
    let spelling = pin.spelling();
    let written = |it: &Version| spelling.as_ref().map_or_else(|| it.to_string(), |spelling| spelling.tag(it));
    let all = [&found.patch, &found.minor, &found.major].into_iter().flatten();
    let forbidden =
        all.flat_map(|to| forbidden(&pin.name, &current, to, rows).into_iter().map(|it| (to.to_string(), it)));
    let forbidden =
        forbidden.map(|(to, it)| Forbidden { to, says: it.says, remedy: it.remedy, source: it.source }).collect();
    known.push(Row {
        kind: pin.kind(),
        outdated: !found.is_none(),
        patch: found.patch.as_ref().map(written),
        minor: found.minor.as_ref().map(written),
        major: found.major.as_ref().map(written),
        is_major_unknown: versions.not_looked_at.is_some(),
        forbidden,
        name: pin.name,
        version: pin.version,
        at: pin.at,
    });
}

fn tell(known: &[Row], unknown: &[Unknown], form: OutputForm, console: &Console) -> Outcome<()> {
    let document = json!({"pins": known, "notLookedAt": unknown});
    let names = known.iter().filter(|it| it.outdated).map(|it| &it.name);
    give(form, &document, names, || tell_table(known, console))?;
    for it in unknown {
        let version = if it.version.is_empty() { String::new() } else { format!(" {}", it.version) };
        console.say(format!("not looked at: {}{version} ({}): {}", it.name, it.at, it.why));
    }
    let outdated = known.iter().filter(|it| it.outdated).count();
    let unasked = unknown.iter().filter(|it| !known.iter().any(|row| row.name == it.name && row.at == it.at)).count();
    let count = counted(known.len(), "pin");
    console.done("looked at", format!("{count}, outdated: {outdated}; not looked at: {unasked}"));
    Ok(())
}

fn tell_table(known: &[Row], console: &Console) {
    let mut table = Table::new(["NAME", "KIND", "PINNED", "PATCH", "MINOR", "MAJOR", "AT"]);
    for it in known {
        let cell = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
        let major = if it.major.is_none() && it.is_major_unknown { "?".to_owned() } else { cell(&it.major) };
        table.row([
            it.name.clone(),
            it.kind.to_owned(),
            it.version.clone(),
            cell(&it.patch),
            cell(&it.minor),
            major,
            it.at.clone(),
        ]);
    }
    console.whole_table(&table);
    for it in known {
        for step in &it.forbidden {
            let Forbidden { to, says, remedy, .. } = step;
            console.say(format!("{} {} -> {to} is no step: {says} ({remedy})", it.name, it.version));
        }
    }
}
