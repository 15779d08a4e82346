//! How `yaml.v3` writes a string: what it would be without quotes decides, and what may stand without them.

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
    const WORDS: [&str; 39] = [
        "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", ".nan", ".NaN", ".NAN",
        ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", "y", "Y", "yes", "Yes", "YES",
        "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF",
    ];
    WORDS.contains(&text) || is_number(text) || is_timestamp(text) || is_base60(text)
}

fn is_number(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return false;
    }
    let plain = text.replace('_', "");
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let radix = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    let has_radix = radix.iter().any(|(prefix, radix)| {
        digits.strip_prefix(prefix).is_some_and(|rest| u64::from_str_radix(rest, *radix).is_ok())
    });
    has_radix || is_decimal(digits)
}

/// `12`, `1.`, `.5`, `1e3`.
fn is_decimal(digits: &str) -> bool {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let has_digit = !whole.is_empty() || !fraction.is_empty();
    has_digit && all_digits(whole) && all_digits(fraction) && !exponent.is_empty() && all_digits(exponent)
}

/// `2024-01-31`, with or without a time.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let fields: Vec<&str> = date.split('-').collect();
    let number = |field: &&str, range: std::ops::RangeInclusive<u32>| {
        (1..=2).contains(&field.len()) && field.parse().is_ok_and(|value| range.contains(&value))
    };
    let [year, month, day] = fields.as_slice() else { return false };
    let is_date = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    is_date && number(month, 1..=12) && number(day, 1..=31) && time.is_none_or(is_time)
}

/// `15:04:05`, with a fraction and a zone.
fn is_time(text: &str) -> bool {
    let clock = text.find(['Z', '+', '-']).map_or(text, |at| &text[..at]);
    let fields: Vec<&str> = clock.split(':').collect();
    fields.len() == 3 && fields.iter().all(|field| field.parse::<f64>().is_ok_and(|value| (0.0..60.0).contains(&value)))
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
