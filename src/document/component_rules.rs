//! What a component of a Hub document must be beyond its shape: its name, its place, the source of its chart.

use serde_json::{Map, Value};

use super::chart_version;
use super::hook_rules::hook_rules;
use super::hub::{Chart, Component, ComponentImage};
use super::ignored::ignored_rules;
use super::image_values::{ImageMistake, values_with_images};
use crate::schema::{Mistakes, Path};
use crate::words::argo;

/// Applications that the hub makes itself.
const OUR_APPLICATIONS: [&str; 4] = [argo::ROOT, argo::ARGOCD, argo::HUB, argo::CLAIMS];
/// Projects that somebody else makes: Argo CD, and the claims repository.
const FOREIGN_PROJECTS: [&str; 2] = ["default", argo::CLAIMS];
/// Component waves: after the projects of the root Application, before the root itself.
const WAVES: std::ops::RangeInclusive<i32> = argo::PROJECT_WAVE + 1..=argo::ROOT_WAVE - 1;
/// Helm's limit for the name of a release, which is the name of the component.
const LONGEST_RELEASE: usize = 53;

/// One component, of which something is said.
pub(super) struct AtComponent<'a> {
    pub(super) found: &'a mut Mistakes,
    pub(super) at: Path,
}

impl AtComponent<'_> {
    /// `below` is a dotted path below the component; a number is an index.
    pub(super) fn say(&mut self, below: &str, message: String, hint: Option<&str>) {
        self.found.say(self.at.below(below), message, hint);
    }
}

/// What is wrong with a component besides its shape.
pub(super) fn component_rules(component: &Component, at: &mut AtComponent<'_>) {
    placement_rules(component, at);
    chart_rules(&component.chart, at);
    image_rules(&component.values, &component.images, at);
    ignored_rules(&component.ignore_differences, &at.at.key("ignoreDifferences"), at.found);
    hook_rules(&component.hooks, &component.name, &at.at.key("hooks"), at.found);
}

fn placement_rules(component: &Component, at: &mut AtComponent<'_>) {
    let Component { name, namespace, project, wave, .. } = component;
    if OUR_APPLICATIONS.contains(&name.as_str()) {
        at.say("name", format!("`{name}` is the name of an Application of the hub itself"), Some("take another name"));
    }
    if name.len() > LONGEST_RELEASE {
        at.say("name", format!("`{name}` is longer than Helm allows a release to be ({LONGEST_RELEASE})"), None);
    }
    if FOREIGN_PROJECTS.contains(&project.as_str()) {
        at.say(
            "project",
            format!("the AppProject `{project}` is not the hub's to make"),
            Some("leave it out, or name a project of your own"),
        );
    }
    if namespace == argo::NAMESPACE && project != argo::HUB {
        at.say(
            "project",
            format!("a project that may deploy into `{}` is an administrator of the hub", argo::NAMESPACE),
            Some("use another namespace, or the project `hub`"),
        );
    }
    if !WAVES.contains(wave) {
        let (first, last) = (WAVES.start(), WAVES.end());
        at.say(
            "wave",
            format!("wave {wave} is not between {first} and {last}, the room between projects and root"),
            None,
        );
    }
}

fn chart_rules(chart: &Chart, at: &mut AtComponent<'_>) {
    let sources =
        [("repository", &chart.repository), ("oci", &chart.oci), ("path", &chart.path), ("locked", &chart.locked)];
    let given: Vec<&str> = sources.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    match given.as_slice() {
        [] => at.say("chart", "the chart has no source".to_owned(), Some("give one of: repository, oci, path, locked")),
        [source @ ("repository" | "oci")] => {
            for (key, value) in [("name", &chart.name), ("version", &chart.version)] {
                if value.is_none() {
                    at.say("chart", format!("a chart from `{source}` takes a `{key}`"), None);
                }
            }
        }
        [source] => {
            for (key, value) in [("name", &chart.name), ("version", &chart.version)] {
                if value.is_some() {
                    at.say(&format!("chart.{key}"), format!("`{key}` means nothing for a chart from `{source}`"), None);
                }
            }
        }
        several => at.say(
            "chart",
            format!("the chart has {} sources: {}", several.len(), several.join(", ")),
            Some("give exactly one"),
        ),
    }
    if let Some((message, hint)) = chart_version::mistake(chart) {
        at.say("chart.version", message, Some(hint));
    }
    if chart.digest.is_some() && chart.oci.is_none() {
        at.say(
            "chart.digest",
            "Argo CD asks by digest only for a chart from `oci`".to_owned(),
            Some("pin the archive in `lock.yaml` by `url` and `sha256`, and take the chart by `locked`"),
        );
    }
    let scheme = |url: &Option<String>, allowed: &[&str]| {
        url.as_ref().is_some_and(|url| !allowed.iter().any(|scheme| url.starts_with(scheme)))
    };
    if scheme(&chart.repository, &["https://", "http://"]) {
        at.say(
            "chart.repository",
            "a Helm repository is an https address".to_owned(),
            Some("a registry goes to `oci`"),
        );
    }
    if scheme(&chart.oci, &["oci://"]) {
        at.say("chart.oci", "a registry is written `oci://registry/path`".to_owned(), None);
    }
}

/// What is wrong with the images of a chart, and with their places in its values.
pub(super) fn image_rules(values: &Map<String, Value>, images: &[ComponentImage], at: &mut AtComponent<'_>) {
    for (index, ComponentImage { values, .. }) in images.iter().enumerate() {
        let mut wrong = |key: &str, message: &str, hint| {
            at.say(&format!("images.{index}.values.{key}"), message.to_owned(), Some(hint));
        };
        let apart = [("digest", &values.digest), ("sha256", &values.sha256)];
        for (key, _) in apart.iter().filter(|(_, place)| place.is_some() && values.tag.is_none()) {
            wrong(key, "a chart that takes the digest takes the tag beside it", "give the place of the `tag`, too");
        }
        if apart.iter().all(|(_, place)| place.is_some()) {
            let hint = "`digest` where the chart takes `sha256:…`, `sha256` where it takes the digits alone";
            wrong("sha256", "a chart takes the digest in one place", hint);
        }
    }
    if let Err(ImageMistake { index, says, hint }) = values_with_images(values, images, Clone::clone) {
        at.say(&format!("images.{index}.values"), says, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_one_source_and_what_belongs_to_it() {
        let some = |text: &str| Some(text.to_owned());
        let none =
            Chart { repository: None, oci: None, path: None, locked: None, name: None, version: None, digest: None };
        for (chart, words) in [
            (none.clone(), "no source"),
            (Chart { locked: some("a"), path: some("b"), ..none.clone() }, "2 sources: path, locked"),
            (Chart { repository: some("https://x"), name: some("a"), ..none.clone() }, "takes a `version`"),
            (Chart { repository: some("x"), name: some("a"), version: some("1"), ..none.clone() }, "https address"),
            (
                Chart { repository: some("https://x"), name: some("a"), version: some("latest"), ..none.clone() },
                "nor a range",
            ),
            (Chart { oci: some("oci://x"), name: some("a"), version: some(""), ..none.clone() }, "is empty"),
            (Chart { locked: some("a"), digest: some("sha256:0"), ..none }, "only for a chart from `oci`"),
        ] {
            let mut found = Mistakes::default();
            chart_rules(&chart, &mut AtComponent { found: &mut found, at: Path::default() });
            let all = found.messages();
            assert!(all.len() == 1 && all[0].contains(words), "{words} in {all:?}");
        }
    }
}
