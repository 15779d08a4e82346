//! Texts that are not YAML: files of settings, of variables, scripts, arguments. A line of them is a name and a value, or has
//! some among its words.

use std::sync::LazyLock;

use regex::Regex;

use super::names::is_secret_name;
use super::values::{is_secret, is_usable};

/// What is known of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each line is a name and a value.
    Settings,
    /// What a shell runs.
    Command,
    /// Nothing: it may be prose or a program.
    Unknown,
}

/// How files of settings end.
const SETTINGS: [&str; 7] = ["conf", "config", "cfg", "env", "ini", "properties", "toml"];
/// Files of variables that somebody is to fill in.
const EXAMPLES: [&str; 3] = ["example", "sample", "template"];
/// What opens a comment behind a value.
const COMMENTS: [&str; 5] = [" #", "\t#", " ;", "\t;", " //"];

/// `--name=value`, `NAME=value`.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    let form = r#"(?:^|[\s'"`;&|(])(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s"'`;&|]+)"#;
    Regex::new(form).expect("compiled by the tests")
});
/// `--name value`.
static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
    let form = r#"(?:^|\s)(--?[A-Za-z][A-Za-z0-9_.-]*)\s+("[^"]*"|'[^']*'|[^\s"'`;&|-][^\s"'`;&|]*)"#;
    Regex::new(form).expect("compiled by the tests")
});
/// `{name: value`, `, "name": "value"`: in braces, of a text that is no YAML for another reason.
static IN_BRACES: LazyLock<Regex> = LazyLock::new(|| {
    let form = r#"[{,]\s*["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?\s*:\s+("[^"]*"|'[^']*'|[^\s"'{}\[\],]+)"#;
    Regex::new(form).expect("compiled by the tests")
});

impl Form {
    /// The form of a text, by the name of its file or field.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or_default();
        let end = name.rsplit('.').next().unwrap_or_default();
        let is_run = ["args", "cmd", "command", "entrypoint", "exec", "run", "script", "sh"].contains(&end);
        if (name.starts_with(".env") && !EXAMPLES.contains(&end)) || (name.contains('.') && SETTINGS.contains(&end)) {
            Self::Settings
        } else if is_run || is_script(text) {
            Self::Command
        } else {
            Self::Unknown
        }
    }
}

/// Whether a shell runs it: `#!/bin/sh`, `#!/usr/bin/env bash`.
fn is_script(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("#!") && first.split([' ', '/']).any(|word| word.ends_with("sh"))
}

/// The names and values in a text that are secrets by their names.
pub fn secrets(text: &str, form: Form) -> impl Iterator<Item = (&str, &str)> {
    text.lines().flat_map(move |line| match secret(line, form) {
        Some(found) => vec![found],
        None => words(line, form),
    })
}

/// `NAME=value`, `name: value`, `--name=value`, `export NAME="value"`. What is made of several words is prose, and in a text
/// of unknown form what calls or looks up something is a program.
fn secret(line: &str, form: Form) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches("- ").trim_start_matches("export ");
    let line = line.trim_start_matches(['-', '"', '\'']);
    let end = line.find(['=', ':'])?;
    let name = line[..end].trim_end().trim_end_matches(['"', '\'']);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let is_apart = line[..end].ends_with(' ');
    let value = without_comment(line[end + 1..].trim()).trim_end_matches([',', ';']);
    let plain = unquoted(value);
    let is_quoted = plain.len() < value.len();
    let is_prose = !is_quoted && value.contains(char::is_whitespace);
    let is_code = form != Form::Settings
        && !is_quoted
        && (is_call(value) || (is_apart && value.contains('.')) || value.starts_with(['=', '"', '\'']));
    // In a template of an ExternalSecret it names a key.
    let is_name = is_name && name != "secretKey";
    (is_name && !is_prose && !is_code && is_secret(name, plain)).then_some((name, plain))
}

/// The secrets among the words of a line: flags, and variables in capitals; in a command also what else is assigned, and the
/// word behind a flag.
fn words(line: &str, form: Form) -> Vec<(&str, &str)> {
    if line.trim_start().starts_with('#') {
        return Vec::new();
    }
    let is_assignment = |name: &str| {
        form == Form::Command || name.starts_with("--") || !name.contains(|c: char| c.is_ascii_lowercase())
    };
    let assigned = pairs(&ASSIGNED, line).filter(|(name, _)| is_assignment(name));
    let assigned = assigned.flat_map(|(name, value)| [Some((name, value)), inner(value)]).flatten();
    let given = pairs(&GIVEN, line).filter(|_| form == Form::Command);
    let braced = pairs(&IN_BRACES, line).filter(|(_, value)| form == Form::Settings || !is_identifier(value));
    let all =
        assigned.chain(given).chain(braced).map(|(name, value)| (name.trim_start_matches('-'), value, unquoted(value)));
    // `--password=PASSWORD` tells how to call it.
    let is_name = |value: &str| is_secret_name(value) && !value.contains(|c: char| c.is_ascii_lowercase());
    let usable = |value: &str, plain: &str| (plain.len() < value.len() || !is_call(value)) && !is_name(plain);
    let found = all.filter(|(name, value, plain)| usable(value, plain) && is_secret(name, plain));
    found.map(|(name, _, plain)| (name, plain)).collect()
}

fn pairs<'t>(form: &'static Regex, line: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    form.captures_iter(line).filter_map(|pair| Some((pair.get(1)?.as_str(), pair.get(2)?.as_str())))
}

/// A variable of a program, or a field of one.
fn is_identifier(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_$.?!".contains(c))
}

