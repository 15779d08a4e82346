//! The modules of OpenTofu that steps name, read from the bundle, and what is wrong with their files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};
use std::sync::Arc;

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::finding::Finding;
use super::rule::{NO_MODULE, NOT_LOOKED_AT, SECRET_IN_MODULE};
use crate::bundle::text_in;
use crate::document::{DEPENDENCY_LOCK, LockedProvider, Module, literals, locked_providers};
use crate::report::{Diagnostic, Source};
use crate::schema::{Leak, is_template, leaks_in, leaks_in_text};

/// Modules that call each other are not followed further.
const MOST_MODULES: usize = 64;
const HINT: &str =
    "a run takes a copy of the module's folder alone, and fetches no module: put it there, and call it by `./`";

/// A module that a step names, with what is wrong with its files. Told of at the first step that names it.
pub(super) struct NamedModule {
    /// Its folder, as the step names it.
    pub folder: String,
    /// What is known of it.
    pub module: Module,
    /// The modules below it that it calls.
    pub below: Vec<Module>,
    /// The variables that its own files give values to.
    pub given: BTreeSet<String>,
    /// What its dependency lock file has.
    pub locked: Vec<LockedProvider>,
    /// Whether all files of it were read. Of others nothing is said to be missing.
    pub is_whole: bool,
    findings: Vec<Finding>,
}

/// The folder of the module that a step names, where it is known.
pub(super) fn folder_of<'a>(at: &StepAt<'a>) -> Option<&'a str> {
    at.at("/cluster/opentofu/module")?.as_str().filter(|folder| !is_template(folder))
}

/// Every module that steps name, and all that is wrong with the files of each.
pub(super) fn named(bundle: &Bundle<'_>) -> (Vec<NamedModule>, Vec<Finding>) {
    let (mut modules, mut findings): (Vec<NamedModule>, Vec<Finding>) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for at in bundle.steps() {
        let Some(folder) = folder_of(&at).filter(|folder| seen.insert(*folder)) else { continue };
        if let Some(why) = why_not_there(bundle.folder, folder) {
            let finding = at.finding(NO_MODULE, "cluster.opentofu.module", format!("the module `{folder}` {why}"));
            findings.push(finding.hint("name a folder of the bundle by its relative path: `module: ./cluster`"));
            continue;
        }
        let mut module = NamedModule::read(bundle.folder, folder);
        let found = module.findings.drain(..);
        findings.extend(found.map(|finding| Finding { location: Some(at.location()), ..finding }));
        modules.push(module);
    }
    (modules, findings)
}

/// Why a folder is none of the bundle.
fn why_not_there(bundle: &Path, folder: &str) -> Option<&'static str> {
    let mut path = bundle.to_owned();
    for part in Path::new(folder).components() {
        match part {
            Component::CurDir => continue,
            Component::Normal(name) => path.push(name),
            _ => return Some("is outside of the bundle"),
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => return Some("is behind a link"),
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Some("is no folder"),
            Err(_) => return Some("is not in the bundle"),
        }
    }
    None
}

impl NamedModule {
    fn read(bundle: &Path, folder: &str) -> Self {
        let mut read = Self {
            folder: folder.to_owned(),
            module: Module::default(),
            below: Vec::new(),
            given: BTreeSet::new(),
            locked: Vec::new(),
            is_whole: true,
            findings: Vec::new(),
        };
        read.module = read.folder(bundle, folder);
        if let Some(source) = read.source(bundle, &below(folder, DEPENDENCY_LOCK)).filter(|it| !it.text.is_empty()) {
            match locked_providers(&source) {
                Ok(locked) => read.locked = locked,
                Err(mistake) => read.not_looked_at(&source, *mistake),
            }
        }
        let mut open = calls(&read.module, folder);
        let mut seen = BTreeSet::new();
        while let Some((folder_below, mistake)) = open.pop() {
            match folder_below {
                Some(it) if seen.len() < MOST_MODULES && why_not_there(bundle, &it).is_none() => {
                    if seen.insert(it.clone()) {
                        let module = read.folder(bundle, &it);
                        open.extend(calls(&module, &it));
                        read.below.push(module);
                    }
                }
                _ => read.findings.push(Finding::new(NO_MODULE, mistake).hint(HINT)),
            }
        }
        read
    }

