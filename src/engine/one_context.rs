//! The kubeconfig that a person uses, cut down to one of its contexts: what a bundle is given of it.
//!
//! Files are merged as kubectl does (client-go, `clientcmd`): of what has the same name the first one counts. What the cluster
//! and the user name in files comes along in the text, but for a token that is renewed in its file, and a login program.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{connect, kubeconfig};
use crate::document::Existing;
use crate::report::{Failure, Outcome, remember_secret, wipe};
use crate::schema::known_hint;
use crate::{input, yaml};

/// Files that are taken into the text, and the fields that hold them there.
const OF_CLUSTER: [(&str, &str); 1] = [("certificate-authority", "certificate-authority-data")];
const OF_USER: [(&str, &str); 2] =
    [("client-certificate", "client-certificate-data"), ("client-key", "client-key-data")];

/// One context of the user's kubeconfigs.
pub struct OneContext {
    /// The files that it was found in, as `KUBECONFIG` lists them.
    pub files: String,
    /// Its name.
    pub context: String,
    /// A kubeconfig with it alone. A secret.
    pub text: Zeroizing<String>,
}

impl OneContext {
    /// The context of this name, or the current one, of the files that are listed, or those that kubectl would take.
    pub fn of(files: Option<&str>, context: Option<&str>) -> Outcome<Self> {
        let paths = match files {
            Some(files) => std::env::split_paths(files).collect(),
            None => of_the_user()?,
        };
        let mut merged = merged(&paths)?;
        let shown = connect::listed(&paths);
        let cut = cut(&merged, context, &shown);
        wipe(&mut merged);
        let (context, mut document) = cut?;
        let text = Zeroizing::new(yaml::print(&document));
        wipe(&mut document);
        Ok(Self { files: shown, context, text })
    }

    /// The names of all contexts that there are, for whoever may pick one.
    pub fn names(files: Option<&Path>) -> Outcome<Vec<String>> {
        let paths = files.map_or_else(of_the_user, |file| Ok(vec![file.to_owned()]))?;
        let mut merged = merged(&paths)?;
        let names = names_in(&merged).into_iter().map(str::to_owned).collect();
        wipe(&mut merged);
        Ok(names)
    }
}

fn of_the_user() -> Outcome<Vec<PathBuf>> {
    let paths = connect::kubeconfig_paths(&Existing::default())?;
    if paths.is_empty() {
        return Err(Failure::usage(
            "there is no current kubeconfig: KUBECONFIG is not set, and ~/.kube/config is not there",
        )
        .hint("name the file, as in --cred kubeconfig=FILE"));
    }
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    Ok(paths.into_iter().map(absolute).collect())
}

/// All of them as one document, with the files that they name by absolute paths.
fn merged(paths: &[PathBuf]) -> Outcome<Value> {
    let mut merged = json!({"contexts": [], "clusters": [], "users": [], "current-context": ""});
    for path in paths {
        let folder = path.parent().unwrap_or(Path::new("/"));
        for mut document in
            kubeconfig::documents(&path.display().to_string(), &kubeconfig::text_of(path)?, Some(folder))?
        {
            if !document.is_object() && !document.is_null() {
                wipe(&mut document);
                return Err(unusable(&path.display().to_string(), "it is no mapping"));
            }
            resolve(&mut document, folder);
            add(&mut merged, &mut document);
            wipe(&mut document);
        }
    }
    Ok(merged)
}

/// Relative paths are relative to the kubeconfig; a program without a `/` is looked for as ever.
fn resolve(document: &mut Value, folder: &Path) {
    let absolute = |value: &mut Value| {
        if let Some(path) = value.as_str().filter(|path| !path.is_empty()) {
            *value = folder.join(path).to_string_lossy().into();
        }
    };
    for item in document["clusters"].as_array_mut().into_iter().flatten() {
        item.pointer_mut("/cluster/certificate-authority").into_iter().for_each(absolute);
    }
    for item in document["users"].as_array_mut().into_iter().flatten() {
        for field in ["client-certificate", "client-key", "tokenFile"] {
            item.pointer_mut(&format!("/user/{field}")).into_iter().for_each(absolute);
        }
        item.pointer_mut("/user/exec/command")
            .filter(|it| it.as_str().is_some_and(|it| it.contains('/')))
            .into_iter()
            .for_each(absolute);
    }
}

fn add(merged: &mut Value, document: &mut Value) {
    for list in ["contexts", "clusters", "users"] {
        for item in document[list].as_array_mut().into_iter().flatten() {
            let known = merged[list].as_array_mut();
            if let Some(known) = known.filter(|known| !known.iter().any(|it| it["name"] == item["name"])) {
                known.push(item.take());
            }
        }
    }
    if merged["current-context"] == "" && document["current-context"].is_string() {
        merged["current-context"] = document["current-context"].take();
    }
}

