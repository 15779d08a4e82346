//! The rules: one number, one level, one sentence each. `docs/lint.md` explains them under the same codes.

use crate::porter::{Level, MIXIN};

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The number in `backstack-NUMBER`.
    pub number: u16,
    /// How bad it is.
    pub level: Level,
    /// The rule in at most 80 characters.
    pub title: &'static str,
}

pub(super) const RESERVED_ACTION: Rule = Rule::error(100, "The name of the action is a command of mixins");
pub(super) const DOTTED_ACTION: Rule = Rule::warning(101, "The name of the action has a dot");
pub(super) const BROKEN_STEP: Rule = Rule::error(102, "The step is wrong");
pub(super) const MISSING_FILE: Rule = Rule::error(103, "The file of the step is not in the bundle");
pub(super) const BROKEN_DOCUMENT: Rule = Rule::error(104, "The document is wrong");
pub(super) const TEMPLATED_VARIABLE: Rule = Rule::error(105, "The name of a variable comes from a template");
pub(super) const TEMPLATED_SECRET: Rule = Rule::warning(106, "A secret is pasted into the step");
pub(super) const NO_UNINSTALL: Rule = Rule::warning(107, "What install makes is never removed");
pub(super) const NO_TIMEOUT: Rule = Rule::warning(108, "The step has no timeout");
pub(super) const WRITTEN_SECRET: Rule = Rule::error(109, "A value stands where a reference to a secret belongs");
pub(super) const OTHER_ACTIONS: Rule = Rule::warning(110, "What the step needs is declared for other actions");
pub(super) const UNDECLARED: Rule = Rule::warning(111, "What the step needs is not declared");
pub(super) const UNDECLARED_IMAGES: Rule = Rule::warning(112, "Images are not declared, or have no version or digest");
pub(super) const UNDONE_IN_DISORDER: Rule = Rule::warning(113, "Uninstall takes what is below first");
pub(super) const NO_UPGRADE: Rule = Rule::warning(114, "Upgrade leaves out what install makes");
pub(super) const OUTDATED_LOCK: Rule = Rule::error(115, "The lock is out of date");
pub(super) const UNUSED_PIN: Rule = Rule::warning(116, "The lock pins what nothing uses");
pub(super) const HIDDEN_OUTPUT: Rule = Rule::warning(117, "The output of the step is not declared");
pub(super) const MISSING_OUTPUT: Rule = Rule::warning(118, "The output is made by no step");
pub(super) const MISTYPED_OUTPUT: Rule = Rule::error(119, "The output is declared with another type");

pub(super) const UNKNOWN_TO_BEAD: Rule = Rule::error(120, "The step gives what the bead does not know");
pub(super) const NOT_GIVEN: Rule = Rule::error(121, "The step does not give what the bead needs");
pub(super) const WRONG_CONTENT: Rule = Rule::error(122, "The content of the bead is refused");
pub(super) const UNPINNED_IMAGE: Rule = Rule::warning(123, "The image of the bundle is made from what can change");
pub(super) const UNPINNED_CHART: Rule = Rule::warning(124, "The chart is fetched by version alone");
pub(super) const COMMITTED_SECRET: Rule = Rule::error(125, "A secret of the step would be committed to git");
pub(super) const UNUSED_MARK: Rule = Rule::warning(126, "What is marked as no secret looks like none");
pub(super) const REFUSED: Rule = Rule::error(127, "What a run refuses in porter.yaml");
pub(super) const UNENCRYPTED: Rule = Rule::error(128, "The step sends a password unencrypted");

