//! Parameters in manifests and in Helm values: what is one, and what takes its place. What a bead is told of its hub
//! (`hub_words.rs`) stands beside them, and is all that is filled into entities for Backstage.
//!
//! A parameter is written as Porter writes it, with `bundle.` or without, and with any white space within the braces.
//! Every other `${` is the manifest's own, `${VAR}` and Backstage's `${{ … }}` among them. With one more `$` before it, what
//! would be a parameter is none: `$${ parameters.x }` becomes `${ parameters.x }`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::hub_words;
use super::parameters::Values;
use crate::document::scalar_text;
use crate::schema::{Expression, closest, expressions, known_hint};

/// How many letters a word may be off that is meant to be `parameters`.
const SLIP: usize = 2;

/// What the name of a parameter stands behind.
const WORD: &str = "parameters";

/// What may stand between the word and the name where a `.` is meant.
const JOINTS: [char; 8] = ['.', ' ', '_', '-', '/', '[', '"', '\''];

/// `{{ bundle.parameters.NAME }}` of older bundles, `${{ parameters.NAME }}`, `$(parameters.NAME)`, `$parameters.NAME`, and
/// `${ params.NAME }`, which other templates have, too.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    let word = r"\s*(?:bundle\.)?parameters\.([\w-]+)\s*";
    let forms = format!(
        r"\$?\{{\{{-?{word}-?\}}\}}|\$\({word}\)|\$(?:bundle\.)?parameters\.([\w-]+)|\$\{{\s*params?\.([\w-]+)\s*\}}"
    );
    Regex::new(&forms).expect("compiled by the tests")
});

/// A piece of a text.
#[derive(Debug, PartialEq)]
enum Fragment<'t> {
    /// What stays.
    Own(&'t str),
    /// The name of a parameter.
    Parameter(&'t str),
}

/// What takes the place of a text. One that is a parameter and nothing else takes the parameter's type.
pub fn fill(text: &str, values: &Values) -> Result<Value, String> {
    let pieces = pieces(text, |inside| meaning(inside, values))?;
    if let [Fragment::Parameter(name)] = pieces[..] {
        return value_of(name, values).cloned();
    }
    let text_of = |piece: &Fragment<'_>| match piece {
        Fragment::Own(text) => Ok((*text).to_owned()),
        Fragment::Parameter(name) => value_of(name, values).map(scalar_text),
    };
    pieces.iter().map(text_of).collect::<Result<String, _>>().map(Value::from)
}

/// The same for a text that stays one.
pub fn fill_text(text: &str, values: &Values) -> Result<String, String> {
    fill(text, values).map(|value| scalar_text(&value))
}

/// The same for every text of a value (Helm values). A mistake begins with its path.
pub fn fill_value(value: &Value, path: &str, values: &Values) -> Result<Value, String> {
    match value {
        Value::String(text) => fill(text, values).map_err(|message| format!("`{path}`: {message}")),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(index, item)| fill_value(item, &format!("{path}[{index}]"), values)).collect()
        }
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                no_parameter(key, values).map_err(|message| format!("`{path}`: {message}"))?;
                Ok((key.clone(), fill_value(value, &format!("{path}.{key}"), values)?))
            })
            .collect(),
        other => Ok(other.clone()),
    }
}

/// The text with what a bead is told of its hub. All else is its own, parameters included.
pub fn fill_hub_words(text: &str, words: &Values) -> Result<String, String> {
    let meaning = |inside| hub_word(inside).map_or(Meaning::Own, Meaning::Parameter);
    let text_of = |piece: Fragment<'_>| match piece {
        Fragment::Own(text) => Ok(text.to_owned()),
        Fragment::Parameter(name) => value_of(name, words).map(scalar_text),
    };
    pieces(text, meaning)?.into_iter().map(text_of).collect()
}

/// Demands that a key has no parameter in it.
pub fn no_parameter(key: &str, values: &Values) -> Result<(), String> {
    if pieces(key, |inside| meaning(inside, values))?.iter().any(|piece| matches!(piece, Fragment::Parameter(_))) {
        return Err(format!("the key `{key}` has a parameter in it, and parameters are filled into values alone"));
    }
    Ok(())
}

