//! The README of a hub repository: what the hub is made of, in which order it comes up, how it is changed.

use crate::document::{ArgoCd, ArgoCdVariant, Component, Hub, Lock};
use crate::hub_repository::layout::{self, APPLICATIONS, PROJECTS, RepoFile};
use crate::render::applications::{chart_folder, chart_repository};
use crate::words::argo::{ARGOCD, ARGOCD_WAVE, CLAIMS, CLAIMS_WAVE, HUB, PROJECT_WAVE, ROOT_WAVE};

/// The text of `README.md`.
pub fn readme(hub: &Hub, lock: &Lock) -> String {
    let mut components: Vec<&Component> = hub.spec.components.iter().collect();
    components.sort_by_key(|component| (component.wave, &component.name));
    let (values, project, argocd) = (RepoFile::Values("<name>").path(), RepoFile::Project(HUB).path(), layout::ARGOCD);
    let (name, table, graph) = (&hub.metadata.name, table(hub, lock, &components), graph(&components));
    format!(
        "# {name}: a hub of The BACK Stack\n\n\
         Argo CD on the hub cluster owns everything in this repository, itself included. The hub is changed by \
         commits here, and by nothing else: what is changed on the cluster is put back.\n\n\
         ## What it is made of\n\n\
         {table}\n\
         Waves come up in order; each waits until the Applications before it are synced and healthy. So an \
         Argo CD that does not come up holds back every component.\n\n\
         {graph}\n\
         ## How it is changed\n\n\
         - **Settings of a component**: edit `{values}`.\n\
         - **Settings of Argo CD**: edit the files in `{argocd}/`.\n\
         - **A component of your own**: add an Application to `{APPLICATIONS}/`, and its chart's address to \
         `sourceRepos` in `{project}`.\n\
         - **Versions**: change the pinned version in the Application, or replace the files by those of the new \
         release. Upgrading the bundle does the same in one commit and keeps your edits.\n\
         - **Back**: revert the commit.\n\n\
         `lock.yaml` holds the digest of every file as it was rendered; a file that differs is an edit of yours. \
         An edit that a new bundle would overwrite is refused with the names of the files. Do not edit `lock.yaml`. \
         There are no secrets in this repository, and none belong here.\n"
    )
}

fn table(hub: &Hub, lock: &Lock, components: &[&Component]) -> String {
    let mut lines = vec![
        "| wave | application | namespace | project | version | source |".to_owned(),
        "|---:|---|---|---|---|---|".to_owned(),
        format!("| {PROJECT_WAVE} | (AppProjects) | argocd | | | `{PROJECTS}/` |"),
        format!("| {ARGOCD_WAVE} | argocd | argocd | {HUB} | {} | `{}/` |", version(&hub.spec.argocd), layout::ARGOCD),
    ];
    lines.extend(components.iter().map(|component| {
        let Component { name, namespace, project, wave, chart, .. } = component;
        let pinned = chart.locked.as_ref().and_then(|name| lock.assets.iter().find(|asset| asset.name == *name));
        let version = chart.version.as_deref().or(pinned.map(|asset| asset.version.as_str())).unwrap_or("");
        let source = chart_repository(chart).unwrap_or_else(|| chart_folder(component));
        format!("| {wave} | {name} | {namespace} | {project} | {version} | `{source}` |")
    }));
    // Rows are ordered by wave, wherever a component stands relative to Argo CD.
    lines[2..].sort_by_key(|line| line.split('|').nth(1).and_then(|wave| wave.trim().parse::<i32>().ok()));
    lines.extend(
        hub.spec
            .claims
            .iter()
            .map(|it| format!("| {CLAIMS_WAVE} | {CLAIMS} | | {CLAIMS} | | `{}` |", it.repository.url)),
    );
    lines.push(format!("| {ROOT_WAVE} | root | argocd | {HUB} | | `{}/` |", layout::ROOT));
    lines.join("\n") + "\n"
}

/// The version of Argo CD, and what is particular about it.
fn version(argocd: &ArgoCd) -> String {
    match argocd.variant {
        ArgoCdVariant::Standard => argocd.version.clone(),
        ArgoCdVariant::Ha => format!("{}, highly available", argocd.version),
    }
}

/// Applications by number, since Mermaid takes some names (`end`) for its own words.
fn graph(components: &[&Component]) -> String {
    let mut nodes: Vec<(i32, &str)> = components.iter().map(|it| (it.wave, it.name.as_str())).collect();
    nodes.push((ARGOCD_WAVE, ARGOCD));
    nodes.sort_unstable();
    let mut lines =
        vec!["```mermaid".to_owned(), "graph LR".to_owned(), "  git[(this repository)] --> root".to_owned()];
    for (index, (wave, name)) in nodes.iter().enumerate() {
        lines.push(format!("  root -- \"wave {wave}\" --> app{index}[\"{name}\"]"));
    }
    lines.push("```".to_owned());
    lines.join("\n") + "\n"
}
