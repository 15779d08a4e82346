//! From the text of a path to its segments.

use serde_json::Value;

use super::{End, Filter, Operand, Operator, Path, Segment, Slice};

/// What ends a name, unless a backslash stands before it.
const ENDS: &[char] = &[' ', '\t', '\r', '\n', '.', ',', '[', ']', '$', '@', '{', '}'];
const OPERATORS: &[char] = &['!', '<', '>', '='];
const ONE_PATH: &str = "an output has one path, and no text or second path around it";

/// The path of a text, whose braces may be left out.
pub(super) fn path(text: &str) -> Result<Path, String> {
    let trimmed = text.trim();
    let inside = match trimmed.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}').ok_or_else(|| missing_brace(rest))?,
        None if trimmed.contains('{') => return Err(ONE_PATH.to_owned()),
        None if trimmed.starts_with(['.', '[', '$', '@']) => trimmed,
        None => return Err("a path begins with a dot".to_owned()),
    };
    segments(inside)
}

fn missing_brace(rest: &str) -> String {
    if rest.contains('}') { ONE_PATH.to_owned() } else { "the `}` is missing".to_owned() }
}

fn segments(text: &str) -> Result<Path, String> {
    let mut rest = text;
    let mut segments = Vec::new();
    loop {
        // A space, and the names of what is being looked at, mean nothing to client-go.
        rest = rest.trim_start_matches([' ', '@', '$']);
        let Some(first) = rest.chars().next() else { return Ok(segments) };
        if let Some(behind) = rest.strip_prefix("..") {
            if segments.last() == Some(&Segment::Descendants) {
                return Err("`..` twice leads nowhere".to_owned());
            }
            segments.push(Segment::Descendants);
            rest = behind;
            if rest.starts_with(|c: char| c == '_' || c.is_alphanumeric()) {
                rest = segment_by_name(rest, &mut segments)?;
            }
        } else if let Some(behind) = rest.strip_prefix("[?(") {
            let (filter, behind) = filter(behind)?;
            segments.push(Segment::Filter(filter));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('[') {
            let (inside, behind) = behind.split_once(']').ok_or("the `]` is missing")?;
            segments.push(bracket(inside)?);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('.') {
            rest = segment_by_name(behind, &mut segments)?;
        } else {
            return Err(match first {
                '{' | '}' | '"' | '\'' => ONE_PATH.to_owned(),
                _ if matches!(word(rest), "range" | "end") => ONE_PATH.to_owned(),
                '\n' | '\r' => "a path is one line".to_owned(),
                _ => format!("`{}` stands where a `.` or a `[` goes", word(rest)),
            });
        }
    }
}

/// Takes a name, or `*`, and tells what is behind it.
fn segment_by_name<'t>(text: &'t str, segments: &mut Path) -> Result<&'t str, String> {
    let (written, rest) = text.split_at(end_of_name(text));
    segments.push(match written {
        "" => return Err("there is no name behind a dot".to_owned()),
        "*" => Segment::Children,
        name => Segment::Name(name.replace('\\', "")),
    });
    Ok(rest)
}

fn end_of_name(text: &str) -> usize {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            other if ENDS.contains(&other) => return at,
            _ => {}
        }
    }
    text.len()
}

/// What the brackets are around: an index, several of them, or a key.
fn bracket(inside: &str) -> Result<Segment, String> {
    if inside.contains(',') {
        let each = inside.split(',').map(|part| Ok(vec![bracket(part.trim_matches(' '))?]));
        return each.collect::<Result<_, String>>().map(Segment::Union);
    }
    let quoted = |quote: char| inside.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (quoted('\''), quoted('"')) {
        (Some(name), _) => key(name),
        (_, Some(name)) => Err(format!("a key in brackets goes in single quotes: `['{name}']`")),
        _ => slice(inside).map(Segment::Slice),
    }
}

fn key(name: &str) -> Result<Segment, String> {
    if name.contains('\'') {
        return Err(format!("`'{name}'` has a quote within: write it as a name behind a dot"));
    }
    let mut path = segments(&format!(".{name}")).map_err(|why| {
        format!("`['{name}']` is read as a path, and {why}; a backslash takes a character into a name, as in `a\\ b`")
    })?;
    let is_one = path.len() == 1 && !name.ends_with(' ');
    Ok(if is_one { path.remove(0) } else { Segment::Key(path, name.replace('\\', "")) })
}

