//! Programs and providers of a lock: brought as they are published, run as they were verified.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use backstack::files::sha256;
use backstack::report::{Exit, Failure};
use backstack::vendor::{Tools, tools};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::support::{Mixin, Run};

const SCRIPT: &[u8] = b"#!/bin/sh\necho ready\n";
const HEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n";
/// What the tests run on, in the words of images, and the other one.
const HERE: &str = if cfg!(target_arch = "x86_64") { "linux/amd64" } else { "linux/arm64" };
const ELSEWHERE: &str = if cfg!(target_arch = "x86_64") { "linux/arm64" } else { "linux/amd64" };

/// The archive of a program as projects publish it: with its licence, and with the program below a folder.
fn packed(program: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, content, mode) in [("LICENSE", &b"free\n"[..], 0o644), ("./bin/tofu", program, 0o755)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        archive.append_data(&mut header, path, content).expect("packed");
    }
    archive.into_inner().and_then(GzEncoder::finish).expect("packed")
}

fn entry(name: &str, form: &str, platform: &str, content: &[u8], more: &str) -> String {
    let digest = sha256(content);
    format!("- {{name: {name}, type: {form}, version: 1.2.3, platform: {platform}, sha256: '{digest}', {more}}}\n")
}

/// A bundle that pins a program and a provider for two platforms, and the folder that people have downloaded them to.
struct Site {
    bundle: TempDir,
    downloads: TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { bundle: TempDir::new().expect("a folder"), downloads: TempDir::new().expect("a folder") };
        let (program, zip) = (packed(SCRIPT), b"PK here".to_vec());
        let mut lock = HEAD.to_owned();
        for platform in [HERE, ELSEWHERE] {
            let of = platform.replace('/', "_");
            let name = format!("tofu_1.2.3_{of}.tar.gz");
            site.download(&name, &program);
            let more = format!("executable: bin/tofu, url: 'https://example.org/{name}'");
            lock += &entry("tofu", "program", platform, &program, &more);
            site.download(&format!("example.org/acme/thing/terraform-provider-thing_1.2.3_{of}.zip"), &zip);
            lock += &entry("thing", "provider", platform, &zip, "source: example.org/acme/thing");
        }
        site.download("kind_linux_any", SCRIPT);
        lock += &entry("kind", "program", HERE, SCRIPT, "url: 'https://example.org/v1.2.3/kind_linux_any'");
        site.lock(&lock);
        site
    }

    fn lock(&self, text: &str) {
        fs::write(self.bundle.path().join("lock.yaml"), text).expect("written");
    }

    fn download(&self, path: &str, content: &[u8]) {
        let path = self.downloads.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    fn vendor(&self, names: &[&str]) -> Run {
        let call = Mixin::new("vendor").arg(self.bundle.path()).arg("--from").arg(self.downloads.path());
        names.iter().fold(call, |call, name| call.arg(*name)).run()
    }

    fn asset(&self, path: &str) -> std::path::PathBuf {
        self.bundle.path().join("assets").join(path)
    }

    fn tools(&self, program: &str, into: &Path) -> Result<Tools, Failure> {
        tools(self.bundle.path(), program, into)
    }

    fn refused(&self, program: &str) -> Failure {
        self.tools(program, TempDir::new().expect("a folder").path()).expect_err(program)
    }
}

fn of_here(text: &str) -> String {
    text.replace("HERE", &HERE.replace('/', "_"))
}

#[test]
fn what_runs_is_what_was_vendored_and_nothing_else_is_there() {
    let site = Site::new();
    site.vendor(&[]).exits(0).says("tofu 1.2.3: from").says("5 downloads are as lock.yaml pins them");
    let zip = of_here("example.org/acme/thing/terraform-provider-thing_1.2.3_HERE.zip");
    assert!(site.asset(&format!("provider_mirror/{zip}")).is_file());
    assert!(site.asset(&of_here("tofu_HERE.tar.gz")).is_file() && site.asset(&of_here("kind_HERE")).is_file());
    Mixin::new("vendor").args(["--check"]).arg(site.bundle.path()).run().exits(0);

    // What somebody lays beside is not offered to OpenTofu.
    fs::write(site.asset("provider_mirror/example.org/acme/thing/terraform-provider-thing_9.9.9_x.zip"), "")
        .expect("written");
    let into = TempDir::new().expect("a folder");
    let found = site.tools("tofu", into.path()).expect("ready");
    assert_eq!((found.version.as_str(), found.program.as_path()), ("1.2.3", into.path().join("tofu").as_path()));
    let said = Command::new(&found.program).output().expect("run");
    assert_eq!(String::from_utf8_lossy(&said.stdout), "ready\n");
    assert_eq!(fs::metadata(&found.program).expect("there").permissions().mode() & 0o777, 0o700);
    let mirror = found.providers.expect("a mirror");
    let kept = fs::read_dir(mirror.join("example.org/acme/thing")).expect("there");
    let kept: Vec<_> = kept.map(|it| it.expect("read").file_name()).collect();
    assert_eq!(kept, [zip.rsplit('/').next().expect("a name")]);

    let into = TempDir::new().expect("a folder");
    let kind = site.tools("kind", into.path()).expect("ready");
    assert_eq!(fs::read(kind.program).expect("there"), SCRIPT);
}

#[test]
fn one_download_is_brought_by_its_name() {
    let site = Site::new();
    fs::remove_dir_all(site.downloads.path().join("example.org")).expect("removed");
    site.vendor(&[]).exits(1).says("failed to get thing 1.2.3 with digest sha256:").says("`tofu providers mirror`");
    site.vendor(&["kind", "tofu"]).exits(0).says("3 downloads are as lock.yaml pins them");
    site.vendor(&["kinf"]).exits(2).says("lock.yaml pins nothing by the name `kinf`").says("did you mean `kind`?");
}

