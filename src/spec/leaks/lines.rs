//! Texts that are not YAML: files of settings, of variables, arguments. A line of them is a name and a value.

use super::names::is_secret_name;
use super::values::is_usable;

/// The names and values in a text that are secrets by their names.
pub fn secrets(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(secret)
}

/// `NAME=value`, `name: value`, `--name=value`, `export NAME="value"`. What is made of several words is prose, and what
/// calls or looks up something is a program.
#[must_use]
pub fn secret(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches("- ").trim_start_matches("export ");
    let line = line.trim_start_matches(['-', '"', '\'']);
    let end = line.find(['=', ':'])?;
    let name = line[..end].trim_end().trim_end_matches(['"', '\'']);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let is_apart = line[..end].ends_with(' ');
    let value = line[end + 1..].trim().trim_end_matches([',', ';']);
    let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let plain = quoted.unwrap_or(value);
    let is_code = quoted.is_none()
        && (value.contains(char::is_whitespace)
            || value.contains(['(', '[', '{'])
            || (is_apart && value.contains('.'))
            || value.starts_with(['=', '"', '\'']));
    // In a template of an ExternalSecret it names a key.
    let is_name = is_name && name != "secretKey";
    (is_name && !is_code && is_secret_name(name) && is_usable(plain)).then_some((name, plain))
}

/// What may be a secret in a text that nobody can read: whatever stands behind the name of one.
pub fn suspects(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices([':', '=']).filter_map(|(at, _)| {
        let before = text[..at].trim_end().trim_end_matches(['"', '\'']);
        let is_outside = |c: char| !c.is_ascii_alphanumeric() && !"_.-".contains(c);
        let name = before.rsplit(is_outside).next().unwrap_or_default();
        let rest = text[at + 1..].trim_start_matches([' ', '"', '\'']);
        let value = rest[..rest.find([',', '}', ']', '\n', '"', '\'']).unwrap_or(rest.len())].trim_end();
        is_secret_name(name).then_some(value).filter(|value| is_usable(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_name_is_suspect() {
        let text = "{a: [é, {token: planted-1}, \"password\" : \"planted 2\"\nSECRET=planted-3\nx: {passwordKey: z\n\u{e9}token: planted-4";
        assert_eq!(suspects(text).collect::<Vec<_>>(), ["planted-1", "planted 2", "planted-3", "planted-4"]);
    }

    #[test]
    fn a_line_names_its_value() {
        for (line, name) in [
            ("DB_PASSWORD=hunter2", "DB_PASSWORD"),
            ("export TOKEN=\"abc def\"", "TOKEN"),
            ("  clientSecret : planted", "clientSecret"),
            ("\"clientSecret\": \"planted\",", "clientSecret"),
            ("--client-secret=planted", "client-secret"),
            ("spring.datasource.password = hunter2", "spring.datasource.password"),
            ("- password: hunter2", "password"),
        ] {
            assert_eq!(secret(line).map(|(name, _)| name), Some(name), "{line}");
        }
    }

    #[test]
    fn prose_and_programs_name_nothing() {
        for line in [
            "token: the token of the user",
            "PASSWORD=$(cat /run/secrets/password)",
            "PASSWORD=$1",
            "password = os.environ[\"X\"]",
            "local token = obj.status.token",
            "if token == nil then",
            "# password: ",
            "https://token.example.org",
            "tokenPath: /x",
        ] {
            assert_eq!(secret(line), None, "{line}");
        }
    }
}
