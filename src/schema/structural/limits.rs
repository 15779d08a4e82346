//! The limits of a single value: how long, how large, which form.

use serde_json::Value;

use super::{is_whole, pattern};
use crate::schema::{closest, plain};
use crate::yaml::{Data, Node};

/// Forms that the API server holds a text to, by their names without dashes (kube-openapi `pkg/validation/strfmt`). Others
/// mean nothing to it.
const FORMATS: [&str; 24] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8slongname",
    "k8sshortname",
    "mac",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid4",
    "uuid5",
];

/// What of the limits of a value was looked at.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub broken: Vec<Broken>,
    /// The rules that only the API server knows.
    pub unseen: Vec<String>,
}

/// A limit that a value breaks.
#[derive(Debug)]
pub(super) struct Broken {
    /// What the value is and should not be: `12, expected at most 10`.
    pub message: String,
    pub hint: Option<String>,
}

/// Holds a value against the limits in its schema.
pub(super) fn of(node: &Node, schema: &Value) -> Limits {
    let mut limits = Limits::default();
    limits.allowed(node, schema);
    match &node.data {
        Data::Number(_) => limits.number(&plain(node), schema),
        Data::Text(text) => limits.text(text, schema),
        Data::List(items) => limits.count(items.len(), "item", schema, ["minItems", "maxItems"]),
        Data::Map(entries) => limits.count(entries.len(), "field", schema, ["minProperties", "maxProperties"]),
        Data::Bool(_) | Data::Null => {}
    }
    limits
}

impl Limits {
    fn allowed(&mut self, node: &Node, schema: &Value) {
        let Some(allowed) = schema.get("enum").and_then(Value::as_array) else { return };
        let value = plain(node);
        if allowed.iter().any(|one| is_same(one, &value)) {
            return;
        }
        let words: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let best = value.as_str().and_then(|text| closest(text, &words));
        let allowed: Vec<String> = allowed.iter().map(shown).collect();
        let message = format!("{}, which is none of: {}", quoted(&value), allowed.join(", "));
        self.broken.push(Broken { message, hint: best.map(|best| format!("did you mean `{best}`?")) });
    }

    fn number(&mut self, value: &Value, schema: &Value) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
        let is_open = |name: &str| schema.get(name) == Some(&Value::Bool(true));
        let Some(number) = value.as_f64() else { return };
        if let Some(least) = limit("minimum") {
            let is_open = is_open("exclusiveMinimum");
            let words = if is_open { "more than" } else { "at least" };
            self.unless(if is_open { number > least } else { number >= least }, value, || format!("{words} {least}"));
        }
        if let Some(most) = limit("maximum") {
            let is_open = is_open("exclusiveMaximum");
            let words = if is_open { "less than" } else { "at most" };
            self.unless(if is_open { number < most } else { number <= most }, value, || format!("{words} {most}"));
        }
        if let Some(step) = limit("multipleOf").filter(|step| *step != 0.0) {
            // As go-openapi `validate`, `MultipleOf`, has it: 0.7 is a multiple of 0.1.
            let quotient = if step < 1.0 { 1.0 / step * number } else { number / step };
            let is_multiple = match (value.as_i64(), schema["multipleOf"].as_i64()) {
                (Some(number), Some(step)) => number.checked_rem(step) == Some(0),
                _ => is_whole(quotient),
            };
            self.unless(is_multiple, value, || format!("a multiple of {step}"));
        }
        if schema.get("format").and_then(Value::as_str) == Some("int32") {
            let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
            self.unless(fits, value, || format!("between {} and {}", i32::MIN, i32::MAX));
        }
    }

    fn text(&mut self, text: &str, schema: &Value) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        let length = text.chars().count() as u64;
        let long = || format!("{length} characters long");
        if let Some(least) = limit("minLength").filter(|least| length < *least) {
            self.say(format!("{}, expected at least {least}", long()));
        }
        if let Some(most) = limit("maxLength").filter(|most| length > *most) {
            self.say(format!("{}, expected at most {most}", long()));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            match pattern::matches(pattern, text) {
                Some(true) => {}
                Some(false) => self.say(format!("`{text}`, which does not match {pattern}")),
                None => self.unseen.push(format!("the pattern {pattern}")),
            }
        }
        if let Some(format) = schema.get("format").and_then(Value::as_str)
            && FORMATS.contains(&format.replace('-', "").as_str())
        {
            self.unseen.push(format!("the format {format}"));
        }
    }

    fn count(&mut self, count: usize, noun: &str, schema: &Value, [least, most]: [&str; 2]) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
        let many = |count: usize| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        if let Some(least) = limit(least).filter(|least| count < *least) {
            self.say(format!("{} long, expected at least {least}", many(count)));
        }
        if let Some(most) = limit(most).filter(|most| count > *most) {
            self.say(format!("{} long, expected at most {most}", many(count)));
        }
    }

    fn unless(&mut self, fits: bool, value: &Value, expected: impl Fn() -> String) {
        if !fits {
            self.say(format!("{value}, expected {}", expected()));
        }
    }

    fn say(&mut self, message: String) {
        self.broken.push(Broken { message, hint: None });
    }
}

/// `1` and `1.0` are one number.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(value: &Value) -> String {
    format!("`{}`", shown(value))
}
