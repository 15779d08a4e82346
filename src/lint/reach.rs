//! Whether the variables and files that a step names are there in its action.

use serde_json::Value;

use super::bundle::{Bundle, StepAt, last};
use super::cluster::{ON_CLUSTER, maker};
use super::finding::Finding;
use super::rule::{OTHER_ACTIONS, UNDECLARED};
use super::secrets::{NAMED as SECRETS_BY_NAME, OF_MODULE, OF_SPOKE, SECRETS};
use super::template::names;
use crate::bundle::{Header, applies};
use crate::schema::{closest, is_template};

/// The folder of the bundle in its image.
const APP: &str = "/cnab/app/";
/// Where a kubeconfig is looked for last, in the image that Porter makes.
const KUBECONFIG: &str = "/home/nonroot/.kube/config";
/// Where a step says to which file it writes the kubeconfig.
const WRITTEN: &str = "cluster.kubeconfig";
/// Where clusters put files into every container.
const MOUNTED: [&str; 2] = ["/run/", "/var/run/"];

/// A credential or parameter of the bundle that gives what the step names.
#[derive(Clone)]
struct Giver<'a> {
    noun: &'static str,
    name: &'a str,
    apply_to: &'a [String],
    /// Porter asks for an optional credential in no action, and hands it over in all.
    is_asked_for: bool,
}

/// What the step names, and is not there or may not be there.
pub(super) fn unreachable(bundle: &Bundle<'_>, at: &StepAt<'_>) -> Vec<Finding> {
    let Some(header) = bundle.header() else { return Vec::new() };
    let mut findings: Vec<Finding> = default_kubeconfig(header, at).into_iter().collect();
    for (path, text) in at.texts() {
        findings.extend(named(&path).and_then(|what| what.check(bundle, header, at, &path, text)));
    }
    findings
}

/// A hub, bead or spoke step that does not say how it reaches its cluster takes a kubeconfig from where programs look for it.
/// `help` needs none.
fn default_kubeconfig(header: &Header, at: &StepAt<'_>) -> Option<Finding> {
    let noun = ON_CLUSTER.into_iter().find(|noun| at.step.has(noun)).filter(|_| at.action != "help")?;
    let is_silent = match at.at(&format!("/{noun}"))?.get("cluster") {
        None | Some(Value::Null) => true,
        Some(cluster) => cluster.is_object() && cluster.get("kubeconfig").is_none_or(Value::is_null),
    };
    let givers = [Named::Variable.givers(header, "KUBECONFIG"), Named::File.givers(header, KUBECONFIG)].concat();
    is_silent.then(|| for_other_actions(&givers, at, noun, &format!("the cluster of `{noun}`")))?
}

