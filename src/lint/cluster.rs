//! Steps that make a cluster: the values that a module gets and gives, and what the bundle has to keep of it.

use std::path::Path;

use serde_json::{Map, Value};

use super::bundle::{Bundle, StepAt};
use super::finding::Finding;
use super::module::{NamedModule, folder_of};
use super::rule::{
    NO_ENGINE, NO_WAY_TO_CLUSTER, OPEN_OUTPUT, OPEN_SECRET, OPEN_VARIABLE, OTHER_BACKEND, STATE_NOT_KEPT,
    UNKNOWN_TO_MODULE, VARIABLE_NOT_GIVEN, WRITTEN_SECRET,
};
use crate::document::{Asset, AssetForm};
use crate::porter::CORE_ACTIONS;
use crate::schema::{closest, is_template, leaks_in};

/// Where a step writes the kubeconfig when it does not say.
const KUBECONFIG: &str = "/home/nonroot/.kube/config";
/// What makes a cluster, and the program that it runs.
pub(super) const PROGRAMS: [(&str, &str); 2] = [("opentofu", "tofu"), ("kind", "kind")];
/// The nouns of a step that need the cluster.
pub(super) const ON_CLUSTER: [&str; 3] = ["hub", "bead", "spoke"];

/// How a step makes a cluster; `None` for one that only finds it.
pub(super) fn maker(at: &StepAt<'_>) -> Option<&'static str> {
    PROGRAMS.map(|(by, _)| by).into_iter().find(|by| at.at(&format!("/cluster/{by}")).is_some())
}

/// Whether a step of the bundle runs what is pinned.
pub(super) fn runs(bundle: &Bundle<'_>, asset: &Asset) -> bool {
    let made_by = |by: &str| bundle.steps().iter().any(|at| maker(at) == Some(by));
    match asset.form {
        AssetForm::Program => PROGRAMS.iter().any(|(by, program)| asset.name == *program && made_by(by)),
        AssetForm::Provider => made_by("opentofu"),
        AssetForm::Manifest | AssetForm::Chart => false,
    }
}

/// Whether a step only writes the kubeconfig.
pub(super) fn only_connects(at: &StepAt<'_>) -> bool {
    at.at("/cluster/connectOnly").is_some_and(|it| *it != Value::Bool(false))
}

/// What the bundle as a whole lacks for the clusters that it makes.
pub(super) fn of_bundle(bundle: &Bundle<'_>, modules: &[NamedModule]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let steps = bundle.steps();
    if bundle.manifest.is_some() {
        findings.extend(steps.iter().find_map(|at| state_not_kept(bundle, at)));
        findings.extend(steps.iter().find(|at| maker(at) == Some("kind")).and_then(|at| no_engine(bundle, at)));
    }
    findings.extend(bundle.input.actions.iter().filter_map(|action| no_way(bundle, &action.action)));
    for at in &steps {
        let module = folder_of(at).and_then(|folder| modules.iter().find(|it| it.folder == folder));
        findings.extend(values_in_the_open(at));
        findings.extend(open_outputs(bundle, at, module));
        findings.extend(module.into_iter().flat_map(|module| of_module(at, module)));
    }
    findings
}

/// What the next run has to know, and no `state` of the bundle keeps.
fn state_not_kept(bundle: &Bundle<'_>, at: &StepAt<'_>) -> Option<Finding> {
    let by = maker(at)?;
    let folder = at.at("/cluster/state")?.as_str().filter(|it| !is_template(it))?;
    let has_backend = at.at("/cluster/opentofu/backend").is_some_and(|it| *it != Value::Bool(false));
    let files = [("cluster", "cluster.json", true), ("tofu", "terraform.tfstate", by == "opentofu" && !has_backend)];
    let needed = files.iter().filter(|(.., is_needed)| *is_needed).map(|(name, file, _)| (name, below(folder, file)));
    let kept: Vec<&str> = bundle.header()?.state.iter().filter_map(|it| it.path.as_deref()).collect();
    let lost: Vec<_> = needed.filter(|(_, file)| !kept.iter().any(|path| in_image(path) == in_image(file))).collect();
    if lost.is_empty() {
        return None;
    }
    let names: Vec<String> = lost.iter().map(|(_, file)| format!("`{file}`")).collect();
    let entries: Vec<String> = lost.iter().map(|(name, file)| format!("{{name: {name}, path: {file}}}")).collect();
    let message = format!("porter.yaml does not keep {}, so no later run knows the cluster", names.join(" and "));
    Some(
        Finding { location: None, ..at.finding(STATE_NOT_KEPT, "cluster.state", message) }
            .hint(format!("add it to the `state` of porter.yaml: {}", entries.join(", "))),
    )
}

fn no_engine(bundle: &Bundle<'_>, at: &StepAt<'_>) -> Option<Finding> {
    let is_docker = |it: &Value| it == "docker" || it.get("docker").is_some();
    let asks = bundle.header()?.required.iter().any(is_docker);
    (!asks).then(|| {
        let message = "kind needs the container engine of the machine, and porter.yaml does not ask for it";
        let finding = at.finding(NO_ENGINE, "cluster.kind", message);
        Finding { location: None, ..finding }
            .hint("add `required: [docker: {}]`, and run it by `--allow-docker-host-access`")
    })
}

/// A step of a hub, bead or spoke that goes by the kubeconfig of the cluster that install makes, where no step before it writes that.
fn no_way(bundle: &Bundle<'_>, action: &str) -> Option<Finding> {
    let install = bundle.steps_of("install");
    let made = install.iter().find(|at| maker(at).is_some())?;
    let kubeconfig = |at: &StepAt<'_>, pointer: &str| match at.at(pointer) {
        None => Some(KUBECONFIG.to_owned()),
        Some(path) => path.as_str().filter(|it| !is_template(it)).map(str::to_owned),
    };
    let written = kubeconfig(made, "/cluster/kubeconfig")?;
    for at in bundle.steps_of(action).into_iter().filter(|_| action != "help") {
        if at.step.has("cluster") {
            return None;
        }
        let Some(noun) = ON_CLUSTER.into_iter().find(|noun| at.step.has(noun)) else { continue };
        if kubeconfig(&at, &format!("/{noun}/cluster/kubeconfig")).as_deref() != Some(&written) {
            return None;
        }
        let message =
            format!("no step of `{action}` before it writes the kubeconfig of the cluster that `install` makes");
        let hint = "begin with the same `cluster` step and `connectOnly: true`";
        return Some(at.finding(NO_WAY_TO_CLUSTER, noun, message).hint(hint));
    }
    None
}

