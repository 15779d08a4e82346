//! Whether the hub offers the kind of an order, in this version.

use serde_json::Value;

use super::files::leave_it_out;
use super::offer::{Offer, Offered};
use super::order::Order;
use crate::object::{group, items, str_at};
use crate::report::Diagnostic;
use crate::schema::closest;

/// The offered kind of an order, or what is wrong with the one that it has.
pub(super) fn offered<'o>(order: &Order, offer: &'o Offer) -> Result<&'o Offered, Box<Diagnostic>> {
    let (group, kind) = (group(&order.object), order.text("/kind"));
    if let Some(found) = offer.kinds.iter().find(|it| (it.group.as_str(), it.kind.as_str()) == (group, kind)) {
        return Ok(found);
    }
    if order.text("/apiVersion").is_empty() {
        let mistake = order.mistake("apiVersion", "the object has no `apiVersion`");
        return Err(mistake.hint(leave_it_out()).into());
    }
    let behind = offer.kinds.iter().find(|it| it.group == group && it.composite.as_deref() == Some(kind));
    if let Some(claim) = behind {
        let message = format!("{kind} is the composite resource behind the claim {}, and has no namespace", claim.kind);
        return Err(order.mistake("kind", message).hint(format!("write `kind: {}`", claim.kind)).into());
    }
    let hint = hint(group, kind, offer);
    let mistake = order.mistake("kind", format!("no bead of the hub offers {kind}{}", of_group(group)));
    Err(mistake.hint(hint).into())
}

fn hint(group: &str, kind: &str, offer: &Offer) -> String {
    if let Some(same) = offer.kinds.iter().find(|it| it.kind == kind) {
        return format!("did you mean that{}, `apiVersion: {}`?", same.of_bead(), api_version(same));
    }
    let names: Vec<&str> = offer.kinds.iter().filter(|it| it.group == group).map(|it| it.kind.as_str()).collect();
    let all: Vec<&str> = offer.kinds.iter().map(|it| it.kind.as_str()).collect();
    if let Some(best) = closest(kind, &names).or_else(|| closest(kind, &all)) {
        return format!("did you mean `{best}`?");
    }
    if offer.kinds.is_empty() {
        return "no bead of the hub offers anything: install one that does".to_owned();
    }
    let listed: Vec<String> = offer.kinds.iter().map(|it| format!("{}{}", it.title(), it.of_bead())).collect();
    format!("there are: {}; {}", listed.join(", "), leave_it_out())
}

fn of_group(group: &str) -> String {
    if group.is_empty() { " of Kubernetes itself".to_owned() } else { format!(" of {group}") }
}

/// The group with the first version that is served.
fn api_version(offered: &Offered) -> String {
    let version = offered.definition.as_ref().and_then(|it| served(it).next());
    version.map_or_else(|| format!("{}/…", offered.group), |version| format!("{}/{version}", offered.group))
}

fn served(definition: &Value) -> impl Iterator<Item = &str> {
    items(definition, "/spec/versions").filter(|it| it["served"] == true).map(|it| str_at(it, "/name"))
}

/// The version of the definition that an order is of.
pub(super) fn version<'d>(
    order: &Order,
    offered: &Offered,
    definition: &'d Value,
) -> Result<&'d Value, Box<Diagnostic>> {
    let wanted = order.text("/apiVersion").rsplit('/').next().unwrap_or_default();
    let found = items(definition, "/spec/versions").find(|it| it["served"] == true && str_at(it, "/name") == wanted);
    found.ok_or_else(|| {
        let versions: Vec<&str> = served(definition).collect();
        let message = format!("{wanted} of {} is not served", offered.title());
        let hint = format!("served: {}", versions.join(", "));
        order.mistake("apiVersion", message).hint(hint).into()
    })
}

/// What is said of a version that is going to leave.
pub(super) fn deprecated(order: &Order, offered: &Offered, version: &Value) -> Option<Diagnostic> {
    let is_deprecated = version.get("deprecated") == Some(&Value::Bool(true));
    let why = match str_at(version, "/deprecationWarning") {
        "" => format!("{} of {} is deprecated", str_at(version, "/name"), offered.title()),
        why => why.to_owned(),
    };
    is_deprecated.then(|| Diagnostic::warning("apiVersion", why).at(&order.source, order.place_of("apiVersion")))
}
