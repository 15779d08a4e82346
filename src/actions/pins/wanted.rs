//! The version that people ask for: one that is fixed. Of a range the newest that fits is the hint.

use semver::Version;

use super::upstream::Upstream;
use super::ways::Ways;
use crate::report::{Failure, Outcome};
use crate::schema::VersionRange;

/// The version that is asked for, without a `v`; a registry has it as its tag is written. A range, a word such as `latest` and half a version are refused.
pub async fn fixed(name: &str, text: &str, upstream: &Upstream, ways: &Ways) -> Outcome<String> {
    let version = text.strip_prefix('v').unwrap_or(text);
    if Version::parse(version).is_ok() {
        return Ok(if matches!(upstream, Upstream::Tags(_)) { text } else { version }.to_owned());
    }
    let range = if ["latest", "newest", "stable", ""].contains(&text) { "*" } else { text };
    let Ok(range) = VersionRange::parse(range) else {
        return Err(Failure::usage(format!("`{text}` is no version of {name}; nothing was changed"))
            .hint("give all of it, such as `1.2.3`"));
    };
    let failure = Failure::usage(format!("`{text}` of {name} can be another one tomorrow; nothing was changed"));
    Err(match upstream.versions(ways).await {
        Ok(known) => match known.all.iter().filter(|it| it.pre.is_empty() && range.has(it)).max() {
            Some(newest) => failure.hint(format!("the newest that fits is {newest}: write `{newest}`")),
            None => failure.hint("there is none that fits; `backstack outdated` tells which there are"),
        },
        Err(why) => {
            failure.hint(format!("give all of it, such as `1.2.3`; the newest that fits is not known: {}", why.message))
        }
    })
}
