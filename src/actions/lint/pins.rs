//! What can be another one tomorrow: the image of the bundle, and charts that Argo CD fetches.

use std::sync::Arc;

use super::bundle::Bundle;
use super::documents::{Content, GoodDocument, NamedDocument};
use super::finding::Finding;
use super::rule::{UNPINNED_CHART, UNPINNED_IMAGE};
use crate::report::{Diagnostic, Place, Source};
use crate::spec::{Chart, ImageReference};

/// The images that the Dockerfile of the bundle names without a digest. Porter's own, which a bundle has that names none,
/// is not looked at.
pub(super) fn of_image(bundle: &Bundle<'_>) -> Vec<Finding> {
    let Some(name) = bundle.header().and_then(|header| header.dockerfile.as_deref()) else { return Vec::new() };
    let Ok(text) = std::fs::read_to_string(bundle.folder.join(name)) else { return Vec::new() };
    let source = Arc::new(Source { name: name.to_owned(), text });
    let unpinned = named_images(&source.text).into_iter().filter(|(image, _)| is_unpinned(image));
    unpinned
        .map(|(image, place)| {
            let mistake =
                Diagnostic::error("", format!("{image} has no digest, so the next build may take another one"));
            let hint = format!("write {image}@sha256:…, as the registry tells it, and move it on purpose");
            Finding::new(UNPINNED_IMAGE, mistake.at(&source, place)).hint(hint)
        })
        .collect()
}

/// The images in a Dockerfile, in the order of its lines: that of its frontend, the bases of its stages, and those it
/// copies from. Without stages of its own, and the empty image.
fn named_images(dockerfile: &str) -> Vec<(&str, Place)> {
    let mut stages = vec!["scratch"];
    let mut images = Vec::new();
    let mut start = 0;
    let mut may_be_directive = true;
    for (index, line) in dockerfile.split_inclusive('\n').enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let image = match words.as_slice() {
            // A directive is a comment before anything else (Dockerfile reference, "Parser directives").
            _ if may_be_directive && line.trim_start().starts_with('#') => {
                line.trim().split_once('=').and_then(|(key, it)| {
                    let is_syntax = key.trim_start_matches('#').trim().eq_ignore_ascii_case("syntax");
                    is_syntax.then(|| it.trim())
                })
            }
            [from, rest @ ..] if from.eq_ignore_ascii_case("from") => {
                let mut rest = rest.iter().skip_while(|word| word.starts_with("--")).copied();
                let image = rest.next();
                stages.extend(rest.nth(1));
                image
            }
            [copy, rest @ ..] if copy.eq_ignore_ascii_case("copy") => {
                rest.iter().find_map(|word| word.strip_prefix("--from="))
            }
            _ => None,
        };
        may_be_directive &= line.trim_start().starts_with('#');
        let is_stage =
            |image: &str| stages.iter().any(|stage| stage.eq_ignore_ascii_case(image)) || image.parse::<u8>().is_ok();
        if let Some((image, offset)) = image.and_then(|image| Some((image, line.find(image)?)))
            && !is_stage(image)
        {
            let column = line[..offset].chars().count() + 1;
            images.push((
                image,
                Place { line: index + 1, column, start: start + offset, end: start + offset + image.len() },
            ));
        }
        start += line.len();
    }
    images
}

/// What a build argument stands for is not known here.
fn is_unpinned(image: &str) -> bool {
    !image.contains('$') && ImageReference::parse(image).is_some_and(|image| image.digest.is_none())
}

/// Charts of a document that Argo CD fetches by version alone.
pub(super) fn of_charts(document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let charts: Vec<(String, &Chart)> = match &good.content {
        Content::Hub(hub) => {
            let at = |(index, component): (usize, _)| (format!("spec.components[{index}].chart"), component);
            let components = hub.spec.components.iter().enumerate().map(at);
            components.map(|(path, component)| (path, &component.chart)).collect()
        }
        Content::Bead(bead) => {
            let chart = bead.spec.application.chart.iter();
            chart.map(|chart| ("spec.application.chart".to_owned(), chart)).collect()
        }
    };
    let found = charts.into_iter().filter_map(|(path, chart)| Some((path, why_unpinned(chart)?)));
    let mistakes = found.map(|(path, (message, hint))| {
        let place = good.text.root.nearest(&path).place;
        Diagnostic::error(path, message).at(&good.text.source, place).hint(hint)
    });
    document.findings(UNPINNED_CHART, mistakes.collect())
}

/// Why a chart can become another one without a commit, and what pins it.
fn why_unpinned(chart: &Chart) -> Option<(String, &'static str)> {
    let address = chart.repository.as_deref().or(chart.oci.as_deref()).filter(|_| chart.digest.is_none())?;
    let version = chart.version.as_deref().unwrap_or_default();
    let mut why = if semver::Version::parse(version.trim_start_matches('v')).is_ok() {
        format!("the chart is what {address} has under the version {version} when Argo CD asks")
    } else {
        format!("the chart is the newest that {address} has of `{version}` whenever Argo CD asks")
    };
    if address.starts_with("http://") {
        why.push_str(", and nobody knows who answers over http");
    }
    let hint = if chart.oci.is_some() {
        "give its `digest`, or pin the archive in `lock.yaml` and take it by `locked`"
    } else {
        "pin the archive in `lock.yaml` by `url` and `sha256`, and take the chart by `locked`"
    };
    Some((why, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_of_a_dockerfile_is_found_where_it_stands() {
        let text = "# syntax=docker/dockerfile:1\n# check=x\nFROM --platform=linux/amd64 debian:stable AS base\n# syntax = no\n\
                    from base\nFROM scratch\nCOPY --chown=1 --from=busybox /x /y\nCOPY --from=0 a b\nARG B=c\nFROM ${B}\n";
        let found: Vec<_> =
            named_images(text).iter().map(|(image, place)| (*image, place.line, place.column)).collect();
        let wanted = [("docker/dockerfile:1", 1, 10), ("debian:stable", 3, 29), ("busybox", 7, 23), ("${B}", 10, 6)];
        assert_eq!(found, wanted);
        assert!(found.iter().map(|(image, ..)| is_unpinned(image)).eq([true, true, true, false]));
        assert!(!is_unpinned(&format!("debian:13@sha256:{}", "a".repeat(64))));
    }

    #[test]
    fn a_chart_is_pinned_by_its_digest_or_by_the_lock() {
        let chart = |text: &str| serde_json::from_str::<Chart>(text).expect("a chart");
        let why = |text: &str| why_unpinned(&chart(text)).map(|(why, _)| why).unwrap_or_default();
        assert!(why(r#"{"repository": "http://c.example.org", "name": "a", "version": "*"}"#).contains("over http"));
        assert!(why(r#"{"repository": "https://c.example.org", "name": "a", "version": "*"}"#).contains("newest"));
        assert!(
            why(r#"{"oci": "oci://c.example.org", "name": "a", "version": "v1.2.3"}"#)
                .contains("under the version v1.2.3")
        );
        for pinned in
            [r#"{"oci": "oci://c", "name": "a", "version": "1.2.3", "digest": "sha256:0"}"#, r#"{"locked": "a"}"#]
        {
            assert_eq!(why(pinned), "", "{pinned}");
        }
    }
}