/// The names of the parameters in a text that can be filled.
pub fn names_in<'t>(text: &'t str, values: &Values) -> Vec<&'t str> {
    let name = |piece| match piece {
        Fragment::Own(_) => None,
        Fragment::Parameter(name) => Some(name),
    };
    pieces(text, |inside| meaning(inside, values)).unwrap_or_default().into_iter().filter_map(name).collect()
}

fn value_of<'v>(name: &str, values: &'v Values) -> Result<&'v Value, String> {
    values.get(name).ok_or_else(|| {
        let of_hub = hub_word(name).is_some();
        let known = values.keys().map(String::as_str).filter(|it| hub_word(it).is_some() == of_hub);
        let known: Vec<&str> = known.collect();
        if of_hub {
            let best = closest(name, &known).map_or(String::new(), |best| format!("did you mean `{best}`? "));
            return format!("of a hub nobody knows `{name}`; {best}there is: {}", known.join(", "));
        }
        let hint = known_hint(name, &known);
        format!("the bead has no parameter `{name}`; {hint}; what is the manifest's own is written `$${{ … }}`")
    })
}

fn pieces<'t>(text: &'t str, meaning: impl Fn(&'t str) -> Meaning<'t>) -> Result<Vec<Fragment<'t>>, String> {
    let mut found = Vec::new();
    let mut own = 0;
    for Expression { place, inside, is_closed } in expressions(text) {
        let at = place.start;
        if at < own || inside.starts_with('{') {
            continue;
        }
        let inside = if is_closed { inside } else { inside.lines().next().unwrap_or_default() };
        let is_escaped = text[..at].ends_with('$');
        let name = match meaning(inside.trim()) {
            Meaning::Own => continue,
            _ if is_escaped => {
                found.push(Fragment::Own(&text[own..at - 1]));
                own = at;
                continue;
            }
            Meaning::Slip(name) => {
                let inside = inside.trim();
                return Err(format!(
                    "`${{ {inside} }}` is no parameter; did you mean `${{ parameters.{name} }}`? As it stands it is written `$${{ {inside} }}`"
                ));
            }
            Meaning::Parameter(_) if !is_closed => {
                return Err(format!("`${{{inside}` is opened and never closed by `}}`"));
            }
            Meaning::Parameter(name) => name,
        };
        found.extend((own < at).then(|| Fragment::Own(&text[own..at])));
        found.push(Fragment::Parameter(name));
        own = place.end;
    }
    found.extend((own < text.len() || found.is_empty()).then(|| Fragment::Own(&text[own..])));
    Ok(found)
}

/// What braces hold.
enum Meaning<'t> {
    /// A parameter, by its name.
    Parameter(&'t str),
    /// Almost a parameter: the name of one that there is.
    Slip(&'t str),
    /// What is the manifest's own.
    Own,
}

fn meaning<'t>(inside: &'t str, values: &Values) -> Meaning<'t> {
    if let Some(word) = hub_word(inside) {
        return Meaning::Parameter(word);
    }
    let path = inside.strip_prefix("bundle.").unwrap_or(inside);
    match path.split_once('.') {
        Some((WORD, name)) => Meaning::Parameter(name.trim()),
        _ => slip(inside, values).map_or(Meaning::Own, Meaning::Slip),
    }
}

/// The parameter that is meant by a text which ends in its name, behind what is almost the word.
fn slip<'t>(inside: &'t str, values: &Values) -> Option<&'t str> {
    if is_of_shell(inside) {
        return None;
    }
    let path = inside.trim_end_matches([']', '"', '\'']);
    let ends_so = |name: &&String| path.strip_suffix(name.as_str()).is_some_and(|it| it.ends_with(JOINTS));
    // A name may end like another one.
    let name = values.keys().filter(ends_so).max_by_key(|name| name.len())?;
    let (before, name) = path.split_at(path.len() - name.len());
    let before = before.trim_end_matches(JOINTS).trim_start_matches('.').to_lowercase();
    let (is_of_bundle, word) = match before.rsplit_once('.') {
        Some((first, word)) => (is_like(first, "bundle"), word),
        None => (false, before.as_str()),
    };
    let is_alone = !before.contains('.');
    let is_short = ["params", "param"].contains(&word.trim());
    ((is_alone || is_of_bundle) && is_like(word.trim(), WORD) || is_of_bundle && is_short).then_some(name)
}

