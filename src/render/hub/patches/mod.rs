//! The patches of `hub.yaml`, on the objects of Argo CD's manifest.

mod needed;
mod strategic;

use json_patch::{PatchError, PatchErrorKind};
use serde_json::Value;

use crate::document::{DELETE, DIRECTIVE, Patch, PatchKind, PatchTarget};
use crate::object::{ObjectRef, kind, name, str_at};
use crate::report::{Failure, Outcome};
use crate::schema::closest;

/// Applies patches in their order. Fails with all that do not fit.
pub(super) fn patch(objects: &mut Vec<Value>, patches: &[Patch]) -> Outcome<()> {
    let unfit = apply(objects, patches);
    if unfit.is_empty() {
        return Ok(());
    }
    Err(Failure::usage("the patches of hub.yaml do not fit Argo CD's manifest; nothing was changed")
        .details(unfit.into_iter().map(|it| format!("spec.argocd.patches[{}]: {}", it.index, it.why)))
        .hint("the manifest is the one that lock.yaml pins, in assets/ of the bundle; docs/hubs.md says what a patch may not touch"))
}

/// A patch that does not fit.
pub struct Unfit {
    /// Its index.
    pub index: usize,
    /// The index of its operation that does not, where that is known.
    pub operation: Option<usize>,
    /// Why it does not.
    pub why: String,
}

/// Why one does not fit, and its operation that does not.
struct Why(String, Option<usize>);

impl From<String> for Why {
    fn from(why: String) -> Self {
        Self(why, None)
    }
}

/// Applies those that fit, and tells of the others.
pub(super) fn apply(objects: &mut Vec<Value>, patches: &[Patch]) -> Vec<Unfit> {
    let one = |(index, it)| patch_one(objects, it).err().map(|Why(why, operation)| Unfit { index, operation, why });
    patches.iter().enumerate().filter_map(one).collect()
}

fn patch_one(objects: &mut Vec<Value>, patch: &Patch) -> Result<(), Why> {
    let change = patch.read().map_err(|wrong| wrong.into_iter().map(|it| it.message).collect::<Vec<_>>().join("; "))?;
    let targets: Vec<usize> = (0..objects.len()).filter(|at| is_meant(&patch.target, &objects[*at])).collect();
    if targets.is_empty() {
        return Err(no_target(objects, patch).into());
    }
    let mut patched = Vec::new();
    for at in targets {
        let before = &objects[at];
        let title = format!("{} {}", kind(before), name(before));
        let after =
            changed(before, &change).map_err(|Why(why, operation)| Why(format!("{title}: {why}"), operation))?;
        needed::keep(before, after.as_ref()).map_err(|why| format!("{title}: {why}"))?;
        patched.push((at, after));
    }
    if patched.iter().all(|(at, after)| after.as_ref() == Some(&objects[*at])) {
        return Err(format!("it changes nothing in {}, which is so already", patch.target.title()).into());
    }
    for (at, after) in patched.into_iter().rev() {
        match after {
            Some(after) => objects[at] = after,
            None => drop(objects.remove(at)),
        }
    }
    Ok(())
}

fn is_meant(target: &PatchTarget, object: &Value) -> bool {
    let it = ObjectRef::of(object);
    target.fits([&it.group, &it.version, &it.kind, &it.name, it.namespace.as_deref().unwrap_or_default()])
}

/// The object as the change leaves it; `None` where that takes it away.
fn changed(object: &Value, change: &PatchKind) -> Result<Option<Value>, Why> {
    match change {
        PatchKind::Merge(merge) if merge.get(DIRECTIVE).is_some_and(|it| it == DELETE) => Ok(None),
        PatchKind::Merge(merge) => Ok(strategic::merge(object, merge).map(Some)?),
        PatchKind::Operations(operations) => {
            let mut object = object.clone();
            json_patch::patch(&mut object, operations).map_err(|error| unfit_operation(&error))?;
            Ok(Some(object))
        }
    }
}

/// What is the matter with an operation of a JSON patch, by its number from 0.
fn unfit_operation(error: &PatchError) -> Why {
    let why = match error.kind {
        PatchErrorKind::TestFailed => "has another value than `test` wants",
        PatchErrorKind::InvalidPointer => "is not there",
        PatchErrorKind::InvalidFromPointer => "cannot be filled: what `from` names is not there",
        PatchErrorKind::CannotMoveInsideItself => "is a part of what is moved there",
        _ => "cannot be changed so",
    };
    Why(format!("operation {} of the patch: `{}` {why}", error.operation, error.path), Some(error.operation))
}

fn no_target(objects: &[Value], patch: &Patch) -> String {
    let wanted = patch.target.title();
    let title = |object: &Value| format!("{} {}", kind(object), name(object));
    if let Some(found) = objects.iter().find(|it| title(it) == wanted) {
        let namespace = ObjectRef::of(found).namespace.unwrap_or_default();
        let (version, place) = (str_at(found, "/apiVersion"), if namespace.is_empty() { "none" } else { &namespace });
        return format!(
            "{wanted} of Argo CD's manifest is of {version}, in namespace {place}: the target says otherwise"
        );
    }
    let titles: Vec<String> = objects.iter().map(title).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let longer = titles.iter().find(|it| it.starts_with(&wanted)).copied();
    let hint = longer.or_else(|| closest(&wanted, &titles)).map(|best| format!("; did you mean {best}?"));
    format!("Argo CD's manifest has no {wanted}{}", hint.unwrap_or_default())
}
