//! What counts as an answer of a Kubernetes API server. Pure.
//!
//! A proxy or a login page answers with success, too. Taken for an answer it would be an object without an identity or
//! an empty list, and every guard would hold. So each answer has to show what it was asked for.

use serde_json::Value;

use crate::engine::{Fault, FaultKind};
use crate::object::{ObjectRef, kind, str_at, uid};

/// Why a text is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// It ends in the middle: something on the way has broken it off.
    Cut,
    /// It lacks what every API server sends.
    Foreign(String),
}

impl NoAnswer {
    /// An answer that lacks something.
    pub fn without(what: &str) -> Self {
        Self::Foreign(format!("this is no answer of a Kubernetes API server: it has no {what}"))
    }

    /// The fault of a request that met it.
    pub fn into_fault(self, doing: &str) -> Fault {
        match self {
            Self::Cut => Fault::new(FaultKind::Unreachable, doing, "the answer was broken off"),
            Self::Foreign(why) => Fault::new(FaultKind::Foreign, doing, &why),
        }
    }
}

impl From<serde_json::Error> for NoAnswer {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::Cut } else { Self::without("JSON") }
    }
}

/// Some object of the API, of whatever kind: the answer to a deletion is the object or its status.
pub fn any(text: &[u8]) -> Result<Value, NoAnswer> {
    if text.is_empty() {
        return Err(NoAnswer::without("text"));
    }
    let answer: Value = serde_json::from_slice(text)?;
    if kind(&answer).is_empty() { Err(NoAnswer::without("kind")) } else { Ok(answer) }
}

/// This object.
pub fn object(text: &[u8], name: &ObjectRef) -> Result<Value, NoAnswer> {
    let answer = of_kind(text, &name.kind)?;
    if uid(&answer).is_empty() { Err(NoAnswer::without("metadata.uid")) } else { Ok(answer) }
}

/// The metadata of this object, said to be of its kind. A server that does not know this form sends all of it.
pub fn metadata(text: &[u8], name: &ObjectRef) -> Result<Value, NoAnswer> {
    let mut answer = any(text)?;
    if uid(&answer).is_empty() {
        return Err(NoAnswer::without("metadata.uid"));
    }
    answer["apiVersion"] = name.api_version().into();
    answer["kind"] = name.kind.as_str().into();
    Ok(answer)
}

/// Something of this kind.
pub fn of_kind(text: &[u8], wanted: &str) -> Result<Value, NoAnswer> {
    let answer = any(text)?;
    if kind(&answer) == wanted { Ok(answer) } else { Err(NoAnswer::without(&format!("kind {wanted}"))) }
}

/// A list of this kind, with the field that lists.
pub fn list_in(text: &[u8], wanted: &str, field: &str) -> Result<Value, NoAnswer> {
    let answer = of_kind(text, wanted)?;
    if answer[field].is_array() { Ok(answer) } else { Err(NoAnswer::without(field)) }
}

/// The version of the server.
pub fn version(text: &[u8]) -> Result<String, NoAnswer> {
    let answer: Value = serde_json::from_slice(text)?;
    match str_at(&answer, "/gitVersion") {
        "" => Err(NoAnswer::without("gitVersion")),
        version => Ok(version.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn lacks<T: std::fmt::Debug>(answer: Result<T, NoAnswer>, what: &str) {
        let fault = answer.expect_err(what).into_fault("look");
        assert_eq!(fault.kind, FaultKind::Foreign, "{fault}");
        assert!(fault.message.ends_with(&format!("it has no {what}")), "{fault}");
    }

    #[test]
    fn success_without_what_was_asked_for_is_no_answer() {
        let name = ObjectRef::new("v1", "Namespace", None, "kube-system");
        lacks(object(b"", &name), "text");
        lacks(object(b"<html>Please log in</html>", &name), "JSON");
        lacks(object(b"[]", &name), "kind");
        lacks(object(b"{}", &name), "kind");
        lacks(object(br#"{"kind": "Page", "metadata": {"uid": "1"}}"#, &name), "kind Namespace");
        lacks(object(br#"{"kind": "Namespace", "metadata": {}}"#, &name), "metadata.uid");
        lacks(metadata(br#"{"kind": "PartialObjectMetadata"}"#, &name), "metadata.uid");
        lacks(list_in(br#"{"kind": "APIResourceList"}"#, "APIResourceList", "resources"), "resources");
        lacks(version(b"{}"), "gitVersion");
    }

    #[test]
    fn metadata_is_said_to_be_of_its_kind() {
        let name = ObjectRef::new("apps/v1", "Deployment", Some("a"), "b");
        let text = br#"{"kind": "PartialObjectMetadata", "metadata": {"uid": "1", "namespace": "a", "name": "b"}}"#;
        assert_eq!(ObjectRef::of(&metadata(text, &name).expect("metadata")), name);
    }

    #[test]
    fn an_answer_that_ends_in_the_middle_is_asked_for_again() {
        let fault = any(br#"{"kind": "Sec"#).expect_err("cut").into_fault("look");
        assert!(fault.is_transient(), "{fault}");
    }
}
