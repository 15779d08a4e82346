//! Which values differ from those of the last run.

use std::collections::BTreeMap;

use crate::bundle::{Header, applies};
use crate::report::redact;

/// How much of a value is shown.
const WIDTH: usize = 40;

/// `replicas 3 → 1`, each. What only one of the two runs has is no change: a parameter may be for some actions alone.
pub fn changes(last: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let both = now.iter().filter_map(|(name, value)| Some((name, last.get(name)?, value)));
    both.filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| format!("{name} {} → {}", shown(was), shown(is)))
        .collect()
}

/// The sensitive ones, of which nothing is remembered.
pub fn not_compared(header: &Header, action: &str) -> String {
    let sensitive = header.parameters.iter().filter(|it| it.sensitive && applies(&it.apply_to, action));
    let names: Vec<&str> = sensitive.map(|it| it.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!("; not compared, for they are secret: {}", names.join(", ")) }
}

/// Masked before it is cut: half a secret is not known again.
fn shown(value: &str) -> String {
    let value = redact(value);
    let line: String = value.chars().take(WIDTH).map(|it| if it.is_control() { ' ' } else { it }).collect();
    match (line.is_empty(), value.chars().count() > WIDTH) {
        (true, _) => "\"\"".to_owned(),
        (_, true) => format!("{line}…"),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::remember_secret;

    #[test]
    fn what_differs_is_told() {
        let values = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let last = values(&[("replicas", "3"), ("size", "small"), ("note", ""), ("once", "x")]);
        let now = values(&[("replicas", "1"), ("size", "small"), ("note", &"a\n".repeat(30)), ("new", "y")]);
        let long = format!("note \"\" → {}…", "a ".repeat(20));
        assert_eq!(changes(&last, &now), [long.as_str(), "replicas 3 → 1"]);
        assert!(changes(&last, &last).is_empty());
    }

    #[test]
    fn no_part_of_a_secret_is_told() {
        let secret = "planted-for-changes-".repeat(3);
        remember_secret(&secret);
        let values = |value: String| BTreeMap::from([("url".to_owned(), value)]);
        let told = changes(&values("none".to_owned()), &values(format!("https://me:{secret}@host")));
        assert_eq!(told, ["url none → https://me:*******@host"]);
    }
}
