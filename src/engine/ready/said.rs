//! What an object of any kind says of itself by its conditions.

use serde_json::Value;

use super::state::{Readiness, condition};
use crate::engine::one_line;
use crate::object::{group, items, kind, str_at};
use crate::words::MUST_SAY;

/// The conditions by which controllers say whether an object does what it should.
const GOOD: [&str; 7] = ["Ready", "Healthy", "Available", "Synced", "Installed", "Established", "Succeeded"];
/// Those by which they say that it never will.
const BAD: [&str; 3] = ["Failed", "Degraded", "Stalled"];
/// That by which they say that they are at it.
const AT_IT: &str = "Reconciling";

/// What an object of this kind has to say before it is ready.
pub fn of_its_kind(object: &Value) -> &'static [&'static str] {
    let is_it = |(of, name, _): &&(&str, &str, _)| (*of, *name) == (group(object), kind(object));
    MUST_SAY.iter().find(is_it).map_or(&[], |(.., conditions)| *conditions)
}

/// By what there is, and by what there must be: while that is not said, its controller may not have seen it yet, or not be there.
pub fn by_conditions(object: &Value, must_say: &[&str]) -> Readiness {
    let status = |it: &Value| str_at(it, "/status").to_owned();
    let all = || items(object, "/status/conditions");
    if let Some(bad) = all().find(|it| BAD.contains(&str_at(it, "/type")) && status(it) == "True") {
        return Readiness::Failed(words(str_at(bad, "/type"), bad));
    }
    if let Some(not_yet) = all().find(|it| GOOD.contains(&str_at(it, "/type")) && status(it) != "True") {
        return Readiness::Pending(words(str_at(not_yet, "/type"), not_yet));
    }
    if let Some(at_it) = condition(object, AT_IT).filter(|it| status(it) == "True") {
        return Readiness::Pending(words(AT_IT, at_it));
    }
    match must_say.iter().find(|it| condition(object, it).is_none()) {
        Some(unsaid) => Readiness::Pending(format!("nobody has said yet whether it is {unsaid}")),
        None => Readiness::Ready,
    }
}

/// A condition in its own words.
pub fn words(name: &str, condition: &Value) -> String {
    let said = [str_at(condition, "/reason"), str_at(condition, "/message")];
    let why: Vec<&str> = said.into_iter().filter(|it| !it.is_empty()).collect();
    let head = format!("{name} is {}", str_at(condition, "/status"));
    if why.is_empty() { head } else { format!("{head}: {}", one_line(&why.join(": "))) }
}
