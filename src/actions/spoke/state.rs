//! What a spoke is, as the hub has it. None of it says that the spoke answers: only a proof does.

use serde_json::{Map, Value, json};

use super::look::Hub;
use crate::spec::labels::reserved_domain;
use crate::spoke;

/// The spoke as JSON; `None` where it is not registered.
pub fn of(hub: &Hub, name: &str) -> Option<Value> {
    let own = hub.spoke(name)?;
    let labels: Map<String, Value> = own
        .labels
        .iter()
        .filter(|(key, _)| reserved_domain(key).is_none())
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    Some(json!({
        "name": name,
        "state": own.standing.name(),
        "server": own.server,
        "uid": own.annotation(spoke::UID),
        "version": own.annotation(spoke::VERSION),
        "login": own.annotation(spoke::CREDENTIAL),
        "expires": own.annotation(spoke::EXPIRES),
        "source": own.annotation(spoke::SOURCE),
        "provenAt": own.annotation(spoke::PROVEN),
        "labels": labels,
    }))
}
