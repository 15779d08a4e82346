//! What stands in a bead where an image is named, and is no reference to one. Pure.

use super::piece::Piece;
use crate::render::image_doubt::doubt;
use crate::render::images::unreadable;
use crate::report::Diagnostic;

/// A warning for each, at its place.
#[must_use]
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    let of_piece = |piece: &Piece| -> Vec<Diagnostic> {
        let told = |(field, text): (String, &str)| {
            let place = piece.place_of(&field);
            doubt(&piece.title(), field, text).at(&piece.source, place)
        };
        unreadable(&piece.object).into_iter().map(told).collect()
    };
    pieces.iter().flat_map(of_piece).collect()
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
