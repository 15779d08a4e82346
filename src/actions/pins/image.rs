//! An image or a Crossplane package: its tag and the digest that the registry has for it, wherever the folder names it.

use std::iter;

use super::chart::moved;
use super::folder::Folder;
use super::plan::Plan;
use super::references::{Form, Reference, references, without_parameter};
use super::text_file::TextFile;
use super::upstream::{Spelling, Upstream};
use super::wanted::fixed;
use super::ways::Ways;
use crate::lint::named_images;
use crate::report::{Failure, Outcome, Place};
use crate::schema::ImageReference;
use crate::vendor::registry::Manifest;
use crate::yaml::{Edit, Node};

/// The annotation of the layer that makes an image a package (Crossplane's xpkg specification).
const PACKAGE: &str = "io.crossplane.xpkg";

/// An image or a package, and which references to it are meant.
pub struct ImageOf<'a> {
    /// The reference that they are to become.
    pub text: &'a str,
    /// Whether it is a package.
    pub is_package: bool,
    /// The tag that they move from; any that is written like the new one where none is named.
    pub from: Option<&'a str>,
}

/// Pins an image, or a package where that is asked for.
pub async fn pin(folder: &Folder, of: &ImageOf<'_>, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let &ImageOf { text, is_package, from } = of;
    let image = read(text, ways).await?;
    let manifest = ways.registry().manifest(&image).await?;
    if is_package {
        demand_package(&image, &manifest, ways).await?;
    }
    let pinned = ImageReference { digest: Some(manifest.digest.clone()), ..image };
    plan.tell("pin", pinned.to_string());
    plan.tell("digest", format!("{} of its manifest in the registry", manifest.digest));
    let mut is_named = false;
    for file in &folder.files {
        let all = wanted(file, &pinned, of);
        for reference in &all {
            is_named = true;
            demand_the_same(&reference.image, &pinned, ways)?;
            write(file, reference, &all, &pinned, plan)?;
        }
    }
    if !is_package && in_dockerfile(folder, &pinned, from, ways, plan)? {
        is_named = true;
    }
    if !is_named {
        plan.tell("unused", format!("nothing in {} names {}", folder.dir.display(), pinned.name()));
        plan.answers.push(pinned.to_string());
    }
    Ok(())
}

/// The reference, which has to name one tag that means one thing.
async fn read(text: &str, ways: &Ways) -> Outcome<ImageReference> {
    let wrong = || {
        Failure::usage(format!("`{text}` is no reference to an image; nothing was changed"))
            .hint("write `registry.example.org/path/name:1.2.3`")
    };
    let parsed = ImageReference::parse(text)
        .filter(|it| it.digest.is_some() || it.tag.as_deref().is_some_and(|it| it != "latest"));
    if let Some(image) = parsed {
        return Ok(image);
    }
    // What stands behind the name is a range, `latest`, or nothing.
    let (name, range) = match text.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((name, range)) => (name, range),
        None => (text, ""),
    };
    let image = ImageReference::parse(name).ok_or_else(wrong)?;
    let tags = ways.registry().tags(&image).await.unwrap_or_default();
    // Those of a variant (`1.2.3-alpine`) are other images.
    let plain = tags.iter().filter(|tag| Spelling::of(tag).is_some_and(|it| it.is_plain()));
    let Some(newest) = plain.max_by_key(|tag| Spelling::of(tag).map(|it| it.version)) else {
        return Err(Failure::usage(format!("`{text}` can be another one tomorrow; nothing was changed"))
            .hint("name the tag: `registry.example.org/path/name:1.2.3`"));
    };
    let upstream = Upstream::Tags(ImageReference { tag: Some(newest.clone()), ..image });
    fixed(name, range, &upstream, ways).await.and(Err(wrong()))
}

/// Demands that an image is a package, or a list of them.
async fn demand_package(image: &ImageReference, manifest: &Manifest, ways: &Ways) -> Outcome<()> {
    let of_list = match manifest.first_of_list() {
        Some(digest) => {
            let first = ImageReference { tag: None, digest: Some(digest.to_owned()), ..image.clone() };
            Some(ways.registry().manifest(&first).await?)
        }
        None => None,
    };
    let mut layers = of_list.as_ref().unwrap_or(manifest).layers();
    if layers.any(|it| it["annotations"][PACKAGE].is_string()) {
        return Ok(());
    }
    Err(Failure::failed(format!("{image} is an image, and no Crossplane package; nothing was changed"))
        .hint(format!("a package has a layer with the annotation {PACKAGE}; `pin image` is for images")))
}

/// The same version with another digest is somebody's mistake, or worse. A tag that is no version is there to move.
fn demand_the_same(before: &ImageReference, now: &ImageReference, ways: &Ways) -> Outcome<()> {
    let is_fixed = before.tag == now.tag && now.tag.as_deref().is_none_or(|tag| Spelling::of(tag).is_some());
    match (&before.digest, &now.digest) {
        (Some(old), Some(new)) if is_fixed && old != new && !ways.repin => Err(moved(now, old, new)),
        _ => Ok(()),
    }
}

/// The references of a document that are to become this one.
fn wanted<'f>(file: &'f TextFile, pinned: &ImageReference, of: &ImageOf<'_>) -> Vec<Reference<'f>> {
    let mut all = references(file);
    all.retain(|it| it.is_package == of.is_package && is_wanted(&it.image, pinned, of.from));
    all
}

