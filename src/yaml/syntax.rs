//! Mistakes of syntax, in words that do not presume that one knows the parser.

use granit_parser::ErrorKind;

use super::bounds::{DEEPEST, TAB};

/// What is wrong, and what would be right.
pub(super) fn words(kind: &ErrorKind) -> String {
    let fixed = match kind {
        ErrorKind::RecursionLimitExceeded => return format!("values are nested more than {DEEPEST} deep"),
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a text cannot begin with `{character}`; in quotes it can");
        }
        ErrorKind::UnclosedFlowCollection { open } => return format!("the `{open}` is never closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("the `{open}` is closed by a `{close}`");
        }
        ErrorKind::UnknownAnchor => "the alias has no anchor before it",
        ErrorKind::MissingAnchorOrAliasName => {
            "`*` and `&` begin names of YAML's own; a text that begins so goes in quotes"
        }
        ErrorKind::DirectiveDisallowed => "lines that begin with `%` are for YAML's own settings",
        ErrorKind::ExpectedDocumentStart => "the document ends here, and more text follows",
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => TAB,
        ErrorKind::MappingValueNotAllowed => {
            "a `:` that can belong to no key; a text with `: ` in it goes in quotes, and a key is indented as those beside it"
        }
        ErrorKind::SimpleKeyExpected => "expected a `:` behind the key",
        ErrorKind::InvalidSimpleKey => "a key and its `:` stand on one line, with no more than 1024 characters",
        ErrorKind::ExpectedBlockMappingKey => "expected a key here, indented as those beside it",
        ErrorKind::ExpectedBlockSequenceEntry => "expected a `-` here, indented as those beside it",
        ErrorKind::InvalidIndentation => "the line is indented otherwise than what it belongs to",
        ErrorKind::BlockEntryInFlowCollection => {
            "a `-` begins no entry within brackets; a text that begins so goes in quotes"
        }
        ErrorKind::BlockSequenceEntryNotAllowed => "a list with `-` cannot begin here; it begins on a line of its own",
        ErrorKind::ExpectedFlowMappingSeparator => {
            "expected a `,` or `}` here; a text with a brace or comma in it goes in quotes"
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            "expected a `,` or `]` here; a text with a bracket or comma in it goes in quotes"
        }
        ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => "a `{` is never closed",
        ErrorKind::UnexpectedEofFlowSequence => "a `[` is never closed",
        ErrorKind::MisplacedFlowCollectionEnd => "nothing is open that this bracket could close",
        ErrorKind::UnclosedQuotedScalar => "the quotes are never closed",
        ErrorKind::InvalidQuotedScalarIndent => {
            "the line is no deeper than the key whose text in quotes it would belong to: are the quotes closed?"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "more text follows the closing quotes; quotes are for the whole text"
        }
        ErrorKind::UnknownQuotedScalarEscape => "an escape that YAML does not know; in single quotes a `\\` is one",
        other => return other.to_string(),
    };
    fixed.to_owned()
}
