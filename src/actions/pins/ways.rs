//! How upstream is reached: folders, mirror, logins, and the time that it may take.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::actions::vendor;
use crate::cli::Reach;
use crate::document::{Asset, Lock};
use crate::process::TemporaryFolder;
use crate::report::{Failure, Outcome};
use crate::schema::{ImageReference, address};
use crate::vendor::Login;
use crate::vendor::fetch::{Fetched, Origin, origins};
use crate::vendor::go_tool::Go;
use crate::vendor::registry::Registry;

/// How long one download may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long one answer may take.
const PATIENCE_TO_ASK: Duration = Duration::from_secs(120);

/// How upstream is reached.
pub struct Ways {
    /// Folders that are looked into first.
    pub folders: Vec<PathBuf>,
    /// A server that has all that others have.
    pub mirror: Option<String>,
    /// Who asks.
    pub login: Login,
    allow_insecure: bool,
    /// Whether other content under the same version is taken.
    pub repin: bool,
    /// A folder for files on the way.
    pub scratch: TemporaryFolder,
}

impl Ways {
    /// The ways that the command line names.
    pub fn of(reach: &Reach, lock: Option<&Lock>) -> Outcome<Self> {
        vendor::demand_folders(&reach.from)?;
        let login = vendor::login(&reach.servers, &reach.from, lock)?;
        let scratch = TemporaryFolder::new("pin")?;
        Ok(Self {
            folders: reach.from.clone(),
            mirror: reach.servers.mirror.clone(),
            login,
            allow_insecure: reach.servers.allow_insecure,
            repin: reach.repin,
            scratch,
        })
    }

    /// What the first of the places that has an asset gives, whatever its digest, if it is of the version that is asked for.
    pub async fn fetch(&self, asset: &Asset) -> Outcome<(Fetched, Origin)> {
        asset.url.as_deref().map_or(Ok(()), |url| self.demand_closed(url))?;
        let mut tried = Vec::new();
        for origin in origins(asset, &self.folders, self.mirror.as_deref()) {
            let scratch = TemporaryFolder::new("pin")?;
            match origin.fetch(asset, &self.login, scratch.path(), Instant::now() + PATIENCE).await {
                Ok(Some(found)) => match other(&found, asset) {
                    None => return Ok((found, origin)),
                    Some(why) => tried.push(format!("{origin}: {why}")),
                },
                Ok(None) => tried.push(format!("{origin}: does not have it")),
                Err(failure) => {
                    tried.push(format!("{origin}: {}", failure.message));
                    tried.extend(failure.details.into_iter().map(|line| format!("  {line}")));
                }
            }
        }
        Err(Failure::failed(format!("failed to get {} {}; nothing was changed", asset.name, asset.version))
            .details(tried)
            .hint("`backstack outdated` tells which versions there are; give `--from` a folder that has it, or `--mirror` a server"))
    }

    /// Demands that no login goes to this address where everybody on the way can read it.
    pub fn demand_closed(&self, url: &str) -> Outcome<()> {
        if self.allow_insecure || self.login.is_none() || !address::is_open(url) || self.mirror.is_some() {
            return Ok(()); // a mirror was looked at before
        }
        let shown = address::shown(url);
        Err(Failure::refused(format!("the login for {shown} would cross the network unencrypted"))
            .hint("give it an https address, or let it by `--allow-insecure`"))
    }

    /// Registries, as they are asked here.
    pub fn registry(&self) -> Registry<'_> {
        let deadline = Self::deadline();
        Registry { mirror: self.mirror.as_deref(), login: &self.login, scratch: self.scratch.path(), deadline }
    }

    /// The digest that a registry has now for the tag of an image.
    pub async fn now(&self, image: &ImageReference) -> Outcome<String> {
        let by_tag = ImageReference { digest: None, ..image.clone() };
        Ok(self.registry().manifest(&by_tag).await?.digest)
    }

    /// The Go tool, as it is asked here.
    pub fn go(&self) -> Go<'_> {
        Go { mirror: self.mirror.as_deref(), login: &self.login, scratch: self.scratch.path() }
    }

    /// When an answer has to have come.
    pub fn deadline() -> Instant {
        Instant::now() + PATIENCE_TO_ASK
    }
}

/// How what was found is not what was asked for.
fn other(found: &Fetched, asset: &Asset) -> Option<String> {
    let content = &found.content;
    let version = content.another_version(asset).map(|told| format!("what it has is of version {told}"));
    let variant = || Some(format!("what it has is of variant {}", content.another_variant(asset)?));
    version.or_else(variant).or_else(|| Some(format!("what it has is the chart `{}`", content.another_name(asset)?)))
}
