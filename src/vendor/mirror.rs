//! Where a mirror has what others have. Pure.

/// The address at which a mirror has what is at another one.
#[must_use]
pub fn mirrored(url: &str, mirror: Option<&str>) -> String {
    let path = url.split_once("://").map_or(url, |(_, path)| path);
    mirror.map_or_else(|| url.to_owned(), |mirror| format!("{}/{path}", mirror.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_asked_by_the_whole_address() {
        let mirror = Some("https://mirror.example.org/raw/");
        assert_eq!(
            mirrored("https://a.example.org/x.yaml", mirror),
            "https://mirror.example.org/raw/a.example.org/x.yaml"
        );
        assert_eq!(mirrored("https://a.example.org/x.yaml", None), "https://a.example.org/x.yaml");
    }
}
