//! A module's files, copied to where they can be worked with: `init` writes beside them.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path};

use crate::report::{Console, Failure, Outcome};

/// How the names of a module's files end.
const CONFIGURATION: [&str; 4] = [".tf", ".tofu", ".tf.json", ".tofu.json"];
/// What OpenTofu itself writes beside them: what it has downloaded, and states. Those are of other runs.
const LEFT_OUT: [&str; 5] = [
    ".terraform",
    "terraform.tfstate",
    "terraform.tfstate.backup",
    "terraform.tfstate.d",
    ".terraform.tfstate.lock.info",
];
/// How many files a module may have. One with more is another folder.
const MOST: usize = 10_000;

/// Copies a module's folder, with nothing that lies outside of it.
pub(super) fn copy(from: &Path, to: &Path, console: &Console) -> Outcome<()> {
    let names = fs::read_dir(from).map(|entries| entries.flatten().map(|it| it.file_name()).collect::<Vec<_>>());
    let names = names.map_err(|error| unreadable(from, from, &error))?;
    let is_configuration = |name: &str| CONFIGURATION.iter().any(|end| name.ends_with(end));
    // With no configuration at all a plan would be to destroy whatever the state holds.
    if !names.iter().any(|name| name.to_str().is_some_and(is_configuration)) {
        return Err(Failure::usage(format!("{} has no file of a module of OpenTofu", from.display()))
            .hint("`module` names the folder with the module's `.tf` or `.tofu` files"));
    }
    for name in names.iter().filter(|name| LEFT_OUT.iter().any(|left_out| name == left_out)) {
        console.say_once(format!("leaves {} of {} where it is: it is of another run", name.display(), from.display()));
    }
    Copy { root: from, copied: 0 }.folder(from, to)
}

struct Copy<'a> {
    root: &'a Path,
    copied: usize,
}

impl Copy<'_> {
    fn folder(&mut self, from: &Path, to: &Path) -> Outcome<()> {
        let wrong = |error: io::Error| unreadable(self.root, from, &error);
        DirBuilder::new().mode(0o700).create(to).map_err(wrong)?;
        for entry in fs::read_dir(from).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name();
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                self.entry(&from.join(&name), &to.join(&name))?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, from: &Path, to: &Path) -> Outcome<()> {
        self.copied += 1;
        if self.copied > MOST {
            return Err(Failure::usage(format!("{} has more than {MOST} files", self.root.display()))
                .hint("`module` names the folder of the module alone"));
        }
        let wrong = |error: io::Error| unreadable(self.root, from, &error);
        let kind = from.symlink_metadata().map_err(wrong)?.file_type();
        if kind.is_dir() {
            return self.folder(from, to);
        }
        if kind.is_symlink() {
            let target = fs::read_link(from).map_err(wrong)?;
            if !self.stays_inside(from, &target) {
                return Err(Failure::usage(format!(
                    "{} leads out of its module, to {}",
                    from.display(),
                    target.display()
                ))
                .hint("put what the module needs into its folder"));
            }
            return symlink(target, to).map_err(wrong);
        }
        if !kind.is_file() {
            return Err(Failure::usage(format!("{} is neither a file nor a folder", from.display()))
                .hint("a module has files, folders and links to these"));
        }
        fs::copy(from, to).map_err(wrong)?;
        // Whoever has made the original read-only has not meant `init`, which writes the lock file.
        let mode = from.symlink_metadata().map_err(wrong)?.permissions().mode();
        fs::set_permissions(to, fs::Permissions::from_mode(0o600 | mode & 0o100)).map_err(wrong)
    }

    /// Whether a link leads, by its words alone, to a place below the root.
    fn stays_inside(&self, link: &Path, target: &Path) -> bool {
        let depth = link.strip_prefix(self.root).map_or(0, |below| below.components().count() - 1);
        let mut left = Some(depth);
        for part in target.components() {
            left = match (left, part) {
                (Some(depth), Component::Normal(_)) => Some(depth + 1),
                (Some(depth), Component::ParentDir) => depth.checked_sub(1),
                (Some(depth), Component::CurDir) => Some(depth),
                _ => None,
            };
        }
        left.is_some()
    }
}

fn unreadable(root: &Path, path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot copy {} of the module {}: {error}", path.display(), root.display()))
        .hint("the folder of the module has to be readable, and TMPDIR to have room for it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(prepare: impl Fn(&Path)) -> Outcome<Vec<String>> {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("network")).expect("made");
        fs::write(from.join("main.tf"), "").expect("written");
        prepare(&from);
        copy(&from, &to, &Console::new(true))?;
        let mut names: Vec<String> = fs::read_dir(&to)
            .expect("copied")
            .chain(fs::read_dir(to.join("network")).expect("copied"))
            .map(|it| it.expect("an entry").path().strip_prefix(&to).expect("below").display().to_string())
            .collect();
        names.sort();
        Ok(names)
    }

    #[test]
    fn everything_but_what_other_runs_have_left_is_copied() {
        let names = copied(|from| {
            fs::write(from.join("network/vpc.tf"), "").expect("written");
            fs::write(from.join(".terraform.lock.hcl"), "").expect("written");
            fs::write(from.join("terraform.tfstate"), "{}").expect("written");
            fs::create_dir_all(from.join(".terraform/providers")).expect("made");
            symlink("../main.tf", from.join("network/link.tf")).expect("made");
        });
        assert_eq!(
            names.expect("fine"),
            [".terraform.lock.hcl", "main.tf", "network", "network/link.tf", "network/vpc.tf"]
        );
    }

    #[test]
    fn what_leads_out_or_is_no_module_is_refused() {
        for target in ["/etc/passwd", "../../x", "a/../../../x"] {
            let failure =
                copied(|from| symlink(target, from.join("network/link")).expect("made")).expect_err("leads out");
            assert!(failure.message.ends_with(&format!("leads out of its module, to {target}")), "{failure}");
        }
        let failure = copied(|from| fs::remove_file(from.join("main.tf")).expect("gone")).expect_err("empty");
        assert!(failure.message.ends_with("has no file of a module of OpenTofu"), "{failure}");
    }
}
