//! How downloads and answers are had from elsewhere than upstream: what `vendor`, `pin` and `outdated` take alike.

use std::path::PathBuf;

use clap::Args;

/// The mirror, and who logs in. Global, so that they may stand behind `pin image` and the like, too; what belongs together is
/// therefore told by the verbs, since clap holds each level of a command line for itself.
#[derive(Debug, Clone, Default, Args)]
pub struct Servers {
    /// Ask `URL/<host>/<path>` instead of the upstream address, and before the proxies of the Go tool
    #[arg(long, value_name = "URL", global = true)]
    pub mirror: Option<String>,
    /// The login for the mirror, `USER:PASSWORD`: the name of an environment variable that holds it, or else the path of a file
    #[arg(long, value_name = "ENV|PATH", global = true)]
    pub mirror_login: Option<String>,
    /// Logins by host, as curl and git read them from `.netrc`
    #[arg(long, value_name = "FILE", global = true)]
    pub netrc_file: Option<PathBuf>,
    /// Let a login be sent to another machine over HTTP without TLS
    #[arg(long, global = true)]
    pub allow_insecure: bool,
}
