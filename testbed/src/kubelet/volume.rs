//! A pod's volumes as directories on the host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::api::core::v1::{
    ConfigMap, KeyToPath, Pod, ProjectedVolumeSource, Secret, ServiceAccountTokenProjection, Volume,
};
use kube::{Api, Client, ResourceExt};

use super::account::Account;
use super::env;

/// Writes the volumes of one pod.
pub struct Volumes<'a> {
    pub client: &'a Client,
    pub pod: &'a Pod,
    pub account: &'a Account,
    /// Where they are written, each under its name.
    pub dir: PathBuf,
}

impl Volumes<'_> {
    /// Writes a volume as the cluster has it now, and says where; what it refers to has to be there.
    pub async fn write(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        self.write_to(name, &dir).await?;
        Ok(dir)
    }

    /// The same in a directory that has another name.
    pub async fn write_to(&self, name: &str, dir: &Path) -> Result<()> {
        let volumes = self.pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
        let volume = volumes.into_iter().find(|volume| volume.name == name);
        let volume = volume.with_context(|| format!("the pod has no volume {name}"))?;
        fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
        self.fill(volume, dir).await.with_context(|| format!("volume {name}"))
    }

    async fn fill(&self, volume: &Volume, dir: &Path) -> Result<()> {
        if let Some(secret) = &volume.secret {
            let name = secret.secret_name.as_deref().unwrap_or_default();
            self.secret(name, secret.items.as_deref(), secret.optional, dir).await
        } else if let Some(map) = &volume.config_map {
            self.config_map(&map.name, map.items.as_deref(), map.optional, dir).await
        } else if let Some(projected) = &volume.projected {
            self.projected(projected, dir).await
        } else if volume.empty_dir.is_some() {
            Ok(())
        } else {
            bail!("the testbed has no volumes of this kind")
        }
    }

    async fn projected(&self, projected: &ProjectedVolumeSource, dir: &Path) -> Result<()> {
        for source in projected.sources.iter().flatten() {
            if let Some(token) = &source.service_account_token {
                write(dir, &token.path, self.token(token).await?.as_bytes())?;
            }
            if let Some(map) = &source.config_map {
                self.config_map(&map.name, map.items.as_deref(), map.optional, dir).await?;
            }
            if let Some(secret) = &source.secret {
                self.secret(&secret.name, secret.items.as_deref(), secret.optional, dir).await?;
            }
            for item in source.downward_api.iter().flat_map(|downward| downward.items.iter().flatten()) {
                let path = item.field_ref.as_ref().map(|field| field.field_path.as_str()).unwrap_or_default();
                let value = env::field(self.pod, path).with_context(|| format!("the pod has no {path}"))?;
                write(dir, &item.path, value.as_bytes())?;
            }
        }
        Ok(())
    }

    async fn token(&self, token: &ServiceAccountTokenProjection) -> Result<String> {
        self.account.token(self.client, token.audience.clone()).await
    }

    async fn secret(&self, name: &str, items: Option<&[KeyToPath]>, optional: Option<bool>, dir: &Path) -> Result<()> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace());
        let Some(secret) = api.get_opt(name).await? else {
            return missing("secret", name, optional);
        };
        let data = secret.data.unwrap_or_default();
        write_all(dir, items, data.iter().map(|(key, value)| (key.as_str(), value.0.as_slice())))
    }

    async fn config_map(
        &self,
        name: &str,
        items: Option<&[KeyToPath]>,
        optional: Option<bool>,
        dir: &Path,
    ) -> Result<()> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace());
        let Some(map) = api.get_opt(name).await? else {
            return missing("configmap", name, optional);
        };
        let data = map.data.unwrap_or_default();
        write_all(dir, items, data.iter().map(|(key, value)| (key.as_str(), value.as_bytes())))
    }

    fn namespace(&self) -> String {
        self.pod.namespace().unwrap_or_default()
    }
}

fn missing(kind: &str, name: &str, optional: Option<bool>) -> Result<()> {
    if optional == Some(true) { Ok(()) } else { Err(anyhow!("{kind} \"{name}\" not found")) }
}

/// Writes all keys under their own names, or the listed ones under the names that the list has for them.
fn write_all<'a>(
    dir: &Path,
    items: Option<&[KeyToPath]>,
    data: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<()> {
    for (key, value) in data {
        match items {
            None => write(dir, key, value)?,
            Some(items) => {
                for item in items.iter().filter(|item| item.key == key) {
                    write(dir, &item.path, value)?;
                }
            }
        }
    }
    Ok(())
}

fn write(dir: &Path, path: &str, content: &[u8]) -> Result<()> {
    let file = dir.join(path);
    let parent = file.parent().unwrap_or(dir);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&file, content))
        .with_context(|| format!("failed to write {}", file.display()))
}
