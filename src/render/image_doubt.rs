//! A text that stands where an image is named and is no reference to one: the kubelet says so, and nobody before it. Pure.

use crate::report::Diagnostic;
use crate::schema::address;

/// A warning of it, by the object that it stands in and the path of the field.
pub(super) fn doubt(title: &str, field: String, text: &str) -> Diagnostic {
    let message = format!("{title}: `{}` is no reference to an image", address::shown(text));
    Diagnostic::warning(field, message).hint(remedy(text))
}

fn remedy(text: &str) -> &'static str {
    let (name, rest) = text.split_once('@').unwrap_or((text, ""));
    if ["${", "$(", "{{", "<"].iter().any(|it| text.contains(it)) {
        "nobody fills this in; a parameter of a bead is written `${ parameters.NAME }`"
    } else if address::secret_in(text).is_some() {
        "who logs in stands in no reference, but in a Secret that `imagePullSecrets` names"
    } else if text.contains("://") {
        "a reference has no scheme: `registry.example.org/path/name:tag`"
    } else if rest.matches("sha256:").count() > 1 {
        "the chart writes `sha256:` itself; give the place of the digits as `sha256` under `images`"
    } else if name.contains('+') {
        "a tag has no `+`; what has one in its version is tagged with `_`"
    } else if name.contains(|c: char| c.is_ascii_uppercase()) {
        "path and name are written in small letters"
    } else {
        "it is written `registry.example.org/path/name:tag`, and a digest is 64 digits behind `@sha256:`"
    }
}
