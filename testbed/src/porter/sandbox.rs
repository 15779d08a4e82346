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

/// Files of a bundle laid out as in its image, in a directory that goes with this.
pub struct Sandbox {
    dir: TempDir,
    /// Injected files that are neither below `/cnab` nor in the home.
    elsewhere: Vec<String>,
}

impl Sandbox {
    /// Lays out the bundle built in `bundle`, and the files that Porter injects.
    pub fn create(bundle: &Path, files: &BTreeMap<String, String>) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("backstack-testbed-bundle-")
            .tempdir()
            .context("failed to make a directory for the bundle")?;
        let mut sandbox = Self { dir, elsewhere: Vec::new() };
        let cnab = sandbox.part("cnab");
        let app = cnab.join("app");
        for made in [app.as_path(), &sandbox.part("home"), &sandbox.part("elsewhere")] {
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
        for dir in ["/usr", "/etc", "/opt", "/bin", "/sbin", "/lib", "/lib64"] {
            command.args(image_part(dir));
        }
        command
            .arg("--ro-bind")
            .args([&self.part("passwd"), Path::new("/etc/passwd")])
            .arg("--bind")
            .args([&self.part("cnab"), Path::new("/cnab")])
            .arg("--bind")
            .args([&self.part("home"), Path::new(HOME)]);
        for path in &self.elsewhere {
            command.arg("--ro-bind").arg(self.part("elsewhere").join(path.trim_start_matches('/'))).arg(path);
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

    /// Where a path of the container is outside of it, if it can be written to inside.
    pub fn outside(&self, path: &str) -> Option<PathBuf> {
        [("/cnab/", "cnab"), ("/home/nonroot/", "home")]
            .iter()
            .find_map(|(prefix, part)| Some(self.part(part).join(path.strip_prefix(prefix)?)))
    }

    fn inject(&mut self, path: &str, content: &str) -> Result<()> {
        let plain = Path::new(path).components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        ensure!(plain && path.starts_with('/'), "{path} is no path to inject a file at");
        let target = self.outside(path).unwrap_or_else(|| {
            self.elsewhere.push(path.to_owned());
            self.part("elsewhere").join(path.trim_start_matches('/'))
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
