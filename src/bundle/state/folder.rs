//! The folder in which the state of one installation lives between its runs, and in which it is while one goes on.
//!
//! A run that can change the state is played in the folder itself: its stage is `stage`. So what is written into the state,
//! in whichever way and by whichever process, is there when the run is killed or the machine stops, and the next run keeps it
//! before it begins. `record.json` says which of the two is the newest: the bag, or the stage of a run that has not ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::bag::{self, Kept};
use super::files;
use super::place::{self, LOCK};
use super::record::{Ended, LastRun, Owner, Places, Record, Written};
use crate::process::UNFINISHED;
use crate::report::{Exit, Failure, Outcome};

/// The state as Porter keeps it.
const BAG: &str = "porter-state.tgz";
/// The one before it, when a killed run may have left half a state.
const BEFORE: &str = "porter-state.previous.tgz";
const RECORD: &str = "record.json";
/// The stage of a run.
const STAGE: &str = "stage";
/// The lock of all that a run starts: what outlives it may still write on the stage.
const STAGE_LOCK: &str = "stage.lock";

/// How long what was killed at the end of a run may take to be gone, and how often that is looked at.
const SOON: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// The action after which nothing is installed.
const UNINSTALL: &str = "uninstall";

/// The folder, locked for this run.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
    /// What is started in the run holds it, too.
    lock_of_stage: Option<File>,
    record: Record,
    stage: Option<TempDir>,
    /// What people are to know before the run begins.
    pub news: Vec<String>,
}

impl Folder {
    /// Opens the folder of an installation for a run of `action`, and keeps what a killed run has left in it.
    pub fn open(path: &Path, bundle: &Path, owner: &Owner, action: &str) -> Outcome<Self> {
        let path = place::found(path, bundle)?;
        demand_ours(&path)?;
        place::make_private(&path)?;
        let Some(lock) = place::locked(&path, LOCK)? else { return Err(in_use(&path)) };
        place::sign(&lock, &format!("{action} of {owner} (process {})", std::process::id()))?;
        let record = read_record(&path)?;
        let is_new = record.is_none();
        let record = record.unwrap_or_else(|| Record::new(owner.clone()));
        if record.owner != *owner {
            return Err(Failure::refused(format!(
                "{} holds the state of {}, not of {owner}; nothing was started",
                path.display(),
                record.owner
            ))
            .hint("give each installation a folder of its own, or name the one of this folder by --name"));
        }
        let mut folder = Self { path, _lock: lock, lock_of_stage: None, record, stage: None, news: Vec::new() };
        folder.lock_of_stage = place::locked(&folder.path, STAGE_LOCK)?;
        if folder.lock_of_stage.is_none() {
            return Err(Failure::refused(format!(
                "what {} has started still runs, and may write its state; nothing was started",
                folder.last_run()
            ))
            .hint("wait for its end, then run again"));
        }
        folder.take_up(is_new)?;
        Ok(folder)
    }

    /// The files of the state as the last run has left them.
    pub fn files(&mut self) -> Outcome<Vec<Kept>> {
        let path = self.path.join(BAG);
        let bytes = place::read(&self.path, BAG)?;
        match (&self.record.bag, &bytes) {
            (Some(written), Some(bytes)) if written.is(bytes) => {}
            (Some(written), bytes) => return Err(self.lost(written, bytes.is_some())),
            (None, Some(_)) => self.news.push(format!("takes {} for the state, as it is", path.display())),
            (None, None) => self.news.push(format!("no state is there yet in {}", self.path.display())),
        }
        bag::unpacked(&bytes.unwrap_or_default()).map_err(|error| {
            Failure::refused(format!("{} is no state of Porter's: {error}; nothing was started", path.display()))
                .hint("put back the file as Porter, or a run, has written it")
        })
    }

    /// Makes the stage for a run that can change the state.
    pub fn make_stage(&mut self) -> Outcome<()> {
        self.save()?; // so that a stage of which nothing is recorded is nobody's leftover
        let made = tempfile::Builder::new().prefix(STAGE).rand_bytes(0).tempdir_in(&self.path);
        let failed = |error| Failure::failed(format!("failed to make a folder in {}: {error}", self.path.display()));
        self.stage = Some(made.map_err(failed)?);
        Ok(())
    }

