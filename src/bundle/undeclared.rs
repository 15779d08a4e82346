//! Steps of mixins that the bundle does not declare, and what its author most likely meant.

use super::manifest::Manifest;
use crate::report::Diagnostic;
use crate::schema::closest;
use crate::yaml::{Key, Node};

/// The key of the declarations.
const MIXINS: &str = "mixins";

impl Manifest {
    /// Whether any action has a step of a mixin that is not declared.
    #[must_use]
    pub fn has_undeclared_steps(&self) -> bool {
        let declared = self.mixins();
        let is_undeclared = |step: &Node| step.entries().iter().any(|(key, _)| !declared.contains(&key.text.as_str()));
        self.actions().any(|(_, steps)| steps.items().iter().any(is_undeclared))
    }

    /// What is wrong with a step of a mixin that is not declared: at the step, or where the cause of it is another.
    pub(super) fn undeclared(&self, mixin: &Key, path: String) -> Diagnostic {
        let source = &self.document.source;
        if let Some(slip) = self.instead_of_mixins() {
            let message = format!("`{}` is no key that Porter knows, so no mixin is declared", slip.text);
            return Diagnostic::error(&slip.text, message).at(source, slip.place).hint("did you mean `mixins`?");
        }
        let mixin_name = &mixin.text;
        let hint = match closest(mixin_name, &self.mixins()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if self.has(MIXINS) => format!("add `- {mixin_name}` to `mixins`"),
            None => format!("declare it: `mixins: [{mixin_name}]`"),
        };
        Diagnostic::error(path, format!("mixin `{mixin_name}` was not declared")).at(source, mixin.place).hint(hint)
    }

    /// The key that stands where `mixins` belongs.
    pub(super) fn instead_of_mixins(&self) -> Option<&Key> {
        let is_slip = |key: &&Key| closest(&key.text, &[MIXINS]).is_some();
        self.entries().iter().map(|(key, _)| key).find(is_slip).filter(|_| !self.has(MIXINS))
    }
}