/// Whether a reference has the tag that is moved; where none is named, the new tag, or one that is written like it.
fn is_wanted(reference: &ImageReference, pinned: &ImageReference, from: Option<&str>) -> bool {
    if from.is_some() {
        return reference.name() == pinned.name() && reference.tag.as_deref() == from;
    }
    let spelling = |it: &ImageReference| it.tag.as_deref().and_then(Spelling::of);
    let is_alike = match (spelling(reference), spelling(pinned)) {
        (Some(one), Some(other)) => one.is_like(&other),
        (one, other) => one.is_none() && other.is_none(),
    };
    reference.name() == pinned.name() && (is_alike || reference.tag == pinned.tag || reference.tag.is_none())
}

/// Where a reference is written of which the whole or a part stands here by an alias.
fn elsewhere(reference: &Reference<'_>) -> Option<Place> {
    let parts = ["tag", "digest"].into_iter().filter_map(|key| reference.node.get(key));
    iter::once(reference.node).chain(parts).find_map(|it| it.alias)
}

/// Writes one of the references of a file that are moved.
fn write(
    file: &TextFile,
    reference: &Reference<'_>,
    all: &[Reference<'_>],
    pinned: &ImageReference,
    plan: &mut Plan,
) -> Outcome<()> {
    let (node, document) = (reference.node, &file.document);
    let (tag, digest) = (pinned.tag.as_deref(), pinned.digest.as_deref().unwrap_or_default());
    if reference.image.tag == pinned.tag && reference.image.digest == pinned.digest {
        return Ok(());
    }
    if let Some(at) = elsewhere(reference) {
        let moves_with_it = all.iter().any(|it| elsewhere(it).is_none() && it.node.place.start == at.start);
        if !moves_with_it {
            let why = format!("it stands here by an alias of line {}: make it {pinned} there", at.line);
            plan.tell("not moved", format!("{}: {why}", file.at(node)));
        }
        return Ok(());
    }
    if reference.form != Form::Whole {
        let at_tag = node.get("tag");
        let kept = tag.or(reference.image.tag.as_deref()).unwrap_or_default();
        let whole = format!("{kept}@{digest}");
        let has_digest_in_tag = at_tag.and_then(Node::text).is_some_and(|it| it.contains('@'));
        if reference.form == Form::OfChart && has_digest_in_tag {
            plan.change(&file.name, document.set_key(node, "tag", &whole)?);
        } else if reference.form == Form::OfChart && node.get("digest").is_none() {
            // Which other keys a chart takes is not known.
            plan.tell(
                "not moved",
                format!("{}: it is written in parts, for a chart: give it the tag {whole}", file.at(node)),
            );
        } else {
            let parts = [("tag", tag.filter(|_| at_tag.is_some())), ("digest", Some(digest))];
            for (key, value) in parts.into_iter().filter_map(|(key, value)| Some((key, value?))) {
                plan.change(&file.name, document.set_key(node, key, value)?);
            }
        }
        return Ok(());
    }
    let old = node.text().unwrap_or_default();
    let text = match without_parameter(old) {
        (_, "") => format!("{}@{digest}", spelled(old, tag)),
        (fixed, parameter) => {
            plan.tell("parameter", format!("{}: its digest is that of a parameter: give it {digest}", file.at(node)));
            format!("{}{parameter}", spelled(fixed, tag))
        }
    };
    if old != text {
        plan.change(&file.name, document.set(node, &text)?);
    }
    Ok(())
}

/// The name as it is written, with another tag.
fn spelled(old: &str, tag: Option<&str>) -> String {
    let named = old.split('@').next().unwrap_or_default();
    let name = named.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(named, |(name, _)| name);
    tag.map_or_else(|| name.to_owned(), |tag| format!("{name}:{tag}"))
}

/// Pins the image in the Dockerfile of the bundle. Says whether it is named there.
fn in_dockerfile(
    folder: &Folder,
    pinned: &ImageReference,
    from: Option<&str>,
    ways: &Ways,
    plan: &mut Plan,
) -> Outcome<bool> {
    let Some((name, source)) = &folder.dockerfile else { return Ok(false) };
    let mut is_named = false;
    for (text, start) in named_images(&source.text) {
        let Some(reference) = ImageReference::parse(text).filter(|it| is_wanted(it, pinned, from)) else { continue };
        is_named = true;
        demand_the_same(&reference, pinned, ways)?;
        let digest = pinned.digest.as_deref().unwrap_or_default();
        let new = format!("{}@{digest}", spelled(text, pinned.tag.as_deref()));
        plan.change(name, Edit::of(start..start + text.len(), new));
    }
    Ok(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_as_it_is_written() {
        assert_eq!(spelled("nginx:1@sha256:0", Some("2")), "nginx:2");
        assert_eq!(spelled("127.0.0.1:5000/a", Some("2")), "127.0.0.1:5000/a:2");
        assert_eq!(spelled("127.0.0.1:5000/a:1", None), "127.0.0.1:5000/a");
    }

    #[test]
    fn a_tag_of_another_kind_is_another_image() {
        let is = |one: &str, other: &str| {
            let read = |text: &str| ImageReference::parse(text).expect("a reference");
            is_wanted(&read(one), &read(other), None)
        };
        assert!(is("a:1.2.3", "a:1.3.0") && is("a:13-slim", "a:14-slim") && is("docker.io/library/a:1.2.3", "a:1.2.4"));
        assert!(!is("a:1.2.3-alpine", "a:1.3.0") && !is("a:1.2.3", "a:13-slim") && !is("b:1.2.3", "a:1.2.3"));
    }
}
