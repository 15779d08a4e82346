//! Images from the registry: what they are, the registry says; what it does not have, nobody runs.

use backstack_testbed::artifact;

use crate::support::{TESTBED, attempt, kubectl, running, until};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {app: NAME}}
spec: {containers: [{name: c, image: 'IMAGE'}]}
";

#[tokio::test]
#[ignore = "needs the built peers"]
async fn an_image_is_what_its_registry_says() {
    let testbed = &TESTBED;
    let cluster = testbed.lease().await.expect("a cluster");
    let copy = format!("{}/copies/all", testbed.registry());
    let web = artifact::push(&format!("{copy}:web"), "docker.io/library/nginx:1").await.expect("pushed");
    let pushed = artifact::push(&format!("{copy}:crossplane"), "crossplane:v0.0.1").await.expect("pushed");
    assert_ne!(web, pushed);

    for (name, image) in
        [("web", format!("{copy}@{web}")), ("old", format!("{copy}@{pushed}")), ("absent", format!("{copy}:absent"))]
    {
        let pod = POD.replace("NAME", name).replace("IMAGE", &image);
        let applied = attempt(testbed, &cluster, pod.as_bytes(), &["apply", "-f", "-"]);
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    }
    kubectl(testbed, &cluster, &["wait", "--for=condition=Ready", "pod", "web", "--timeout=60s"]);
    let said = |pod: &str| {
        let path = "jsonpath={.status.containerStatuses[0].state.waiting}";
        String::from_utf8(kubectl(testbed, &cluster, &["get", "pod", pod, "-o", path]).stdout).expect("text")
    };
    for (pod, why) in [("old", "the testbed has crossplane:"), ("absent", "the registry answers 404")] {
        until("an image that is not here is not pulled", || said(pod).contains("ImagePullBackOff"));
        assert!(said(pod).contains(why), "{}", said(pod));
    }
    assert_eq!(running(&cluster), 1); // nothing runs for the ready one, but it is played
}