fn slice(inside: &str) -> Result<Slice, String> {
    let inside = if inside == "*" { ":" } else { inside };
    let wrong = || format!("`{inside}` is no index, no range such as `0:2`, and no key in single quotes");
    let number = |text: &str| text.parse::<i64>().map_err(|_| wrong());
    let is_plain = inside.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':'));
    let parts: Vec<&str> = inside.split(':').collect();
    if !is_plain || inside.is_empty() || parts.len() > 3 {
        return Err(wrong());
    }
    let given = |at: usize| parts.get(at).copied().filter(|part| !part.is_empty());
    let start = given(0).map_or(Ok(0), number)?;
    let end = match (parts.get(1), given(1)) {
        (None, _) => End::Next,
        (_, None) => End::Last,
        (_, Some(end)) => End::At(number(end)?),
    };
    let step = given(2).map_or(Ok(1), number)?;
    if step < 1 {
        return Err("the last number of a range, its step, is at least 1".to_owned());
    }
    Ok(Slice { start, end, step })
}

/// The filter behind `[?(`, and what is behind it.
fn filter(text: &str) -> Result<(Filter, &str), String> {
    let end = end_of_filter(text).ok_or("the `)` is missing")?;
    let rest = text[end + 1..].strip_prefix(']').ok_or("the `]` behind `)` is missing")?;
    Ok((condition(&text[..end])?, rest))
}

/// The first `)` that is not within the first text in quotes.
fn end_of_filter(text: &str) -> Option<usize> {
    let mut quote = None;
    let (mut is_closed, mut last) = (false, None);
    for (at, character) in text.char_indices() {
        match (character, quote) {
            ('\n', _) => return None,
            ('"' | '\'', None) => quote = Some(character),
            (character, Some(open)) if character == open && last != Some('\\') => is_closed = true,
            (')', quote) if quote.is_none() || is_closed => return Some(at),
            _ => {}
        }
        last = Some(character);
    }
    None
}

fn condition(text: &str) -> Result<Filter, String> {
    let Some(start) = text.find(OPERATORS) else { return operand(text).map(Filter::Exists) };
    let (left, rest) = text.split_at(start);
    let (operator, right) = rest.split_at(rest.find(|c| !OPERATORS.contains(&c)).unwrap_or(rest.len()));
    if left.trim().is_empty() || right.trim().is_empty() {
        return Err(format!("`{operator}` compares what is before it with what is behind it"));
    }
    let operator = match operator {
        "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        other => return Err(format!("a filter knows no `{other}`; it knows == != < <= > >=")),
    };
    Ok(Filter::Compare(operand(left)?, operator, operand(right)?))
}

fn operand(text: &str) -> Result<Operand, String> {
    let text = text.trim_matches(' ');
    let Some(first) = text.chars().next() else { return Err("a filter compares something".to_owned()) };
    let constant = match first {
        '"' | '\'' => Value::String(quoted(text, first)?),
        '+' | '-' | '0'..='9' => number(text)?,
        _ if matches!(text, "true" | "false") => (text == "true").into(),
        _ if first == '_' || first.is_alphabetic() => {
            return Err(format!("`{}` is no path; a text goes in quotes", word(text)));
        }
        _ => return segments(text).map(Operand::Path).map_err(only_one),
    };
    Ok(Operand::Constant(constant))
}

/// What is behind a path in a filter is often a second comparison.
fn only_one(why: String) -> String {
    if why.contains("`&&") || why.contains("`||") { format!("{why}: a filter is one comparison") } else { why }
}

/// A text in quotes, with nothing behind it.
fn quoted(text: &str, quote: char) -> Result<String, String> {
    let mut characters = text[1..].char_indices();
    let mut read = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => {
                return match text[at + 2..].trim_matches(' ') {
                    "" => Ok(read),
                    behind => Err(format!("`{}` stands behind a text: a filter is one comparison", word(behind))),
                };
            }
            '\\' => read.push(match characters.next().map(|(_, escaped)| escaped) {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('t') => '\t',
                Some(escaped) if escaped == quote => quote,
                _ => return Err(format!("the text {text} has a backslash before a character that takes none")),
            }),
            other => read.push(other),
        }
    }
    Err(format!("the closing {quote} of {text} is missing"))
}

/// Whole, or with a fraction: client-go compares the one with the other in no way.
fn number(text: &str) -> Result<Value, String> {
    let is_plain = text[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let whole = text.parse::<i64>().ok().map(Value::from);
    let number = whole.or_else(|| text.parse::<f64>().ok().map(Value::from)).filter(|_| is_plain);
    number.ok_or_else(|| format!("`{text}` is no number: a text goes in quotes, and a filter is one comparison"))
}

/// The start of a text, up to its first space.
fn word(text: &str) -> &str {
    text.split([' ', '}']).next().unwrap_or(text)
}