pub(super) const NO_MODULE: Rule = Rule::error(129, "The module is not in the bundle as a whole");
pub(super) const STATE_NOT_KEPT: Rule = Rule::error(130, "The bundle does not keep the state of the cluster");
pub(super) const VARIABLE_NOT_GIVEN: Rule = Rule::error(131, "A variable of the module has no value");
pub(super) const UNKNOWN_TO_MODULE: Rule = Rule::error(132, "The step names what the module does not declare");
pub(super) const OPEN_SECRET: Rule = Rule::warning(133, "A sensitive variable is given in the open");
pub(super) const OPEN_VARIABLE: Rule = Rule::error(134, "A secret is given to a variable that is not sensitive");
pub(super) const OTHER_BACKEND: Rule = Rule::error(135, "Step and module keep the state in different places");
pub(super) const UNPINNED_TOOL: Rule = Rule::error(136, "The lock does not pin what the step runs");
pub(super) const NO_ENGINE: Rule = Rule::warning(137, "The bundle does not ask for a container engine");
pub(super) const OPEN_OUTPUT: Rule = Rule::error(138, "A secret is handed back in the open");
pub(super) const NOT_LOOKED_AT: Rule = Rule::warning(139, "A part of the module is not looked at");
pub(super) const SECRET_IN_MODULE: Rule = Rule::error(140, "A secret stands in the module");
pub(super) const NO_WAY_TO_CLUSTER: Rule = Rule::error(141, "No step before it writes the kubeconfig");
pub(super) const TRAPPED_HOOK: Rule = Rule::warning(142, "A hook does not run again, or loses its log");
pub(super) const GOING_KIND: Rule = Rule::warning(143, "A next version no longer has the kind of a manifest");
pub(super) const WRONG_IMAGE: Rule = Rule::warning(144, "What stands for an image is no reference to one");
pub(super) const UNGIVEN_REFERENCE: Rule = Rule::warning(145, "A setting of Argo CD refers to what no step gives");
pub(super) const NOT_HANDED: Rule = Rule::warning(146, "A step leaves out a parameter that others give to the bead");
pub(super) const UNUSED_PARAMETER: Rule = Rule::warning(147, "No step uses the parameter of the bundle");
pub(super) const DIFFERENT_PARAMETER: Rule = Rule::warning(148, "Bundle and bead declare the parameter differently");

/// All rules, for the documentation and its test.
pub const RULES: [Rule; 49] = [
    RESERVED_ACTION,
    DOTTED_ACTION,
    BROKEN_STEP,
    MISSING_FILE,
    BROKEN_DOCUMENT,
    TEMPLATED_VARIABLE,
    TEMPLATED_SECRET,
    NO_UNINSTALL,
    NO_TIMEOUT,
    WRITTEN_SECRET,
    OTHER_ACTIONS,
    UNDECLARED,
    UNDECLARED_IMAGES,
    UNDONE_IN_DISORDER,
    NO_UPGRADE,
    OUTDATED_LOCK,
    UNUSED_PIN,
    HIDDEN_OUTPUT,
    MISSING_OUTPUT,
    MISTYPED_OUTPUT,
    UNKNOWN_TO_BEAD,
    NOT_GIVEN,
    WRONG_CONTENT,
    UNPINNED_IMAGE,
    UNPINNED_CHART,
    COMMITTED_SECRET,
    UNUSED_MARK,
    REFUSED,
    UNENCRYPTED,
    NO_MODULE,
    STATE_NOT_KEPT,
    VARIABLE_NOT_GIVEN,
    UNKNOWN_TO_MODULE,
    OPEN_SECRET,
    OPEN_VARIABLE,
    OTHER_BACKEND,
    UNPINNED_TOOL,
    NO_ENGINE,
    OPEN_OUTPUT,
    NOT_LOOKED_AT,
    SECRET_IN_MODULE,
    NO_WAY_TO_CLUSTER,
    TRAPPED_HOOK,
    GOING_KIND,
    WRONG_IMAGE,
    UNGIVEN_REFERENCE,
    NOT_HANDED,
    UNUSED_PARAMETER,
    DIFFERENT_PARAMETER,
];

impl Rule {
    const fn error(number: u16, title: &'static str) -> Self {
        Self { number, level: Level::Error, title }
    }

    const fn warning(number: u16, title: &'static str) -> Self {
        Self { number, level: Level::Warning, title }
    }

    /// The same where it is not known whether anybody needs it.
    pub(super) const fn softened(self) -> Self {
        Self { level: Level::Warning, ..self }
    }

    /// The code of the rule: `backstack-102`.
    #[must_use]
    pub fn code(&self) -> String {
        format!("{MIXIN}-{}", self.number)
    }

    /// The page that explains the rule.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/blob/main/docs/lint.md#{}", env!("CARGO_PKG_REPOSITORY"), self.code())
    }
}
