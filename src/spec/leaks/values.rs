//! What a value under the name of a secret is, when it is none: nothing, a reference, a place.

/// What opens a reference that somebody resolves later: Argo CD, a shell, Kubernetes, Helm, Backstage, a vault's plugin.
const REFERENCES: [&str; 4] = ["${", "$(", "{{", "ENC["];
/// Words that switch or permit something, or name a type.
const WORDS: [&str; 17] = [
    "true", "false", "yes", "no", "on", "off", "null", "none", "enabled", "disabled", "required", "optional", "read",
    "write", "inherit", "string", "str",
];

/// Whether the text is a value that somebody could use, and not a word in the place of one.
#[must_use]
pub fn is_usable(text: &str) -> bool {
    let text = text.trim();
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    // `***`, `?*`, `...`: a mask, or a pattern of a policy.
    let has_letters = text.chars().any(char::is_alphanumeric);
    has_letters && !is_word && !is_reference(text) && !is_place(text) && !is_version(text)
}

/// Of a library whose name is like that of a secret: `js-tokens: ^4.0.0`.
fn is_version(text: &str) -> bool {
    let digits = text.trim_start_matches(['^', '~', 'v']);
    digits.matches('.').count() == 2
        && digits.split('.').all(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()))
}

fn is_reference(text: &str) -> bool {
    let is_variable = text.strip_prefix('$').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !rest.contains(char::is_whitespace)
    });
    let is_argument = text.len() == 2 && text.starts_with('$'); // of a shell's script or function
    let is_placeholder = text.starts_with('<') && text.ends_with('>');
    is_variable || is_argument || is_placeholder || REFERENCES.iter().any(|open| text.contains(open))
}

/// A file, an address, or the name of something in a cloud. A secret in an address is found by its shape.
fn is_place(text: &str) -> bool {
    let is_path = ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start)) && !text.contains(['+', '=']);
    let is_address =
        text.find("://").is_some_and(|end| text[..end].chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)));
    is_path || is_address || ["arn:", "vault:", "env:", "file:", "ref+"].iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_and_a_place_are_no_values() {
        for text in [
            "",
            "  ",
            "$dex.github.clientSecret",
            "$oidc-secret:clientSecret",
            "${ENV}",
            "${{ secrets.TOKEN }}",
            "Bearer ${TOKEN}",
            "$(PASSWORD)",
            "$1",
            "{{ .password }}",
            "<path:secret/data/x#password>",
            "<your password>",
            "ENC[AES256_GCM,data:abc,type:str]",
            "true",
            "None",
            "***",
            "?*",
            "/var/run/secrets/token",
            "https://login.example.org/token",
            "arn:aws:kms:eu-west-1:111122223333:key/x",
            "vault:secret/data/x#y",
        ] {
            assert!(!is_usable(text), "{text}");
        }
    }

    #[test]
    fn all_else_is_a_value() {
        for text in ["hunter2", "changeme", "p4$$word", "$2a$10$abc", "/Ab+c=", "two words", "$ 5", "0"] {
            assert!(is_usable(text), "{text}");
        }
    }
}
