//! What a step hands back to Porter: one file an output.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::env;
use crate::report::{Failure, Outcome};

/// Where Porter's runtime reads the outputs of a step (`MixinOutputsDir` in Porter's `pkg/portercontext`).
pub const OUTPUTS_DIR: &str = "/cnab/app/porter/outputs";

/// The outputs of the running step.
#[derive(Debug, Clone)]
pub struct Outputs {
    folder: PathBuf,
}

impl Outputs {
    /// The outputs where Porter, or `bundle run`, looks for them.
    #[must_use]
    pub fn of_the_step() -> Self {
        Self::below(env::in_image(OUTPUTS_DIR))
    }

    /// Outputs in a folder of the caller's choice.
    #[must_use]
    pub fn below(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Writes an output: these bytes and no others.
    ///
    /// Every regular file in the folder becomes an output (`readMixinOutputs` in Porter's `pkg/runtime`), half
    /// written ones too. So the bytes are written beside the folder, and moved into it whole.
    pub fn write(&self, name: &str, value: &[u8]) -> Outcome<()> {
        if name.is_empty() || name.contains('/') || name == "." || name == ".." {
            return Err(Failure::usage(format!("output `{name}` cannot be written: the name must be a file name"))
                .hint("an output name has no `/`"));
        }
        self.persist(name, value).map_err(|error| {
            let folder = self.beside().display();
            Failure::failed(format!("failed to write output {name}: {error}"))
                .hint(format!("the user of the bundle must be able to write to {folder} and the folder outputs in it"))
        })
    }

    /// Writes an output that is declared as an object, an array, a number or a boolean.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Outcome<()> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Failure::failed(format!("failed to write output {name} as JSON: {error}")))?;
        self.write(name, &bytes)
    }

    fn persist(&self, name: &str, value: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = NamedTempFile::new_in(self.beside())?;
        file.write_all(value)?;
        file.persist(self.folder.join(name))?;
        Ok(())
    }

    fn beside(&self) -> &Path {
        self.folder.parent().unwrap_or(Path::new("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_byte_exact_and_alone_in_their_folder() {
        let place = tempfile::tempdir().expect("a folder");
        let outputs = Outputs::below(place.path().join("porter/outputs"));
        outputs.write("plain", b"no newline \xff").expect("written");
        outputs.write_json("json", &serde_json::json!({"a": "<&>"})).expect("written");
        outputs.write("plain", b"again").expect("the later one wins");
        let folder = place.path().join("porter/outputs");
        assert_eq!(fs::read(folder.join("plain")).expect("there"), b"again");
        assert_eq!(fs::read(folder.join("json")).expect("there"), br#"{"a":"<&>"}"#);
        assert_eq!(fs::read_dir(&folder).expect("there").count(), 2);
        assert_eq!(fs::read_dir(place.path().join("porter")).expect("there").count(), 1);
    }

    #[test]
    fn an_output_cannot_leave_its_folder() {
        let outputs = Outputs::below("/nowhere");
        for name in ["", ".", "..", "a/b", "../a"] {
            assert!(outputs.write(name, b"").is_err(), "{name}");
        }
    }
}
