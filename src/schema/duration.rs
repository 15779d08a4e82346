//! Durations as Go, and so Porter's users, write them: `90s`, `10m`, `1h30m`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A length of time written as Go does (`10m`, `1h30m`, `500ms`), at most a year; a bare number means seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "go-duration"))]
pub struct Timeout(pub Duration);

impl Timeout {
    /// The longest one: no step takes a year, and every clock can count that far.
    pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
}

impl TryFrom<String> for Timeout {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        read(&text).map(Self).map_err(|expected| format!("`{text}` is not {expected}"))
    }
}

/// What the text should have been, if it is no such length of time.
pub(super) fn expectation(text: &str) -> Option<&'static str> {
    read(text).err()
}

fn read(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "a duration such as 90s, 10m or 1h30m";
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(FORM);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let value: f64 = rest[..digits].parse().map_err(|_| FORM)?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(FORM),
        };
        seconds += value * unit;
        rest = &rest[letters..];
    }
    let duration = Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= Timeout::LONGEST);
    duration.ok_or("a duration of at most a year (8760h)")
}

impl From<Timeout> for String {
    fn from(timeout: Timeout) -> Self {
        format!("{}ms", timeout.0.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes() {
        for (text, millis) in [("90s", 90_000), ("10m", 600_000), ("1h30m", 5_400_000), ("500ms", 500), ("15", 15_000)]
        {
            let timeout = Timeout::try_from(text.to_owned()).expect(text);
            assert_eq!(timeout.0.as_millis(), millis, "{text}");
        }
        for text in ["", "ten", "10 minutes", "m", "-5s"] {
            assert!(Timeout::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_year_is_the_longest() {
        assert_eq!(Timeout::try_from("8760h".to_owned()), Ok(Timeout(Timeout::LONGEST)));
        let nines = "9".repeat(400);
        for text in ["8761h", "2600000000000000h", "1e9", "18446744073709551615", nines.as_str()] {
            let said = Timeout::try_from(text.to_owned()).expect_err(text);
            assert!(said.contains("at most a year") || text.contains('e'), "{said}");
        }
    }
}