    /// The files of one folder.
    fn folder(&mut self, bundle: &Path, folder: &str) -> Module {
        let mut module = Module::default();
        let names = names_in(&bundle.join(folder));
        if names.is_empty() {
            let message = format!("the folder `{folder}` has no file of a module");
            self.findings
                .push(Finding::new(NO_MODULE, Diagnostic::error("", message)).hint("its files end with `.tf`"));
        }
        for name in names {
            let Some(source) = self.source(bundle, &below(folder, &name)) else { continue };
            if name.strip_suffix(".json").is_some() {
                let message = format!("`{}` is JSON, and only HCL is read here", source.name);
                self.not_looked_at(&source, Diagnostic::error("", message));
                continue;
            }
            self.findings.extend(secrets(&source));
            let read = if is_of_values(&name) {
                Module::given_in(&source).map(|given| self.given.extend(given))
            } else {
                module.add(&source)
            };
            if let Err(mistake) = read {
                self.not_looked_at(&source, *mistake);
            }
        }
        module
    }

    fn source(&mut self, bundle: &Path, path: &str) -> Option<Arc<Source>> {
        match text_in(bundle, path) {
            Ok(text) => Some(Arc::new(Source { name: path.to_owned(), text })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let source = Arc::new(Source { name: path.to_owned(), text: String::new() });
                self.not_looked_at(&source, Diagnostic::error("", format!("`{path}` cannot be read: {error}")));
                None
            }
        }
    }

    fn not_looked_at(&mut self, source: &Arc<Source>, mistake: Diagnostic) {
        self.is_whole = false;
        let place = mistake.place.unwrap_or_else(|| source.place(0..0));
        let mistake = mistake.at(source, place);
        self.findings.push(Finding::new(NOT_LOOKED_AT, mistake).hint("what it declares is not held against the step"));
    }
}

/// The files of a module in the order in which they count: those that override come last. A file for OpenTofu alone stands for
/// the one of the same name for all.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names: BTreeSet<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let stem =
        |name: &str| name.strip_suffix(".json").unwrap_or(name).rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let is_replaced = |name: &str| name.contains(".tf") && names.contains(&name.replace(".tf", ".tofu"));
    let is_of_module = |name: &str| {
        [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|end| name.ends_with(end)) || is_of_values(name)
    };
    let mut of_module: Vec<String> = names
        .iter()
        .filter(|name| is_of_module(name) && !name.starts_with('.') && !is_replaced(name))
        .cloned()
        .collect();
    of_module.sort_by_key(|name| stem(name).is_some_and(|stem| stem == "override" || stem.ends_with("_override")));
    of_module
}

/// What OpenTofu reads values of variables from, unasked.
fn is_of_values(name: &str) -> bool {
    let plain = name.strip_suffix(".json").unwrap_or(name);
    plain == "terraform.tfvars" || plain.ends_with(".auto.tfvars")
}

/// The modules that a module calls: each the folder in the bundle, or none, and what is said of one that is not there.
fn calls(module: &Module, folder: &str) -> Vec<(Option<String>, Diagnostic)> {
    let calls = module.calls.iter().map(|(called, (source, place))| {
        let inside = called.as_deref().filter(|it| it.starts_with("./"));
        let told = called.as_ref().map_or_else(|| "which is not written out".to_owned(), |it| format!("`{it}`"));
        let message = format!("the module calls another one, {told}, that is not in its folder");
        (inside.map(|it| below(folder, it)), Diagnostic::error("", message).at(source, *place))
    });
    calls.collect()
}

/// A path below a folder, as it is told.
fn below(folder: &str, path: &str) -> String {
    let parts = Path::new(folder).iter().chain(Path::new(path)).filter_map(|part| part.to_str());
    parts.filter(|part| *part != ".").collect::<Vec<_>>().join("/")
}

/// What looks like a secret in a file.
fn secrets(source: &Arc<Source>) -> Vec<Finding> {
    let written = literals(source).unwrap_or(Value::Null);
    let mut leaks: Vec<Leak> = leaks_in(&written, "");
    let others = leaks_in_text(&source.text, None);
    leaks.extend(
        others.into_iter().filter(|it| !leaks.iter().any(|known| known.holds_value_of(it))).collect::<Vec<_>>(),
    );
    let findings = leaks.iter().map(|leak| {
        leak.hide();
        let place = leak.place_in_text(&source.text);
        let message = format!("{}, which everybody has who has the bundle", leak.told());
        let mistake = Diagnostic::error("", message).at(&source.covered(place), place);
        Finding::new(SECRET_IN_MODULE, mistake)
            .hint("declare a `sensitive` variable, and give it by `secrets` of the step")
    });
    findings.collect()
}
