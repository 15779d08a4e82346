//! Numbers of fixed scenarios, held against those that were recorded: requests, bytes, instructions, and never a time.
//!
//! A record stands beside the test that holds it and is renewed by `UPDATE=1`. It fails both ways: with more there is a
//! regression, and with far less the record says no longer what is so, and would let the next regression pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// What was counted of a scenario, by its name.
pub type Counts = BTreeMap<String, u64>;

/// The numbers of all scenarios of a test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// What they depend on beside the program, such as its compiler, with its version.
    #[serde(default, rename = "madeWith", skip_serializing_if = "BTreeMap::is_empty")]
    pub made_with: BTreeMap<String, String>,
    /// What was counted of each, by the name of the scenario.
    pub scenarios: BTreeMap<String, Counts>,
}

impl Baseline {
    /// Demands that these are the numbers in the file, each within what `spread` lets it differ by, which is told what was counted
    /// and how many were recorded; `UPDATE=1` writes the file instead.
    pub fn hold(&self, file: &Path, spread: impl Fn(&str, u64) -> u64) -> Result<()> {
        if std::env::var_os("UPDATE").is_some() {
            let text = serde_json::to_string_pretty(self)? + "\n";
            return fs::write(file, text).with_context(|| format!("failed to write {}", file.display()));
        }
        let text = fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
        let recorded: Self = serde_json::from_str(&text).with_context(|| format!("{} is no record", file.display()))?;
        let mut told = self.differences(&recorded, spread);
        if !told.is_empty() {
            told.extend(self.other_tools(&recorded));
            bail!(
                "{}\nhint: where that is meant, run the test with UPDATE=1, and read the difference in {} as a change of code",
                told.join("\n"),
                file.display()
            );
        }
        Ok(())
    }

    /// A line for each number that is not as it was recorded.
    fn differences(&self, recorded: &Self, spread: impl Fn(&str, u64) -> u64) -> Vec<String> {
        let mut told = Vec::new();
        let none = Counts::new();
        let names: BTreeSet<&String> = self.scenarios.keys().chain(recorded.scenarios.keys()).collect();
        for name in names {
            let [now, then] = [self, recorded].map(|it| it.scenarios.get(name).unwrap_or(&none));
            let counted: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
            for what in counted {
                let [now, then] = [now, then].map(|it| it.get(what).copied().unwrap_or_default());
                let spread = spread(what, then);
                if now.abs_diff(then) > spread {
                    told.push(format!("{name}: {what} {now}, recorded {then}{}", ratio(now, then, spread)));
                }
            }
        }
        told
    }

    /// A line for each tool whose version is another one than then: it may be the cause, and not the program.
    fn other_tools(&self, recorded: &Self) -> Vec<String> {
        let changed = self.made_with.iter().filter_map(|(tool, now)| {
            let then = recorded.made_with.get(tool).map_or("none", String::as_str);
            (now != then).then(|| format!("{tool} is another one: {now}, recorded with {then}; it may be the cause"))
        });
        changed.collect()
    }
}

/// How many times the recorded number it is, where that may differ a little.
fn ratio(now: u64, then: u64, spread: u64) -> String {
    if spread == 0 || then == 0 {
        return String::new();
    }
    let times = now * 1000 / then;
    format!(", {}.{:03} times that; {spread} more or less are let pass", times / 1000, times % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(compiler: &str, scenario: &str, counts: &[(&str, u64)]) -> Baseline {
        let counts = counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        Baseline {
            made_with: [("rustc".to_owned(), compiler.to_owned())].into(),
            scenarios: [(scenario.to_owned(), counts)].into(),
        }
    }

    fn told(now: &Baseline, then: &Baseline) -> Vec<String> {
        now.differences(then, |what, count| if what == "bytes" { count / 50 } else { 0 })
    }

    #[test]
    fn what_is_within_its_tolerance_is_the_same() {
        let recorded = baseline("1", "status", &[("bytes", 1000), ("GET", 3)]);
        for bytes in [980, 1000, 1020] {
            assert_eq!(told(&baseline("2", "status", &[("bytes", bytes), ("GET", 3)]), &recorded), [""; 0]);
        }
    }

    #[test]
    fn more_is_told_and_so_is_less() {
        let recorded = baseline("1", "status", &[("bytes", 1000), ("GET", 3)]);
        let more = told(&baseline("1", "status", &[("bytes", 1021), ("GET", 4)]), &recorded);
        assert_eq!(
            more,
            [
                "status: GET 4, recorded 3",
                "status: bytes 1021, recorded 1000, 1.021 times that; 20 more or less are let pass"
            ]
        );
        let less = told(&baseline("1", "status", &[("bytes", 979), ("LIST", 1)]), &recorded);
        assert_eq!(
            less,
            [
                "status: GET 0, recorded 3",
                "status: LIST 1, recorded 0",
                "status: bytes 979, recorded 1000, 0.979 times that; 20 more or less are let pass"
            ]
        );
    }

    #[test]
    fn a_scenario_that_only_one_of_them_has_is_told() {
        let [one, other] = ["status", "verify"].map(|name| baseline("1", name, &[("GET", 3)]));
        assert_eq!(told(&one, &other), ["status: GET 3, recorded 0", "verify: GET 0, recorded 3"]);
    }

    #[test]
    fn another_compiler_is_told_apart() {
        let [old, new] = ["1.95", "1.96"].map(|compiler| baseline(compiler, "lint", &[]));
        assert_eq!(old.other_tools(&old), [""; 0]);
        assert_eq!(new.other_tools(&old), ["rustc is another one: 1.96, recorded with 1.95; it may be the cause"]);
    }
}