/// Values of plain variables that look like secrets. They are never told.
fn values_in_the_open(at: &StepAt<'_>) -> Vec<Finding> {
    let Some(given) = at.at("/cluster/opentofu/variables") else { return Vec::new() };
    let found = leaks_in(given, "variables").into_iter().map(|leak| {
        leak.hide();
        let finding = at.finding(WRITTEN_SECRET, &format!("cluster.opentofu.{}", leak.field()), leak.told());
        finding.hint("give it under `secrets`, by `env` or `file`, and declare the variable `sensitive`")
    });
    found.collect()
}

/// Outputs that hold secrets, and are not declared so.
fn open_outputs(bundle: &Bundle<'_>, at: &StepAt<'_>, module: Option<&NamedModule>) -> Vec<Finding> {
    let outputs = at.at("/outputs").and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut findings = Vec::new();
    for (index, output) in outputs {
        let text = |key: &str| output.get(key).and_then(Value::as_str).filter(|it| !is_template(it));
        let secret = match (text("value"), text("moduleOutput")) {
            (Some("kubeconfig"), _) => "the kubeconfig".to_owned(),
            (_, Some(name)) if module.and_then(|it| it.module.outputs.get(name)) == Some(&Some(true)) => {
                format!("the sensitive output `{name}` of the module")
            }
            _ => continue,
        };
        let declared =
            bundle.header().and_then(|it| it.outputs.iter().find(|one| Some(one.name.as_str()) == text("name")));
        if let Some(open) = declared.filter(|it| !it.sensitive) {
            let message = format!("`{}` holds {secret}, and porter.yaml does not declare it `sensitive`", open.name);
            let finding = at.finding(OPEN_OUTPUT, &format!("outputs[{index}].name"), message);
            findings.push(finding.hint(format!("declare `{}` with `sensitive: true`", open.name)));
        }
    }
    findings
}

/// What a step and its module do not agree about.
fn of_module(at: &StepAt<'_>, named: &NamedModule) -> Vec<Finding> {
    let nothing = Map::new();
    let given = |key: &str| match at.at(&format!("/cluster/opentofu/{key}")) {
        None => Some(&nothing),
        Some(values) => values.as_object(),
    };
    let (variables, secrets) = (given("variables"), given("secrets"));
    let mut findings = Vec::new();
    for (key, values) in [("variables", variables), ("secrets", secrets)] {
        for (name, value) in values.into_iter().flatten().filter(|(name, _)| !is_template(name)) {
            findings.extend(of_variable(at, named, key, name, value));
        }
    }
    if let (Some(variables), Some(secrets)) = (variables, secrets) {
        let is_given =
            |name: &String| variables.contains_key(name) || secrets.contains_key(name) || named.given.contains(name);
        let is_needed = named.is_whole && CORE_ACTIONS.contains(&at.action) && !only_connects(at);
        let lacking =
            named.module.variables.iter().filter(|(name, it)| is_needed && !it.has_default && !is_given(name));
        findings.extend(lacking.map(|(name, variable)| {
            let how = if variable.sensitive == Some(false) { "variables" } else { "secrets" };
            let message = format!("the variable `{name}` of the module has no default, and the step gives no value");
            let finding = at.finding(VARIABLE_NOT_GIVEN, "cluster.opentofu", message);
            finding.hint(format!("give it under `{how}`; every action that plans needs it, `uninstall` too"))
        }));
    }
    findings.extend(backend(at, named));
    findings.extend(outputs(at, named));
    findings
}

