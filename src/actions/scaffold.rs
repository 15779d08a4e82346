//! Bundles to start from: the files that `hub new` and `bead new` write.

use std::fs;
use std::path::{Path, PathBuf};

use crate::report::{Console, Failure, Outcome};

/// What the image of every bundle is made from; those of the bundle `hubs/existing`.
pub const IMAGE: [File; 2] = [
    ("template.Dockerfile", include_str!("../../bundles/hubs/existing/template.Dockerfile")),
    (".dockerignore", include_str!("../../bundles/hubs/existing/.dockerignore")),
];
/// What a bundle's repository leaves out: downloads, and what Porter makes.
pub const IGNORED: File = (".gitignore", "/assets/\n/.cnab/\n");

/// A path in the bundle, and the text of the file.
pub type File = (&'static str, &'static str);

/// Writes files into a folder that has none of them, each as `named` gives its text. All or nothing.
pub fn write(files: &[File], named: impl Fn(&str) -> String, folder: &Path, console: &Console) -> Outcome<()> {
    let files: Vec<(PathBuf, String)> = files.iter().map(|(path, text)| (folder.join(path), named(text))).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Failure::usage(format!("{} is there already; nothing was written", path.display()))
            .hint("give another folder behind the name"));
    }
    for (path, text) in &files {
        write_one(path, text)
            .map_err(|error| Failure::failed(format!("failed to write {}: {error}", path.display())))?;
        console.done("write", path.display().to_string());
    }
    Ok(())
}

fn write_one(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, text)
}
