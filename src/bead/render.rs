//! `bead render`: what a hub repository would hold of a bead.

use std::fs;
use std::path::Path;

use super::files::{BeadFiles, parameters};
use crate::document::{Bead, ClaimsRepository, HubClaims, Resolved};
use crate::files::Tree;
use crate::hub_repository::HubImages;
use crate::hub_repository::layout::folder_of_bead;
use crate::render;
use crate::render::bead::Values;
use crate::report::{Console, Diagnostic, Failure, Outcome, answer, counted};
use crate::vendor::read_folder;

/// Prints the files, each below a line with its path; or writes them below a folder.
pub fn render(folder: &Path, given: &[String], to: Option<&Path>, console: &Console) -> Outcome<()> {
    let files = BeadFiles::read(folder)?;
    let rendered = render::bead::render(&files.input(parameters(given)?, somewhere(), Some(claims_somewhere()))?)?;
    let Some(to) = to else { return answer(&printed(&rendered.tree)) };
    let others = others(to, &rendered.tree, &files.bead)?;
    for (path, file) in rendered.tree.iter() {
        let place = to.join(path);
        let folder = place.parent().unwrap_or(to);
        fs::create_dir_all(folder).and_then(|()| file.write(&place)).map_err(|error| {
            Failure::failed(format!("failed to write {}: {error}", place.display()))
                .hint("--to names a folder in which you may write")
        })?;
    }
    console.done("render", format!("{} below {}", counted(rendered.tree.len(), "file"), to.display()));
    for path in others {
        console.done("stays", format!("{}: no part of this render", to.join(path).display()));
    }
    Ok(())
}

/// What is in the folders of the bead there and not rendered now, such as what another version has left.
fn others(to: &Path, tree: &Tree, bead: &Bead) -> Outcome<Vec<String>> {
    let own = format!("{}/", folder_of_bead(&bead.metadata.name));
    let place = to.join(&own);
    let there = if place.is_dir() { read_folder(&place)? } else { Tree::default() };
    let paths = there.iter().map(|(path, _)| format!("{own}{path}"));
    Ok(paths.filter(|path| tree.get(path).is_none()).collect())
}

/// What a render of a bead says of images.
pub struct NamedImages {
    /// Every image that the render names.
    pub images: HubImages,
    /// What stands for one and is none.
    pub doubts: Vec<Diagnostic>,
}

/// The images that a render of a bead names, with those of the values that it has parameters for.
pub fn images(files: &BeadFiles, given: &Values) -> Outcome<NamedImages> {
    let mut values = given.clone();
    values.retain(|name, _| files.bead.spec.parameters.iter().any(|it| it.name == *name));
    let rendered = render::bead::render(&files.input(values, somewhere(), Some(claims_somewhere()))?)?;
    let doubts = rendered.image_doubts();
    Ok(NamedImages { images: rendered.images, doubts })
}

/// The repository of the hub is not known here.
pub fn somewhere() -> Resolved {
    Resolved {
        repository: "https://git.example.org/hub.git".to_owned(),
        branch: "main".to_owned(),
        cluster_uid: "00000000-0000-0000-0000-000000000000".to_owned(),
    }
}

/// Neither is where its claims are.
pub fn claims_somewhere() -> HubClaims {
    let url = "https://git.example.org/example/claims.git".to_owned();
    let repository = ClaimsRepository { url, branch: "main".to_owned(), path: ".".to_owned() };
    HubClaims { repository, namespaces: vec!["team-*".to_owned()] }
}

fn printed(tree: &Tree) -> String {
    tree.iter().fold(String::new(), |text, (path, bytes)| {
        let content = String::from_utf8_lossy(bytes);
        let end = if content.ends_with('\n') { "" } else { "\n" };
        format!("{text}---\n# {path}\n{content}{end}")
    })
}
