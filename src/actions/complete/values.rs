//! What the values of a line can be: of the bundle, the kubeconfig and the program itself.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate as Candidate;
use serde_json::Value;

use super::typed::Typed;
use crate::actions::{claims, daily, doctor, explain, pins};
use crate::bead::DOCUMENT;
use crate::bundle::{Header, Manifest, Parameter, Remembered, is_kubeconfig};
use crate::doctor::CODES;
use crate::document::{Shape, scalar_text};
use crate::engine::OneContext;
use crate::porter::CORE_ACTIONS;
use crate::report::OutputForm;
use crate::run::{WITH_NAMES, WITHOUT_NAMES};
use crate::words::argo;
use crate::{input, lint, yaml};

/// The actions of the bundle. Its folder is often typed after them: those of every bundle until then.
pub fn actions(typed: &Typed) -> Vec<Candidate> {
    match manifest(typed) {
        Some(manifest) => manifest.action_names().map(Candidate::new).collect(),
        None => CORE_ACTIONS.into_iter().map(Candidate::new).collect(),
    }
}

/// The parameters, each up to its value; and its values where they are few.
pub fn parameters(typed: &Typed, current: &OsStr) -> Vec<Candidate> {
    let current = current.to_string_lossy();
    let offered = declared(typed).into_iter().flat_map(|(name, shape)| {
        let values = values_of(&shape).into_iter().map(|value| format!("{name}={value}"));
        if current.starts_with(&format!("{name}=")) { values.collect() } else { vec![format!("{name}=")] }
    });
    offered.filter(|it| it.starts_with(&*current)).map(Candidate::new).collect()
}

/// The credentials, each up to its source. A kubeconfig may stand alone.
pub fn credentials(typed: &Typed) -> Vec<Candidate> {
    let header = header(typed);
    let names = header.iter().flat_map(|it| &it.credentials).map(|it| it.name.as_str());
    names
        .flat_map(|name| {
            let alone = is_kubeconfig(name).then(|| Candidate::new(name).help(Some("the current one".into())));
            alone.into_iter().chain([Candidate::new(format!("{name}="))])
        })
        .collect()
}

/// The contexts of the kubeconfig.
pub fn contexts(typed: &Typed) -> Vec<Candidate> {
    OneContext::names(typed.kubeconfig().as_deref()).unwrap_or_default().into_iter().map(Candidate::new).collect()
}

/// The installations that something is remembered of.
pub fn installations(_: &Typed) -> Vec<Candidate> {
    Remembered::names().into_iter().map(Candidate::new).collect()
}

/// The forms of the verb's answer.
pub fn forms(typed: &Typed) -> Vec<Candidate> {
    let forms = match typed.verb.as_str() {
        "status" | "wait" | "bead list" | "outdated" => WITH_NAMES,
        "verify" | "tree" | "open" | "check" => WITHOUT_NAMES,
        "diff" => daily::FORMS_OF_DIFF,
        "lint" => lint::FORMS,
        "claims check" => claims::FORMS,
        "doctor" => doctor::FORMS,
        "version" | "bundle run" | "bundle images" | "bead check" | "secrets export" | "secrets import"
        | "rehearse" => &[OutputForm::Json],
        _ => &[],
    };
    forms.iter().map(|form| Candidate::new(form.word())).collect()
}

/// The codes of the doctor.
pub fn codes(_: &Typed) -> Vec<Candidate> {
    CODES.iter().map(|code| Candidate::new(code.name).help(Some(code.means.into()))).collect()
}

/// What can be explained; fields level by level.
pub fn explained(current: &OsStr) -> Vec<Candidate> {
    let current = current.to_string_lossy();
    let offered = explain::offered(&current).into_iter().filter(|(word, _)| word.starts_with(&*current));
    offered.map(|(word, about)| Candidate::new(word).help((!about.is_empty()).then(|| about.into()))).collect()
}

/// The parts of Argo CD that have logs.
pub fn parts(_: &Typed) -> Vec<Candidate> {
    argo::WORKLOADS.into_iter().map(Candidate::new).collect()
}

/// What the folder pins: a name up to its version, or alone where none is given. `vendor` knows downloads alone.
pub fn pins(typed: &Typed) -> Vec<Candidate> {
    let (pinned, at) = match typed.verb.as_str() {
        "vendor" => (pins::downloads(&typed.dir()), ""),
        _ if typed.is_set("upgrade") => (pins::pinned(&typed.dir()), ""),
        _ => (pins::pinned(&typed.dir()), "@"),
    };
    let pinned = pinned.unwrap_or_default().into_iter();
    pinned.map(|(name, version)| Candidate::new(format!("{name}{at}")).help(Some(version.into()))).collect()
}

fn manifest(typed: &Typed) -> Option<Manifest> {
    Manifest::in_folder(&typed.folder()).ok()
}

fn header(typed: &Typed) -> Option<Header> {
    manifest(typed).map(|it| it.header)
}

/// The parameters of the bundle, or of the bead alone for the verbs that ask no bundle.
fn declared(typed: &Typed) -> Vec<(String, Shape)> {
    match typed.verb.as_str() {
        "bundle run" => {
            let parameters = header(typed).map(|it| it.parameters).unwrap_or_default();
            parameters.into_iter().map(|Parameter { name, shape, .. }| (name, shape)).collect()
        }
        _ => of_bead(typed).unwrap_or_default(),
    }
}

fn of_bead(typed: &Typed) -> Option<Vec<(String, Shape)>> {
    let text = input::text_of(&typed.folder().join(DOCUMENT)).ok()?;
    let bead = yaml::manifests(DOCUMENT, &text).ok()?.into_iter().next()?;
    let parameters = bead.pointer("/spec/parameters")?.as_array()?.iter();
    let shape = |it: &Value| serde_json::from_value::<Shape>(it.clone()).unwrap_or_default();
    Some(parameters.filter_map(|it| Some((it["name"].as_str()?.to_owned(), shape(it)))).collect())
}

/// The values of a parameter that has few.
fn values_of(shape: &Shape) -> Vec<String> {
    match (&shape.allowed, shape.kind()) {
        (Some(allowed), _) => allowed.iter().map(scalar_text).collect(),
        (None, "boolean") => vec!["true".to_owned(), "false".to_owned()],
        _ => Vec::new(),
    }
}
