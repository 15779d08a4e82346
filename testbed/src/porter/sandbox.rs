//! The container that a bundle believes to be in.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::Child;

const HOME: &str = "/home/nonroot";
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The user and the group of Porter's images.
const USER: &str = "65532";
const GROUP: &str = "0";

/// What of the host the "image" consists of.
const IMAGE: [&str; 7] = ["usr", "etc", "opt", "bin", "sbin", "lib", "lib64"];

/// Files of a bundle laid out as in its image, in a directory that goes with this.
///
/// Parts of it: `cnab`, `home`, `own` with further directories at the top that the bundle may
/// write to (Porter keeps its state in `/porter`), and `over` with files that lie over the image.
pub struct Sandbox {
    dir: TempDir,
    over: Vec<String>,
}

impl Sandbox {
    /// Lays out the bundle built in `bundle`, and the files that Porter injects.
    pub fn create(bundle: &Path, files: &BTreeMap<String, String>) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("backstack-testbed-bundle-")
            .tempdir()
            .context("failed to make a directory for the bundle")?;
        let mut sandbox = Self { dir, over: Vec::new() };
        let cnab = sandbox.part("cnab");
        let app = cnab.join("app");
        for made in [app.as_path(), &sandbox.part("home"), &sandbox.part("own"), &sandbox.part("over")] {
            fs::create_dir_all(made)?;
        }
        for entry in fs::read_dir(bundle).context("failed to read the bundle's directory")? {
            let entry = entry?;
            // What Porter built goes over it below, its own porter.yaml among it.
            if entry.file_name() != ".cnab" && entry.file_name() != "porter.yaml" {
                copy(&entry.path(), &app)?;
            }
        }
        copy(&bundle.join(".cnab/."), &cnab)?;
        for (path, content) in files {
            sandbox.inject(path, content)?;
        }
        share_with_group(&cnab)?;
        sandbox.write_passwd()?;
        Ok(sandbox)
    }

    /// Starts the bundle's run script.
    ///
    /// The user namespace makes our files belong to the image's user, so that this needs no
    /// rights of root and leaves nothing behind that we may not remove.
    pub fn spawn(&self, environment: &BTreeMap<String, String>) -> Result<Child> {
        let mut command = tokio::process::Command::new("bwrap");
        command
            .args(["--unshare-user", "--uid", USER, "--gid", GROUP])
            .args(["--unshare-pid", "--unshare-ipc", "--as-pid-1", "--die-with-parent"])
            .args(["--tmpfs", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]);
        for name in IMAGE {
            command.args(image_part(&format!("/{name}")));
        }
        let mut bind = |how: &str, from: PathBuf, to: &Path| {
            command.arg(how).arg(from).arg(to);
        };
        bind("--ro-bind", self.part("passwd"), Path::new("/etc/passwd"));
        bind("--bind", self.part("cnab"), Path::new("/cnab"));
        bind("--bind", self.part("home"), Path::new(HOME));
        for entry in fs::read_dir(self.part("own")).context("failed to read the sandbox")? {
            let name = entry?.file_name();
            bind("--bind", self.part("own").join(&name), &Path::new("/").join(&name));
        }
        for path in &self.over {
            bind("--ro-bind", below(&self.part("over"), path), Path::new(path));
        }
        command
            .args(["--remount-ro", "/", "--chdir", "/cnab/app", "--", "/cnab/app/run"])
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", HOME)
            .env("HOSTNAME", "backstack-testbed")
            .envs(environment)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.spawn().context("failed to start bwrap\nhint: apt-get install bubblewrap")
    }

    /// Where a path of the container is outside of it, if the bundle may write there.
    pub fn outside(&self, path: &str) -> Option<PathBuf> {
        let top = path.strip_prefix('/')?.split('/').next()?;
        if let Some(rest) = path.strip_prefix("/cnab/") {
            Some(self.part("cnab").join(rest))
        } else if let Some(rest) = path.strip_prefix(HOME) {
            Some(below(&self.part("home"), rest))
        } else {
            (!IMAGE.contains(&top)).then(|| below(&self.part("own"), path))
        }
    }

    fn inject(&mut self, path: &str, content: &str) -> Result<()> {
        let plain = Path::new(path).components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        ensure!(plain && path.starts_with('/'), "{path} is no path to inject a file at");
        let target = self.outside(path).unwrap_or_else(|| {
            self.over.push(path.to_owned());
            below(&self.part("over"), path)
        });
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, content)
            .and_then(|()| fs::set_permissions(&target, PermissionsExt::from_mode(0o600)))
            .with_context(|| format!("failed to inject {path}"))
    }

    /// Programs such as git and ssh want to know who they are.
    fn write_passwd(&self) -> Result<()> {
        let host = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let line = format!("nonroot:x:{USER}:{GROUP}:nonroot:{HOME}:/bin/sh\n");
        fs::write(self.part("passwd"), line + &host).context("failed to write passwd")
    }

    fn part(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// A directory of the host as the image has it; on a merged `/usr` some are links.
fn image_part(dir: &str) -> Vec<String> {
    match fs::read_link(dir) {
        Ok(target) => vec!["--symlink".into(), target.display().to_string(), dir.into()],
        Err(_) => vec!["--ro-bind-try".into(), dir.into(), dir.into()],
    }
}

fn below(dir: &Path, path: &str) -> PathBuf {
    dir.join(path.trim_start_matches('/'))
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    let status = Command::new("cp")
        .args(["-a", "--reflink=auto", "--"])
        .args([from, into])
        .status()
        .context("failed to start cp")?;
    ensure!(status.success(), "failed to copy {}", from.display());
    Ok(())
}

/// In the image the group may do what the user may.
fn share_with_group(dir: &Path) -> Result<()> {
    let status = Command::new("chmod").args(["-R", "g=u", "--"]).arg(dir).status().context("failed to start chmod")?;
    ensure!(status.success(), "failed to share {}", dir.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_laid_out_as_in_its_image() {
        let bundle = tempfile::tempdir().expect("a directory");
        let app = bundle.path().join(".cnab/app");
        fs::create_dir_all(&app).expect("made");
        fs::write(app.join("porter.yaml"), "built").expect("written");
        fs::write(bundle.path().join("porter.yaml"), "source").expect("written");
        fs::write(bundle.path().join("hub.yaml"), "own").expect("written");
        let files =
            [("/home/nonroot/.kube/config", "kubeconfig"), ("/porter/state.tgz", "state"), ("/etc/extra", "over")];
        let files = files.map(|(path, content)| (path.to_owned(), content.to_owned()));

        let sandbox = Sandbox::create(bundle.path(), &files.into()).expect("made");

        let read = |path| fs::read_to_string(sandbox.outside(path).expect("outside")).expect("read");
        assert_eq!(read("/cnab/app/porter.yaml"), "built");
        assert_eq!(read("/cnab/app/hub.yaml"), "own");
        assert_eq!(read("/home/nonroot/.kube/config"), "kubeconfig");
        assert_eq!(read("/porter/state.tgz"), "state");
        assert_eq!(sandbox.outside("/etc/extra"), None);
        assert_eq!(sandbox.over, ["/etc/extra"]);
    }

    #[test]
    fn nothing_is_injected_outside() {
        let bundle = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(bundle.path().join(".cnab/app")).expect("made");
        for path in ["/cnab/../../x", "relative"] {
            let files = BTreeMap::from([(path.to_owned(), String::new())]);
            assert!(Sandbox::create(bundle.path(), &files).is_err(), "{path}");
        }
    }
}
