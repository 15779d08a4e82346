//! How `yaml.v3` writes a string: what it would be without quotes decides, and what may stand without them.

use crate::yaml::is_text_to_go;

/// The styles of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// In `'`.
    SingleQuoted,
    /// In `"`, with escapes.
    DoubleQuoted,
    /// As a block after `|`.
    Literal,
}

/// The style of a string (`stringv` in `yaml.v3`'s encoder, then `yaml_emitter_select_scalar_style`).
pub(super) fn style_of(text: &str, is_key: bool) -> Style {
    let looks = Looks::of(text);
    if text.contains('\n') {
        return if looks.fits_block && !is_key { Style::Literal } else { Style::DoubleQuoted };
    }
    if would_be_retyped(text) {
        return Style::DoubleQuoted;
    }
    match (looks.fits_plain, looks.fits_single_quotes) {
        (true, _) => Style::Plain,
        (false, true) => Style::SingleQuoted,
        (false, false) => Style::DoubleQuoted,
    }
}

/// What stands in the way of the styles (`yaml_emitter_analyze_scalar`).
struct Looks {
    fits_plain: bool,
    fits_single_quotes: bool,
    fits_block: bool,
}

impl Looks {
    fn of(text: &str) -> Self {
        let is_space = |c: Option<char>| c == Some(' ');
        let (mut indicator, mut special, mut tab, mut space_break, mut line_break) =
            (text.starts_with("---") || text.starts_with("..."), false, false, false, false);
        let mut before = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let blank_behind = characters.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            indicator |= match character {
                '#' => before.is_none_or(|b| matches!(b, ' ' | '\t') || is_break(b)),
                ':' => blank_behind,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                    before.is_none()
                }
                '?' | '-' => before.is_none() && blank_behind,
                _ => false,
            };
            tab |= character == '\t';
            special |= character != '\t' && !is_printable(character);
            line_break |= is_break(character);
            space_break |= is_break(character) && is_space(before);
            before = Some(character);
        }
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let at_edge = edge(text.chars().next()) || edge(before);
        Self {
            fits_plain: !(indicator || special || tab || space_break || line_break || at_edge),
            fits_single_quotes: !(special || tab || space_break),
            fits_block: !(special || space_break || is_space(before)),
        }
    }
}

/// Whether the text without quotes would be something else than this string (`resolve` in `yaml.v3`), or was in
/// YAML 1.1 (`isOldBool`, `isBase60Float`).
fn would_be_retyped(text: &str) -> bool {
    !is_text_to_go(text) || is_base60(text)
}

/// `1:30`, a number to the base of 60 in YAML 1.1.
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = unsigned.split_once(':') else { return false };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let sixty = |part: &str| part.parse::<u8>().is_ok_and(|value| value < 60) && (1..=2).contains(&part.len());
    first.starts_with(|c: char| c.is_ascii_digit()) && digits(first) && digits(fraction) && rest.split(':').all(sixty)
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What `yaml.v3` prints unescaped: nothing beyond the basic plane, no byte order mark.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}
