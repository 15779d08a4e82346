//! A container's environment, resolved from the cluster as a kubelet does.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvFromSource, EnvVar, EnvVarSource, Pod, Secret};
use kube::{Api, Client};

/// Variables by name.
pub type Env = BTreeMap<String, String>;

/// What the cluster lacks, in the words of a kubelet.
pub type Missing = String;

/// Resolves everything that the container asks for.
pub async fn resolve(client: &Client, pod: &Pod, container: &Container) -> Result<Env, Missing> {
    let mut sources = Sources {
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        client: client.clone(),
        known: BTreeMap::new(),
    };
    let mut env = Env::new();
    for from in container.env_from.iter().flatten() {
        sources.add_all(from, &mut env).await?;
    }
    for var in container.env.iter().flatten() {
        if let Some(value) = sources.value(var, pod, &env).await? {
            env.insert(var.name.clone(), value);
        }
    }
    Ok(env)
}

/// Replaces `$(NAME)` by the variable's value; an unknown name stays as it is.
#[must_use]
pub fn expand(text: &str, env: &Env) -> String {
    let mut parts = text.split("$(");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')').and_then(|(name, rest)| Some((env.get(name)?, rest))) {
            Some((value, rest)) => result.extend([value, rest]),
            None => result.extend(["$(", part]),
        }
    }
    result
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    ConfigMap,
    Secret,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }
}

/// `ConfigMap`s and Secrets, each read once.
struct Sources {
    namespace: String,
    client: Client,
    known: BTreeMap<(Kind, String), Option<Env>>,
}

impl Sources {
    async fn add_all(&mut self, from: &EnvFromSource, env: &mut Env) -> Result<(), Missing> {
        let reference =
            from.config_map_ref.as_ref().map(|source| (Kind::ConfigMap, source.name.clone(), source.optional)).or_else(
                || {
                    let source = from.secret_ref.as_ref()?;
                    Some((Kind::Secret, source.name.clone(), source.optional))
                },
            );
        let Some((kind, name, optional)) = reference else {
            return Ok(());
        };
        let prefix = from.prefix.as_deref().unwrap_or_default();
        match self.data(kind, &name).await? {
            Some(data) => {
                env.extend(data.iter().map(|(key, value)| (format!("{prefix}{key}"), value.clone())));
                Ok(())
            }
            None if optional == Some(true) => Ok(()),
            None => Err(format!("{} \"{name}\" not found", kind.name())),
        }
    }

    async fn value(&mut self, var: &EnvVar, pod: &Pod, env: &Env) -> Result<Option<String>, Missing> {
        match (&var.value, &var.value_from) {
            (Some(value), _) => Ok(Some(expand(value, env))),
            (None, Some(source)) => self.referenced(source, pod).await,
            (None, None) => Ok(Some(String::new())),
        }
    }

    async fn referenced(&mut self, source: &EnvVarSource, pod: &Pod) -> Result<Option<String>, Missing> {
        if let Some(key) = &source.config_map_key_ref {
            self.key(Kind::ConfigMap, &key.name, &key.key, key.optional).await
        } else if let Some(key) = &source.secret_key_ref {
            self.key(Kind::Secret, &key.name, &key.key, key.optional).await
        } else if let Some(field) = &source.field_ref {
            Ok(self::field(pod, &field.field_path))
        } else {
            // Resource limits mean nothing to a process on the host.
            Ok(None)
        }
    }

    async fn key(
        &mut self,
        kind: Kind,
        name: &str,
        key: &str,
        optional: Option<bool>,
    ) -> Result<Option<String>, Missing> {
        let found = self.data(kind, name).await?;
        let exists = found.is_some();
        match found.and_then(|data| data.get(key).cloned()) {
            Some(value) => Ok(Some(value)),
            None if optional == Some(true) => Ok(None),
            None if exists => Err(format!("couldn't find key {key} in {} \"{name}\"", kind.name())),
            None => Err(format!("{} \"{name}\" not found", kind.name())),
        }
    }

    async fn data(&mut self, kind: Kind, name: &str) -> Result<Option<&Env>, Missing> {
        let id = (kind, name.to_owned());
        if !self.known.contains_key(&id) {
            let data = self.read(kind, name).await.map_err(|error| error.to_string())?;
            self.known.insert(id.clone(), data);
        }
        Ok(self.known.get(&id).and_then(Option::as_ref))
    }

    async fn read(&self, kind: Kind, name: &str) -> kube::Result<Option<Env>> {
        let (client, namespace) = (self.client.clone(), self.namespace.as_str());
        Ok(match kind {
            Kind::ConfigMap => Api::<ConfigMap>::namespaced(client, namespace)
                .get_opt(name)
                .await?
                .map(|map| map.data.unwrap_or_default()),
            Kind::Secret => Api::<Secret>::namespaced(client, namespace)
                .get_opt(name)
                .await?
                .map(|secret| secret.data.unwrap_or_default())
                .map(|data| {
                    data.into_iter().map(|(key, value)| (key, String::from_utf8_lossy(&value.0).into_owned())).collect()
                }),
        })
    }
}

/// A field of the pod, as the downward API names it.
pub fn field(pod: &Pod, path: &str) -> Option<String> {
    if let Some(label) = path.strip_prefix("metadata.labels['").and_then(|rest| rest.strip_suffix("']")) {
        return pod.metadata.labels.as_ref()?.get(label).cloned();
    }
    match path {
        "metadata.name" => pod.metadata.name.clone(),
        "metadata.namespace" => pod.metadata.namespace.clone(),
        "metadata.uid" => pod.metadata.uid.clone(),
        "spec.nodeName" => pod.spec.as_ref()?.node_name.clone(),
        "spec.serviceAccountName" => pod.spec.as_ref()?.service_account_name.clone(),
        "status.podIP" | "status.hostIP" => Some("127.0.0.1".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_known_names_only() {
        let env = Env::from([("A".to_owned(), "1".to_owned())]);
        assert_eq!(expand("--pass $(A)", &env), "--pass 1");
        assert_eq!(expand("$(A)$(B) $(", &env), "1$(B) $(");
        assert_eq!(expand("plain", &env), "plain");
    }
}
