//! The namespace of a bead, with the labels by which Kubernetes bounds its pods.
//!
//! Argo CD can label a namespace by the Application itself (`managedNamespaceMetadata`), but then a manifest of the same
//! Application has the last word (argo-cd `controller/state.go`), and a chart may bring one. So the namespace is an object of
//! the parent Application: none of these may write it, and it is there before any of them.

use serde_json::{Value, json};

use super::piece::Piece;
use crate::document::{Bead, PodSecurity};
use crate::object::{annotate, annotation};
use crate::render::helm::HOOK;
use crate::report::{Diagnostic, Failure, Outcome};
use crate::words::argo;

/// What the labels begin with.
const LABELS: &str = "pod-security.kubernetes.io/";
/// What annotations begin with by which Argo CD and Helm go.
const OF_DEPLOYERS: [&str; 2] = [argo::ANNOTATIONS, "helm.sh/"];

/// The namespaces that every cluster has for everybody.
pub const OF_EVERYBODY: [&str; 3] = ["default", "kube-node-lease", "kube-public"];

/// The object of the namespace, before the first part.
pub fn namespace(bead: &Bead) -> Value {
    let mut piece = Piece::rendered(json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": bead.spec.application.namespace,
            "annotations": {argo::SYNC_WAVE: (argo::FIRST_PART_WAVE - 1).to_string()},
        },
    }));
    keep(&mut piece);
    label(&mut piece, bead.spec.permissions.pod_security);
    piece.object
}

/// Whether an object is a namespace.
pub fn is_namespace(piece: &Piece) -> bool {
    piece.group().is_empty() && piece.text("/kind") == "Namespace"
}

/// Who writes the namespace of a bead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Argo CD makes it as it comes, and nobody bounds its pods. So it was in the first revision.
    ArgoCd,
    /// A manifest of the bead has it, which gets its labels.
    Bead,
    /// The parent Application.
    Above,
}

impl Writer {
    /// The one who writes that of a bead with this content.
    pub fn of(revision: u32, bead: &Bead, content: &[Piece]) -> Self {
        let is_it = |it: &Piece| is_namespace(it) && it.text("/metadata/name") == bead.spec.application.namespace;
        match revision {
            1 => Self::ArgoCd,
            _ if content.iter().any(is_it) => Self::Bead,
            _ => Self::Above,
        }
    }
}

/// A namespace outlives its bead, and a version that lacks it: others may have put something into it.
pub fn keep(namespace: &mut Piece) {
    for (key, more) in [(argo::SYNC_OPTIONS, argo::STAYS), (argo::COMPARE_OPTIONS, "IgnoreExtraneous")] {
        let own = annotation(&namespace.object, key).map_or(String::new(), |own| format!("{own},"));
        annotate(&mut namespace.object, key, format!("{own}{more}"));
    }
}

/// The labels by which a namespace refuses pods beyond a level.
pub fn level_labels(level: PodSecurity) -> Value {
    json!({format!("{LABELS}enforce"): level.name()})
}

/// Has a namespace refuse pods beyond a level.
pub fn label(namespace: &mut Piece, level: PodSecurity) {
    let metadata = &mut namespace.object["metadata"];
    if !metadata["labels"].is_object() {
        metadata["labels"] = json!({});
    }
    metadata["labels"][format!("{LABELS}enforce")] = level.name().into();
}

/// The labels that an author wrote, which are not his to write.
pub fn labels_of_others(piece: &Piece) -> Option<Diagnostic> {
    let labels = piece.object.pointer("/metadata/labels").and_then(Value::as_object);
    let label =
        labels.filter(|_| is_namespace(piece)).into_iter().flatten().find(|(key, _)| key.starts_with(LABELS))?;
    let message =
        format!("{}: `{}` bounds the pods of the bead, so the bead does not write it", piece.title(), label.0);
    let hint = "take it out, and declare the level as `permissions.podSecurity` of bead.yaml";
    Some(piece.mistake(message).hint(hint))
}

/// Refuses a bead that would bound everybody's pods.
pub(super) fn has_its_own(bead: &Bead) -> Outcome<()> {
    let namespace = &bead.spec.application.namespace;
    if !OF_EVERYBODY.contains(&namespace.as_str()) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the namespace {namespace} is everybody's, and the level of a bead's pods would bound it"
    ))
    .hint("give the bead a namespace of its own under `spec.application.namespace`"))
}

/// What would have a namespace written at another moment than everything else, or not at all; then another one makes it,
/// without the label. Of its own the bead leaves all of Argo CD's and Helm's annotations to the renderer.
pub fn unsteady(bead: &Bead, piece: &Piece) -> Option<Diagnostic> {
    if !is_namespace(piece) {
        return None;
    }
    let title = piece.title();
    if piece.text("/apiVersion") != "v1" {
        let message =
            format!("{title}: the version of the kind is `{}`, and no cluster has it", piece.text("/apiVersion"));
        return Some(piece.mistake(message).hint("write `apiVersion: v1`"));
    }
    let is_own = piece.text("/metadata/name") == bead.spec.application.namespace;
    let decides =
        |key: &str| [argo::HOOK, HOOK].contains(&key) || is_own && OF_DEPLOYERS.iter().any(|it| key.starts_with(it));
    let annotations = piece.object.pointer("/metadata/annotations").and_then(Value::as_object);
    let (key, _) = annotations.into_iter().flatten().find(|(key, _)| decides(key))?;
    let message =
        format!("{title}: `{key}` decides when and whether it is written, and its label bounds the pods of the bead");
    Some(piece.mistake(message).hint("take the annotation out: the namespace comes before what is in it"))
}

/// The namespace of the bead in its chart, where it would have another holder and no label of ours.
pub fn of_chart(bead: &Bead, piece: &Piece) -> Option<Diagnostic> {
    let is_own = is_namespace(piece) && piece.text("/metadata/name") == bead.spec.application.namespace;
    let message =
        format!("{}: the renderer writes the namespace of the bead, with the level of its pods", piece.title());
    is_own.then(|| piece.mistake(message).hint("have the chart leave it out, by its values"))
}

/// The level that a namespace on the cluster enforces.
#[must_use]
pub fn enforced(live: &Value) -> Option<&str> {
    live.pointer("/metadata/labels")?.get(format!("{LABELS}enforce"))?.as_str()
}
