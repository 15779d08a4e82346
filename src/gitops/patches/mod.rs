//! The patches of `hub.yaml`, on the objects of Argo CD's manifest.

mod needed;
mod strategic;

use json_patch::{PatchError, PatchErrorKind};
use serde_json::Value;

use crate::object::{ObjectRef, kind, name, str_at};
use crate::report::{Failure, Outcome};
use crate::spec::{DELETE, DIRECTIVE, Patch, PatchKind, PatchTarget, closest};

/// Applies patches in their order. Fails with all that do not fit.
pub(super) fn patch(objects: &mut Vec<Value>, patches: &[Patch]) -> Outcome<()> {
    let unfit = apply(objects, patches);
    if unfit.is_empty() {
        return Ok(());
    }
    Err(Failure::usage("the patches of hub.yaml do not fit Argo CD's manifest; nothing was changed")
        .details(unfit.into_iter().map(|(index, why)| format!("spec.argocd.patches[{index}]: {why}")))
        .hint("the manifest is the one that lock.yaml pins, in assets/ of the bundle; docs/hubs.md says what a patch may not touch"))
}

/// Applies those that fit; the index of each other one, and why it does not.
pub(super) fn apply(objects: &mut Vec<Value>, patches: &[Patch]) -> Vec<(usize, String)> {
    let one = |(index, it)| patch_one(objects, it).err().map(|why| (index, why));
    patches.iter().enumerate().filter_map(one).collect()
}

fn patch_one(objects: &mut Vec<Value>, patch: &Patch) -> Result<(), String> {
    let change = patch.read()?;
    let targets: Vec<usize> = (0..objects.len()).filter(|at| is_meant(&patch.target, &objects[*at])).collect();
    if targets.is_empty() {
        return Err(no_target(objects, patch));
    }
    let mut patched = Vec::new();
    for at in targets {
        let before = &objects[at];
        let title = format!("{} {}", kind(before), name(before));
        let after = changed(before, &change).map_err(|why| format!("{title}: {why}"))?;
        needed::keep(before, after.as_ref()).map_err(|why| format!("{title}: {why}"))?;
        patched.push((at, after));
    }
    if patched.iter().all(|(at, after)| after.as_ref() == Some(&objects[*at])) {
        return Err(format!("it changes nothing in {}, which is so already", patch.target.title()));
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
fn changed(object: &Value, change: &PatchKind) -> Result<Option<Value>, String> {
    match change {
        PatchKind::Merge(merge) if merge.get(DIRECTIVE).is_some_and(|it| it == DELETE) => Ok(None),
        PatchKind::Merge(merge) => strategic::merge(object, merge).map(Some),
        PatchKind::Operations(operations) => {
            let mut object = object.clone();
            json_patch::patch(&mut object, operations).map_err(|error| unfit_operation(&error))?;
            Ok(Some(object))
        }
    }
}

/// What is the matter with an operation of a JSON patch, by its number from 0.
fn unfit_operation(error: &PatchError) -> String {
    let why = match error.kind {
        PatchErrorKind::TestFailed => "has another value than `test` wants".to_owned(),
        PatchErrorKind::InvalidPointer => "is not there".to_owned(),
        PatchErrorKind::InvalidFromPointer => "cannot be filled: what `from` names is not there".to_owned(),
        ref other => other.to_string(),
    };
    format!("operation {} of the patch: `{}` {why}", error.operation, error.path)
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
