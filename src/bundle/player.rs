//! The run itself: resolve, start the mixin, read its outputs; stop at the first error, and collect in any case
//! (`PorterRuntime.Execute` in Porter's `pkg/runtime`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::action::effect;
use super::deliver::{Secrecy, deliver, files_of, with_those_not_given};
use super::environment::environment;
use super::manifest::{Header, Manifest};
use super::mixin::Call;
use super::outputs::{Outputs, Produced};
use super::reach::Reach;
use super::seen::Seen;
use super::setting::{Setting, Source, by_name};
use super::stage::{APP, Stage};
use super::state::{State, digest};
use super::steps::StepText;
use super::values::{self, Given};
use super::{images, step};
use crate::document::ImageMap;
use crate::porter::{MIXIN, OUTPUTS_DIR, RELOCATION_MAPPING, read_relocation_map};
use crate::process::Signals;
use crate::report::{Console, Failure, Outcome};
use crate::{env, input};

/// How many of the links that are left out are told one by one.
const LINKS_TOLD: usize = 10;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Request {
    /// The action.
    pub action: String,
    /// The folder with `porter.yaml`.
    pub folder: PathBuf,
    /// Parameters; what is given last under a name counts.
    pub parameters: Vec<Setting>,
    /// Credentials, likewise.
    pub credentials: Vec<Setting>,
    /// The name of the installation.
    pub installation: String,
    /// The relocation map, where there is one.
    pub relocation_mapping: Option<PathBuf>,
    /// The folder that keeps the state of the installation.
    pub state: Option<PathBuf>,
}

/// How a run went. Outputs are there also when it failed.
#[derive(Debug)]
pub struct Played {
    /// Why it failed, if it did.
    pub outcome: Outcome<()>,
    /// The outputs of the bundle.
    pub outputs: Vec<Produced>,
    /// What the last step says of its end: the last word is for whoever shows the outputs.
    pub last_word: Option<String>,
}

/// A run that is ready to start.
#[derive(Debug)]
pub struct Run<'m> {
    manifest: &'m Manifest,
    action: String,
    installation: String,
    steps: Vec<StepText>,
    stage: Stage,
    state: State,
    environment: BTreeMap<String, String>,
    parameters: Seen,
    credentials: Seen,
    images: Seen,
    secrets: Vec<Given>,
    /// The values that were given by whoever plays it.
    given: Vec<String>,
    /// The values of the parameters that may be shown.
    values: BTreeMap<String, String>,
}

impl<'m> Run<'m> {
    /// Reads the bundle, and puts everything where it finds it. Nothing of it is started.
    pub fn prepare(manifest: &'m Manifest, request: &Request) -> Outcome<Self> {
        manifest.demand_sound_declarations()?;
        let (header, action) = (&manifest.header, request.action.clone());
        let steps = manifest.steps(&action)?;
        let parameters = values::parameters(header, &action, &request.parameters)?;
        let credentials = values::credentials(header, &action, &request.credentials)?;
        let installation = request.installation.clone();
        let mut kept = State::open(request.state.as_deref(), &request.folder, header, &action, &installation)?;
        let paths = header.paths().map(str::to_owned);
        let stage = match kept.stage() {
            Some(root) => Stage::set_in(root, &request.folder, paths)?,
            None => Stage::set(&request.folder, paths)?,
        };
        kept.put_on(&stage)?;
        for step in &steps {
            stage.install(&step.mixin)?;
        }
        stage.make_folder(OUTPUTS_DIR)?;
        let images = match &request.relocation_mapping {
            Some(file) => images::relocated(&header.images, &copy_map(file, &stage)?),
            None => images::relocated(&header.images, &ImageMap::default()),
        };
        let mut environment = environment(&stage, header, &action, &installation);
        let given = given(request, &parameters, &credentials);
        let values = shown(&parameters, header);
        let parameters = deliver(&parameters, &stage, &mut environment, Secrecy::Parameter)?;
        let secrets = credentials;
        let credentials = deliver(&secrets, &stage, &mut environment, Secrecy::Credential)?;
        environment.insert(env::GIVEN.to_owned(), files_of(&secrets, &stage));
        let parameters = with_those_not_given(&parameters, header, &action);
        Ok(Self {
            manifest,
            action,
            installation,
            steps,
            stage,
            state: kept,
            environment,
            parameters,
            credentials,
            images,
            secrets,
            given,
            values,
        })
    }

    /// The values of the parameters that may be shown, by name; of what is in a file, the digest.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The action.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Whether the action changes what is installed.
    #[must_use]
    pub fn modifies(&self) -> bool {
        effect(&self.manifest.header, &self.action).modifies
    }

