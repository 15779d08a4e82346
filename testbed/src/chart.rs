//! Kyverno's chart, made whole: its module lacks the charts that it takes from elsewhere.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::testbed::Testbed;

/// What the chart takes from elsewhere and can do without: both are off unless values turn them on.
const ABSENT: [&str; 2] = ["openreports", "reports-server"];

impl Testbed {
    /// Writes a chart of Kyverno to `dir` that Helm and Argo CD render without asking anybody: the module's own, with the
    /// resource definitions of its newer API, and without the dependencies that no module has.
    pub fn kyverno_chart(&self, dir: &Path) -> Result<()> {
        let modules = &self.description().modules;
        copy(&modules.kyverno.join("charts/kyverno"), dir)?;
        copy(&modules.kyverno_api.join("charts/kyverno-api"), &dir.join("charts/kyverno-api"))?;
        let file = dir.join("Chart.yaml");
        let text = fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
        fs::write(&file, without(&text, &ABSENT)?).with_context(|| format!("failed to write {}", file.display()))?;
        // It tells of the dependencies that were there.
        let lock = dir.join("Chart.lock");
        fs::remove_file(&lock).with_context(|| format!("failed to remove {}", lock.display()))
    }
}

/// A `Chart.yaml` without the entries of these dependencies.
fn without(chart: &str, names: &[&str]) -> Result<String> {
    let mut kept = String::new();
    let mut dropping = false;
    let mut dropped = 0;
    for line in chart.lines() {
        let trimmed = line.trim_start();
        if let Some(name) = trimmed.strip_prefix("- name: ") {
            dropping = names.contains(&name.trim());
            dropped += usize::from(dropping);
        } else if trimmed == line {
            dropping = false;
        }
        if !dropping {
            kept.extend([line, "\n"]);
        }
    }
    ensure!(dropped == names.len(), "Kyverno's chart is not as it used to be");
    Ok(kept)
}

/// Copies a directory of a module, whose files nobody may write.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("failed to create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("failed to list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            let content = fs::read(entry.path())?;
            fs::write(&target, content).with_context(|| format!("failed to write {}", target.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_dependencies_go() {
        let chart = "name: k\ndependencies:\n  - name: a\n    version: 1\n  - name: b\n    version: 2\nlast: yes\n";
        let kept = "name: k\ndependencies:\n  - name: a\n    version: 1\nlast: yes\n";
        assert_eq!(without(chart, &["b"]).expect("found"), kept);
        assert!(without(chart, &["c"]).is_err());
    }
}
