//! What Go's `fmt.Sprintf` prints in place of a value that does not fit its verb. Pure.
//!
//! Source: the documentation of Go's package `fmt`, "Printing" and "Format errors".

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// A `float64`: every number that comes out of a JSON document.
    Number,
    /// An `int64`.
    Integer,
    /// One of both.
    IntegerOrNumber,
    /// A string.
    Text,
    /// A boolean.
    Bool,
    /// Anything that stands in a JSON document.
    Unknown,
}

impl Operand {
    /// The verbs that print it. Of what is not known, all that may.
    fn verbs(self) -> &'static str {
        match self {
            Self::Number => "vTbeEfFgGxX",
            Self::Integer => "vTbcdoOqxXU",
            Self::IntegerOrNumber => "vTbxX",
            Self::Text => "vTsqxX",
            Self::Bool => "vTt",
            Self::Unknown => "vTbeEfFgGxXsqt",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Number => "a number (a float64 here)",
            Self::Integer => "an int64",
            Self::IntegerOrNumber => "a number (a float64 or an int64 here)",
            Self::Text => "a string",
            Self::Bool => "a boolean",
            Self::Unknown => "a value in which every number is a float64",
        }
    }
}

/// What a format prints that is not meant, a line each.
pub fn errors(format: &str, operands: &[Operand]) -> Vec<String> {
    let Some(verbs) = verbs(format) else { return Vec::new() };
    let mut errors = Vec::new();
    for (index, verb) in &verbs {
        match operands.get(*index) {
            None => errors.push(format!("`%{verb}` has no value and prints `%!{verb}(MISSING)` or the like")),
            Some(operand) if !operand.verbs().contains(*verb) => {
                errors.push(format!("`%{verb}` of {} prints an error text such as `%!{verb}(…)`", operand.name()));
            }
            Some(_) => {}
        }
    }
    let used = verbs.iter().map(|(index, _)| index + 1).max().unwrap_or_default();
    let is_in_order = verbs.iter().enumerate().all(|(at, (index, _))| at == *index);
    if used < operands.len() && is_in_order {
        let (has, wants) = (verbs.len(), operands.len());
        errors.push(format!("it has {has} verbs for {wants} values and prints `%!(EXTRA …)`"));
    }
    errors
}

/// The verbs, each with the index of its value; `None` for a format with a width or precision that is a value itself.
fn verbs(format: &str) -> Option<Vec<(usize, char)>> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut rest = format;
    while let Some((_, behind)) = rest.split_once('%') {
        rest = behind.trim_start_matches(['+', '-', '#', ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '.']);
        if let Some((index, behind)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
            next = index.parse::<usize>().ok()?.checked_sub(1)?;
            rest = behind;
        }
        let verb = rest.chars().next()?;
        rest = &rest[verb.len_utf8()..];
        match verb {
            '%' => {}
            '*' => return None,
            verb => {
                found.push((next, verb));
                next += 1;
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::Operand::{Bool, Integer, IntegerOrNumber, Number, Text, Unknown};
    use super::*;

    /// As Go 1.27 prints them.
    #[test]
    fn a_verb_that_does_not_fit_is_told() {
        for (format, operands) in [
            ("a-%d", &[Integer][..]),
            ("%s-%03d", &[Text, Integer]),
            ("%.0f%%", &[Number]),
            ("%v %[1]v %[2]q", &[Number, Text]),
            ("%t", &[Bool]),
            ("%v-%s", &[IntegerOrNumber, Unknown]),
            ("%*d", &[Integer, Integer]),
        ] {
            assert_eq!(errors(format, operands), [""; 0], "{format}");
        }
        for (format, operands, said) in [
            ("a-%d", &[Number][..], "float64"),
            ("%d", &[Unknown], "float64"),
            ("%d", &[IntegerOrNumber], "float64"),
            ("%d", &[Text], "a string"),
            ("%s", &[Number], "`%s` of a number"),
            ("%s", &[Bool], "a boolean"),
            ("%f", &[Text], "a string"),
            ("a", &[Text], "EXTRA"),
            ("%s", &[Text, Text], "1 verbs for 2 values"),
            ("%s-%s", &[Text], "MISSING"),
        ] {
            let all = errors(format, operands);
            assert!(all.len() == 1 && all[0].contains(said), "{format}: {all:?}");
        }
    }
}
