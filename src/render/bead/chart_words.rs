//! What a chart uses that is not the same each time it is rendered. What it makes here says little of what it makes on a hub
//! then.
//!
//! It goes by the words of the templates, so a chart that puts a word together from pieces, for `tpl`, is not found out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::render::HelmRelease;

/// Functions that go by the clock, by chance, or by what is on a cluster (Helm 3 and 4 with Sprig 3). `date` and its kin take
/// the time from the clock when they are given none, `keys` and `values` have no order, and ciphers have a salt.
const INCONSTANT: [&str; 30] = [
    "ago",
    "bcrypt",
    "date",
    "dateInZone",
    "date_in_zone",
    "durationRound",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "keys",
    "lookup",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "uuidv4",
    "values",
];
/// Functions without an order, and the one that gives it to them.
const UNORDERED: [&str; 2] = ["keys", "values"];
const ORDERS: &str = "sortAlpha";
/// The function that takes any text for a template.
const OF_TEXT: &str = "tpl";
/// What Helm knows of itself and of the cluster. The latter is given to it.
const ABOUT: &str = "Capabilities";
const GIVEN: [&str; 2] = [".KubeVersion", ".APIVersions"];

/// A string, a name with what it is a field of, or any other character of an action.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?s)^(?:"(?:\\.|[^"\\])*"|`[^`]*`|[.$]?[A-Za-z_][A-Za-z0-9_]*|.)"#).expect("a pattern")
});

/// What the templates of a chart use of this kind, for a list of privileges.
pub fn inconstant(chart: &str, release: &HelmRelease) -> Vec<String> {
    let files: Vec<(&str, String)> =
        release.chart.iter().map(|(path, bytes)| (path, String::from_utf8_lossy(bytes).into_owned())).collect();
    let values = [("its values", String::from_utf8_lossy(&release.values).into_owned())];
    let (templates, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|(path, _)| format!("/{path}").contains("/templates/"));
    let mut found = BTreeMap::new();
    for (path, text) in &templates {
        search(text, path, &mut found);
    }
    if found.remove(OF_TEXT).is_some() {
        for (path, text) in others.into_iter().filter(|(path, _)| may_be_taken(path)).chain(&values) {
            search(text, path, &mut found);
        }
        found.remove(OF_TEXT);
    }
    let used: Vec<String> = found.iter().map(|(word, path)| format!("{word} ({path})")).collect();
    let used = (!used.is_empty()).then(|| {
        let used = used.join(", ");
        format!("chart {chart}: it can make something else on the hub than what was looked at, since it uses {used}")
    });
    let packed = files.iter().filter(|(path, _)| ends_in(path, &["tgz"]));
    let packed = packed.map(|(path, _)| {
        format!("chart {chart}: {path} is packed, so it was not searched for what can make something else on the hub")
    });
    used.into_iter().chain(packed).collect()
}

/// Whether a file is one that templates may take as text for a template; people's pages and definitions of kinds are not.
fn may_be_taken(path: &str) -> bool {
    !ends_in(path, &["md", "gotmpl"]) && !format!("/{path}").contains("/crds/")
}

fn ends_in(path: &str, extensions: &[&str]) -> bool {
    Path::new(path).extension().is_some_and(|it| extensions.iter().any(|extension| it == *extension))
}

/// Adds the words that count in the actions of a text, each with the first file that has it.
fn search<'f>(text: &str, path: &'f str, found: &mut BTreeMap<&'static str, &'f str>) {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let begin = after.trim_start_matches('-').trim_start();
        rest = match begin.strip_prefix("/*") {
            Some(comment) => comment.split_once("*/").map_or("", |(_, rest)| rest),
            None => search_action(begin, path, found),
        };
    }
}

/// The same of the action that a text begins with; what is behind it.
fn search_action<'t, 'f>(text: &'t str, path: &'f str, found: &mut BTreeMap<&'static str, &'f str>) -> &'t str {
    let (mut rest, mut tokens) = (text, Vec::new());
    while let Some(token) = TOKEN.find(rest).filter(|_| !rest.starts_with("}}")) {
        tokens.push(token.as_str());
        rest = &rest[token.end()..];
    }
    let is_ordered = tokens.contains(&ORDERS);
    for (at, token) in tokens.iter().enumerate() {
        let word = INCONSTANT.into_iter().chain([OF_TEXT]).find(|it| it == token);
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        let counts = match word {
            Some(word) => (!(is_ordered && UNORDERED.contains(&word))).then_some(word),
            None => (token.trim_matches(['.', '"', '`']) == ABOUT && !GIVEN.contains(&next)).then_some(ABOUT),
        };
        if let Some(word) = counts {
            found.entry(word).or_insert(path);
        }
        if token.starts_with(['"', '`']) {
            search(token, path, found);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&'static str> {
        let mut found = BTreeMap::new();
        search(text, "a", &mut found);
        found.into_keys().collect()
    }

    #[test]
    fn what_changes_from_one_rendering_to_the_next_is_found() {
        for (text, found) in [
            ("{{ now }}", "now"),
            ("{{- if gt (now|unixEpoch) 4 }}", "now"),
            ("a: {{ date \"2006\" .x }}", "date"),
            ("{{ \"}}\" }}{{ $x := randInt 0 9 }}", "randInt"),
            ("{{ print \"}}\" (uuidv4) }}", "uuidv4"),
            ("{{ tpl `{{ lookup \"v1\" \"Pod\" \"\" \"\" }}` . }}", "lookup tpl"),
            ("{{/* a */}}{{ genCA \"a\" 1 }}", "genCA"),
            ("{{ .Capabilities.HelmVersion.Version }}", ABOUT),
            ("{{ with $.Capabilities }}", ABOUT),
            ("{{ index . \"Capabilities\" }}", ABOUT),
            ("{{ first (keys .Values.a) }}", "keys"),
        ] {
            assert_eq!(words(text).join(" "), found, "{text}");
        }
        for text in [
            "now: {{ .Values.now }}",
            "{{ $now }} {{ .date }} {{ .Values.keys }}",
            "{{/* now */}}{{- /* lookup */ -}}",
            "{{ \"now\" }} now {{ default \"date\" .x }}",
            "{{ .Capabilities.KubeVersion.Version }}{{ $.Capabilities.APIVersions.Has \"v1\" }}",
            "{{ keys .Values.a | sortAlpha | join \",\" }}",
            "{{ include \"x.now\" . }}{{ nowhere }}",
        ] {
            assert_eq!(words(text), [""; 0], "{text}");
        }
    }
}
