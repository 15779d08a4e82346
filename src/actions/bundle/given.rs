//! All that a run is given: what is remembered of the installation, then the files, then the command line. What comes later wins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::bundle::{
    Header, KubeconfigReference, Remembered, Setting, Source, credentials_in, is_kubeconfig, parameters_in,
};
use crate::cli::BundleRun;
use crate::engine::OneContext;
use crate::report::{Console, Failure, Outcome};

/// What a run is given.
pub struct Given {
    /// The parameters, in the order in which later ones win.
    pub parameters: Vec<Setting>,
    /// The credentials, likewise.
    pub credentials: Vec<Setting>,
    /// The kubeconfigs among them that are cut out of those of the user.
    pub kubeconfigs: BTreeMap<String, KubeconfigReference>,
    /// Those of them that are remembered, and not read as long as another one may be given.
    unread: BTreeSet<String>,
}

impl Given {
    /// Gathers it. Values of the last run are taken where the line asks for them.
    pub fn gather(
        line: &BundleRun,
        header: &Header,
        remembered: Option<(&Path, &Remembered)>,
        console: &Console,
    ) -> Outcome<Self> {
        let mut given = Self {
            parameters: Vec::new(),
            credentials: Vec::new(),
            kubeconfigs: BTreeMap::new(),
            unread: BTreeSet::new(),
        };
        match remembered {
            Some((file, remembered)) if remembered.last.is_some() || !line.reuse_values => {
                given.remembered(header, file, remembered, line.reuse_values, console);
            }
            Some(_) => {
                return Err(Failure::usage(
                    "--reuse-values: no run of this installation that ended well is remembered; nothing was started",
                )
                .hint("give the values once more"));
            }
            None if line.reuse_values => {
                return Err(Failure::usage(
                    "--reuse-values: nothing is remembered of this installation; nothing was started",
                )
                .hint("give the values once more and add --save, so that later runs have them"));
            }
            None => {}
        }
        for file in &line.parameter_files {
            given.parameters.extend(parameters_in(file)?);
        }
        for pair in &line.parameters {
            given.parameters.push(Setting::parameter(pair)?);
        }
        for file in &line.credential_files {
            for credential in credentials_in(file)? {
                given.credential(credential);
            }
        }
        if let Some((_, remembered)) = remembered.filter(|_| line.reuse_values) {
            let is_given = |name: &String| given.parameters.iter().any(|it| it.name == *name);
            let not_known: Vec<String> =
                remembered.not_known(header).into_iter().filter(|name| !is_given(name)).collect();
            if !not_known.is_empty() {
                console.say(format!("does not reuse what is secret: {}", not_known.join(", ")));
            }
        }
        given.of_the_line(line)?;
        given.read_the_rest()?;
        Ok(given)
    }

    /// What is remembered, as far as this version of the bundle still has it.
    fn remembered(
        &mut self,
        header: &Header,
        file: &Path,
        remembered: &Remembered,
        with_last_values: bool,
        console: &Console,
    ) {
        let is_parameter = |name: &str| header.parameters.iter().any(|it| it.name == name);
        let is_credential = |name: &str| header.credentials.iter().any(|it| it.name == name);
        let last_values = if with_last_values { remembered.last_values(header, file) } else { Vec::new() };
        let mut gone = Vec::new();
        for parameter in remembered.parameters(file).into_iter().chain(last_values) {
            if is_parameter(&parameter.name) {
                self.parameters.push(parameter);
            } else {
                gone.push(parameter.name);
            }
        }
        for credential in remembered.credentials(file) {
            if is_credential(&credential.name) {
                self.credential(credential);
            } else {
                gone.push(credential.name);
            }
        }
        for (name, reference) in &remembered.kubeconfigs {
            if is_credential(name) {
                self.kubeconfigs.insert(name.clone(), reference.clone());
                self.unread.insert(name.clone());
            } else {
                gone.push(name.clone());
            }
        }
        gone.sort();
        gone.dedup();
        if !gone.is_empty() {
            console.say(format!("leaves out what the bundle does not have any more: {}", gone.join(", ")));
        }
    }

    fn of_the_line(&mut self, line: &BundleRun) -> Outcome<()> {
        let mut context = line.context.as_deref();
        for pair in &line.credentials {
            if !pair.contains('=') && is_kubeconfig(pair) {
                let current = OneContext::of(None, line.context.as_deref())?;
                self.kubeconfig(pair, current);
                context = None;
            } else {
                self.credential(Setting::credential(pair)?);
            }
        }
        match context {
            None => Ok(()),
            Some(_) => Err(Failure::usage("--context has no effect here: it picks one of the current kubeconfig")
                .hint("add --cred kubeconfig, or leave it out")),
        }
    }

    /// Reads the kubeconfigs that are remembered, and that nothing has taken the place of.
    fn read_the_rest(&mut self) -> Outcome<()> {
        for name in std::mem::take(&mut self.unread) {
            let Some(reference) = self.kubeconfigs.get(&name) else { continue };
            let cut = OneContext::of(Some(&reference.files), Some(&reference.context)).map_err(|failure| {
                failure
                    .context(format!("the credential {name}, as it is remembered"))
                    .hint(format!("give it anew: --cred {name} for the current kubeconfig, or --cred {name}=FILE"))
            })?;
            self.kubeconfig(&name, cut);
        }
        Ok(())
    }

    fn credential(&mut self, setting: Setting) {
        self.unread.remove(&setting.name);
        self.kubeconfigs.remove(&setting.name);
        self.credentials.push(setting);
    }

    fn kubeconfig(&mut self, name: &str, cut: OneContext) {
        let OneContext { files, context, text } = cut;
        self.unread.remove(name);
        self.kubeconfigs.insert(name.to_owned(), KubeconfigReference { files, context });
        let source = Source::Content(text.as_bytes().to_vec());
        self.credentials.push(Setting { name: name.to_owned(), source, said: None });
    }
}
