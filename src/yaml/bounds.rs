//! What is refused before or while a text is read, whoever reads it: bounds that no text of a person comes near, and
//! characters that its readers take for different things.

use std::sync::Arc;

use super::{Reader, no_yaml};
use crate::report::{Diagnostic, Place, Source};

/// The longest text, in bytes. The largest manifests that people install have two million.
const LONGEST: usize = 32 << 20;
/// How deep values may be nested. Resource definitions, the deepest texts there are, come to forty.
pub(super) const DEEPEST: usize = 200;
/// How many keys and values a text may have, with all that its aliases bring. Those large manifests have 100 000.
pub(super) const MOST: usize = 1_000_000;

/// What is said of a tab where only spaces may stand.
pub(super) const TAB: &str = "a tab cannot indent; write spaces";

/// How much a text has brought so far.
#[derive(Default)]
pub(super) struct Budget {
    values: usize,
    bytes: usize,
}

impl Budget {
    /// Counts a key or a value with so many bytes of text. Says whether that is still within bounds.
    pub fn takes(&mut self, bytes: usize) -> bool {
        self.values += 1;
        self.bytes += bytes;
        self.values <= MOST && self.bytes <= 2 * LONGEST
    }
}

/// Refuses a text that is too long, or has what its reader does not take for what it looks like.
pub(super) fn check(name: &str, text: &str, reader: Reader) -> Result<(), Box<Diagnostic>> {
    let source = |text: &str| Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
    if text.len() > LONGEST {
        // Of such a text nothing is shown, and no copy is kept.
        let place = Place { line: 1, column: 1, start: 0, end: 0 };
        let message = format!("the text has {} MB, and more than {} MB are not read", text.len() >> 20, LONGEST >> 20);
        return Err(no_yaml(&source(""), place, message).into());
    }
    if let Some((start, character)) = text.char_indices().find(|(at, it)| is_refused(*it, *at, text, reader)) {
        let code = u32::from(character);
        let message = if is_line_end(character) {
            format!("only some readers take the character U+{code:04X} for the end of a line")
        } else {
            format!("the character U+{code:04X} cannot stand in YAML")
        };
        let place = place_at(text, start, character.len_utf8());
        let mistake = no_yaml(&source(text), place, message);
        return Err(mistake.hint(format!("write it as `\\u{code:04x}`, in double quotes")).into());
    }
    match cut(text).filter(|_| reader == Reader::Kubernetes) {
        Some(start) => {
            let mistake = no_yaml(
                &source(text),
                place_at(text, start, 3),
                "kubectl and Argo CD take nothing on a line behind `---`",
            );
            Err(mistake.hint("begin the content on the next line").into())
        }
        None => Ok(()),
    }
}

/// What YAML calls not printable; and what is the end of a line to some, even in a comment.
fn is_refused(character: char, at: usize, text: &str, reader: Reader) -> bool {
    match character {
        '\t' | '\n' | ' '..='~' => false,
        '\r' => reader == Reader::Backstage && !text[at + 1..].starts_with('\n'),
        '\u{85}' | '\u{2028}' | '\u{2029}' => reader != Reader::Backstage,
        '\u{feff}' => at > 0,
        '\0'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => false,
    }
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A line at which Kubernetes cuts a text into documents (`YAMLReader` of k8s.io/apimachinery), and which has more than
/// a comment behind the mark.
fn cut(text: &str) -> Option<usize> {
    let starts =
        text.starts_with("---").then_some(0).into_iter().chain(text.match_indices("\n---").map(|(at, _)| at + 1));
    starts.into_iter().find(|start| {
        let behind = text[start + 3..].lines().next().unwrap_or_default().trim();
        !(behind.is_empty() || behind.starts_with('#'))
    })
}

pub(super) fn place_at(text: &str, start: usize, length: usize) -> Place {
    let before = &text[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { line, column, start, end: start + length }
}
