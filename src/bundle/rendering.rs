//! The text of a template with these values (`renderTemplate` in the mustache of Porter).

use std::ops::Range;

use super::seen::Seen;
use super::template::{Broken, Delimiters, Part, Template};

/// The deepest nesting of partials: one that names itself never ends.
const DEEPEST: usize = 16;

/// Finds a partial by name. One that is not there is empty.
pub(super) type Partials<'p> = &'p dyn Fn(&str) -> Result<String, String>;

/// Why a template has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gap {
    /// A variable is not there.
    Missing { name: String, at: Range<usize> },
    /// A partial cannot be read, or is no template.
    Partial { message: String, at: Range<usize> },
}

impl Template {
    /// The text, with every value pasted as it is. A variable that is not there is an error, but not to a section.
    pub fn render(&self, seen: &Seen, partials: Partials<'_>) -> Result<String, Gap> {
        let mut rendering = Rendering { text: String::new(), partials, escapes: false, depth: 0 };
        rendering.all(&self.parts, &[seen])?;
        Ok(rendering.text)
    }
}

struct Rendering<'p> {
    text: String,
    partials: Partials<'p>,
    /// Whether HTML is escaped, as it is in partials.
    escapes: bool,
    depth: usize,
}

impl Rendering<'_> {
    /// The innermost values come first.
    fn all(&mut self, parts: &[Part], chain: &[&Seen]) -> Result<(), Gap> {
        parts.iter().try_for_each(|part| self.one(part, chain))
    }

    fn one(&mut self, part: &Part, chain: &[&Seen]) -> Result<(), Gap> {
        match part {
            Part::Text(text) => self.text.push_str(text),
            Part::Variable { name, raw, at } => {
                let value = look_up(chain, name)
                    .ok_or_else(|| Gap::Missing { name: name.clone(), at: at.clone() })?
                    .to_string();
                self.text.push_str(&if *raw || !self.escapes { value } else { escaped(&value) });
            }
            Part::Section { name, inverted, parts } => {
                let value = look_up(chain, name);
                let is_empty = value.is_none_or(Seen::is_empty);
                let around = |inner| [&[inner], chain].concat();
                match value {
                    _ if *inverted != is_empty => {}
                    Some(Seen::List(items)) if !inverted => {
                        items.iter().try_for_each(|item| self.all(parts, &around(item)))?;
                    }
                    Some(value) if !inverted => self.all(parts, &around(value))?,
                    _ => self.all(parts, chain)?,
                }
            }
            Part::Partial { name, indent, at } => self.partial(name, indent, at, chain)?,
        }
        Ok(())
    }

    fn partial(&mut self, name: &str, indent: &str, at: &Range<usize>, chain: &[&Seen]) -> Result<(), Gap> {
        let wrong =
            |message: String| Gap::Partial { message: format!("the partial `{name}` {message}"), at: at.clone() };
        if self.depth == DEEPEST {
            return Err(wrong(format!("is the {DEEPEST}th inside of others")));
        }
        let text = (self.partials)(name).map_err(&wrong)?;
        let lines =
            text.split_inclusive('\n').map(|line| if line == "\n" { line.to_owned() } else { [indent, line].concat() });
        let template = Template::read(&lines.collect::<String>(), Delimiters::braces())
            .map_err(|Broken { message, .. }| wrong(format!("is no template: {message}")))?;
        let escapes = std::mem::replace(&mut self.escapes, true);
        self.depth += 1;
        // What is missing in it has its place in another file.
        let outcome = self.all(&template.parts, chain).map_err(|gap| match gap {
            Gap::Missing { name, .. } => wrong(format!("names the missing variable `{name}`")),
            inner @ Gap::Partial { .. } => inner,
        });
        self.depth -= 1;
        self.escapes = escapes;
        outcome
    }
}

/// The value of a name: its first part in the innermost map that has it, the others each inside of the one before.
pub(super) fn look_up<'s>(chain: &[&'s Seen], name: &str) -> Option<&'s Seen> {
    if name == "." {
        return chain.first().copied();
    }
    match name.split_once('.') {
        Some((first, rest)) => look_up(&[look_up(chain, first)?], rest),
        None => chain.iter().find_map(|seen| seen.get(name)),
    }
}