/// What is declared, but for none of its actions.
fn for_other_actions(givers: &[Giver<'_>], at: &StepAt<'_>, path: &str, what: &str) -> Option<Finding> {
    let is_there = |giver: &Giver<'_>| !giver.is_asked_for || applies(giver.apply_to, at.action);
    let giver = givers.first().filter(|_| !givers.iter().any(is_there))?;
    let (noun, name, action) = (giver.noun, giver.name, at.action);
    let message = format!("{what} needs the {noun} `{name}`, whose `applyTo` leaves out `{action}`");
    Some(at.finding(OTHER_ACTIONS, path, message).hint(format!("add `{action}` to the `applyTo` of `{name}`")))
}

/// What the text at a path names.
enum Named {
    Variable,
    File,
}

fn named(path: &str) -> Option<Named> {
    let is_below = |parent: &str| path.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'));
    let is_secret = path.rsplit('.').nth(1).is_some_and(|parent| SECRETS.contains(&parent))
        || is_below(OF_SPOKE)
        || SECRETS_BY_NAME.into_iter().chain(OF_MODULE).any(is_below);
    match last(path) {
        "env" if is_secret => Some(Named::Variable),
        "file" if is_secret => Some(Named::File),
        "kubeconfig" if path != WRITTEN => Some(Named::File),
        _ => None,
    }
}

impl Named {
    fn check(&self, bundle: &Bundle<'_>, header: &Header, at: &StepAt<'_>, path: &str, text: &str) -> Option<Finding> {
        let givers = self.givers(header, text);
        if givers.is_empty() {
            return self.undeclared(bundle, header, at, path, text);
        }
        for_other_actions(&givers, at, path, &format!("`{path}`"))
    }

    fn givers<'a>(&self, header: &'a Header, text: &str) -> Vec<Giver<'a>> {
        let credentials = header.credentials.iter().filter(|it| match self {
            Self::Variable => it.env.as_deref() == Some(text),
            Self::File if is_template(text) => names(text).eq([format!("bundle.credentials.{}", it.name)]),
            Self::File => it.path.as_deref().is_some_and(|path| in_image(path) == in_image(text)),
        });
        let parameters = header.parameters.iter().filter(|it| match self {
            Self::Variable => it.variable().as_deref() == Some(text),
            Self::File => it.path.as_deref().is_some_and(|path| in_image(path) == in_image(text)),
        });
        let credentials = credentials.map(|it| Giver {
            noun: "credential",
            name: &it.name,
            apply_to: &it.apply_to,
            is_asked_for: it.required,
        });
        let parameters = parameters.map(|it| Giver {
            noun: "parameter",
            name: &it.name,
            apply_to: &it.apply_to,
            is_asked_for: true,
        });
        credentials.chain(parameters).collect()
    }

    fn undeclared(
        &self,
        bundle: &Bundle<'_>,
        header: &Header,
        at: &StepAt<'_>,
        path: &str,
        text: &str,
    ) -> Option<Finding> {
        if text.is_empty() || is_template(text) {
            return None;
        }
        let is_known = match self {
            Self::Variable => text.starts_with("CNAB_") || text.starts_with("PORTER_"),
            // A step of another mixin may have written it.
            Self::File => {
                !bundle.has_no_other_mixin()
                    || writes(bundle, text)
                    || in_bundle(text).is_some_and(|path| bundle.folder.join(path).exists())
                    || MOUNTED.iter().any(|folder| text.starts_with(folder))
            }
        };
        if is_known {
            return None;
        }
        let what = if matches!(self, Self::Variable) { "variable" } else { "file" };
        let message = format!("no credential or parameter gives the {what} that `{path}` names");
        Some(at.finding(UNDECLARED, path, message).hint(self.remedy(header, text, what)))
    }

    /// Only declared names are told: what is not declared may be a secret in the place of a name.
    fn remedy(&self, header: &Header, text: &str, what: &str) -> String {
        let credentials = header.credentials.iter().filter_map(|it| match self {
            Self::Variable => it.env.as_deref(),
            Self::File => it.path.as_deref(),
        });
        let known: Vec<&str> = credentials.collect();
        closest(text, &known).map_or_else(
            || format!("declare a credential with this {what}, unless the bundle's image has it"),
            |best| format!("did you mean `{best}`?"),
        )
    }
}

/// Whether a step that makes a cluster writes its kubeconfig there, in whichever action: that it does in this one is a rule of its
/// own.
fn writes(bundle: &Bundle<'_>, path: &str) -> bool {
    let is_it = |written: &str| is_template(written) || in_image(written) == in_image(path);
    bundle.steps().iter().filter(|at| maker(at).is_some()).any(|at| {
        let written = at.at("/cluster/kubeconfig").map_or(Some(KUBECONFIG), Value::as_str);
        written.is_some_and(is_it)
    })
}

/// The path in the bundle's folder; none for one that is elsewhere in the image, wherever that leads on this machine.
fn in_bundle(path: &str) -> Option<&str> {
    path.strip_prefix(APP).or((!path.starts_with('/')).then_some(path))
}

/// The path in the image; relative ones are in the bundle's folder.
fn in_image(path: &str) -> &str {
    path.strip_prefix(APP).unwrap_or(path).trim_start_matches("./")
}
