//! What a spoke is, as the hub has it. None of it says that the spoke answers: only a proof does.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::look::Hub;
use crate::schema::labels::reserved_domain;
use crate::words::spoke;

/// A login that ends within this time is warned of.
pub const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is to be said of a login that has ended, or ends soon, as the registration has it.
pub fn of_end(spoke: &Value, now: Timestamp) -> Option<String> {
    let end: Timestamp = spoke.get("expires")?.as_str()?.parse().ok()?;
    let verb = if end <= now { "ended" } else { "ends" };
    (end <= now + SOON).then(|| format!("what Argo CD logs in with {verb} at {end}: install the spoke with a new one"))
}

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
        "server": own.address(),
        "uid": own.annotation(spoke::UID),
        "version": own.annotation(spoke::VERSION),
        "login": own.annotation(spoke::CREDENTIAL),
        "expires": own.annotation(spoke::EXPIRES),
        "source": own.annotation(spoke::SOURCE),
        "provenAt": own.annotation(spoke::PROVEN),
        "labels": labels,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_warned_of_a_month_before_its_end() {
        let now = "2026-11-29T12:00:00Z".parse().expect("a time");
        let told = |expires: Value| of_end(&json!({"expires": expires}), now);
        assert!(told(json!("2026-11-29T11:00:00Z")).is_some_and(|it| it.contains("ended at")));
        assert!(told(json!("2026-12-28T12:00:00Z")).is_some_and(|it| it.contains("ends at")));
        assert_eq!((told(json!("2027-01-29T12:00:00Z")), told(Value::Null)), (None, None));
    }
}