/// As Go's `html/template` escapes.
fn escaped(text: &str) -> String {
    let escape = |character| match character {
        '"' => Some("&#34;"),
        '\'' => Some("&#39;"),
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\0' => Some("\u{fffd}"),
        _ => None,
    };
    text.chars().fold(String::with_capacity(text.len()), |mut all, character| {
        match escape(character) {
            Some(escaped) => all.push_str(escaped),
            None => all.push(character),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::bundle::schema_version::SchemaVersion;
    use crate::schema::plain;
    use crate::yaml::{self, Reader};

    /// Templates, and what the mustache of Porter made of them.
    pub const TABLE: &str = include_str!("../../tests/data/porter-templates.json");

    fn texts(value: &Value) -> Seen {
        Seen::of_json(value)
    }

    /// What the templates of the table see, as `testbed/peers/templates` gives it to Porter's mustache.
    fn seen(data: &Value) -> Seen {
        let parameter = |(name, given): (&String, &Value)| {
            let text = given["value"].as_str().expect("text");
            let is_object = given["type"] == "object";
            let value = if is_object {
                Seen::of_json(&serde_json::from_str(text).expect("JSON")).into_object()
            } else {
                text.into()
            };
            (name.clone(), value)
        };
        let parameters = Seen::map(data["parameters"].as_object().expect("parameters").iter().map(parameter));
        let custom = yaml::parse("custom", data["custom"].as_str().expect("text"), Reader::Porter).expect("YAML");
        let bundle = Seen::map([
            ("name", "tryout".into()),
            ("version", "1.2.3".into()),
            ("description", "A <bundle>".into()),
            ("installerImage", "r.example.org/tryout:v1.2.3".into()),
            ("custom", Seen::of_yaml(&plain(&custom.root))),
            ("parameters", parameters),
            ("credentials", texts(&data["credentials"])),
            ("outputs", texts(&data["outputs"])),
            ("images", texts(&data["images"])),
            ("dependencies", Seen::map::<String>([])),
        ]);
        let installation = [("name", "mine".into()), ("namespace", "".into()), ("id", "01H".into())];
        Seen::map([("bundle", bundle), ("installation", Seen::map(installation)), ("env", texts(&data["env"]))])
    }

    #[test]
    fn templates_are_rendered_or_refused_as_porter_does() {
        let table: Value = serde_json::from_str(TABLE).expect("JSON");
        let seen = seen(&table["data"]);
        let mut wrong = Vec::new();
        for case in table["templates"].as_array().expect("cases") {
            let (version, text) = (case["version"].as_str().expect("text"), case["template"].as_str().expect("text"));
            let delimiters = SchemaVersion::read(version).delimiters();
            let rendered = Template::read(text, delimiters).ok();
            let rendered = rendered.and_then(|it| it.render(&seen, &|_| Ok(String::new())).ok());
            if rendered.as_deref() != case["rendered"].as_str() {
                wrong.push(format!("{version} {text:?}: {rendered:?}, not {}", case["rendered"]));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(table["templates"].as_array().is_some_and(|all| all.len() > 150));
    }

    #[test]
    fn a_partial_is_a_file_in_which_html_is_escaped() {
        let seen = Seen::map([("a", "<&>".into())]);
        let files = |name: &str| match name {
            "one" => Ok("x {{ a }} {{{ a }}}\n\ny\n".to_owned()),
            "self" => Ok("{{> self }}".to_owned()),
            "gap" => Ok("{{ b }}".to_owned()),
            _ => Err("cannot be read".to_owned()),
        };
        let render = |text: &str| Template::read(text, Delimiters::dollar()).expect("a template").render(&seen, &files);
        assert_eq!(render("  ${> one }\n${ a }").as_deref(), Ok("  x &lt;&amp;&gt; <&>\n\n  y\n<&>"));
        for (text, said) in [("${> self }", "inside of others"), ("${> gap }", "`b`"), ("${> no }", "cannot be read")] {
            assert!(matches!(render(text), Err(Gap::Partial { message, .. }) if message.contains(said)), "{text}");
        }
    }
}
