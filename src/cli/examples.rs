//! Examples, as they stand in the help of the verb that each begins with. A test parses every one of them, and demands one for
//! every verb.

/// The first lines that anybody types.
pub const FIRST: &[(&str, &str)] = &[
    ("backstack hub new myhub", "write a hub bundle to start from"),
    ("backstack lint myhub", "say what is wrong with it, and where"),
    ("backstack explain backstack-104", "say what a code means"),
];

/// Command lines, and what each does.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("backstack install --file step.yaml", "do the step in a file; Porter sends it on stdin"),
    ("backstack bundle run install myhub", "what people type instead: all steps of the bundle in myhub"),
    ("backstack upgrade --file step.yaml", "do the step in a file; Porter sends it on stdin"),
    ("backstack uninstall --file step.yaml", "do the step in a file; Porter sends it on stdin"),
    ("backstack invoke --action status --file step.yaml", "tell how the hub of a step is"),
    ("backstack invoke --action help --file step.yaml", "list the actions that a step knows"),
    ("backstack build --file steps.yaml", "print what Porter puts into the Dockerfile of the bundle"),
    ("backstack lint myhub", "check the bundle in myhub"),
    ("backstack lint myhub -o json", "the same for programs"),
    ("backstack schema", "the schema of all steps, which Porter asks for"),
    ("backstack schema hub", "the schema of hub.yaml, for an editor"),
    ("backstack version", "the version, and the commit it is built from"),
    ("backstack version -o json", "the same for programs"),
    ("backstack vendor myhub", "fetch what myhub/lock.yaml pins into myhub/assets"),
    ("backstack vendor myhub argocd --from ~/Downloads", "one download, from a folder if it is there"),
    ("backstack vendor myhub --check", "only verify what is there; no network"),
    (
        "backstack bundle run install myhub --param repository=https://git.example.org/hub.git --cred kubeconfig=kubeconfig.yaml",
        "install a hub without Porter; add --cred for the logins that its porter.yaml declares",
    ),
    ("backstack bundle run status myhub -o json", "an action of the bundle, its outputs for programs"),
    ("backstack bundle images myhub", "the images that porter.yaml has to declare, so that Porter copies them"),
    ("backstack hub new myhub", "write a hub bundle into the folder myhub"),
    ("backstack hub new myhub bundles/hub", "the same into another folder"),
    ("backstack bead new hello", "write a bead bundle into the folder hello"),
    ("backstack bead check hello", "look at all of it that can be looked at without a hub"),
    ("backstack bead render hello --param replicas=3", "print the files as the hub repository would hold them"),
    ("backstack bead render hello --to out", "write them below the folder out"),
    (
        "backstack claims check claims --hub hub",
        "check the claims in a checkout against a checkout of the hub repository",
    ),
    ("backstack claims check --live", "ask the hub of the current kubeconfig"),
    ("backstack doctor", "look at the Argo CD of the current kubeconfig"),
    ("backstack doctor --namespace gitops --strict", "another namespace, and exit code 1 when something is found"),
    ("backstack doctor --only orphans,held -o json", "two codes, for programs"),
    ("backstack crds", "print the definitions"),
    ("backstack explain backstack-104", "what lint means by a code, and what to do"),
    ("backstack explain bead.application.chart", "a field of bead.yaml, and those below it"),
    ("backstack explain hub --recursive", "every field of hub.yaml"),
    (
        "backstack secrets export --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kgaypesgs8cj3e5 --to hub.age",
        "keep what git does not hold, encrypted",
    ),
    ("backstack secrets import hub.age --identity key.txt", "bring it to the cluster of the current kubeconfig"),
    (
        "backstack rehearse --scratch scratch.kubeconfig",
        "install the hub of the current kubeconfig on an empty cluster",
    ),
    ("backstack completions bash", "print the script; source it, or put it where bash looks"),
];
