//! How people come to a program on the cluster: the address that somebody has set, an Ingress, a load balancer, or else by way of
//! kubectl. Pure.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::kubectl;
use crate::cli::ClusterArgs;
use crate::object::{ObjectRef, items, name, str_at};

/// The way to a program.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entrance {
    /// What to open in a browser.
    pub address: String,
    /// Who says that this is the address.
    pub by: String,
    /// What has to run meanwhile, where nothing leads there from outside.
    pub port_forward: Option<String>,
}

/// A Service, and what may lead to it.
pub struct Door<'v> {
    /// The Service.
    pub service: &'v Value,
    /// The Ingresses of its namespace, or of all.
    pub ingresses: &'v [Value],
    /// Whether it speaks TLS itself.
    pub is_tls: bool,
    /// The port of this machine that a tunnel to it begins at: one of its own, so that tunnels run beside each other.
    pub here: u16,
}

impl Door<'_> {
    /// The way through it: what leads there from outside, or else a tunnel.
    pub fn entrance(&self, args: &ClusterArgs) -> Entrance {
        self.by_ingress().or_else(|| self.by_balancer()).unwrap_or_else(|| self.by_tunnel(args))
    }

    fn by_ingress(&self) -> Option<Entrance> {
        let is_here = |it: &&Value| str_at(it, "/metadata/namespace") == str_at(self.service, "/metadata/namespace");
        self.ingresses.iter().filter(is_here).find_map(|ingress| {
            let hosts = items(ingress, "/spec/rules")
                .flat_map(|rule| items(rule, "/http/paths").map(move |path| (str_at(rule, "/host"), path)));
            let leads_here = |(_, path): &(&str, &Value)| str_at(path, "/backend/service/name") == name(self.service);
            let (host, path) = hosts.filter(|(host, _)| !host.is_empty() && !host.contains('*')).find(leads_here)?;
            let of_tls = |it: &Value| items(it, "/hosts").any(|it| it == host);
            let scheme = if items(ingress, "/spec/tls").any(of_tls) { "https" } else { "http" };
            let path = str_at(path, "/path").trim_end_matches('/');
            Some(Entrance {
                address: format!("{scheme}://{host}{path}"),
                by: ObjectRef::of(ingress).to_string(),
                port_forward: None,
            })
        })
    }

    fn by_balancer(&self) -> Option<Entrance> {
        let at = items(self.service, "/status/loadBalancer/ingress").next()?;
        let host = [str_at(at, "/hostname"), str_at(at, "/ip")].into_iter().find(|it| !it.is_empty())?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let port = match (self.is_tls, self.port()) {
            (true, 443) | (false, 80) => String::new(),
            (_, port) => format!(":{port}"),
        };
        let address = format!("{}://{host}{port}", self.scheme());
        Some(Entrance { address, by: ObjectRef::of(self.service).to_string(), port_forward: None })
    }

    fn by_tunnel(&self, args: &ClusterArgs) -> Entrance {
        let (namespace, service) = (str_at(self.service, "/metadata/namespace"), name(self.service));
        let here = self.here;
        let words = format!("-n {namespace} port-forward service/{service} {here}:{}", self.port());
        Entrance {
            address: format!("{}://localhost:{here}", self.scheme()),
            by: "a tunnel of kubectl".to_owned(),
            port_forward: Some(kubectl::line(args, &words)),
        }
    }

    /// The port by the protocol, where there are several.
    fn port(&self) -> u64 {
        let wanted = if self.is_tls { 443 } else { 80 };
        let ports: Vec<u64> = items(self.service, "/spec/ports").filter_map(|it| it["port"].as_u64()).collect();
        ports.iter().find(|it| **it == wanted).or(ports.first()).copied().unwrap_or(wanted)
    }

    fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(status: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "argocd-server", "namespace": "argocd"},
            "spec": {"ports": [{"port": 80}, {"port": 443}]}, "status": status})
    }

    fn ingress(namespace: &str, to: &str, host: &str, tls: &Value) -> Value {
        let paths = json!([{"path": "/cd/", "backend": {"service": {"name": to, "port": {"number": 443}}}}]);
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": namespace},
            "spec": {"tls": tls, "rules": [{"host": host, "http": {"paths": paths}}]}})
    }

    fn found(status: &Value, ingresses: &[Value], is_tls: bool) -> (String, String, Option<String>) {
        let door = Door { service: &service(status), ingresses, is_tls, here: 8080 };
        let Entrance { address, by, port_forward } = door.entrance(&ClusterArgs::default());
        (address, by, port_forward)
    }

    #[test]
    fn what_leads_there_from_outside_goes_before_a_tunnel() {
        let tls = json!([{"hosts": ["cd.example.org"]}]);
        let balancer = |at: &Value| json!({"loadBalancer": {"ingress": [at]}});
        let ours = ingress("argocd", "argocd-server", "cd.example.org", &tls);
        for (status, ingresses, is_tls, address, by) in [
            (json!({}), vec![ours.clone()], true, "https://cd.example.org/cd", "Ingress argocd/i"),
            (
                json!({}),
                vec![ingress("argocd", "argocd-server", "cd.example.org", &json!([]))],
                true,
                "http://cd.example.org/cd",
                "Ingress argocd/i",
            ),
            (balancer(&json!({"ip": "10.0.0.1"})), vec![], true, "https://10.0.0.1", "Service argocd/argocd-server"),
            (balancer(&json!({"ip": "fd00::1"})), vec![], false, "http://[fd00::1]", "Service argocd/argocd-server"),
            (
                balancer(&json!({"hostname": "lb.example.org"})),
                vec![ours],
                true,
                "https://cd.example.org/cd",
                "Ingress argocd/i",
            ),
        ] {
            assert_eq!(found(&status, &ingresses, is_tls), (address.to_owned(), by.to_owned(), None));
        }
    }

    #[test]
    fn what_leads_elsewhere_leads_not_there() {
        let others = [
            ingress("argocd", "argocd-dex-server", "a.example.org", &json!([])),
            ingress("shop", "argocd-server", "b.example.org", &json!([])),
            ingress("argocd", "argocd-server", "*.example.org", &json!([])),
            ingress("argocd", "argocd-server", "", &json!([])),
        ];
        let tunnel = |port: u16| Some(format!("kubectl -n argocd port-forward service/argocd-server 8080:{port}"));
        let by = "a tunnel of kubectl".to_owned();
        assert_eq!(found(&json!({}), &others, true), ("https://localhost:8080".to_owned(), by.clone(), tunnel(443)));
        assert_eq!(found(&json!({}), &others, false), ("http://localhost:8080".to_owned(), by, tunnel(80)));
    }
}
