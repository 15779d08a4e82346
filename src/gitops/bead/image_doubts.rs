//! What stands in a bead where an image is named, and is no reference to one: the kubelet says so, and nobody before it. Pure.

use super::content::Piece;
use crate::gitops::images::unreadable;
use crate::report::Diagnostic;
use crate::spec::address;

/// A warning for each, at its place.
#[must_use]
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    let of_piece = |piece: &Piece| -> Vec<Diagnostic> {
        let told = |(field, text): (String, &str)| {
            let message = format!("{}: `{}` is no reference to an image", piece.title(), address::shown(text));
            let place = piece.place_of(&field);
            Diagnostic::warning(field, message).at(&piece.source, place).hint(remedy(text))
        };
        unreadable(&piece.object).into_iter().map(told).collect()
    };
    pieces.iter().flat_map(of_piece).collect()
}

fn remedy(text: &str) -> &'static str {
    let (name, rest) = text.split_once('@').unwrap_or((text, ""));
    if ["${", "$(", "{{", "<"].iter().any(|it| text.contains(it)) {
        "nobody fills this in; a parameter of the bead is written `${ parameters.NAME }`"
    } else if address::secret_in(text).is_some() {
        "who logs in stands in no reference, but in a Secret that `imagePullSecrets` names"
    } else if text.contains("://") {
        "a reference has no scheme: `registry.example.org/path/name:tag`"
    } else if rest.matches("sha256:").count() > 1 {
        "the chart writes `sha256:` itself; give the place of the digits as `sha256` under `images`"
    } else if name.contains('+') {
        "a tag has no `+`; what has one in its version is tagged with `_`"
    } else if name.contains(|c: char| c.is_ascii_uppercase()) {
        "path and name are written in small letters"
    } else {
        "it is written `registry.example.org/path/name:tag`, and a digest is 64 digits behind `@sha256:`"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_is_told_with_its_remedy() {
        let said = |image: &str| {
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"image": image}]}});
            doubts(&[Piece::rendered(pod)]).iter().map(ToString::to_string).collect::<String>()
        };
        for (image, words) in [
            ("Team/App:1", "small letters"),
            ("r.example.org/a/b:1.0+build", "tagged with `_`"),
            ("${IMAGE}", "nobody fills this in"),
            ("https://r.example.org/a:1", "no scheme"),
            ("r.example.org/a:1@sha256:sha256:00", "writes `sha256:` itself"),
            ("r.example.org/a@sha256:00", "64 digits"),
        ] {
            let said = said(image);
            assert!(said.contains(&format!("Pod p: `{image}` is no reference")) && said.contains(words), "{said}");
        }
        let login = said("bot:hunter-2@r.example.org/a:1");
        assert!(login.contains("`r.example.org/a:1` is no") && login.contains("imagePullSecrets"), "{login}");
        assert!(!login.contains("hunter-2"), "{login}");
        assert_eq!(said("r.example.org/a:1"), "");
    }
}
