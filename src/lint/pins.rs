//! What can be another one tomorrow: the image of the bundle, and charts that Argo CD fetches.

use std::sync::Arc;

use super::bundle::Bundle;
use super::documents::{Content, GoodDocument, NamedDocument};
use super::finding::Finding;
use super::rule::{UNPINNED_CHART, UNPINNED_IMAGE};
use crate::bundle::text_in;
use crate::document::{Asked, Chart, doubt_of_chart};
use crate::report::{Diagnostic, Source};
use crate::schema::ImageReference;

/// The images that the Dockerfile of the bundle names without a digest. Porter's own, which a bundle has that names none,
/// is not looked at.
pub(super) fn of_image(bundle: &Bundle<'_>) -> Vec<Finding> {
    let Some(manifest) = &bundle.manifest else { return Vec::new() };
    let Some(name) = manifest.header.dockerfile.as_deref().filter(|name| !name.is_empty()) else { return Vec::new() };
    let text = match text_in(bundle.folder, name) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("`{name}` cannot be read, so the images in it are not looked at: {error}");
            let mistake = manifest.place(Diagnostic::error("dockerfile", message));
            return vec![Finding::new(UNPINNED_IMAGE, mistake).hint("name a file in the bundle's folder")];
        }
    };
    let source = Arc::new(Source { name: name.to_owned(), text });
    let unpinned = named_images(&source.text).into_iter().filter(|(image, _)| is_unpinned(image));
    unpinned
        .map(|(image, start)| {
            let mistake =
                Diagnostic::error("", format!("{image} has no digest, so the next build may take another one"));
            let hint = format!("write {image}@sha256:…, as the registry tells it, and move it on purpose");
            let place = source.place(start..start + image.len());
            Finding::new(UNPINNED_IMAGE, mistake.at(&source, place)).hint(hint)
        })
        .collect()
}

/// The images in a Dockerfile, in the order of its lines, each with the place of its first byte: that of its frontend, the
/// bases of its stages, and those it copies or mounts from. Without stages of its own, and the empty image.
pub fn named_images(dockerfile: &str) -> Vec<(&str, usize)> {
    let mut stages = vec!["scratch"];
    let mut images: Vec<(&str, usize)> = frontend(dockerfile).into_iter().collect();
    for words in instructions(dockerfile) {
        let Some(((name, _), arguments)) = words.split_first() else { continue };
        let flags = arguments.iter().take_while(|(word, _)| word.starts_with("--"));
        let rest = &arguments[flags.clone().count()..];
        let named: Vec<(&str, usize)> = match name.to_ascii_lowercase().as_str() {
            "from" => rest.first().copied().into_iter().collect(),
            "copy" => flags.filter_map(|flag| value_of(flag, "--from=")).collect(),
            "run" => flags.filter_map(|flag| mounted_from(value_of(flag, "--mount=")?)).collect(),
            _ => Vec::new(),
        };
        let is_stage =
            |image: &str| stages.iter().any(|stage| stage.eq_ignore_ascii_case(image)) || image.parse::<u8>().is_ok();
        images.extend(named.into_iter().filter(|(image, _)| !is_stage(image)));
        if let [_, (word, _), (stage, _), ..] = rest
            && word.eq_ignore_ascii_case("as")
        {
            stages.push(stage);
        }
    }
    images
}

/// `# syntax=IMAGE`. A directive is a comment before anything else (Dockerfile reference, "Parser directives").
fn frontend(dockerfile: &str) -> Option<(&str, usize)> {
    let mut comments = lines(dockerfile).take_while(|(line, _)| line.trim_start().starts_with('#'));
    let image_of = |(line, start): (&'_ str, usize)| {
        let (key, image) = line.split_once('=')?;
        let is_syntax = key.trim().trim_start_matches('#').trim().eq_ignore_ascii_case("syntax");
        let at = start + line.len() - image.trim_start().len();
        is_syntax.then_some(at..at + image.trim().len())
    };
    let at = comments.find_map(image_of)?;
    Some((&dockerfile[at.clone()], at.start))
}

/// The instructions, each as its words with their places. One goes on behind a `\` at the end of its line, over comments
/// and empty lines.
fn instructions(dockerfile: &str) -> Vec<Vec<(&str, usize)>> {
    let mut instructions = Vec::new();
    let mut goes_on = false;
    for (line, start) in lines(dockerfile) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let text = line.trim_end();
        let (text, is_cut) = text.strip_suffix('\\').map_or((text, false), |text| (text, true));
        // Every word is a part of the text, so that their distance is its place.
        let place = |word: &str| start + (word.as_ptr() as usize - text.as_ptr() as usize);
        let words = text.split_whitespace().map(|word| (word, place(word)));
        match instructions.last_mut().filter(|_| goes_on) {
            Some(instruction) => Vec::extend(instruction, words),
            None => instructions.push(words.collect()),
        }
        goes_on = is_cut;
    }
    instructions
}

/// The lines, each with the place of its first byte.
fn lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((line, start))
    })
}

/// What stands behind the name of a flag, or of a setting in one.
fn value_of<'t>((word, start): &(&'t str, usize), name: &str) -> Option<(&'t str, usize)> {
    word.strip_prefix(name).map(|value| (value, start + name.len()))
}

/// `type=bind,from=IMAGE,target=/x`
fn mounted_from((settings, start): (&str, usize)) -> Option<(&str, usize)> {
    let mut at = start;
    settings.split(',').find_map(|setting| {
        let place = at;
        at += setting.len() + 1;
        value_of(&(setting, place), "from=")
    })
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
            let charts = bead.applications().filter_map(|(at, it)| Some((format!("{at}.chart"), it.chart.as_ref()?)));
            charts.collect()
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
    let mut why = doubt_of_chart(chart).unwrap_or_else(|| match Asked::by(version) {
        Asked::Range => format!("the chart is the newest that {address} has of `{version}` whenever Argo CD asks"),
        _ => format!("the chart is what {address} has under the version {version} when Argo CD asks"),
    });
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
                    from base\nFROM scratch\nCOPY --chown=1 --from=busybox /x /y\nCOPY --from=0 a b\nARG B=c\nFROM ${B}\n\
                    RUN --mount=type=cache,target=/c \\\n# between\n  --mount=from=alpine:3,target=/x --mount=type=bind,from=base \\\n\n \
                    cp --from=no /x\nFROM \\\n  fedora:44\nRUN echo --mount=from=no\n";
        let source = Source { name: String::new(), text: text.to_owned() };
        let found: Vec<_> = named_images(text)
            .iter()
            .map(|(image, start)| {
                let place = source.place(*start..*start);
                (*image, place.line, place.column)
            })
            .collect();
        let wanted = [
            ("docker/dockerfile:1", 1, 10),
            ("debian:stable", 3, 29),
            ("busybox", 7, 23),
            ("${B}", 10, 6),
            ("alpine:3", 13, 16),
            ("fedora:44", 17, 3),
        ];
        assert_eq!(found, wanted);
        assert!(found.iter().map(|(image, ..)| is_unpinned(image)).eq([true, true, true, false, true, true]));
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
