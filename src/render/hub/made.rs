//! Files that hold an object each, with these objects: nobody has to read from a file again what was just rendered.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::Tree;
use crate::report::Outcome;

/// Files, and the objects in them by their paths.
#[derive(Default)]
pub(super) struct Made {
    pub tree: Tree,
    pub objects: BTreeMap<String, Value>,
}

impl Made {
    /// Adds an object as a file.
    pub fn insert(&mut self, path: String, object: Value) -> Outcome<()> {
        self.tree.insert_yaml(path.as_str(), &object)?;
        self.objects.insert(path, object);
        Ok(())
    }

    /// Adds all of another one below a folder.
    pub fn insert_below(&mut self, folder: &str, made: Self) -> Outcome<()> {
        self.tree.insert_below(folder, &made.tree)?;
        self.objects.extend(made.objects.into_iter().map(|(path, object)| (format!("{folder}/{path}"), object)));
        Ok(())
    }
}
