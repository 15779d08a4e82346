//! Who may do what in Argo CD: the keys of its ConfigMap `argocd-rbac-cm`.
//!
//! Read as Argo CD 3.6.1 reads them (`util/rbac/rbac.go`): a policy with one wrong line is not loaded at all, and whatever was
//! loaded before stays in force.

use std::collections::BTreeMap;

use super::argocd_keys::home;
use crate::schema::{Mistakes, Path, closest, plain};
use crate::yaml::{self, Reader};

/// The keys that Argo CD reads, beside those of further policies.
const KEYS: [&str; 4] = ["policy.csv", "policy.default", "policy.matchMode", "scopes"];
/// What a policy line begins with, what it is of, and the fields behind that.
const LINES: [(&str, &str, &str); 2] = [
    ("p", "permission", "p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT"),
    ("g", "membership", "g, USER OR GROUP, ROLE"),
];

/// What is wrong with these keys. An effect that is neither `allow` nor `deny`, and a mode that is neither `glob` nor `regex`, are
/// no mistakes: Argo CD takes both, the one as nothing and the other as `glob`.
pub(super) fn rbac_rules(rbac: &BTreeMap<String, String>, found: &mut Mistakes) {
    for (key, value) in rbac {
        let at = Path::new("spec.argocd.rbac").key(key);
        match key.as_str() {
            "scopes" if !is_list_of_texts(value) => {
                let hint = Some("scopes: '[groups, email]'");
                found.say(at, "`scopes` is a list of claims, as a text in YAML", hint);
            }
            _ if is_policy(key) => {
                for (index, line) in value.lines().enumerate() {
                    if let Some((why, hint)) = wrong_line(line.trim()) {
                        let message = format!("line {} of `{key}` {why}: {line}", index + 1);
                        found.say_inside(at.clone(), (index + 1, 1), message, Some(&hint));
                    }
                }
            }
            key if KEYS.contains(&key) => {}
            key => {
                let elsewhere = home(key).map(|(field, _)| format!("write it below `{field}`"));
                let hint = elsewhere.or_else(|| closest(key, &KEYS).map(|best| format!("did you mean `{best}`?")));
                let hint = hint.unwrap_or_else(|| format!("it reads {}, and policy.NAME.csv", KEYS.join(", ")));
                found.say(at, format!("`{key}` is no key of argocd-rbac-cm, and Argo CD passes over it"), Some(&hint));
            }
        }
    }
}

fn is_policy(key: &str) -> bool {
    key.strip_prefix("policy.").is_some_and(|rest| rest == "csv" || rest.strip_suffix(".csv").is_some())
}

fn is_list_of_texts(text: &str) -> bool {
    let read = yaml::parse("", text, Reader::Kubernetes).map(|document| plain(&document.root));
    read.is_ok_and(|it| {
        it.is_null() || it.as_array().is_some_and(|items| items.iter().all(serde_json::Value::is_string))
    })
}

/// Why Argo CD does not take a line, and how one is written.
fn wrong_line(line: &str) -> Option<(String, String)> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let fields = match fields_of(line) {
        Ok(fields) => fields,
        Err(why) => {
            let hint = "a field in quotes is `\"a, b\"` as a whole, with `\"\"` for a quote in it";
            return Some((why.to_owned(), hint.to_owned()));
        }
    };
    let Some((start, of, form)) = LINES.iter().find(|(start, ..)| fields[0] == *start) else {
        let hint = format!("it is written `{}` or `{}`", LINES[0].2, LINES[1].2);
        return Some(("begins neither with `p` nor with `g`".to_owned(), hint));
    };
    let wanted = form.split(", ").count();
    if fields.len() != wanted {
        let why = format!("is a {of} of {} fields behind `{start}`, and has {}", wanted - 1, fields.len() - 1);
        return Some((why, format!("it is written `{form}`")));
    }
    None
}

/// The fields of one line, as Go's `encoding/csv` reads them; or what is wrong with its quotes.
fn fields_of(line: &str) -> Result<Vec<String>, &'static str> {
    let (mut fields, mut rest) = (Vec::new(), Some(line));
    while let Some(text) = rest {
        let text = text.trim_start();
        let (field, behind) = text.strip_prefix('"').map_or_else(|| bare(text), quoted)?;
        fields.push(field);
        rest = behind;
    }
    Ok(fields)
}

/// A field, and what is behind its comma where it has one.
type Field<'t> = Result<(String, Option<&'t str>), &'static str>;

fn bare(text: &str) -> Field<'_> {
    let (field, behind) = text.split_once(',').map_or((text, None), |(field, behind)| (field, Some(behind)));
    if field.contains('"') {
        return Err("has a quote in the middle of a field");
    }
    Ok((field.to_owned(), behind))
}

fn quoted(text: &str) -> Field<'_> {
    let (mut field, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('"') {
        field.push_str(before);
        if behind.is_empty() {
            return Ok((field, None));
        }
        if let Some(next) = behind.strip_prefix(',') {
            return Ok((field, Some(next)));
        }
        rest = behind.strip_prefix('"').ok_or("has something between a quote that closes a field and the comma")?;
        field.push('"');
    }
    Err("has a quote that nothing closes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(key: &str, value: &str) -> Vec<String> {
        let mut found = Mistakes::default();
        rbac_rules(&BTreeMap::from([(key.to_owned(), value.to_owned())]), &mut found);
        found.messages().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn each_line_of_a_policy_is_told_by_its_number() {
        let policy = "# who\np, role:ops, applications, sync, */*, allow\n\ng, ops@example.org, role:ops\n\
                      p, role:ops, applications, sync, allow\ng, ops\nq, a, b\np, a, b, c, d, permit\n\
                      p, \"proj:a,b\", logs, get, \"a, \"\"b\"\"/*\", deny\n\"g\",a,\"b\"\n\
                      p, \"role:x\" , applications, get, */*, allow\np, role:x, applications, get, a\"b\", allow\n\
                      p, a, b, c, d, \"allow\n";
        for key in ["policy.csv", "policy.team.csv"] {
            let all = said(key, policy);
            assert_eq!(all.len(), 6, "{all:?}");
            for (line, words) in [
                (5, "a permission of 5 fields behind `p`, and has 4"),
                (6, "a membership of 2 fields behind `g`, and has 1"),
                (7, "neither with `p` nor with `g`"),
                (11, "between a quote that closes a field and the comma"),
                (12, "a quote in the middle of a field"),
                (13, "a quote that nothing closes"),
            ] {
                let start = format!("line {line} of `{key}`");
                assert!(all.iter().any(|it| it.starts_with(&start) && it.contains(words)), "{words} in {all:?}");
            }
        }
    }

    #[test]
    fn scopes_and_the_mode_are_what_argo_cd_reads() {
        for (key, value, is_right) in [
            ("scopes", "[groups, email]", true),
            ("scopes", "- groups\n", true),
            ("scopes", "groups", false),
            ("scopes", "[1]", false),
            ("policy.matchMode", "regex", true),
            ("policy.matchMode", "Regex", true),
            ("policy.default", "role:readonly", true),
            ("policy.defualt", "role:readonly", false),
        ] {
            assert_eq!(said(key, value).is_empty(), is_right, "{key}: {value}");
        }
    }
}
