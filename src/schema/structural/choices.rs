//! `allOf`, `anyOf`, `oneOf` and `not`: what is true of a value beyond its own schema.

use serde_json::Value;

use super::{Held, Walk, items};
use crate::yaml::Node;

impl Walk<'_> {
    pub(super) fn choices(&mut self, node: &Node, schema: &Value, path: &str) {
        for all in items(schema, "allOf") {
            let Held { mistakes, unseen } = self.try_on(node, all, path);
            self.held.mistakes.extend(mistakes);
            self.held.unseen.extend(unseen);
        }
        for (word, quantity) in [("anyOf", "at least one"), ("oneOf", "exactly one")] {
            let choices: Vec<&Value> = items(schema, word).collect();
            if !choices.is_empty() {
                self.some(node, &choices, quantity, path);
            }
        }
        if let Some(ruled_out) = schema.get("not") {
            let Held { mistakes, unseen } = self.try_on(node, ruled_out, path);
            if mistakes.is_empty() && unseen.is_empty() {
                let message = format!("`{path}` is what its definition rules out by `not`");
                self.held.mistakes.push(self.mistake(node, path, message));
            }
            self.held.unseen.extend(unseen);
        }
    }

    fn some(&mut self, node: &Node, choices: &[&Value], quantity: &str, path: &str) {
        let mut tried: Vec<Held> = choices.iter().map(|choice| self.try_on(node, choice, path)).collect();
        let fitting = tried.iter().filter(|held| held.mistakes.is_empty()).count();
        let unseen: Vec<String> = tried.iter_mut().flat_map(|held| std::mem::take(&mut held.unseen)).collect();
        if fitting == 1 || (fitting > 1 && quantity == "at least one") || !unseen.is_empty() {
            self.held.unseen.extend(unseen);
            return;
        }
        let fields: Option<Vec<String>> = choices.iter().map(|choice| only_requires(choice)).collect();
        match fields {
            Some(fields) => {
                let message = format!("`{path}` needs {quantity} of: {}", fields.join("; "));
                self.held.mistakes.push(self.mistake(node, path, message));
            }
            None if fitting > 1 => {
                let message = format!("`{path}` fits {fitting} of the choices in its definition, and may only fit one");
                self.held.mistakes.push(self.mistake(node, path, message));
            }
            // The choice that is nearest speaks.
            None => {
                let nearest = tried.into_iter().min_by_key(|held| held.mistakes.len());
                self.held.mistakes.extend(nearest.into_iter().flat_map(|held| held.mistakes));
            }
        }
    }

    fn try_on(&self, node: &Node, schema: &Value, path: &str) -> Held {
        let mut walk = Walk { source: self.source, is_whole: false, held: Held::default() };
        walk.value(node, schema, path);
        walk.held
    }
}

/// The fields that a choice demands, where it says nothing else.
fn only_requires(choice: &Value) -> Option<String> {
    let is_all = choice.as_object()?.keys().all(|key| key == "required");
    is_all.then(|| items(choice, "required").filter_map(Value::as_str).collect::<Vec<_>>().join(" and "))
}
