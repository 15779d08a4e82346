//! The images of a bundle, put into registries on loopback under other names.

use std::path::Path;
use std::process::Command;

use backstack_testbed::artifact;
use serde_json::Value;

/// Every image that `bundle images` names for a bundle, as manifests name it.
pub fn images_of(bundle: &Path) -> Vec<String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_backstack")).args(["bundle", "images", "-o", "json"]).arg(bundle).output();
    let output = output.expect("bundle images starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let declared: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let images = declared["images"].as_object().expect("images").values();
    let text = |image: &Value, key: &str| image[key].as_str().expect("a text").to_owned();
    images.map(|image| format!("{}:{}", text(image, "repository"), text(image, "tag"))).collect()
}

/// Pushes an image that the testbed runs as another; answers its digest.
pub fn push(image: &str, stands_for: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(artifact::push(image, stands_for)).expect("pushed")
}