fn of_variable(at: &StepAt<'_>, named: &NamedModule, key: &str, name: &str, value: &Value) -> Option<Finding> {
    let path = format!("cluster.opentofu.{key}.{name}");
    let Some(variable) = named.module.variables.get(name) else {
        return unknown(at, named, &path, "variable", name, named.module.variables.keys());
    };
    match (key, variable.sensitive) {
        ("secrets", Some(false)) => {
            let message = format!(
                "the module does not declare the variable `{name}` sensitive, so what is made with it is printed"
            );
            Some(at.finding(OPEN_VARIABLE, &path, message).hint("declare it with `sensitive = true`"))
        }
        ("variables", Some(true)) => {
            let message = format!(
                "the module declares the variable `{name}` sensitive, and its value passes through Porter's logs"
            );
            let is_text = |text: &str| !text.is_empty() && !is_template(text);
            let is_written = value.as_str().map_or(!value.is_null(), is_text);
            let rule = if is_written { WRITTEN_SECRET } else { OPEN_SECRET };
            Some(at.finding(rule, &path, message).hint("give it under `secrets`, by `env` or `file`"))
        }
        _ => None,
    }
}

/// The state is in one place.
fn backend(at: &StepAt<'_>, named: &NamedModule) -> Option<Finding> {
    let wanted = match at.at("/cluster/opentofu/backend") {
        None => false,
        Some(wanted) => wanted.as_bool()?,
    };
    let (message, hint) = match &named.module.backend {
        None if wanted && named.is_whole => (
            "the step says that the module names a backend, and it names none".to_owned(),
            "leave out `backend`, or name one",
        ),
        Some((backend, _)) if !wanted => {
            let message = format!("the module keeps its state in `{backend}`, and the step in its own folder");
            (message, "write `backend: true`, or take the block out of the module")
        }
        _ => return None,
    };
    Some(at.finding(OTHER_BACKEND, "cluster.opentofu.backend", message).hint(hint))
}

/// Outputs of the module that the step reads.
fn outputs(at: &StepAt<'_>, named: &NamedModule) -> Vec<Finding> {
    let kubeconfig = at.at("/cluster/opentofu/kubeconfigOutput").map_or(Some("kubeconfig"), Value::as_str);
    let read = at.at("/outputs").and_then(Value::as_array).into_iter().flatten().enumerate();
    let read = read
        .filter_map(|(index, it)| Some((format!("outputs[{index}].moduleOutput"), it.get("moduleOutput")?.as_str()?)));
    let all = kubeconfig.map(|it| ("cluster.opentofu.kubeconfigOutput".to_owned(), it)).into_iter().chain(read);
    let lacking = all.filter(|(_, name)| !is_template(name) && !named.module.outputs.contains_key(*name));
    lacking.filter_map(|(path, name)| unknown(at, named, &path, "output", name, named.module.outputs.keys())).collect()
}

fn unknown<'m>(
    at: &StepAt<'_>,
    named: &NamedModule,
    path: &str,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'m String>,
) -> Option<Finding> {
    let known: Vec<&str> = known.map(String::as_str).collect();
    named.is_whole.then(|| {
        let finding =
            at.finding(UNKNOWN_TO_MODULE, path, format!("the module `{}` has no {what} `{name}`", named.folder));
        match closest(name, &known) {
            Some(best) => finding.hint(format!("did you mean `{best}`?")),
            None => finding.hint(format!("declare it: `{what} \"{name}\" {{…}}`")),
        }
    })
}

fn below(folder: &str, file: &str) -> String {
    format!("{}/{file}", folder.trim_end_matches('/'))
}

/// The parts of a path in the bundle's folder, however it is written.
fn in_image(path: &str) -> Vec<&str> {
    let path = path.strip_prefix("/cnab/app/").unwrap_or(path);
    Path::new(path).iter().filter_map(|part| part.to_str()).filter(|part| *part != ".").collect()
}