    /// The credentials that the bundle is given: the name, and what is in it.
    pub fn credentials(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.secrets.iter().filter_map(|it| Some((it.name.as_str(), it.bytes.as_deref()?)))
    }

    /// Plays the bundle.
    pub async fn play(mut self, console: &Console, signals: &mut Signals) -> Played {
        self.tell(console);
        let mut outputs = Outputs::default();
        let mut outcome = self.state.begin();
        let mut last_word = None;
        for index in 0..self.steps.len() {
            if outcome.is_err() {
                break;
            }
            outcome = self.play_step(index, &mut outputs, &mut last_word, console, signals).await;
        }
        let (produced, mistakes) = outputs.of_bundle(&self.manifest.header, &self.action, &self.stage);
        // A failed step says more than the outputs that it did not come to.
        if outcome.is_ok() && !mistakes.is_empty() {
            outcome = Err(Failure::failed(mistakes.join("; ")));
        }
        let kept = self.state.keep(&outcome).await;
        outcome = match (outcome, kept) {
            (Err(failure), Err(lost)) => Err(failure.details([lost.message])),
            (outcome, kept) => outcome.and(kept),
        };
        Played { outcome, outputs: produced, last_word }
    }

    /// What is played, and what is not as one might think.
    fn tell(&self, console: &Console) {
        let kept = match self.state.kept_in() {
            Some(folder) => format!("its state is kept in {}", folder.display()),
            None => "no record of it is kept".to_owned(),
        };
        console.say(format!(
            "executing {} action from {} (installation: {}); {kept}",
            self.action, self.manifest.header.name, self.installation
        ));
        self.state.news().for_each(|line| console.say(line));
        let links = self.stage.left_out();
        for (link, target) in links.iter().take(LINKS_TOLD) {
            let (link, target) = (link.display(), target.display());
            console.say(format!("leaves out the link {link} -> {target}, which leads out of the bundle"));
        }
        if links.len() > LINKS_TOLD {
            console.say(format!("leaves out {} more such links", links.len() - LINKS_TOLD));
        }
    }

    async fn play_step(
        &self,
        index: usize,
        outputs: &mut Outputs,
        last_word: &mut Option<String>,
        console: &Console,
        signals: &mut Signals,
    ) -> Outcome<()> {
        let text = &self.steps[index];
        let partials = |name: &str| self.stage.partial(name);
        let resolved = step::resolve(self.manifest, &self.action, index, text, &self.seen(outputs), &partials)?;
        let resolved = self.stage.moved_value(&resolved);
        if text.mixin == MIXIN {
            let reach = Reach { stage: &self.stage, given: &self.given };
            reach
                .demand(&resolved, &self.environment)
                .map_err(|failure| failure.context(format!("step {} of {}", index + 1, self.action)))?;
        }
        if let Some(description) = step::description(&resolved, &text.mixin) {
            console.say(description);
        }
        let call = Call {
            mixin: text.mixin.clone(),
            runtime: self.stage.runtime(&text.mixin),
            action: self.action.clone(),
            stdin: step::stdin(&self.action, &resolved),
            environment: self.environment_of(&text.mixin),
            folder: self.stage.place(APP),
        };
        let files: Vec<(String, String)> =
            self.secrets.iter().filter_map(|it| Some((it.name.clone(), it.file.clone()?))).collect();
        let is_last = index + 1 == self.steps.len();
        let (sentence, cause) = (RefCell::new(None), RefCell::new(Vec::new()));
        let tell = |line: &str| {
            let told = self.stage.told(line, &files);
            // A step of ours ends with why it failed, and that is said last, after the outputs.
            let is_of_cause = text.mixin == MIXIN && (Failure::begins_with(line) || !cause.borrow().is_empty());
            match Console::last_in(line) {
                _ if is_of_cause => cause.borrow_mut().push(told),
                Some(it) if is_last => *sentence.borrow_mut() = Some(self.stage.told(it, &files)),
                _ => console.relay(told),
            }
        };
        let outcome = call.run(&tell, signals).await;
        let cause = cause.into_inner();
        if outcome.is_ok() {
            for line in &cause {
                console.relay(line);
            }
        }
        let outcome = outcome.map_err(|failure| Failure::told(failure.exit, &cause).unwrap_or(failure));
        *last_word = sentence.into_inner();
        match (outcome, outputs.take(&self.stage, &self.manifest.header)) {
            // Why the step failed, and its code, before what it has left behind.
            (Err(failure), Err(unread)) => Err(failure.details([unread.message])),
            (outcome, taken) => outcome.and(taken),
        }
    }

