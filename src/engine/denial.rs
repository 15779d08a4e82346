//! Who keeps the API server from taking an object, read from its words. Pure.
//!
//! Sources: kubernetes 1.37.2, `apiserver/pkg/admission/plugin/webhook/errors` and `…/policy/validating`; kyverno 1.19.1,
//! `pkg/webhooks/utils/block.go`.

/// Who stands in the way of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// An admission webhook says no.
    Webhook {
        /// Its name, as its configuration has it.
        webhook: String,
        /// The policy behind it, where it names one.
        policy: Option<String>,
    },
    /// An admission webhook does not answer, or not as it should, and nothing goes without it.
    Silent {
        /// Its name, as its configuration has it.
        webhook: String,
    },
    /// A policy of the API server itself says no.
    Policy {
        /// The `ValidatingAdmissionPolicy`.
        policy: String,
        /// The binding that gives it its objects.
        binding: String,
    },
}

impl Denial {
    /// Reads a message of the API server, or one of Argo CD or of a controller that quotes it.
    #[must_use]
    pub fn of(message: &str) -> Option<Self> {
        if let Some((_, rest)) = message.split_once("failed calling webhook ") {
            return Some(Self::Silent { webhook: quoted(rest, '"')?.to_owned() });
        }
        if let Some((_, rest)) = message.split_once("ValidatingAdmissionPolicy ") {
            let (_, of_binding) = rest.split_once("with binding ")?;
            let (policy, binding) = (quoted(rest, '\'')?.to_owned(), quoted(of_binding, '\'')?.to_owned());
            return Some(Self::Policy { policy, binding });
        }
        let (_, rest) = message.split_once("admission webhook ")?;
        let webhook = quoted(rest, '"')?.to_owned();
        rest.contains("denied the request").then(|| Self::Webhook { webhook, policy: policy(rest) })
    }

    /// The webhook, where it is one.
    #[must_use]
    pub fn webhook(&self) -> Option<&str> {
        match self {
            Self::Webhook { webhook, .. } | Self::Silent { webhook } => Some(webhook),
            Self::Policy { .. } => None,
        }
    }
}

/// The policy that Kyverno names: `… blocked due to the following policies NAME: RULE: …`, `Policy NAME failed: …`.
fn policy(said: &str) -> Option<String> {
    let old = said.split_once("following policies").map(|(_, rest)| rest.trim_start());
    let old = old.and_then(|rest| rest.split_once(':')).map(|(name, _)| name);
    let new = || said.split_once("Policy ").and_then(|(_, rest)| rest.split_once(" failed:")).map(|(name, _)| name);
    let name = old.or_else(new)?.trim();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| name.to_owned())
}

fn quoted(text: &str, mark: char) -> Option<&str> {
    let inside = text.trim_start().strip_prefix(mark)?;
    inside.split_once(mark).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_api_server_and_of_kyverno_name_who_denies() {
        let webhook = |webhook: &str, policy: Option<&str>| Denial::Webhook {
            webhook: webhook.to_owned(),
            policy: policy.map(str::to_owned),
        };
        for (message, denial) in [
            (
                "admission webhook \"validate.kyverno.svc-fail\" denied the request: resource \
                 Deployment/argocd/argocd-server was blocked due to the following policies no-argocd: no-argocd: 'validation \
                 error: not here'",
                webhook("validate.kyverno.svc-fail", Some("no-argocd")),
            ),
            (
                "one or more objects failed to apply, reason: admission webhook \"vpol.validate.kyverno.svc-fail\" denied the \
                 request: Policy no-argocd failed: not here",
                webhook("vpol.validate.kyverno.svc-fail", Some("no-argocd")),
            ),
            ("admission webhook \"a.example.org\" denied the request: no", webhook("a.example.org", None)),
            (
                "Internal error occurred: failed calling webhook \"a.example.org\": failed to call webhook: Post \
                 \"https://x\": connection refused",
                Denial::Silent { webhook: "a.example.org".to_owned() },
            ),
            (
                "deployments.apps \"argocd-server\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied \
                 request: no",
                Denial::Policy { policy: "p".to_owned(), binding: "b".to_owned() },
            ),
        ] {
            assert_eq!(Denial::of(message), Some(denial), "{message}");
        }
    }

    #[test]
    fn what_nobody_denies_is_no_denial() {
        for message in [
            "",
            "deployments.apps is forbidden: User \"x\" cannot patch",
            "admission webhook \"a\" does not support dry run",
            "the admission webhook is being restarted",
        ] {
            assert_eq!(Denial::of(message), None, "{message}");
        }
    }
}