#[test]
fn nothing_runs_that_is_not_as_pinned() {
    let site = Site::new();
    assert_eq!(site.refused("tofu").exit, Exit::Failed, "nothing is vendored yet");
    site.vendor(&[]).exits(0);
    let program = site.asset(&of_here("tofu_HERE.tar.gz"));
    fs::write(&program, packed(b"#!/bin/sh\necho another\n")).expect("written");
    let message = site.refused("tofu").message;
    assert!(message.contains("is not tofu 1.2.3: it has") && message.contains("lock.yaml pins sha256:"), "{message}");
    Mixin::new("vendor").args(["--check"]).arg(site.bundle.path()).run().exits(1).says("tofu 1.2.3: digest is");
    site.vendor(&[]).exits(0);

    let provider = of_here("provider_mirror/example.org/acme/thing/terraform-provider-thing_1.2.3_HERE.zip");
    fs::write(site.asset(&provider), "another").expect("written");
    assert!(site.refused("tofu").message.contains("is not thing 1.2.3"));

    let lock = |entries: &str| {
        site.lock(&format!("{HEAD}{entries}"));
        site.refused("tofu")
    };
    let none = lock(" []\n");
    assert_eq!((none.exit, none.message.as_str()), (Exit::Usage, "lock.yaml of the bundle pins no program `tofu`"));
    let elsewhere = lock(&entry("tofu", "program", ELSEWHERE, SCRIPT, ""));
    assert_eq!(elsewhere.message, format!("lock.yaml pins `tofu` for {ELSEWHERE}, and this is {HERE}"));
    fs::remove_file(site.bundle.path().join("lock.yaml")).expect("removed");
    assert!(site.refused("tofu").message.contains("lock.yaml: No such file"));
}

#[test]
fn the_executable_is_a_file_of_the_archive() {
    let site = Site::new();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    archive.append_link(&mut link, "tofu", "/bin/sh").expect("packed");
    let bytes = archive.into_inner().and_then(GzEncoder::finish).expect("packed");
    for (executable, why) in [("tofu", "it is no file"), ("other", "it is not in the archive")] {
        site.lock(&format!("{HEAD}{}", entry("tofu", "program", HERE, &bytes, &format!("executable: {executable}"))));
        fs::create_dir_all(site.asset("")).expect("made");
        fs::write(site.asset(&of_here("tofu_HERE.tar.gz")), &bytes).expect("written");
        let message = site.refused("tofu").message;
        assert!(message.ends_with(why), "{message}");
    }
}

#[test]
fn a_lock_says_of_each_form_what_it_needs() {
    let site = Site::new();
    let digest = sha256(b"");
    let wrong = |asset: &str| {
        site.lock(&format!("{HEAD}- {{name: x, version: 1.0.0, sha256: '{digest}', {asset}}}\n"));
        site.vendor(&[]).exits(2).stderr
    };
    for (asset, said) in [
        ("type: program", "`x` has no `platform`"),
        ("type: program, platform: linux", "expected a platform such as linux/amd64"),
        ("type: provider, platform: linux/amd64", "the provider `x` has no `source`"),
        ("type: provider, platform: linux/amd64, source: Acme/x", "in small letters, such as hashicorp/google"),
        ("type: provider, platform: linux/amd64, source: ../x", "in small letters, such as hashicorp/google"),
        ("type: provider, platform: linux/amd64, source: a/x, executable: x", "`x` is a provider"),
        ("type: program, platform: linux/amd64, source: a/x", "`source` is for a provider"),
        ("type: program, platform: linux/amd64, executable: ../x", "a relative path that stays inside its folder"),
        ("type: program, platform: linux/amd64, module: {module: a.org/b@v1.0.0, path: c}", "a Go module is source"),
        ("type: chart, platform: linux/amd64", "`platform` is for programs and providers"),
        ("type: manifest, variant: ha", "`variant` is for the manifest `argocd`, and `x` is another asset"),
    ] {
        let told = wrong(asset);
        assert!(told.contains(said) && told.contains("lock.yaml:4:"), "{asset}: {told}");
    }
    let program = entry("x", "program", "linux/amd64", b"", "");
    site.lock(&format!("{HEAD}{program}{program}"));
    site.vendor(&[]).exits(2).says("`x` is pinned twice for linux/amd64");
}

#[test]
fn a_dependency_lock_file_means_what_is_pinned() {
    let site = Site::new();
    let write = |name: &str, text: &str| {
        let path = site.bundle.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write(
        "porter.yaml",
        "name: made\nmixins: [backstack]\ninstall:\n- backstack: {cluster: {opentofu: {module: ./cluster}, state: state}}\n",
    );
    let locked = |version: &str, hash: &str| {
        let hashes = format!("hashes = [\"h1:of-what-is-in-it\"{hash}]");
        write(
            "cluster/.terraform.lock.hcl",
            &format!("provider \"example.org/acme/thing\" {{\n  version = \"{version}\"\n  {hashes}\n}}\n"),
        );
        site.vendor(&[])
    };
    locked("1.2.4", "")
        .exits(2)
        .says(".terraform.lock.hcl has version 1.2.4 of `thing`, lock.yaml pins 1.2.3")
        .says("cluster/.terraform.lock.hcl:1:1");
    assert!(!site.asset("").exists(), "nothing is brought");
    let other = locked("1.2.3", ", \"zh:00ff\"").exits(2);
    other.says(&format!("lock.yaml pins `thing` 1.2.3 by {}", sha256(b"PK here"))).says("takes zh:00ff");
    locked("1.2.3", &format!(", \"zh:{}\"", sha256(b"PK here").trim_start_matches("sha256:"))).exits(0);
    locked("1.2.3", "").exits(0);
}