    /// What a mixin finds in its environment; ours is told how wide the terminal is, too.
    fn environment_of(&self, mixin: &str) -> BTreeMap<String, String> {
        let width = Console::width().filter(|_| mixin == MIXIN);
        let told = width.map(|width| (env::COLUMNS.to_owned(), width.to_string()));
        self.environment.clone().into_iter().chain(told).collect()
    }

    /// What templates can name (`buildSourceData` in Porter's `pkg/runtime`).
    fn seen(&self, outputs: &Outputs) -> Seen {
        let header = &self.manifest.header;
        let custom = || Seen::map(header.custom.iter().map(|(name, value)| (name, Seen::of_yaml(value))));
        let bundle = Seen::map([
            ("name", header.name.as_str().into()),
            ("version", header.version.as_str().into()),
            ("description", header.description.as_str().into()),
            ("installerImage", header.published_image().into()),
            ("custom", if header.custom.is_empty() { Seen::NoMap } else { custom() }),
            ("parameters", self.parameters.clone()),
            ("credentials", self.credentials.clone()),
            ("outputs", outputs.for_templates()),
            ("images", self.images.clone()),
            ("dependencies", Seen::map::<String>([])),
        ]);
        let id = self.environment.get(env::INSTALLATION_ID).cloned().unwrap_or_default();
        let installation =
            Seen::map([("name", self.installation.as_str().into()), ("namespace", "".into()), ("id", id.into())]);
        let env = Seen::map(self.environment.iter().map(|(name, value)| (name, value.as_str().into())));
        Seen::map([("bundle", bundle), ("installation", installation), ("env", env)])
    }
}

/// The values that were given by whoever plays it, as text. A file is not read once more: it may be a pipe.
fn given(request: &Request, parameters: &[Given], credentials: &[Given]) -> Vec<String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let read = |name: &str| parameters.iter().find(|it| it.name == name).and_then(|it| text(it.bytes.clone()?));
    let counts = by_name(&request.parameters);
    let of_line = request.parameters.iter().filter_map(|it| match &it.source {
        Source::Last(_) => None,
        Source::File(_) if counts.get(it.name.as_str()).is_none_or(|last| last.source != it.source) => None,
        Source::File(_) => read(&it.name),
        other => text(other.bytes().ok()?),
    });
    of_line.chain(credentials.iter().filter_map(|it| text(it.bytes.clone()?))).collect()
}

/// What may be shown of the parameters.
fn shown(parameters: &[Given], header: &Header) -> BTreeMap<String, String> {
    let open = parameters.iter().filter(|it| !header.is_sensitive(&it.name));
    let value = |it: &Given| match (it.kind.as_str(), it.bytes.as_deref().unwrap_or_default()) {
        ("file", bytes) => format!("sha256:{}", digest(bytes)),
        (_, bytes) => String::from_utf8_lossy(bytes).into_owned(),
    };
    open.map(|it| (it.name.clone(), value(it))).collect()
}

/// Puts the relocation map where Porter has it.
fn copy_map(file: &Path, stage: &Stage) -> Outcome<ImageMap> {
    let text =
        input::text_of(file).map_err(|error| Failure::usage(format!("failed to read {}: {error}", file.display())))?;
    let map = read_relocation_map(&text, "")?;
    stage.put(RELOCATION_MAPPING, text.as_bytes())?;
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_not_read_again_and_is_none_of_the_last_run() {
        let setting = |name: &str, source| Setting { name: name.to_owned(), source, said: None };
        let request = Request {
            action: "upgrade".to_owned(),
            folder: PathBuf::new(),
            parameters: vec![
                setting("pipe", Source::File("/nowhere/pipe".into())),
                setting("other", Source::File("/nowhere/other".into())),
                setting("other", Source::Last("/etc/other".to_owned())),
                setting("path", Source::Text("/etc/given".to_owned())),
                setting("path", Source::Last("/etc/last".to_owned())),
            ],
            credentials: Vec::new(),
            installation: "dev".to_owned(),
            relocation_mapping: None,
            state: None,
        };
        let value = |name: &str, text: &str| Given {
            name: name.to_owned(),
            variable: None,
            file: None,
            bytes: Some(text.into()),
            kind: "string".to_owned(),
        };
        let parameters = [value("pipe", "/etc/pipe"), value("other", "/etc/other"), value("path", "/etc/last")];
        assert_eq!(given(&request, &parameters, &[]), ["/etc/pipe", "/etc/given"]);
    }
}