    /// The stage, where the run can change the state.
    pub fn stage(&self) -> Option<&Path> {
        self.stage.as_ref().map(TempDir::path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on the newest state is the one on the stage.
    pub fn begin(&mut self, action: &str, places: &Places) -> Outcome<()> {
        self.record.last_run = Some(LastRun::begun(action));
        self.record.unfinished = Some(places.clone());
        self.record.uninstalled &= action == UNINSTALL;
        if let Some(stage) = &mut self.stage {
            stage.disable_cleanup(true);
        }
        self.save()?;
        self.lock_of_stage.as_ref().map_or(Ok(()), place::hold_by_children)
    }

    /// Keeps the state of the run that has begun, however it went. The stage goes once that is done.
    pub async fn keep(&mut self, outcome: &Outcome<()>) -> Outcome<()> {
        self.wait_for_started().await?;
        let ended = match outcome {
            Ok(()) => Ended::Succeeded,
            Err(Failure { exit: Exit::Interrupted(_), .. }) => Ended::Interrupted,
            Err(_) => Ended::Failed,
        };
        let stage = self.path.join(STAGE);
        self.keep_unfinished(ended).map_err(|failure| {
            failure
                .context(format!("the state was not kept, and is still in {}", stage.display()))
                .hint("mend it there, and the next run with this folder keeps it")
        })?;
        if let Some(stage) = &mut self.stage {
            stage.disable_cleanup(false);
        }
        Ok(())
    }

    /// A program that is only asked to end may outlive the mixin that has started it.
    async fn wait_for_started(&mut self) -> Outcome<()> {
        let start = Instant::now();
        self.lock_of_stage = None;
        while self.lock_of_stage.is_none() {
            self.lock_of_stage = place::locked(&self.path, STAGE_LOCK)?;
            if self.lock_of_stage.is_none() && start.elapsed() > SOON {
                return Err(Failure::failed(format!(
                    "what the run has started still runs, and may write the state in {}: the next run keeps it",
                    self.path.join(STAGE).display()
                ))
                .hint("run again with this folder when it has ended"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Finishes what a killed run has begun, and clears what one has left that had not begun.
    fn take_up(&mut self, is_new: bool) -> Outcome<()> {
        for name in place::names(&self.path)?.iter().filter(|name| name.starts_with(UNFINISHED)) {
            let _ = fs::remove_file(self.path.join(name)); // never in its place, so nobody's
        }
        let stage = self.path.join(STAGE);
        match (&self.record.unfinished, stage.exists()) {
            (None, false) => return Ok(()),
            (None, true) if is_new => {
                return Err(Failure::refused(format!("nothing is recorded of the run that left {}", stage.display()))
                    .hint(format!("put {RECORD} back; or take what you need out of the folder, and remove it")));
            }
            (None, true) => {}
            (Some(_), false) => return Err(self.left_nothing()),
            (Some(_), true) => {
                self.set_aside()?;
                self.keep_unfinished(Ended::NotYet).map_err(|failure| {
                    failure.with_exit(Exit::Refused).context("a killed run has left what cannot be kept").hint(format!(
                        "mend it in {}; or take what you need out of it, and `unfinished` out of {RECORD}",
                        stage.display()
                    ))
                })?;
                self.news.push(format!(
                    "keeps the state that {}, which was killed, has left; the one before it is {BEFORE}",
                    self.last_run()
                ));
            }
        }
        fs::remove_dir_all(&stage).map_err(|error| {
            Failure::failed(format!("failed to remove {}: {error}", stage.display()))
                .hint("the state in it is kept: remove it yourself, then run again")
        })
    }

    fn keep_unfinished(&mut self, ended: Ended) -> Outcome<()> {
        let (Some(places), Some(run)) = (&self.record.unfinished, &mut self.record.last_run) else { return Ok(()) };
        let files =
            files::taken(&self.path.join(STAGE), places).map_err(|mistakes| Failure::failed(mistakes.join("; ")))?;
        let bag = bag::packed(&files).map_err(|error| Failure::failed(error.to_string()))?;
        place::write(&self.path, BAG, &bag)?;
        run.outcome = ended;
        self.record.bag = Some(Written::now(&bag, &run.action));
        self.record.uninstalled |= run.action == UNINSTALL && ended == Ended::Succeeded;
        self.record.unfinished = None;
        self.save()
    }

    /// What a killed run has left may be half a file.
    fn set_aside(&self) -> Outcome<()> {
        match place::read(&self.path, BAG)? {
            Some(bag) => place::write(&self.path, BEFORE, &bag),
            None => Ok(()),
        }
    }

    fn save(&self) -> Outcome<()> {
        let text = serde_json::to_string_pretty(&self.record)
            .map_err(|error| Failure::failed(format!("failed to write {RECORD}: {error}")))?;
        place::write(&self.path, RECORD, format!("{text}\n").as_bytes())
    }

    fn lost(&self, written: &Written, is_there: bool) -> Failure {
        let why = if is_there { "was changed since" } else { "is not there any more" };
        Failure::refused(format!(
            "the state that {} has written at {}, {}, {why}; nothing was started",
            written.action,
            written.time,
            self.path.join(BAG).display()
        ))
        .hint(format!("put the file back; or, to go on with what is there, remove {RECORD} beside it"))
    }

    fn left_nothing(&self) -> Failure {
        let stage = self.path.join(STAGE);
        Failure::refused(format!(
            "{} was killed, and the state that it has left, in {}, is not there any more; nothing was started",
            self.last_run(),
            stage.display()
        ))
        .hint(format!("put the folder back; or, to go on with {BAG}, take `unfinished` out of {RECORD}"))
    }

    fn last_run(&self) -> String {
        self.record.last_run.as_ref().map_or_else(|| "a run".to_owned(), |it| format!("{} of {}", it.action, it.time))
    }
}

fn in_use(folder: &Path) -> Failure {
    let holder = place::read(folder, LOCK).ok().flatten().unwrap_or_default();
    let holder = String::from_utf8_lossy(&holder).trim_end().to_owned();
    Failure::refused(format!("the state in {} is in use by {holder}; nothing was started", folder.display()))
        .hint("wait for its end, then run again")
}

/// Nobody's folder is taken for state: it becomes private, and fills.
fn demand_ours(folder: &Path) -> Outcome<()> {
    let names = place::names(folder)?;
    let is_ours = |name: &String| [LOCK, STAGE, STAGE_LOCK].contains(&name.as_str()) || name.starts_with(UNFINISHED);
    let is_kept = names.iter().any(|name| [BAG, RECORD].contains(&name.as_str()));
    match names.iter().find(|name| !is_ours(name)) {
        Some(other) if !is_kept => Err(Failure::usage(format!(
            "{} is no folder for state: it holds {other}; nothing was started",
            folder.display()
        ))
        .hint("name an empty folder, or one that is not there yet, by --state")),
        _ => Ok(()),
    }
}

fn read_record(folder: &Path) -> Outcome<Option<Record>> {
    let Some(bytes) = place::read(folder, RECORD)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Failure::refused(format!("{} is no record of state: {error}", folder.join(RECORD).display()))
            .hint(format!("put the file back; or, to go on with {BAG} as it is, remove it"))
    })
}
