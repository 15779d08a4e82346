//! Which cluster a kubeconfig leads to, by its words alone: for people, before anything is asked of it.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use crate::yaml;

/// The context that a kubeconfig uses, and the server behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    context: String,
    server: Option<String>,
}

impl Whereabouts {
    /// Those of a kubeconfig. `None` when the text is none.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Self> {
        let config = yaml::manifests("kubeconfig", std::str::from_utf8(text).ok()?).ok()?.into_iter().next()?;
        let named = |list: &str, name: &str| config[list].as_array()?.iter().find(|it| it["name"] == name).cloned();
        config["clusters"].as_array().filter(|_| config["contexts"].is_array())?;
        let context = config["current-context"].as_str().unwrap_or_default().to_owned();
        let cluster = named("contexts", &context).and_then(|it| it["context"]["cluster"].as_str().map(str::to_owned));
        let cluster = cluster.and_then(|name| named("clusters", &name));
        let server = cluster.as_ref().map(|it| &it["cluster"]["server"]).and_then(Value::as_str).map(str::to_owned);
        Some(Self { context, server })
    }
}

impl Display for Whereabouts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let server = self.server.as_deref().unwrap_or("none");
        match self.context.as_str() {
            "" => f.write_str("no current context"),
            context => write!(f, "context {context}, server {server}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_says_where_it_leads() {
        let text = "current-context: far\ncontexts: [{name: near, context: {cluster: one}}, {name: far, context: {cluster: \
                    two}}]\nclusters: [{name: one, cluster: {server: https://one}}, {name: two, cluster: {server: \
                    https://two}}]\n";
        let said = |text: &str| Whereabouts::of(text.as_bytes()).map(|it| it.to_string());
        assert_eq!(said(text).as_deref(), Some("context far, server https://two"));
        assert_eq!(said(&text.replace("current-context: far", "kind: Config")).as_deref(), Some("no current context"));
        assert_eq!(said(&text.replace("cluster: two", "cluster: three")).as_deref(), Some("context far, server none"));
        assert_eq!([said("a token"), said("a: ["), said("clusters: []"), said("")], [None, None, None, None]);
    }
}
