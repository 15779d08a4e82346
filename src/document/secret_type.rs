//! The types of Secrets, and the keys that Kubernetes demands of each (`k8s.io/api/core/v1`, `pkg/apis/core/validation`).

/// What nothing is demanded of.
pub const OPAQUE: &str = "Opaque";

/// Kubernetes' own types, each with its keys.
const OWN: [(&str, &[&str]); 6] = [
    (OPAQUE, &[]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/basic-auth", &[]),
];

/// What is wrong with a Secret of this type that has these keys.
pub fn mistake(secret_type: &str, keys: &[String]) -> Option<String> {
    let has = |key: &&str| keys.iter().any(|it| it == key);
    match OWN.iter().find(|(known, _)| *known == secret_type) {
        Some((known, demanded)) => {
            let missing: Vec<&str> = demanded.iter().copied().filter(|key| !has(key)).collect();
            (!missing.is_empty()).then(|| format!("a Secret of type `{known}` has the key {}", missing.join(" and ")))
        }
        None if secret_type == "kubernetes.io/service-account-token" => {
            Some("Kubernetes itself fills a Secret of this type, so nobody can give its values".to_owned())
        }
        None if secret_type.starts_with("kubernetes.io/") || secret_type.is_empty() => {
            let known: Vec<&str> = OWN.iter().map(|(known, _)| *known).collect();
            Some(format!("Kubernetes has no type `{secret_type}`; it has: {}", known.join(", ")))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_keys() {
        for (secret_type, keys, words) in [
            (OPAQUE, vec!["a"], None),
            ("kubernetes.io/tls", vec!["tls.crt", "tls.key", "ca.crt"], None),
            ("kubernetes.io/tls", vec!["tls.crt"], Some("has the key tls.key")),
            ("kubernetes.io/tls", vec!["cert"], Some("has the key tls.crt and tls.key")),
            ("kubernetes.io/dockerconfigjson", vec!["config.json"], Some("has the key .dockerconfigjson")),
            ("kubernetes.io/basic-auth", vec!["password"], None),
            ("kubernetes.io/ssh-auth", vec!["ssh-privatekey"], None),
            ("kubernetes.io/service-account-token", vec!["token"], Some("fills a Secret of this type")),
            ("kubernetes.io/TLS", vec!["a"], Some("no type `kubernetes.io/TLS`; it has: Opaque, kubernetes.io/tls")),
            ("", vec!["a"], Some("no type ``")),
            ("example.org/thing", vec!["a"], None),
        ] {
            let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
            let said = mistake(secret_type, &keys);
            assert_eq!(said.is_some(), words.is_some(), "{secret_type}: {said:?}");
            assert!(words.is_none_or(|words| said.as_ref().is_some_and(|it| it.contains(words))), "{said:?}");
        }
    }
}
