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

/// Demands a name with which the document of the scaffold can be read. `what` it may be is that of the format.
pub fn demand_name(name: &str, noun: &str, what: &str, reads: impl Fn(&str) -> bool) -> Outcome<()> {
    if reads(name) {
        return Ok(());
    }
    let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    let tidy: String = name.chars().map(plain).collect();
    let tidy = tidy.trim_matches('-');
    // A name like `1` or `no` is none of a text to YAML.
    let better = [tidy.to_owned(), format!("{noun}-{tidy}")].into_iter().find(|it| reads(it));
    let example = better.map_or(String::new(), |it| format!("; try `{it}`"));
    Err(Failure::usage(format!("`{name}` cannot be the name of a {noun}; nothing was written"))
        .hint(format!("{what}{example}")))
}

fn write_one(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, text)
}
