//! What `porter.yaml` declares that no run can have: a version that Porter does not read, text that is no template, and
//! names and paths that lead out of the bundle.
//!
//! In an image a path is one of the image. Here the stage stands for it, so a path must not lead out, and a name that
//! becomes a file must be one.

use std::path::{Component, Path};

use super::environment;
use super::manifest::{FILE, Manifest};
use super::template::{Broken, Template};
use crate::report::{Diagnostic, Failure, Outcome};

/// The longest name of a file that every file system of Linux takes (`NAME_MAX`).
const LONGEST_NAME: usize = 255;

impl Manifest {
    /// What a run refuses, whatever its action; and what is wrong with the steps of any of them.
    #[must_use]
    pub fn refused(&self) -> Vec<Diagnostic> {
        self.wrong_declarations().into_iter().chain(self.wrong_steps()).collect()
    }

    /// Demands that nothing is refused, whatever the action.
    pub(super) fn demand_sound_declarations(&self) -> Outcome<()> {
        let wrong = self.wrong_declarations();
        if wrong.is_empty() { Ok(()) } else { Err(Failure::document(FILE, wrong)) }
    }

    fn wrong_declarations(&self) -> Vec<Diagnostic> {
        let version = self.wrong_version().into_iter();
        let of_names = self.wrong_places().into_iter().chain(self.wrong_variables()).chain(self.without_place());
        let of_names = of_names.chain(self.wrong_state());
        version.chain(self.no_template()).chain(of_names).collect()
    }

    fn wrong_version(&self) -> Option<Diagnostic> {
        if self.schema_version().is_supported() {
            return None;
        }
        let text = &self.header.schema_version;
        let message = match text.as_str() {
            "" => "`schemaVersion` is missing, and Porter reads no bundle without one".to_owned(),
            _ => format!("`schemaVersion` is `{text}`, which Porter does not read"),
        };
        Some(self.place(Diagnostic::error("schemaVersion", message).hint("write `schemaVersion: 1.0.1`")))
    }

    /// Porter reads the whole text as one template before it renders any step of it.
    fn no_template(&self) -> Option<Diagnostic> {
        let source = &self.document.source;
        let Broken { message, at } = Template::read(&source.text, self.schema_version().delimiters()).err()?;
        let mistake = Diagnostic::error("", message).at(source, source.place(at));
        Some(mistake.hint("Porter reads all of porter.yaml as a template, comments too"))
    }

    fn wrong_places(&self) -> Vec<Diagnostic> {
        let header = &self.header;
        let parameters = header.parameters.iter().map(|it| &it.path).enumerate().map(|it| ("parameters", it));
        let credentials = header.credentials.iter().map(|it| &it.path).enumerate().map(|it| ("credentials", it));
        let outputs = header.outputs.iter().map(|it| &it.path).enumerate().map(|it| ("outputs", it));
        let state = header.state.iter().map(|it| &it.path).enumerate().map(|it| ("state", it));
        let paths = parameters.chain(credentials).chain(outputs).chain(state).filter_map(|(list, (index, path))| {
            let path = path.as_deref().filter(|path| !is_in_image(path))?;
            let message = format!("`{path}` is no path of a file in the bundle's image");
            Some(self.place(Diagnostic::error(format!("{list}[{index}].path"), message)))
        });
        let names =
            header.outputs.iter().enumerate().filter(|(_, it)| !is_file_name(&it.name)).map(|(index, output)| {
                let message = format!("`{}` is no name for an output, which becomes the name of a file", output.name);
                self.place(Diagnostic::error(format!("outputs[{index}].name"), message))
            });
        let mixins =
            self.mixins().into_iter().enumerate().filter(|(_, name)| !is_file_name(name)).map(|(index, name)| {
                let message = format!("`{name}` is no name for a mixin");
                self.place(Diagnostic::error(format!("mixins[{index}]"), message)).hint("a name such as `exec`")
            });
        let hint = "an absolute path, or one below /cnab/app; without `..`";
        let of_file = "without `/`, at most 255 bytes";
        paths.map(|it| it.hint(hint)).chain(names.map(|it| it.hint(of_file))).chain(mixins).collect()
    }