/// `--set a=1,auth.password=…`, `--from-literal=password=…`
fn inner(value: &str) -> Option<(&str, &str)> {
    let (name, value) = unquoted(value).rsplit_once('=')?;
    Some((name.rsplit([',', '=']).next()?, value))
}

fn is_call(value: &str) -> bool {
    value.contains(['(', ')', '[', '{', '`'])
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

/// The value without a comment behind it. Within quotes there is none.
fn without_comment(value: &str) -> &str {
    let quote = value.chars().next().filter(|c| ['"', '\''].contains(c));
    let inside = quote.and_then(|quote| value[1..].find(quote)).map_or(0, |end| end + 2);
    let end = COMMENTS.iter().filter_map(|open| value[inside..].find(open)).min();
    end.map_or(value, |end| value[..inside + end].trim_end())
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

    fn found(line: &str, form: Form) -> Vec<(&str, &str)> {
        secrets(line, form).collect()
    }

    #[test]
    fn what_is_behind_a_name_is_suspect() {
        let text = "{a: [é, {token: planted-1}, \"password\" : \"planted 2\"\nSECRET=planted-3\nx: {passwordKey: z\n\u{e9}token: planted-4";
        assert_eq!(suspects(text).collect::<Vec<_>>(), ["planted-1", "planted 2", "planted-3", "planted-4"]);
    }

    #[test]
    fn a_line_names_its_value() {
        for (line, name, value) in [
            ("DB_PASSWORD=hunter2", "DB_PASSWORD", "hunter2"),
            ("export TOKEN=\"abc def\"", "TOKEN", "abc def"),
            ("  clientSecret : planted", "clientSecret", "planted"),
            ("\"clientSecret\": \"planted\",", "clientSecret", "planted"),
            ("--client-secret=planted", "client-secret", "planted"),
            ("spring.datasource.password = hunter2", "spring.datasource.password", "hunter2"),
            ("- password: hunter2", "password", "hunter2"),
            ("TOKEN=planted # of prod", "TOKEN", "planted"),
            ("TOKEN=\"plan # ted\" # of prod", "TOKEN", "plan # ted"),
            ("password: planted-8 # c", "password", "planted-8"),
            ("admin_password = planted ; x", "admin_password", "planted"),
            ("app --password=planted", "password", "planted"),
            ("docker run -e TOKEN=planted x", "TOKEN", "planted"),
            ("export TOKEN=planted; run", "TOKEN", "planted"),
            ("PGPASSWORD=planted psql", "PGPASSWORD", "planted"),
            ("kubectl create --from-literal=password=planted", "password", "planted"),
        ] {
            for form in [Form::Unknown, Form::Settings, Form::Command] {
                assert_eq!(found(line, form), [(name, value)], "{line}");
            }
        }
    }

    #[test]
    fn a_value_in_settings_is_no_program() {
        for (line, value) in [("db.password = plan.ted-5", "plan.ted-5"), ("PASSWORD=pl(anted", "pl(anted")] {
            assert_eq!(found(line, Form::Settings)[0].1, value);
            assert_eq!(found(line, Form::Unknown), [], "{line}");
        }
        for name in ["app.properties", ".env", ".env.local", "conf/x.ini", "a.toml"] {
            assert_eq!(Form::of(name, ""), Form::Settings, "{name}");
        }
        for (name, text) in [("a.sh", ""), ("args", ""), ("a", "#!/usr/bin/env bash\n")] {
            assert_eq!(Form::of(name, text), Form::Command, "{name}");
        }
        assert_eq!(Form::of("a", "#!/usr/bin/env python3\n"), Form::Unknown);
        for name in ["env", ".env.example", "a.md", "a.yaml"] {
            assert_eq!(Form::of(name, ""), Form::Unknown, "{name}");
        }
    }

    #[test]
    fn a_value_in_braces_is_found_where_the_text_is_no_yaml() {
        for line in
            ["config: {id: a, clientSecret: plan-ted}", "{\"token\": \"plan-ted\", x", "- {password: 'plan-ted'}"]
        {
            for form in [Form::Unknown, Form::Settings] {
                assert_eq!(found(line, form).first().map(|(_, value)| *value), Some("plan-ted"), "{line}");
            }
        }
        assert_eq!(found("{clientSecret: planted}", Form::of("dex.config", "")), [("clientSecret", "planted")]);
    }

    #[test]
    fn a_command_has_secrets_among_its_words() {
        for line in ["app --token planted", "app --token 'planted' --x", "helm --set a=1,auth.password=planted"] {
            assert_eq!(found(line, Form::Command)[0].1, "planted", "{line}");
        }
        for line in
            ["app --token \"$TOKEN\" --password $(cat /x/y)", "app --password-stdin --token-file /x", "app --token -"]
        {
            assert_eq!(found(line, Form::Command), [], "{line}");
        }
    }

    #[test]
    fn prose_and_programs_name_nothing() {
        for line in [
            "token: the token of the user",
            "PASSWORD=$(cat /run/secrets/password)",
            "PASSWORD=$(cat /run/secrets/password) run",
            "PASSWORD=$1",
            "password = os.environ[\"X\"]",
            "local token = obj.status.token",
            "if token == nil then",
            "# password: ",
            "# run with --token=planted",
            "call it with --password=PASSWORD or --token to log in",
            "https://token.example.org",
            "tokenPath: /x",
            "login(user, password=password, token=token)",
            "login({user: a, password: password, token: request.token})",
            "type Login = { password: string, token?: string }",
        ] {
            assert_eq!(found(line, Form::Unknown), [], "{line}");
        }
    }
}
