//! A container as a process: the host's files below a root of its own, in which the volumes, the image's files and the
//! service account lie where the program looks for them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Everything that is mounted, and where.
#[derive(Debug, Default)]
pub struct Mounts(Vec<(PathBuf, PathBuf)>);

impl Mounts {
    /// Makes `source` of the host appear as `place`.
    pub fn add(&mut self, source: impl Into<PathBuf>, place: &str) {
        // The host's own /var/run is a link, and the link's target is the pod's.
        let place = place.strip_prefix("/var/run").map_or_else(|| place.to_owned(), |rest| format!("/run{rest}"));
        self.0.push((source.into(), place.into()));
    }

    /// The arguments of bwrap: a root with the host's directories, `tmp` and `run` of the pod's own, and the mounts;
    /// at last the directories that have to stay where they are although the pod's own `/tmp` hides them.
    pub fn arguments(&self, tmp: &Path, stay: &[PathBuf]) -> Result<Vec<String>> {
        let show = |path: &Path| path.display().to_string();
        let mut args: Vec<String> = ["--die-with-parent", "--unshare-net", "--dir", "/run"].map(str::to_owned).into();
        for entry in fs::read_dir("/").context("failed to list the root directory")? {
            let path = entry?.path();
            if path == Path::new("/tmp") || path == Path::new("/run") {
                continue;
            }
            if path.is_symlink() {
                args.extend(["--symlink".to_owned(), show(&fs::read_link(&path)?), show(&path)]);
            } else if path.is_dir() {
                args.extend(["--dev-bind".to_owned(), show(&path), show(&path)]);
            }
        }
        args.extend(["--bind".to_owned(), show(tmp), "/tmp".to_owned()]);
        for (source, place) in &self.0 {
            args.extend(["--bind".to_owned(), show(source), show(place)]);
        }
        for dir in stay {
            args.extend(["--bind".to_owned(), show(dir), show(dir)]);
        }
        args.push("--".to_owned());
        Ok(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_lie_where_the_program_looks_for_them() {
        let dir = tempfile::tempdir().expect("a directory");
        let [volume, tmp] = ["volume", "tmp"].map(|name| dir.path().join(name));
        fs::create_dir(&volume).and_then(|()| fs::create_dir(&tmp)).expect("made");
        fs::write(volume.join("file"), "secret").expect("written");
        let mut mounts = Mounts::default();
        mounts.add(&volume, "/var/run/secrets/one");
        mounts.add(&volume, "/no/such/place");
        let args = mounts.arguments(&tmp, &[dir.path().to_owned()]).expect("arguments");
        let script = format!(
            "cat /run/secrets/one/file /var/run/secrets/one/file /no/such/place/file {}/file; ls /tmp | wc -l; \
             wc -l < /proc/net/dev",
            volume.display()
        );
        let output = std::process::Command::new("bwrap").args(args).args(["sh", "-c", &script]).output().expect("run");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.starts_with("secretsecretsecretsecret"), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.ends_with("\n3\n"), "it has more than a loopback: {text}");
        assert!(!Path::new("/no").exists());
    }
}
