//! The lines that `build` adds to the Dockerfile of the bundle's image.

use super::BuildInput;

/// Git writes the hub repository, and ssh carries it. An image that has both already needs no package index, so a
/// closed site brings them in its own base image. The cache mounts are those of Porter's Dockerfile template.
const GIT: &str = "\
# backstack: git and ssh for the hub repository
RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt \\
    { command -v git && command -v ssh; } >/dev/null || \\
    { apt-get update && apt-get install -y --no-install-recommends git openssh-client; }
";

const NOTHING: &str = "# backstack has no buildtime dependencies\n";

/// The lines for a bundle with these steps.
///
/// They run as root before the bundle's files are there, and copy nothing: the build context is the bundle in one
/// of Porter's build modes and `.cnab` in the other (`buildMixinsSection` in Porter's `pkg/build`).
#[must_use]
pub fn lines(input: &BuildInput) -> &'static str {
    if input.uses("hub") || input.uses("bead") { GIT } else { NOTHING }
}
