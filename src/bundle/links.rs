//! Links in the folder of a bundle that lead out of it: to files of this machine, which the image would not have.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Where a link of the bundle leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leads {
    /// To what is in the bundle, by this target.
    Inside(PathBuf),
    /// To a path of the image.
    ToImage(PathBuf),
    /// Out of both.
    Out(PathBuf),
}

/// Where a link below the folder leads.
pub(super) fn leads(folder: &Path, link: &Path, image: &[&str]) -> io::Result<Leads> {
    let target = fs::read_link(link)?;
    let is_plain = !target.components().any(|part| part == Component::ParentDir);
    if is_plain && image.iter().any(|root| target.starts_with(root)) {
        return Ok(Leads::ToImage(target));
    }
    let stays = match (fs::canonicalize(link), fs::canonicalize(folder)) {
        (Ok(found), Ok(folder)) => found.starts_with(folder) && target.is_relative(),
        // It leads nowhere yet.
        _ => stays_below(folder, link, &target),
    };
    Ok(if stays { Leads::Inside(target) } else { Leads::Out(target) })
}

/// Whether the target is below the folder by its words alone.
fn stays_below(folder: &Path, link: &Path, target: &Path) -> bool {
    let Some(parent) = link.parent().and_then(|parent| parent.strip_prefix(folder).ok()) else { return false };
    let mut depth = parent.components().count();
    target.is_relative()
        && target.components().all(|part| match part {
            Component::ParentDir if depth == 0 => false,
            Component::ParentDir => {
                depth -= 1;
                true
            }
            Component::Normal(_) => {
                depth += 1;
                true
            }
            _ => true,
        })
}

/// The links below the folder that lead out of it, each with its target.
pub(super) fn out_of(folder: &Path, image: &[&str]) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(one) = folders.pop() {
        for entry in fs::read_dir(one)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if entry.file_name() == ".git" || entry.file_name() == ".cnab" {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink()
                && let Leads::Out(target) = leads(folder, &path, image)?
            {
                found.push((path.strip_prefix(folder).unwrap_or(&path).to_path_buf(), target));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_lead_out_are_told() {
        let place = tempfile::tempdir().expect("a folder");
        let bundle = place.path().join("bundle");
        fs::create_dir_all(bundle.join("a/b")).expect("made");
        fs::write(place.path().join("secret"), "").expect("written");
        for (link, target) in [
            ("in", "a/b"),
            ("a/up", "../in"),
            ("later", "a/c"),
            ("image", "/cnab/app/a"),
            ("absolute", "/etc/hostname"),
            ("own", bundle.join("a").to_str().expect("text")),
            ("out", "../secret"),
            ("a/b/dangling", "../../../x"),
            ("in-and-out", "in/../../../secret"),
            ("tricky", "/cnab/app/../../etc"),
        ] {
            symlink(target, bundle.join(link)).expect("linked");
        }
        let found = out_of(&bundle, &["/cnab"]).expect("read");
        let names: Vec<String> = found.iter().map(|(link, _)| link.display().to_string()).collect();
        assert_eq!(names, ["a/b/dangling", "absolute", "in-and-out", "out", "own", "tricky"]);
    }
}