fn names_in(merged: &Value) -> Vec<&str> {
    merged["contexts"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect()
}

/// The name of the context, and a kubeconfig with it alone.
fn cut(merged: &Value, wanted: Option<&str>, shown: &str) -> Outcome<(String, Value)> {
    let current = merged["current-context"].as_str().filter(|name| !name.is_empty());
    let Some(name) = wanted.or(current) else {
        return Err(unusable(shown, "it has no current context")
            .hint(format!("pick one by --context; it has: {}", names_in(merged).join(", "))));
    };
    let find = |list: &str, name: &str| merged[list].as_array()?.iter().find(|it| it["name"] == name).cloned();
    let Some(context) = find("contexts", name) else {
        return Err(unusable(shown, &format!("it has no context `{name}`")).hint(known_hint(name, &names_in(merged))));
    };
    let of_context = |field: &str| context["context"][field].as_str().unwrap_or_default();
    let missing =
        |noun: &str, it: &str| unusable(shown, &format!("it has no {noun} `{it}`, which its context `{name}` names"));
    let mut cluster =
        find("clusters", of_context("cluster")).ok_or_else(|| missing("cluster", of_context("cluster")))?;
    take_in(&mut cluster["cluster"], &OF_CLUSTER, shown)?;
    let user = match of_context("user") {
        "" => None,
        user => Some(find("users", user).ok_or_else(|| missing("user", user))?),
    };
    let mut users: Vec<Value> = user.into_iter().collect();
    for user in &mut users {
        take_in(&mut user["user"], &OF_USER, shown)?;
    }
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [context],
        "clusters": [cluster],
        "users": users,
    });
    Ok((name.to_owned(), document))
}

/// Takes what is in files into the text, unless it is there already.
fn take_in(entry: &mut Value, fields: &[(&str, &str)], shown: &str) -> Outcome<()> {
    let Some(entry) = entry.as_object_mut() else { return Ok(()) };
    for (file, data) in fields {
        let Some(path) = entry.remove(*file).and_then(|it| Some(it.as_str()?.to_owned())).filter(|it| !it.is_empty())
        else {
            continue;
        };
        if entry.get(*data).and_then(Value::as_str).is_some_and(|data| !data.is_empty()) {
            continue;
        }
        let bytes = input::bytes_of(Path::new(&path))
            .map(Zeroizing::new)
            .map_err(|error| unusable(shown, &format!("`{file}` is {path}, which cannot be read: {error}")))?;
        let text = STANDARD.encode(&*bytes);
        if *data == "client-key-data" {
            remember_secret(&text);
        }
        entry.insert((*data).to_owned(), text.into());
    }
    Ok(())
}

fn unusable(shown: &str, why: &str) -> Failure {
    Failure::usage(format!("cannot use the kubeconfig {shown}: {why}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NEAR: &str = "current-context: near\n\
        contexts: [{name: near, context: {cluster: c, user: u, namespace: work}}, {name: lost, context: {cluster: c, user: w}}]\n\
        clusters: [{name: c, cluster: {server: 'https://near', certificate-authority: ca.pem}}]\n\
        users: [{name: u, user: {client-certificate: cert.pem, client-key: key.pem, tokenFile: token, exec: {command: ./login}}}]\n";
    const FAR: &str = "current-context: far\n\
        contexts: [{name: far, context: {cluster: d, user: v}}, {name: near, context: {cluster: d, user: v}}]\n\
        clusters: [{name: d, cluster: {server: 'https://far'}}]\n\
        users: [{name: v, user: {token: planted-token, exec: {command: login}}}]\n";

    fn files() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in
            [("near", NEAR), ("far", FAR), ("ca.pem", "CA"), ("cert.pem", "CERT"), ("key.pem", "KEY"), ("token", "T")]
        {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let both = format!("{0}/near:{0}/far", folder.path().display());
        (folder, both)
    }

    fn read(text: &str) -> Value {
        yaml::manifests("kubeconfig", text).expect("a kubeconfig").remove(0)
    }

    #[test]
    fn one_context_is_cut_out_with_what_it_names() {
        let (folder, both) = files();
        let near = OneContext::of(Some(&both), None).expect("cut");
        assert_eq!((near.context.as_str(), &near.files), ("near", &both));
        let here = folder.path().display();
        let expected = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "near",
            "contexts": [{"name": "near", "context": {"cluster": "c", "user": "u", "namespace": "work"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://near", "certificate-authority-data": "Q0E="}}],
            "users": [{"name": "u", "user": {"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ",
                "tokenFile": format!("{here}/token"), "exec": {"command": format!("{here}/./login")}}}],
        });
        assert_eq!(read(&near.text), expected);
        let far = OneContext::of(Some(&both), Some("far")).expect("cut");
        assert!(!far.text.contains("near") && read(&far.text)["users"][0]["user"]["exec"]["command"] == "login");
        assert_eq!(OneContext::names(Some(&folder.path().join("far"))).expect("names"), ["far", "near"]);
    }

    #[test]
    fn what_cannot_be_cut_out_is_told() {
        let (folder, both) = files();
        let told = |files: &str, context| OneContext::of(Some(files), context).map(drop).expect_err("refused").render();
        let slip = told(&both, Some("farr"));
        assert!(
            slip.contains("no context `farr`") && slip.contains("did you mean `far`? it has: near, lost, far"),
            "{slip}"
        );
        assert!(told(&both, Some("lost")).contains("it has no user `w`, which its context `lost` names"));
        fs::remove_file(folder.path().join("ca.pem")).expect("removed");
        assert!(told(&both, None).contains("/ca.pem, which cannot be read"));
        let none = folder.path().join("none");
        fs::write(&none, "contexts: [{name: one}]\n").expect("written");
        assert!(told(&none.display().to_string(), None).contains("pick one by --context; it has: one"));
        for text in ["- a\n", "plain text\n", "7\n"] {
            fs::write(&none, text).expect("written");
            assert!(told(&none.display().to_string(), None).contains("it is no mapping"), "{text}");
        }
        assert!(told("/nowhere", None).contains("cannot read the kubeconfig /nowhere"));
    }
}
