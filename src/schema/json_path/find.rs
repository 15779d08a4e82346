//! From a value along the segments of a path.

use std::cmp::Ordering;

use serde_json::Value;

use super::{End, Filter, Operand, Operator, Segment, Slice};

/// What the segments lead to from these values.
pub(super) fn all<'v>(path: &[Segment], from: Vec<&'v Value>) -> Result<Vec<&'v Value>, String> {
    path.iter().try_fold(from, |values, step| step.follow(&values))
}

impl Segment {
    fn follow<'v>(&self, values: &[&'v Value]) -> Result<Vec<&'v Value>, String> {
        match self {
            Self::Name(name) => Ok(values.iter().filter_map(|value| value.as_object()?.get(name)).collect()),
            Self::Key(path, key) => {
                let found = all(path, values.to_vec())?;
                if found.is_empty() { Self::Name(key.clone()).follow(values) } else { Ok(found) }
            }
            Self::Children => {
                values.iter().map(|value| children(value)).collect::<Result<Vec<_>, _>>().map(|it| it.concat())
            }
            Self::Descendants => Ok(values.iter().flat_map(|value| descendants(value)).collect()),
            Self::Slice(slice) => slice.of(values),
            Self::Union(paths) => {
                let each = paths.iter().map(|path| all(path, values.to_vec()));
                each.collect::<Result<Vec<_>, _>>().map(|found| found.concat())
            }
            Self::Filter(filter) => {
                let mut found = Vec::new();
                for value in values {
                    let items = value.as_array().ok_or_else(|| format!("a filter looks at {}", no_list(value)))?;
                    for item in items {
                        if filter.passes(item)? {
                            found.push(item);
                        }
                    }
                }
                Ok(found)
            }
        }
    }
}

/// What an object or a list holds. client-go takes a text apart into bytes, which nobody means.
fn children(value: &Value) -> Result<Vec<&Value>, String> {
    match value {
        Value::Object(fields) => Ok(fields.values().collect()),
        Value::Array(items) => Ok(items.iter().collect()),
        Value::String(_) => Err("`.*` looks at a text, which has no parts".to_owned()),
        _ => Ok(Vec::new()),
    }
}

/// A value and all below it, as far as they hold anything.
fn descendants(value: &Value) -> Vec<&Value> {
    let below = match value {
        Value::String(text) if !text.is_empty() => return vec![value],
        Value::Object(fields) => fields.values().flat_map(descendants).collect::<Vec<_>>(),
        Value::Array(items) => items.iter().flat_map(descendants).collect(),
        _ => return Vec::new(),
    };
    let is_empty =
        value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
    if is_empty { Vec::new() } else { [vec![value], below].concat() }
}

impl Slice {
    fn of<'v>(&self, values: &[&'v Value]) -> Result<Vec<&'v Value>, String> {
        let mut found = Vec::new();
        for value in values.iter().filter(|value| !value.is_null()) {
            let items = value.as_array().ok_or_else(|| format!("an index looks into {}", no_list(value)))?;
            let (start, end) = self.bounds(items.len())?;
            if start == end {
                break; // as in client-go: behind a list without items, no other is looked at
            }
            let step = usize::try_from(self.step).unwrap_or(usize::MAX);
            found.extend(items[start..end].iter().step_by(step));
        }
        Ok(found)
    }

    /// From where to where, in a list of this length.
    fn bounds(&self, length: usize) -> Result<(usize, usize), String> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let from_end = |number: i64| if number < 0 { number.saturating_add(length) } else { number };
        let start = from_end(self.start);
        let end = match self.end {
            End::Next if self.start == -1 => length,
            End::Next => from_end(self.start.saturating_add(1)),
            End::Last => length,
            End::At(end) => from_end(end),
        };
        let is_within = |number: i64| (0..=length).contains(&number);
        if start != end && (!is_within(start) || start == length || !is_within(end) || start > end) {
            return Err(format!("an index is beyond a list of {length}"));
        }
        Ok(if start == end { (0, 0) } else { (index(start), index(end)) })
    }
}

fn index(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

impl Filter {
    fn passes(&self, item: &Value) -> Result<bool, String> {
        match self {
            Self::Exists(operand) => Ok(!operand.values(item)?.is_empty()),
            Self::Compare(left, operator, right) => {
                let Some(left) = one(&left.values(item)?)? else { return Ok(false) };
                let Some(right) = one(&right.values(item)?)? else { return Ok(false) };
                operator.holds(left, right)
            }
        }
    }
}

fn one<'v>(values: &[&'v Value]) -> Result<Option<&'v Value>, String> {
    match values {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        several => Err(format!("a filter compares one value at a time, and finds {}", several.len())),
    }
}

impl Operand {
    fn values<'v>(&'v self, item: &'v Value) -> Result<Vec<&'v Value>, String> {
        match self {
            Self::Path(path) => all(path, vec![item]),
            Self::Constant(value) => Ok(vec![value]),
        }
    }
}

impl Operator {
    fn holds(self, left: &Value, right: &Value) -> Result<bool, String> {
        let cannot = || format!("a filter cannot compare {} with {}", kind(left), kind(right));
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Bool(left), Value::Bool(right)) if matches!(self, Self::Equal | Self::NotEqual) => {
                Some(left.cmp(right))
            }
            (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                (None, None) => left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right)),
                _ => None,
            },
            _ => None,
        };
        let order = order.ok_or_else(cannot)?;
        Ok(match self {
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        })
    }
}

fn no_list(value: &Value) -> String {
    format!("{}, which is no list", kind(value))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(number) if number.as_i64().is_some() => "a whole number",
        Value::Number(_) => "a number with a fraction",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