/// Whether it is what a shell makes of a variable of its own: `${parameters[name]}`, `${parameter:-size}`.
fn is_of_shell(inside: &str) -> bool {
    let is_item = inside.split('[').skip(1).any(|behind| !behind.trim_start().starts_with(['"', '\'']));
    is_item || [":-", ":=", ":+", ":?"].iter().any(|operator| inside.contains(operator))
}

/// How else one might think that a parameter is written: the text, and the name of the parameter. It stays as it is.
pub fn other_notation<'t>(text: &'t str, values: &Values) -> Option<(&'t str, &'t str)> {
    let mut found = OTHERS.captures_iter(text).filter_map(|it| {
        let name = it.iter().skip(1).flatten().next()?;
        Some((it.get(0)?.as_str(), name.as_str()))
    });
    found.find(|(_, name)| values.contains_key(*name))
}

/// What a bead is told of its hub.
fn hub_word(inside: &str) -> Option<&str> {
    inside.starts_with(hub_words::CLAIMS).then_some(inside)
}

fn is_like(text: &str, word: &str) -> bool {
    strsim::levenshtein(text, word) <= SLIP
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::HubClaims;

    fn values() -> Values {
        serde_json::from_value(json!({"size": 3, "name": "a"})).expect("values")
    }

    #[test]
    fn a_parameter_keeps_its_type_unless_it_is_part_of_a_text() {
        let filled = |text: &str| fill(text, &values());
        assert_eq!(filled("${ parameters.size }"), Ok(json!(3)));
        assert_eq!(filled("x-${ parameters.name }-${ parameters.size }"), Ok(json!("x-a-3")));
        assert_eq!(filled(""), Ok(json!("")));
    }

    #[test]
    fn every_spelling_of_porter_is_one() {
        for text in [
            "${parameters.size}",
            "${ parameters.size }",
            "${  parameters.size\t}",
            "${\n  parameters.size\n}",
            "${bundle.parameters.size}",
            "${ bundle.parameters.size }",
        ] {
            assert_eq!(fill(text, &values()), Ok(json!(3)), "{text}");
        }
    }

    #[test]
    fn what_is_the_manifests_own_stays() {
        for text in [
            "${HOME} ${{ parameters.name }}",
            "${HOME:-/x} ${#a} ${a[0]} $(B) $C {{ .D }}",
            "git checkout ${params.BRANCH} ${params.size} ${bundle.name} ${ bundle.credentials.size }",
            "${ parameter.other } $${HOME} $${a.b}",
            "${spring.datasource.url} ${env.HOME} ${ size } ${parameters}",
            "${} ${ } ${",
            "if (a) { ${b.c(d)} }",
            "${parameters[name]} ${parameter:-size} ${parameters:+size} ${parameters:?size}",
        ] {
            assert_eq!(fill(text, &values()), Ok(json!(text)));
        }
        assert_eq!(fill("${A}${ parameters.name }${B}", &values()), Ok(json!("${A}a${B}")));
    }

    #[test]
    fn what_is_told_of_the_hub_is_filled_in_everywhere_and_nothing_else_in_entities() {
        let claims: HubClaims = serde_json::from_value(
            json!({"repository": {"url": "https://github.com/o/r.git", "branch": "main", "path": "."}, "namespaces": ["a"]}),
        )
        .expect("claims");
        let words = hub_words::hub_words(Some(&claims));
        let both = words.clone().into_iter().chain(values()).collect();
        let text = "x: ${ hub.claims.repoUrl } # ${ parameters.size } ${{ parameters.x }} $${ hub.claims.host }";
        assert_eq!(
            fill_hub_words(text, &words).as_deref(),
            Ok("x: github.com?owner=o&repo=r # ${ parameters.size } ${{ parameters.x }} ${ hub.claims.host }")
        );
        assert_eq!(
            fill("${ hub.claims.repository }-${ parameters.size }", &both),
            Ok(json!("https://github.com/o/r.git-3"))
        );
        assert_eq!(fill("${hub.other}", &both), Ok(json!("${hub.other}")));
        let said = fill("${ hub.claims.repourl }", &both).expect_err("unknown");
        assert!(said.contains("did you mean `hub.claims.repoUrl`?") && !said.contains("size"), "{said}");
        let said = fill("${ parameters.siz }", &both).expect_err("unknown");
        assert!(said.contains("it has: name, size;"), "{said}");
        assert_eq!(fill("${ hub.claims.owner }", &hub_words::hub_words(None)), Ok(json!("")));
    }

    #[test]
    fn parameters_in_the_notation_of_others_are_known() {
        for text in [
            "x-{{ bundle.parameters.size }}",
            "{{parameters.size}}",
            "{{- parameters.size -}}",
            "${{ parameters.size }}",
            "$(parameters.size)",
            "$parameters.size",
            "${ params.size }",
            "${param.size}",
        ] {
            let found = other_notation(text, &values());
            assert!(found.is_some_and(|(word, name)| text.ends_with(word) && name == "size"), "{text}: {found:?}");
        }
        for text in [
            "{{ parameters.other }}",
            "${params.other} ${myparams.size} ${ params.size.x }",
            "{{ inputs.parameters.size }}",
            "${ parameters.size }",
            "$(size)",
            "parameters.size",
        ] {
            assert_eq!(other_notation(text, &values()), None, "{text}");
        }
    }

    #[test]
    fn one_dollar_more_makes_a_parameter_a_text() {
        for (text, filled) in [
            ("$${ parameters.size }", "${ parameters.size }"),
            ("a $${parameters.nam} $${ parameters.size }", "a ${parameters.nam} ${ parameters.size }"),
            ("$$${ parameters.size }", "$${ parameters.size }"),
            ("$${ parameter.size }", "${ parameter.size }"),
            ("$${ parameters.size } ${ parameters.size }", "${ parameters.size } 3"),
            ("$${ parameters.size", "${ parameters.size"),
        ] {
            assert_eq!(fill(text, &values()), Ok(json!(filled)), "{text}");
        }
    }

    #[test]
    fn what_comes_close_to_a_parameter_is_a_mistake() {
        for (text, words) in [
            ("${ parameters.nam }", "no parameter `nam`; did you mean `name`? it has: name, size"),
            ("${ parameter.size }", "did you mean `${ parameters.size }`?"),
            ("${Parameters.size}", "did you mean `${ parameters.size }`?"),
            ("${ bundle.parameter.size }", "did you mean `${ parameters.size }`?"),
            ("${ paramters.size }", "it is written `$${ paramters.size }`"),
            ("${ .parameters.size }", "did you mean `${ parameters.size }`?"),
            ("${ bundle.params.size }", "did you mean `${ parameters.size }`?"),
            ("${bundles.parameters.size}", "did you mean `${ parameters.size }`?"),
            ("${ parameters size }", "did you mean `${ parameters.size }`?"),
            ("${ parameters_size }", "did you mean `${ parameters.size }`?"),
            ("${ parameters['size'] }", "did you mean `${ parameters.size }`?"),
            ("x ${ parameters.size", "never closed"),
            ("${ parameters.a b }", "no parameter `a b`"),
            ("${ parameters. }", "no parameter ``"),
        ] {
            let said = fill(text, &values()).expect_err(text);
            assert!(said.contains(words), "{said}");
        }
        assert!(no_parameter("${ parameters.size }", &values()).is_err() && no_parameter("${A}", &values()).is_ok());
    }
}
