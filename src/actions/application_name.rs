//! Which Application somebody means: by its name, by its namespace and its name, or by the name of a bead. Pure.

use std::collections::BTreeSet;

use crate::report::{Failure, Outcome};
use crate::schema::closest;
use crate::words::{argo, bead};

/// The namespace of an Application and its name.
pub type Key = (String, String);

/// The most names that a hint lists.
const MOST: usize = 20;

/// The Application that is meant. Of several with the name the one of Argo CD's namespace is; one that a bead is called after as
/// well is not guessed.
pub fn chosen<'k>(text: &str, all: impl Iterator<Item = &'k Key> + Clone) -> Outcome<&'k Key> {
    let named: Vec<&Key> = all.clone().filter(|it| is_named(text, it)).collect();
    let own = named.iter().copied().find(|(namespace, _)| namespace == argo::NAMESPACE);
    let candidates: Vec<&Key> = own.map_or(named, |own| vec![own]);
    let bead = all.clone().find(|it| is_of_bead(text, it));
    let candidates: Vec<&Key> = candidates.into_iter().chain(bead).collect();
    match &candidates[..] {
        [] => Err(unknown(text, all)),
        [one] => Ok(one),
        many => {
            let whole: Vec<String> = many.iter().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
            Err(Failure::usage(format!("`{text}` names {} Applications", whole.len()))
                .hint(format!("name one of {}", whole.join(", "))))
        }
    }
}

/// Whether any of them could be meant.
pub fn is_known(text: &str, all: &[Key]) -> bool {
    all.iter().any(|it| is_named(text, it) || is_of_bead(text, it))
}

fn is_named(text: &str, (namespace, name): &Key) -> bool {
    text.split_once('/').map_or(name == text, |both| both == (namespace.as_str(), name.as_str()))
}

fn is_of_bead(text: &str, (namespace, name): &Key) -> bool {
    namespace == argo::NAMESPACE && *name == bead::parent(text)
}

fn unknown<'k>(text: &str, all: impl Iterator<Item = &'k Key>) -> Failure {
    let names: BTreeSet<&str> = all.map(|(_, name)| name.as_str()).collect();
    Failure::failed(format!("there is no Application `{text}` on this cluster")).hint(what_there_is(text, &names))
}

/// What an unknown name may be a slip of, a bead's own name included, and what there is.
pub fn what_there_is(text: &str, names: &BTreeSet<&str>) -> String {
    let candidates: Vec<&str> =
        names.iter().copied().chain(names.iter().filter_map(|it| bead::of_parent(it))).collect();
    let near = closest(text, &candidates).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 if names.is_empty() => "there is none".to_owned(),
        0 => format!("{near}there is: {shown}"),
        more => format!("{near}there is: {shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<Key> {
        let key = |it: &&str| {
            let (namespace, name) = it.split_once('/').unwrap_or((argo::NAMESPACE, *it));
            (namespace.to_owned(), name.to_owned())
        };
        names.iter().map(key).collect()
    }

    #[test]
    fn an_application_is_named_by_itself_or_by_its_bead() {
        let all = keys(&[
            "root",
            "bead-hello",
            "bead-hello-application",
            "bead-bead-x",
            "team/own",
            "bead-x",
            "crossplane",
            "team/crossplane",
        ]);
        for (text, name) in [
            ("root", "argocd/root"),
            ("hello", "argocd/bead-hello"),
            ("bead-hello", "argocd/bead-hello"),
            ("hello-application", "argocd/bead-hello-application"),
            ("argocd/bead-hello", "argocd/bead-hello"),
            ("own", "team/own"),
            ("crossplane", "argocd/crossplane"),
            ("team/crossplane", "team/crossplane"),
        ] {
            let (namespace, found) = chosen(text, all.iter()).expect(text);
            assert_eq!(format!("{namespace}/{found}"), name, "{text}");
        }
        let failure = chosen("bead-x", all.iter()).expect_err("a bead, and another one that is called so");
        assert_eq!(failure.hint.as_deref(), Some("name one of argocd/bead-x, argocd/bead-bead-x"));
        let failure = chosen("own", keys(&["team/own", "other/own"]).iter()).expect_err("two");
        assert_eq!((failure.exit.code(), failure.hint.as_deref()), (2, Some("name one of team/own, other/own")));
        let all = keys(&["team/own", "bead-own"]);
        let failure = chosen("own", all.iter()).expect_err("a bead, and one of people");
        assert_eq!(failure.hint.as_deref(), Some("name one of team/own, argocd/bead-own"));
    }

    #[test]
    fn an_unknown_name_is_told_what_there_is() {
        let all = keys(&["root", "bead-hello"]);
        let hint = |text: &str| chosen(text, all.iter()).expect_err(text).hint.unwrap_or_default();
        assert_eq!(hint("helo"), "did you mean `hello`? there is: bead-hello, root");
        assert_eq!(hint("bead-helo"), "did you mean `bead-hello`? there is: bead-hello, root");
        assert_eq!(hint("zzz"), "there is: bead-hello, root");
        let many: Vec<String> = (0..30).map(|it| format!("a{it:02}")).collect();
        let many = keys(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let hint = chosen("zzz", many.iter()).expect_err("none").hint.unwrap_or_default();
        assert!(hint.ends_with("a19 and 10 more"), "{hint}");
        assert!(is_known("hello", &all) && !is_known("helo", &all));
    }
}
