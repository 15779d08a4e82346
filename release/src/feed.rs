//! The Atom feed that `porter mixin install --feed-url` reads (`pkg/pkgmgmt/feed/load.go` in Porter).
//!
//! Porter takes the first link whose path contains `NAME-GOOS-GOARCH`, so only programs are linked. An entry without
//! category, content or date would be skipped silently.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::MIXIN;

/// A version that can be installed.
#[derive(Debug)]
pub struct Entry {
    /// The version with its `v`, as the folder is called.
    pub version: String,
    /// When it was made.
    pub updated: Timestamp,
    /// The names of its programs.
    pub programs: Vec<String>,
}

/// The feed of these versions, in their order; `url` is what holds their folders.
#[must_use]
pub fn render(entries: &[Entry], url: &str) -> String {
    let url = escape(url.trim_end_matches('/'));
    let updated = entries.iter().map(|entry| entry.updated).max().unwrap_or_default();
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  <id>{url}</id>\n  \
         <title>{MIXIN}, a Porter mixin</title>\n  <updated>{updated}</updated>\n  <category term=\"{MIXIN}\"/>\n"
    );
    for Entry { version, updated, programs } in entries {
        let _ = write!(
            feed,
            "  <entry>\n    <id>{url}/{version}</id>\n    <title>{MIXIN} @ {version}</title>\n    \
             <updated>{updated}</updated>\n    <category term=\"{MIXIN}\"/>\n    <content>{version}</content>\n"
        );
        for program in programs {
            let _ = writeln!(feed, "    <link rel=\"download\" href=\"{url}/{version}/{program}\"/>");
        }
        feed.push_str("  </entry>\n");
    }
    feed.push_str("</feed>\n");
    feed
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_break_the_document() {
        let entry =
            Entry { version: "v1.0.0".to_owned(), updated: Timestamp::UNIX_EPOCH, programs: vec!["p".to_owned()] };
        let feed = render(&[entry], "https://example.org/?a&\"<b/");
        assert!(feed.contains("href=\"https://example.org/?a&amp;&quot;&lt;b/v1.0.0/p\""), "{feed}");
        assert!(feed.contains("<updated>1970-01-01T00:00:00Z</updated>"), "{feed}");
    }
}
