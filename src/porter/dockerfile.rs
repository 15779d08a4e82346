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

/// kind runs the client of a container engine, which asks the engine of the machine. Debian has it in a package of its own since
/// version 13, and in that of the engine before.
const ENGINE: &str = "\
# backstack: the client of Docker for kind
RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt \\
    command -v docker >/dev/null || \\
    { apt-get update && { apt-get install -y --no-install-recommends docker-cli || \\
    apt-get install -y --no-install-recommends docker.io; }; }
";

/// What a step runs comes with the bundle's files, whose way into the image is Porter's: as it was published, so that no mode of
/// a file matters. Here it is not there yet, so each run verifies it.
const PINNED: &str =
    "# backstack: what steps run comes with the files of the bundle, in assets/; each run verifies it\n";

const NOTHING: &str = "# backstack has no buildtime dependencies\n";

/// The lines for a bundle with these steps, and with these programs and providers in its lock.
///
/// They run as root before the bundle's files are there, and copy nothing: the build context is the bundle in one
/// of Porter's build modes and `.cnab` in the other (`buildMixinsSection` in Porter's `pkg/build`).
#[must_use]
pub fn lines(input: &BuildInput, pinned: &[String]) -> String {
    let makes = |by: &str| input.steps_with("cluster").any(|cluster| cluster.get(by).is_some_and(|it| !it.is_null()));
    let mut lines = String::new();
    if input.uses("hub") || input.uses("bead") {
        lines.push_str(GIT);
    }
    if makes("kind") {
        lines.push_str(ENGINE);
    }
    if makes("kind") || makes("opentofu") {
        let entries: Vec<String> = pinned.iter().map(|it| format!("#   {it}\n")).collect();
        lines.push_str(PINNED);
        lines.push_str(&entries.concat());
    }
    if lines.is_empty() { NOTHING.to_owned() } else { lines }
}
