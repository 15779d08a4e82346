//! Where Backstage is, if it is on the cluster.

use serde_json::Value;

use super::entrance::{Door, Entrance};
use crate::cli::ClusterArgs;
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, is_of_program, name, str_at};
use crate::yaml;

/// What it is called by its charts, and by the bead of this repository.
const PROGRAM: &str = "backstage";
/// The port of this machine that a tunnel to it begins at: not that of Argo CD, which people look at beside it.
const HERE: u16 = 8081;
/// What the keys of its configuration begin with.
const CONFIGURATION: &str = "app-config";

/// The way to it; nothing where there is no Service of it.
pub async fn find(cluster: &Cluster, args: &ClusterArgs) -> Result<Option<Entrance>, Fault> {
    let is_it = |it: &Value| name(it) == PROGRAM || is_of_program(it, PROGRAM);
    let services = cluster.list_with(&ObjectRef::of_kind("v1/Service"), |it| is_it(&it).then_some(it)).await?;
    // Its database may be of the same program, by its labels.
    let Some(service) = services.iter().find(|it| name(it) == PROGRAM).or(services.first()) else { return Ok(None) };
    let namespace = Some(str_at(service, "/metadata/namespace").to_owned());
    let beside = |kind: &str| ObjectRef { namespace: namespace.clone(), ..ObjectRef::of_kind(kind) };
    let configured =
        cluster.list_with(&beside("v1/ConfigMap"), |it| address_in(&it).map(|at| (at, ObjectRef::of(&it)))).await?;
    if let Some((address, by)) = configured.into_iter().next() {
        return Ok(Some(Entrance { address, by: by.to_string(), port_forward: None }));
    }
    let ingresses = cluster.list(&beside("networking.k8s.io/v1/Ingress")).await?;
    Ok(Some(door(service, &ingresses).entrance(args)))
}

fn door<'v>(service: &'v Value, ingresses: &'v [Value]) -> Door<'v> {
    Door { service, ingresses, is_tls: false, here: HERE }
}

/// The address by which people reach it, where this is its configuration and says so.
fn address_in(map: &Value) -> Option<String> {
    let all = map.get("data")?.as_object()?.iter().filter(|(key, _)| key.starts_with(CONFIGURATION));
    let mut documents = all.filter_map(|(key, text)| yaml::manifests(key, text.as_str()?).ok()).flatten();
    let address = documents.find_map(|it| Some(it.pointer("/app/baseUrl")?.as_str()?.to_owned()))?;
    address.starts_with("http").then_some(address) // else a variable of its pod
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_tunnel_runs_beside_that_of_argo_cd() {
        let service =
            json!({"metadata": {"name": "backstage", "namespace": "portal"}, "spec": {"ports": [{"port": 80}]}});
        let to_us = door(&service, &[]).entrance(&ClusterArgs::default());
        assert_eq!(to_us.address, "http://localhost:8081");
        assert_ne!(HERE, crate::actions::open::HERE);
    }

    #[test]
    fn the_address_stands_in_the_configuration() {
        let map = |key: &str, text: &str| json!({"data": {key: text}});
        let text = "app:\n  baseUrl: https://portal.example.org\n";
        assert_eq!(address_in(&map("app-config.hub.yaml", text)).as_deref(), Some("https://portal.example.org"));
        for other in [
            map("values.yaml", text),
            map("app-config.yaml", "app:\n  baseUrl: ${BASE_URL}\n"),
            map("app-config.yaml", "backend: {}\n"),
            map("app-config.yaml", "app: [\n"),
            json!({}),
        ] {
            assert_eq!(address_in(&other), None, "{other}");
        }
    }
}
