//! The module of a step with all that it is given, made ready.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::tools::Tools;
use super::with_opentofu::WithOpenTofu;
use crate::document::{OpenTofuModule, SecretRef};
use crate::engine::Deadline;
use crate::opentofu::{OpenTofu, Setup};
use crate::report::{Console, Failure, Outcome};
use crate::run::secrets::look_up;

/// The name of the program.
const PROGRAM: &str = "tofu";
/// The name of the state in the folder of a step.
const STATE: &str = "terraform.tfstate";

/// Makes the module ready, with the state in this folder unless it names a backend.
pub async fn prepare<'s>(
    module: &'s OpenTofuModule,
    folder: &Path,
    deadline: Deadline,
    console: &'s Console,
) -> Outcome<WithOpenTofu<'s>> {
    let tools = Tools::find(PROGRAM, console)?;
    let setup = Setup {
        program: tools.program.clone(),
        module: PathBuf::from(&module.module),
        providers: tools.providers.clone(),
        state: if module.backend { None } else { Some(made(folder)?.join(STATE)) },
        variables: module.variables.clone(),
        secrets: values(&module.secrets)?,
        environment: values(&module.environment)?,
    };
    let tofu = OpenTofu::prepare(setup, deadline.end(), console).await?;
    Ok(WithOpenTofu::new(tofu, tools, &module.kubeconfig_output, console))
}

fn made(folder: &Path) -> Outcome<&Path> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map(|()| folder).map_err(|error| {
        Failure::failed(format!("cannot make the folder {} of the state: {error}", folder.display()))
            .hint("the user of the bundle, uid 65532 in Porter's image, must be able to write there")
    })
}

/// What the references lead to. One that leads nowhere was not given.
fn values(references: &BTreeMap<String, SecretRef>) -> Outcome<BTreeMap<String, Zeroizing<String>>> {
    let read = |(name, reference): (&String, &SecretRef)| Ok(look_up(reference)?.map(|value| (name.clone(), value)));
    references.iter().map(read).filter_map(Result::transpose).collect()
}
