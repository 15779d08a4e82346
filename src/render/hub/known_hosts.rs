//! The host keys that Argo CD trusts over SSH: those of its release, and those of the hub.

use serde_json::Value;

use crate::document::Hub;
use crate::object::{kind, name, str_at};
use crate::report::{Failure, Outcome};
use crate::schema::known_hosts;
use crate::words::argo::{self, KNOWN_HOSTS_KEY as KEY};

/// Has a hub trust the host keys of these credentials, which name them as the step does.
pub fn trust<'c>(hub: &mut Hub, given: impl IntoIterator<Item = (&'c str, &'c str)>) -> Outcome<()> {
    for (field, text) in given {
        let lines = known_hosts::lines(text).map_err(|why| {
            Failure::usage(format!("{field}.knownHosts: {why}")).hint(
                "give what `ssh-keyscan` prints of the host; with any other line Argo CD would trust no host any more",
            )
        })?;
        let of_hub = &mut hub.spec.argocd.known_hosts;
        if !lines.is_empty() {
            *of_hub = Some(with(of_hub.as_deref().unwrap_or_default(), &lines));
        }
    }
    Ok(())
}

/// Puts those of the hub behind those of the release.
pub(super) fn add_to(objects: &mut [Value], of_hub: Option<&str>) -> Outcome<()> {
    let lines = known_hosts::lines(of_hub.unwrap_or_default())
        .map_err(|why| Failure::usage(format!("spec.argocd.knownHosts: {why}")))?;
    if lines.is_empty() {
        return Ok(());
    }
    let is_it = |object: &&mut Value| kind(object) == "ConfigMap" && name(object) == argo::KNOWN_HOSTS;
    let config_map = objects.iter_mut().find(is_it).ok_or_else(|| {
        Failure::failed(format!("the manifest of Argo CD has no ConfigMap {}", argo::KNOWN_HOSTS))
            .hint("pin the `install.yaml` of an Argo CD release")
    })?;
    let text = with(str_at(config_map, &format!("/data/{KEY}")), &lines);
    config_map["data"][KEY] = text.into();
    Ok(())
}

/// A text with the lines that it does not have yet behind it.
fn with(text: &str, lines: &[&str]) -> String {
    let mut all: Vec<&str> = text.lines().collect();
    for line in lines {
        if !all.contains(line) {
            all.push(line);
        }
    }
    all.iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::read_hub;

    const LINE: &str =
        "git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbf9tb2XkBV1Bdm4XZVtOBEXqBwCZ6mWC6GDGOQF+gq";

    fn release() -> Vec<Value> {
        let metadata = json!({"name": argo::KNOWN_HOSTS});
        vec![json!({"kind": "ConfigMap", "metadata": metadata, "data": {KEY: "# of the release\ngithub.com x y\n"}})]
    }

    fn hub(argocd: &str) -> Outcome<Hub> {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: a}\nspec:\n  argocd:\n    version: 3.6.1\n";
        read_hub("hub.yaml", &format!("{text}    {argocd}\n"))
    }

    #[test]
    fn those_of_the_step_come_behind_those_of_the_release_once() {
        let mut hub = hub(&format!("knownHosts: '{LINE}'")).expect("a hub");
        let given = format!("# a comment\n{LINE}\r\n");
        trust(&mut hub, [("repository.pull", given.as_str()), ("claims.pull", LINE)]).expect("trusted");
        let mut objects = release();
        add_to(&mut objects, hub.spec.argocd.known_hosts.as_deref()).expect("added");
        add_to(&mut objects, hub.spec.argocd.known_hosts.as_deref()).expect("there");
        let text = format!("# of the release\ngithub.com x y\n{LINE}\n");
        assert_eq!(objects[0]["data"][KEY], text.as_str());
    }

    #[test]
    fn a_hub_that_names_none_has_those_of_the_release() {
        let mut objects = release();
        add_to(&mut objects, None).expect("nothing to add");
        assert_eq!(objects, release());
    }

    #[test]
    fn what_argo_cd_does_not_understand_is_refused_with_its_place() {
        let mut given = hub("config: {}").expect("a hub");
        let failure = trust(&mut given, [("claims.pull", "git.example.org")]).expect_err("refused");
        assert!(failure.message.starts_with("claims.pull.knownHosts: line 1 "), "{failure}");
        let failure = hub("knownHosts: git.example.org").expect_err("refused").render();
        assert!(failure.contains("hub.yaml") && failure.contains("trusts no host any more"), "{failure}");
    }
}
