//! A chart made whole: with the charts that it depends on and its source tree lacks, and without those that it can do
//! without. Helm, and so Argo CD, renders no chart whose `Chart.yaml` names one that is not there.

use super::assets::AssetContent;
use crate::files::Tree;
use crate::report::{Failure, Outcome};

/// The description of a chart.
const CHART: &str = "Chart.yaml";
/// What a chart depended on when it was published.
const CHART_LOCK: &str = "Chart.lock";

/// The chart with these subcharts, and without those that have no content.
pub fn whole(content: AssetContent, subcharts: Vec<(&str, Option<AssetContent>)>) -> Outcome<AssetContent> {
    let AssetContent::Chart(files) = content else { return Ok(content) };
    if subcharts.is_empty() {
        return Ok(AssetContent::Chart(files));
    }
    let mut chart = Tree::default();
    // It tells of the dependencies that were there.
    for (path, bytes) in files.iter().filter(|(path, _)| ![CHART, CHART_LOCK].contains(path)) {
        chart.insert(path, bytes)?;
    }
    let mut description = files.text(CHART)?.to_owned();
    for (name, content) in subcharts {
        match content {
            Some(AssetContent::Chart(files)) => chart.insert_below(&format!("charts/{name}"), &files)?,
            _ => description = without(&description, name)?,
        }
    }
    chart.insert(CHART, description)?;
    Ok(AssetContent::Chart(chart))
}

/// A `Chart.yaml` without a dependency. Its lines are kept as they are, so that the digest of the chart depends on
/// nothing else.
fn without(description: &str, name: &str) -> Outcome<String> {
    let mut kept = String::new();
    let (mut is_dropping, mut is_found) = (false, false);
    for line in description.lines() {
        let item = line.trim_start();
        if let Some(other) = item.strip_prefix("- name: ") {
            is_dropping = other.trim() == name;
            is_found |= is_dropping;
        } else if item == line {
            is_dropping = false;
        }
        if !is_dropping {
            kept.extend([line, "\n"]);
        }
    }
    if is_found {
        return Ok(kept);
    }
    Err(Failure::usage(format!("the chart has no dependency `{name}`, which lock.yaml leaves out"))
        .hint("`charts` in lock.yaml takes the names among the `dependencies` of Chart.yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHART_YAML: &str = "name: k\ndependencies:\n  - name: a\n    version: 1\n  - name: b\n    version: 2\n    \
                              repository: r\nlast: yes\n";

    fn chart(files: &[(&str, &str)]) -> AssetContent {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.insert(*path, *text).expect("free");
        }
        AssetContent::Chart(tree)
    }

    #[test]
    fn a_chart_is_made_whole() {
        let content = chart(&[(CHART, CHART_YAML), (CHART_LOCK, "old"), ("templates/t.yaml", "")]);
        let a = Some(chart(&[(CHART, "name: a\n")]));
        let kept = "name: k\ndependencies:\n  - name: a\n    version: 1\nlast: yes\n";
        let expected = chart(&[(CHART, kept), ("charts/a/Chart.yaml", "name: a\n"), ("templates/t.yaml", "")]);
        assert_eq!(whole(content.clone(), vec![("a", a), ("b", None)]).expect("whole"), expected);
        assert_eq!(whole(content.clone(), Vec::new()).expect("as it is"), content);
        assert!(whole(content, vec![("c", None)]).expect_err("a slip").message.contains("no dependency `c`"));
    }
}
