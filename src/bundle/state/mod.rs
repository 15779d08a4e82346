//! The `state` of a bundle: files that it finds in each run as the last one has left them.

mod bag;
mod files;
mod folder;
mod place;
mod record;

use std::path::Path;

use folder::Folder;
pub(super) use record::digest;
use record::{Owner, Places};

use super::action::effect;
use super::manifest::Header;
use super::stage::Stage;
use crate::report::{Failure, Outcome};

/// The state in one run.
#[derive(Debug)]
pub(super) struct State {
    action: String,
    places: Places,
    /// Where it is kept, if it is.
    folder: Option<Folder>,
    news: Vec<String>,
}

impl State {
    /// The state of an installation for a run of `action`, kept in the folder that was given.
    pub fn open(
        given: Option<&Path>,
        bundle: &Path,
        header: &Header,
        action: &str,
        installation: &str,
    ) -> Outcome<Self> {
        let declared = header.state.iter().filter_map(|it| Some((it.name.clone(), it.path.clone()?)));
        let mut state = Self { action: action.to_owned(), places: declared.collect(), folder: None, news: Vec::new() };
        let effect = effect(header, action);
        match given {
            None if header.state.is_empty() || (effect.stateless && !effect.modifies) => {}
            None => {
                return Err(Failure::usage(format!(
                    "the bundle {} has a state to keep; nothing was started",
                    header.name
                ))
                .hint("name a folder for it by --state DIR, the same one in all runs of this installation"));
            }
            Some(path) if header.state.is_empty() => {
                state.news.push(format!("--state {} is idle: the bundle declares no `state`", path.display()));
            }
            Some(path) => {
                let owner = Owner { bundle: header.name.clone(), installation: installation.to_owned() };
                let folder = state.folder.insert(Folder::open(path, bundle, &owner, action)?);
                if effect.modifies {
                    folder.make_stage()?;
                } else {
                    state.news.push(format!("{action} reads the state: what it changes of it is not kept"));
                }
            }
        }
        Ok(state)
    }

    /// Where the stage has to be, if it matters.
    pub fn stage(&self) -> Option<&Path> {
        self.folder.as_ref().and_then(Folder::stage)
    }

    /// Puts the state where the bundle finds it.
    pub fn put_on(&mut self, stage: &Stage) -> Outcome<()> {
        let Some(folder) = &mut self.folder else { return Ok(()) };
        files::put(&folder.files()?, &self.places, stage)
    }

    /// What people are to know before the run begins.
    pub fn news(&self) -> impl Iterator<Item = &String> {
        self.folder.iter().flat_map(|it| &it.news).chain(&self.news)
    }

    /// Where it is kept after this run, if it is.
    pub fn kept_in(&self) -> Option<&Path> {
        self.folder.as_ref().filter(|it| it.stage().is_some()).map(Folder::path)
    }

    /// The first step may begin.
    pub fn begin(&mut self) -> Outcome<()> {
        match &mut self.folder {
            Some(folder) if folder.stage().is_some() => folder.begin(&self.action, &self.places),
            _ => Ok(()),
        }
    }

    /// Keeps the state, however the run went.
    pub async fn keep(&mut self, outcome: &Outcome<()>) -> Outcome<()> {
        match &mut self.folder {
            Some(folder) if folder.stage().is_some() => folder.keep(outcome).await,
            _ => Ok(()),
        }
    }
}
