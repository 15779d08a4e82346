//! The cluster that the command line of a verb of people names.

use crate::cli::ClusterArgs;
use crate::document::Existing;

/// The same as a step would name it.
pub fn reached(args: &ClusterArgs) -> Existing {
    Existing { kubeconfig: args.kubeconfig.clone(), context: args.context.clone(), allow_insecure: false }
}