    /// Credentials and files that are put nowhere, which no step of the bundle gets over (`resolveCredential` in Porter's
    /// `pkg/runtime`, `ParameterDefinition.Validate` in its `pkg/manifest`).
    fn without_place(&self) -> Vec<Diagnostic> {
        let header = &self.header;
        let credentials = header.credentials.iter().enumerate().filter(|(_, it)| it.env.is_none() && it.path.is_none());
        let credentials = credentials.map(|(index, it)| {
            let message = format!("`{}` has neither `env` nor `path`", it.name);
            self.place(Diagnostic::error(format!("credentials[{index}]"), message))
        });
        let files =
            header.parameters.iter().enumerate().filter(|(_, it)| it.shape.kind() == "file" && it.path.is_none());
        let files = files.map(|(index, it)| {
            let message = format!("`{}` is a file and has no `path`", it.name);
            self.place(Diagnostic::error(format!("parameters[{index}]"), message))
        });
        credentials.chain(files).map(|it| it.hint("say where the bundle finds it")).collect()
    }

    /// Files that are never kept, or come back as another one: Porter says nothing of a state without a `path`, reads no folder,
    /// and finds a file of the state again by its name alone.
    fn wrong_state(&self) -> Vec<Diagnostic> {
        let state = &self.header.state;
        let wrong = state.iter().enumerate().filter_map(|(index, file)| {
            let at = |field, message| Diagnostic::error(format!("state[{index}]{field}"), message);
            let name = &file.name;
            let mistake = match &file.path {
                _ if !name.split('/').all(is_file_name) => at(".name", format!("`{name}` is no name for a state"))
                    .hint("without `/` at its ends and without `..`"),
                _ if state[..index].iter().any(|it| it.name == *name) => {
                    at(".name", format!("the state `{name}` is declared twice")).hint("Porter keeps one file a name")
                }
                None => at("", format!("`{name}` has no `path`")).hint("say which file of the bundle is kept"),
                Some(path) if path.ends_with('/') => {
                    at(".path", format!("`{path}` is a folder")).hint("a state is one file: declare each")
                }
                Some(_) => return None,
            };
            Some(self.place(mistake))
        });
        wrong.collect()
    }

    /// Names of variables that are none, or that are not the bundle's to set.
    fn wrong_variables(&self) -> Vec<Diagnostic> {
        let header = &self.header;
        let parameters = header.parameters.iter().map(|it| (it.variable(), it.env.is_some())).enumerate();
        let credentials = header.credentials.iter().map(|it| (it.env.clone(), true)).enumerate();
        let all = parameters.map(|it| ("parameters", it)).chain(credentials.map(|it| ("credentials", it)));
        let wrong = all.filter_map(|(list, (index, (variable, is_written)))| {
            let variable = variable?;
            let message = if variable.is_empty() || variable.contains(['=', '\0']) {
                format!("`{}` is no name of a variable", variable.escape_debug())
            } else if environment::is_own(&variable) {
                format!("the variable `{variable}` belongs to the runtime of bundles")
            } else {
                return None;
            };
            let field = if is_written { "env" } else { "name" };
            let mistake = Diagnostic::error(format!("{list}[{index}].{field}"), message);
            Some(self.place(mistake.hint("give it an `env` of another name")))
        });
        wrong.collect()
    }
}

/// Whether the path is one of a file in the image, wherever that stands.
fn is_in_image(path: &str) -> bool {
    let inside = Path::new(path.trim_start_matches('/'));
    let mut components = inside.components().peekable();
    let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    components.peek().is_some() && components.all(stays) && inside.file_name().is_some() && !path.contains('\0')
}

fn is_file_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && !name.contains(['/', '\0']) && name != "." && name != ".."
}
