//! What a kubeconfig that a played bundle brings along may name: files of the stage, and no program. The file would be read,
//! and what is in it sent, as the user of this machine, to a server of the bundle's choice.

use std::fs;
use std::path::{Component, Path, PathBuf};

use kube::config::Kubeconfig;

use crate::env;
use crate::report::{Failure, Outcome};

/// Demands that a kubeconfig reaches for nothing of this machine, unless the user has given it to the bundle. Whoever plays
/// a bundle lets it name no other kubeconfigs outside of the stage, so all of those are given.
pub(super) fn demand_confined(path: &Path, kubeconfig: &Kubeconfig) -> Outcome<()> {
    let Some(root) = env::get(env::ROOT) else { return Ok(()) };
    let root = Path::new(&root);
    if !is_below(root, path) || is_given(path) {
        return Ok(());
    }
    let beyond = beyond(root, kubeconfig);
    if beyond.is_empty() {
        return Ok(());
    }
    let message =
        format!("the kubeconfig {} is the bundle's own, and reaches for what is this machine's", path.display());
    Err(Failure::usage(message)
        .details(beyond)
        .hint(
            "give the bundle a kubeconfig by --cred NAME=PATH, or put what it names into the bundle, relative to it; the module of \
             a cluster is to give one that holds a certificate or a token, and names no program",
        ))
}

/// The entries that name a file outside of the stage, or what would be run.
fn beyond(root: &Path, kubeconfig: &Kubeconfig) -> Vec<String> {
    let mut beyond = Vec::new();
    for cluster in &kubeconfig.clusters {
        let authority = cluster.cluster.as_ref().and_then(|it| it.certificate_authority.as_deref());
        if let Some(file) = authority.filter(|file| !is_below(root, Path::new(file))) {
            beyond.push(format!("cluster {}: certificate-authority: {file}", cluster.name));
        }
    }
    for user in &kubeconfig.auth_infos {
        let Some(info) = &user.auth_info else { continue };
        let files = [
            ("client-certificate", &info.client_certificate),
            ("client-key", &info.client_key),
            ("tokenFile", &info.token_file),
        ];
        let files = files.into_iter().filter_map(|(key, file)| Some((key, file.as_deref()?)));
        let outside = files.filter(|(_, file)| !is_below(root, Path::new(file)));
        beyond.extend(outside.map(|(key, file)| format!("user {}: {key}: {file}", user.name)));
        let programs = [("exec", info.exec.is_some()), ("auth-provider", info.auth_provider.is_some())];
        let programs = programs.into_iter().filter(|(_, is_there)| *is_there);
        beyond.extend(programs.map(|(key, _)| format!("user {}: {key}", user.name)));
    }
    beyond
}

/// Whether the user has put this file on the stage. It may be named by a link.
fn is_given(path: &Path) -> bool {
    let given: Vec<PathBuf> = serde_json::from_str(&env::get(env::GIVEN).unwrap_or_default()).unwrap_or_default();
    let Ok(path) = fs::canonicalize(path) else { return false };
    given.iter().any(|given| fs::canonicalize(given).is_ok_and(|given| given == path))
}

/// Where it leads, not what it is called; by its words alone where there is no such file.
fn is_below(root: &Path, path: &Path) -> bool {
    let stays = |path: &Path| path.starts_with(root) && !path.components().any(|part| part == Component::ParentDir);
    match (fs::canonicalize(path), fs::canonicalize(root)) {
        (Ok(found), Ok(root)) => found.starts_with(root),
        _ => std::path::absolute(path).is_ok_and(|path| stays(&path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_beyond_the_stage_is_named() {
        let stage = tempfile::tempdir().expect("a folder");
        let root = stage.path();
        fs::write(root.join("in"), "").expect("written");
        std::os::unix::fs::symlink("/etc/hostname", root.join("out")).expect("linked");
        let (inside, out) = (root.join("in").display().to_string(), root.join("out").display().to_string());
        let text = format!(
            "clusters: [{{name: a, cluster: {{server: 'https://x', certificate-authority: {inside}}}}}, {{name: b, cluster: \
             {{server: 'https://x', certificate-authority: {out}}}}}]\n\
             users: [{{name: u, user: {{client-certificate: /x, client-key: {inside}, tokenFile: {inside}/../../y}}}}, \
             {{name: v, user: {{exec: {{command: sh}}, auth-provider: {{name: gcp, config: {{}}}}}}}}, \
             {{name: w, user: {{token: t, client-key-data: aGk=, tokenFile: {root}/later}}}}]\n",
            root = root.display()
        );
        let kubeconfig = Kubeconfig::from_yaml(&text).expect("a kubeconfig");
        let wanted = [
            format!("cluster b: certificate-authority: {out}"),
            "user u: client-certificate: /x".to_owned(),
            format!("user u: tokenFile: {inside}/../../y"),
            "user v: exec".to_owned(),
            "user v: auth-provider".to_owned(),
        ];
        assert_eq!(beyond(root, &kubeconfig), wanted);
    }
}
