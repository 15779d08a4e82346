use std::fs;
use std::path::{Path, PathBuf};

use backstack::actions::vendor::vendor;
use backstack::cli::VendorArgs;
use backstack::files::Tree;
use backstack::report::{Console, Outcome};
use backstack::vendor::AssetContent;
use tempfile::TempDir;

const MANIFEST: &str = "a: 1\n";

/// A bundle whose lock pins a manifest and a chart, and a folder that has both in a Go module cache's layout.
struct Bundle {
    dir: TempDir,
    cache: TempDir,
}

impl Bundle {
    fn new() -> Self {
        let bundle =
            Self { dir: tempfile::tempdir().expect("a folder"), cache: tempfile::tempdir().expect("a folder") };
        let module = bundle.cache.path().join("example.org/!big/m@v1.0.0");
        write(&module.join("install.yaml"), MANIFEST);
        write(&module.join("chart/Chart.yaml"), "name: c\n");
        write(&module.join("chart/templates/t.yaml"), "");
        let mut chart = Tree::default();
        chart.insert("Chart.yaml", "name: c\n").expect("free");
        chart.insert("templates/t.yaml", "").expect("free");
        let asset = |name: &str, form: &str, content: AssetContent, path: &str| {
            format!(
                "- name: {name}\n  type: {form}\n  version: 1.0.0\n  sha256: {}\n  \
                 module: {{module: example.org/Big/m@v1.0.0, path: {path}}}\n",
                content.digest()
            )
        };
        let lock = "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n".to_owned()
            + &asset("one", "manifest", AssetContent::Manifest(MANIFEST.into()), "install.yaml")
            + &asset("two", "chart", AssetContent::Chart(chart), "chart");
        write(&bundle.dir.path().join("lock.yaml"), &lock);
        bundle
    }

    async fn vendor(&self, from: &[PathBuf], check: bool) -> Outcome<()> {
        let args =
            VendorArgs { dir: Some(self.dir.path().to_owned()), from: from.to_vec(), check, ..VendorArgs::default() };
        vendor(&args, &Console::new(true)).await
    }

    fn asset(&self, path: &str) -> PathBuf {
        self.dir.path().join("assets").join(path)
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, text).expect("writable");
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let bundle = Bundle::new();
    let assets = bundle.dir.path().join("assets");
    write(&assets, "no folder");
    let failure = bundle.vendor(&[], false).await.expect_err("no place for the downloads");
    assert_eq!(failure.message, format!("failed to make the folder {}: File exists (os error 17)", assets.display()));
    assert!(failure.hint.is_some_and(|hint| hint.contains("move away what has its name")));
}

#[tokio::test]
async fn a_module_cache_and_a_folder_of_assets_are_taken() {
    let bundle = Bundle::new();
    assert!(bundle.vendor(&[], true).await.is_err(), "nothing is there yet");
    bundle.vendor(&[bundle.cache.path().to_owned()], false).await.expect("vendored");
    assert_eq!(fs::read_to_string(bundle.asset("one.yaml")).expect("there"), MANIFEST);
    assert!(bundle.asset("two/templates/t.yaml").is_file());
    bundle.vendor(&[], true).await.expect("as pinned");

    let second = Bundle::new();
    second.vendor(&[bundle.dir.path().join("assets")], false).await.expect("vendored");
    let left: Vec<_> = fs::read_dir(second.asset("")).expect("there").map(|it| it.expect("read").file_name()).collect();
    assert_eq!(left.len(), 2, "nothing but the assets: {left:?}");
}

#[tokio::test]
async fn a_wrong_digest_names_both_and_what_was_good_stays() {
    let bundle = Bundle::new();
    bundle.vendor(&[bundle.cache.path().to_owned()], false).await.expect("vendored");
    write(&bundle.asset("two/Chart.yaml"), "name: tampered\n");
    let failure = bundle.vendor(&[], true).await.expect_err("tampered");
    assert!(
        failure.details.len() == 1 && failure.details[0].starts_with("two 1.0.0: digest is sha256:"),
        "{failure:?}"
    );

    let elsewhere = tempfile::tempdir().expect("a folder");
    write(&elsewhere.path().join("two/Chart.yaml"), "name: other\n");
    write(&elsewhere.path().join("one.yaml"), "b: 2\n");
    let failure = bundle.vendor(&[elsewhere.path().to_owned()], false).await.expect_err("another chart");
    assert!(failure.message.contains("two 1.0.0"), "{failure}");
    assert!(failure.details[0].contains("digest is sha256:"), "{failure:?}");
    assert_eq!(fs::read_to_string(bundle.asset("one.yaml")).expect("there"), MANIFEST);

    bundle.vendor(&[bundle.cache.path().to_owned()], false).await.expect("mended");
    assert_eq!(fs::read_to_string(bundle.asset("two/Chart.yaml")).expect("there"), "name: c\n");
}

#[tokio::test]
async fn a_link_in_a_chart_is_refused() {
    let bundle = Bundle::new();
    let chart = bundle.cache.path().join("example.org/!big/m@v1.0.0/chart");
    std::os::unix::fs::symlink("/etc/passwd", chart.join("templates/link.yaml")).expect("writable");
    let failure = bundle.vendor(&[bundle.cache.path().to_owned()], false).await.expect_err("a link");
    assert!(failure.details.iter().any(|line| line.contains("neither a file nor a folder")), "{failure:?}");
}
