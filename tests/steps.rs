//! Steps on standard input: what Porter sends, what authors write, and what neither should.

use std::time::Duration;

use backstack::document::{
    BeadRepository, BeadStep, ClaimsAccess, CloudResources, ClusterStep, Committer, Connection, Credential, Encoding,
    Existing, Format, HubSource, HubStep, KindCluster, ObjectAddress, OnSpokes, OnUninstall, OpenTofuModule, Output,
    OutputFormat, OutputValue, Repository, Right, SecretRef, SpokeLogin, SpokeStep, Step,
};
use backstack::porter::StepInput;
use backstack::schema::{Timeout, is_branch};
use backstack::yaml;
use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::Mixin;

const HUB: &str = "hub: {repository: {url: https://git.example/hub}}";

fn step(text: &str) -> String {
    format!("install:\n  - backstack:\n      {}\n", text.replace('\n', "\n      "))
}

#[test]
fn a_step_takes_any_scalar_and_null_is_unset() {
    let input = step(
        "hub:\n  file: 1.5\n  repository: {url: /x, branch: true, pull: null}\ndescription: 12\ntimeout: 90\noutputs: null",
    );
    let read = StepInput::read(&input, "install").expect("a step");
    let hub = read.step.hub.expect("a hub");
    assert_eq!((hub.file.as_str(), hub.repository.branch.as_str()), ("1.5", "true"));
    assert_eq!(hub.repository.pull, None);
    assert_eq!(read.step.description.as_deref(), Some("12"));
    assert_eq!(read.step.timeout.expect("a timeout").0, Duration::from_secs(90));
}

#[test]
fn line_ends_and_other_alphabets_are_fine() {
    let input = step(&format!("description: \"héllo 🚀\"\n{HUB}")).replace('\n', "\r\n");
    let read = StepInput::read(&input, "install").expect("a step");
    assert_eq!(read.step.description.as_deref(), Some("héllo 🚀"));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let input =
        step("hub:\n  repositry: {url: /x}\n  cluster: [1]\ntimeout: soon\noutputs:\n  - {name: a, value: prof}");
    let run = Mixin::new("install").stdin(input).run().exits(2);
    assert_eq!(run.stdout, "");
    let run = run.says("unknown key `hub.repositry`").says("hint: did you mean `repository`?").says("stdin:4:9");
    let run = run.says("`hub.repository` is required").says("`hub.cluster` is a list, expected a mapping");
    let run = run.says("`timeout` is `soon`").says("`outputs[0].value` is `prof`").says("did you mean `proof`?");
    run.says("the step on stdin has 5 mistakes; nothing was changed");
}

#[test]
fn what_is_no_step_is_refused_with_the_reason() {
    let two = format!("install:\n- backstack: {{{HUB}}}\n- backstack: {{{HUB}}}\n");
    for (input, reason) in [
        (String::new(), "is for Porter, which sends it a step"),
        ("{}".to_owned(), "stdin holds no step"),
        ("install: []".to_owned(), "expected a single step, but got 0"),
        (two, "expected a single step, but got 2"),
        ("install: [{backstack: }]".to_owned(), "`backstack` is not a mapping"),
        ("install: [{exec: {}}]".to_owned(), "the step is for the mixin `exec`"),
        ("upgrade: [{backstack: {}}]".to_owned(), "a step of `upgrade`, but the command is `install`"),
        ("install: [{backstack: {}}]".to_owned(), "needs exactly one of: cluster, hub"),
        ("install: [".to_owned(), "not valid YAML"),
        (step(&format!("{HUB}\ncluster: {{existing: {{}}}}")), "`hub`, which exclude each other"),
        (step("hub: {repository: {url: /x, pull: {password: {}}}}"), "needs exactly one of: env, file"),
        (step("hub: {repository: {url: /x, branch: refs/heads/main}}"), "without `refs/heads/`"),
        (step("hub: {repository: {url: /x, branch: refs/tags/v1}}"), "the name of a branch"),
        (step("hub: {repository: {url: /x, branch: HEAD}}"), "the name of a branch"),
        (step("hub: {repository: {url: /x, connection: {ca: {}}}}"), "needs exactly one of: env, file"),
        (
            step("hub: {repository: {url: /x, connection: {insecure: true}}}"),
            "unknown key `hub.repository.connection.insecure`",
        ),
        (
            step("hub: {repository: {url: git.example.org/me/hub}}"),
            "`hub.repository.url` is `git.example.org/me/hub`, which is no address of a git repository",
        ),
        (step("bead: {repository: {pushUrl: ../hub}}"), "hint: a path is absolute"),
        (step("cluster: {existing: {}, state: s}"), "`cluster.state` means nothing beside `existing`"),
        (step("cluster: {existing: {}, onUninstall: destroy}"), "a cluster that exists is never destroyed"),
        (step("cluster: {opentofu: {module: m, environment: {TF_LOG: {env: A}}}, state: s}"), "stdin:3:"),
    ] {
        Mixin::new("install").stdin(input).run().exits(2).says(reason);
    }
    Mixin::new("install").stdin(b"\xff\xfe".as_slice()).run().exits(2).says("stdin is not UTF-8");
}

#[test]
fn invoke_reads_the_step_of_its_action() {
    let input = format!("status:\n- backstack: {{{HUB}}}\n");
    Mixin::new("invoke --action verify").stdin(input).run().exits(2).says("a step of `status`");
}

#[test]
fn a_step_may_be_large() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!("description: {long}\n{HUB}"),
        format!("description: \"{long}\"\n{HUB}"),
        format!("{HUB}\ndescription: |\n  {long}\n  {long}\n"),
    ] {
        let read = StepInput::read(&step(&text), "install").expect("a step");
        assert!(read.step.description.is_some_and(|it| it.len() >= 1 << 20));
    }
    // Through a real pipe, whose buffer is far smaller: the mistake is told, and the megabyte is not repeated.
    let run = Mixin::new("install").stdin(step(&format!("hub: {{repositry: {long}}}"))).run().exits(2);
    let run = run.says("unknown key `hub.repositry`");
    assert!(run.stderr.len() < 4 << 20, "{} bytes", run.stderr.len());
}

#[test]
fn what_a_parser_could_choke_on_is_one_mistake() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let before = format!("*a{},", n - 1).repeat(9);
        format!("{text}a{n}: &a{n} [{before}]\n")
    });
    for (input, reason) in [
        (step(&format!("description: {deep}")), "not valid yaml"),
        (bomb, ""),
        (step(&format!("{HUB}\n{HUB}")), "is there twice"),
        ("install: [{backstack: {hub: *nothing}}]".to_owned(), "not valid yaml"),
        ("install: [{backstack: {? [a] : b}}]".to_owned(), ""),
        ("\0".to_owned(), ""),
        ("---\n---\n".to_owned(), ""),
        (format!("{}---\n{}", step(HUB), step(HUB)), ""),
    ] {
        let run = Mixin::new("install").stdin(input).run().exits(2);
        assert!(run.stderr.to_lowercase().contains(reason), "{reason} is not in:\n{}", run.stderr);
        assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_step() {
    let read = StepInput::read(&format!("\u{feff}{}", step(HUB)), "install").expect("a step");
    assert!(read.step.hub.is_some());
}

#[test]
fn every_action_takes_its_step_under_its_own_name() {
    for (verb, action) in [
        ("install", "install"),
        ("upgrade", "upgrade"),
        ("uninstall", "uninstall"),
        ("invoke --action restart+all", "restart+all"),
    ] {
        let input = format!(
            "{action}:\n- backstack: {{hub: {{file: gone.yaml, repository: {{url: https://git.example/x}}}}}}\n"
        );
        let run = Mixin::new(verb).stdin(input).run().exits(2);
        // Past the reading of the step: either its document is missing, or the hub knows no such action.
        assert!(run.stderr.contains("gone.yaml") || run.stderr.contains("knows no action"), "{}", run.stderr);
    }
}

fn text() -> impl Strategy<Value = String> {
    "[ -~äß🚀\n\t]{1,20}"
}

fn address() -> impl Strategy<Value = String> {
    "https://[a-z]{1,8}/[a-zäß/]{0,12}"
}

fn secret() -> impl Strategy<Value = SecretRef> {
    prop_oneof![
        "[A-Z_]{1,12}".prop_map(|name| SecretRef { env: Some(name), file: None }),
        "/[a-z/]{1,12}".prop_map(|path| SecretRef { env: None, file: Some(path) }),
    ]
}

fn credential() -> impl Strategy<Value = Credential> {
    let all = (of(secret()), of(secret()), of(secret()), of(secret()), of(secret()), of(secret())).prop_map(
        |(username, password, ssh_private_key, known_hosts, client_certificate, client_key)| Credential {
            username,
            password,
            ssh_private_key,
            known_hosts,
            client_certificate,
            client_key,
        },
    );
    all.boxed() // a step has many, and they would not fit on the stack of a test
}

fn connection() -> impl Strategy<Value = Connection> {
    let all = (of(secret()), of(secret()), of(text()));
    all.prop_map(|(ca, proxy, no_proxy)| Connection { ca, proxy, no_proxy }).boxed()
}

fn existing() -> impl Strategy<Value = Existing> {
    (of(text()), of(text()), any::<bool>()).prop_map(|(kubeconfig, context, allow_insecure)| Existing {
        kubeconfig,
        context,
        allow_insecure,
    })
}

fn timeout() -> impl Strategy<Value = Timeout> {
    (1..1_000_000_u64).prop_map(|seconds| Timeout(Duration::from_secs(seconds)))
}

fn file_name() -> impl Strategy<Value = String> {
    text().prop_filter("a file name", |text| !text.is_empty() && !text.contains('/') && text != "." && text != "..")
}

fn branch() -> impl Strategy<Value = String> {
    text().prop_filter("a branch", |text| is_branch(text))
}

fn output() -> impl Strategy<Value = Output> {
    let found = prop_oneof![Just(OutputValue::Proof), Just(OutputValue::Url), Just(OutputValue::ClusterUid)];
    let plain = Output {
        name: String::new(),
        value: None,
        module_output: None,
        object: None,
        path: None,
        decode: None,
        format: None,
        wait: None,
        default: None,
    };
    let other = plain.clone();
    prop_oneof![
        (file_name(), found, of(text())).prop_map(move |(name, value, default)| Output {
            name,
            value: Some(value),
            default,
            ..plain.clone()
        }),
        (
            file_name(),
            (text(), text(), of(text()), text()),
            of(Just(Encoding::Base64)),
            of(Just(OutputFormat::Json)),
            of(timeout()),
            of(text())
        )
            .prop_map(move |(name, (api_version, kind, namespace, of), decode, format, wait, default)| {
                Output {
                    name,
                    object: Some(ObjectAddress { api_version, kind, namespace, name: of }),
                    path: Some("{.data['a.b']}".to_owned()),
                    decode,
                    format,
                    wait,
                    default,
                    ..other.clone()
                }
            }),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let credentials = (of(connection()), of(credential()), of(committer()), of(credential()));
    let repository = (address(), of(address()), branch(), any::<bool>(), credentials).prop_map(
        |(url, push_url, branch, allow_insecure, (connection, push, committer, pull))| Repository {
            url,
            push_url,
            branch,
            allow_insecure,
            connection,
            push,
            committer,
            pull,
        },
    );
    let format = prop_oneof![Just(Format::Table), Just(Format::Json), Just(Format::Markdown)];
    let claims = (of(connection()), of(credential()), any::<bool>())
        .prop_map(|(connection, pull, allow_insecure)| ClaimsAccess { connection, pull, allow_insecure });
    let looks = (any::<bool>(), proptest::collection::vec("[a-z]{1,8}", 0..3));
    let secrets = btree_map("[a-z]{1,8}", btree_map("[a-z.]{1,8}", secret(), 1..3), 0..3);
    let access = (repository, of(claims), secrets);
    let hub = (text(), looks, access, existing(), format, 1..=1000_u32, named()).prop_map(
        |(file, (check, beads), (repository, claims, secrets), cluster, format, tail, (may_remove, accept_history))| {
            HubStep {
                file,
                check,
                beads,
                repository,
                claims,
                secrets,
                cluster,
                may_remove,
                accept_history,
                adopt: false,
                may_replace: Vec::new(),
                migrate: check,
                back: false,
                from: HubSource::Bundle,
                moves: false,
                past: Vec::new(),
                format,
                tail,
            }
        },
    );
    // What a step may say besides: each of these is about another hub.
    let day_2 = (hub.boxed(), 0..4, any::<bool>(), proptest::collection::vec("[a-z]{1,8}", 0..3));
    let hub = day_2.prop_map(|(hub, what, switch, names)| match what {
        1 => HubStep { adopt: true, may_replace: names, ..hub },
        2 => HubStep { back: true, past: names, ..hub },
        3 => HubStep { from: HubSource::Repository, moves: switch, ..hub },
        _ => hub,
    });
    let hub = hub.boxed();
    let noun = prop_oneof![
        cluster().prop_map(|cluster| (Some(cluster), None, None, None)),
        hub.prop_map(|hub| (None, Some(hub), None, None)),
        bead().boxed().prop_map(|bead| (None, None, Some(bead), None)),
        spoke().prop_map(|spoke| (None, None, None, Some(spoke))),
    ];
    (of(text()), noun, of(timeout()), proptest::collection::vec(output(), 0..4)).prop_map(
        |(description, (cluster, hub, bead, spoke), timeout, outputs)| Step {
            description,
            cluster,
            hub,
            bead,
            spoke,
            timeout,
            outputs,
        },
    )
}

fn cluster() -> impl Strategy<Value = ClusterStep> {
    let named = || btree_map("[a-z]{1,8}", secret(), 0..3);
    let made = || {
        (of(text()), any::<bool>(), of(Just(OnUninstall::CheckOnly)), proptest::collection::vec(text(), 0..3)).prop_map(
            |(kubeconfig, connect_only, on_uninstall, may_remove)| ClusterStep {
                state: Some("state".to_owned()),
                kubeconfig,
                connect_only,
                on_uninstall: on_uninstall.filter(|_| !connect_only),
                may_remove,
                ..ClusterStep::default()
            },
        )
    };
    let module = (text(), named(), named(), any::<bool>(), text()).prop_map(
        |(module, secrets, environment, backend, kubeconfig_output)| OpenTofuModule {
            module,
            variables: serde_json::Map::from_iter([("size".to_owned(), serde_json::json!([1, {"a": null}]))]),
            secrets,
            environment,
            backend,
            kubeconfig_output,
        },
    );
    let kind = ("[a-z.-]{1,8}", of(text()), of(text()), any::<bool>())
        .prop_map(|(name, image, config, internal)| KindCluster { name, image, config, internal });
    prop_oneof![
        existing().prop_map(|existing| ClusterStep { existing: Some(existing), ..ClusterStep::default() }),
        (made(), module).prop_map(|(made, module)| ClusterStep { opentofu: Some(module), ..made }),
        (made(), kind).prop_map(|(made, kind)| ClusterStep { kind: Some(kind), ..made }),
    ]
}

fn spoke() -> impl Strategy<Value = SpokeStep> {
    let words = || proptest::collection::vec("[a-z*]{0,6}", 1..3);
    let right =
        (words(), words(), words()).prop_map(|(api_groups, resources, verbs)| Right { api_groups, resources, verbs });
    let access =
        (of(text()), of(Just("https://a:6443".to_owned())), proptest::collection::vec(right, 0..3), of(timeout()));
    let given = (of((secret(), access)), btree_map("[a-z]{1,8}", "[a-z]{0,8}", 0..3));
    let removal = prop_oneof![Just(OnSpokes::Refuse), Just(OnSpokes::Leave), Just(OnSpokes::Delete)];
    ("[a-z]{1,36}", given, removal, named(), any::<bool>(), existing()).prop_map(
        |(name, (given, labels), on_uninstall, (may_remove, _), allow_insecure, cluster)| {
            let (kubeconfig, access) = given.unzip();
            let (context, server, rights, renew_after) = access.unwrap_or_default();
            SpokeStep {
                name,
                kubeconfig,
                context,
                server,
                login: SpokeLogin::Account,
                rights,
                labels,
                renew_after,
                on_uninstall,
                may_remove,
                allow_insecure,
                cluster,
                format: Format::Table,
            }
        },
    )
}

fn committer() -> impl Strategy<Value = Committer> {
    (text(), text(), of(secret())).prop_map(|(name, email, signing_key)| Committer { name, email, signing_key })
}

/// What may go, and the commit from which history may go on.
fn named() -> impl Strategy<Value = (Vec<String>, Option<String>)> {
    (proptest::collection::vec(text(), 0..3), of(text()))
}

fn bead() -> impl Strategy<Value = BeadStep> {
    let name = || "[a-z]{1,8}";
    let value = prop_oneof![text().prop_map(Value::from), any::<i64>().prop_map(Value::from), Just(Value::from(true))];
    let parameters = btree_map(name(), value, 0..3).prop_map(|all| all.into_iter().collect());
    let secrets = btree_map(name(), btree_map(name(), secret(), 1..3), 0..3);
    let reached = (any::<bool>(), of(connection()));
    let repository = (of(address()), of(address()), of(text()), reached, of(credential()), of(committer())).prop_map(
        |(url, push_url, branch, (allow_insecure, connection), push, committer)| BeadRepository {
            url,
            push_url,
            branch,
            allow_insecure,
            connection,
            push,
            committer,
        },
    );
    let format = prop_oneof![Just(Format::Table), Just(Format::Json), Just(Format::Markdown)];
    let cloud = prop_oneof![Just(CloudResources::Refuse), Just(CloudResources::Orphan), Just(CloudResources::Delete)];
    let on_spokes = prop_oneof![Just(OnSpokes::Refuse), Just(OnSpokes::Leave), Just(OnSpokes::Delete)];
    let said = (any::<bool>(), any::<bool>(), cloud, on_spokes, any::<bool>(), any::<bool>());
    (text(), parameters, secrets, said, named(), repository, existing(), format).prop_map(
        |(
            file,
            parameters,
            secrets,
            (check, accept_privileges, cloud_resources, on_spokes, migrate, or_install),
            named,
            repository,
            cluster,
            format,
        )| {
            BeadStep {
                file,
                check,
                or_install,
                parameters,
                secrets,
                accept_privileges,
                cloud_resources,
                on_spokes,
                migrate,
                may_remove: named.0,
                accept_history: named.1,
                repository,
                cluster,
                format,
            }
        },
    )
}

#[test]
fn a_timeout_beyond_all_clocks_is_a_mistake() {
    for timeout in ["2600000000000000h", "9000h", "40000000"] {
        let run = Mixin::new("install").stdin(step(&format!("{HUB}\ntimeout: {timeout}"))).run().exits(2);
        run.says("expected a duration of at most a year (8760h)").says("stdin:4:");
    }
}

#[test]
fn a_step_without_an_end_is_told_so() {
    let endless = vec![b' '; (64 << 20) + 1];
    Mixin::new("install").stdin(endless).run().exits(2).says("failed to read stdin: it is larger than 64 MiB");
}

proptest! {
    #[test]
    fn a_step_that_is_written_is_read_back_the_same(step in any_step()) {
        let text = yaml::print(&json!({"install": [{"backstack": step}]}));
        let read = StepInput::read(&text, "install").map_err(|failure| TestCaseError::fail(failure.render()))?;
        prop_assert_eq!(read.step, step);
    }

    #[test]
    fn reading_a_step_never_panics(text in ".{0,200}", value in "[-0-9a-z.:_~\\[\\]{}\"' #|>&*!%@`]{0,20}") {
        let _ = StepInput::read(&text, "install");
        let _ = StepInput::read(&step(&format!("hub: {{repository: {{url: {value}}}}}")), "install");
    }

    #[test]
    fn a_string_may_arrive_as_any_scalar(number in any::<i64>(), float in -1e6..1e6_f64, flag in any::<bool>()) {
        for scalar in [number.to_string(), format!("{float:.3}"), flag.to_string()] {
            let input = step(&format!("description: {scalar}\n{HUB}"));
            let read = StepInput::read(&input, "install").expect("a step").step.description.expect("a description");
            let same = match (read.parse::<f64>(), scalar.parse::<f64>()) {
                (Ok(read), Ok(written)) => (read - written).abs() < 1e-9,
                _ => read == scalar,
            };
            prop_assert!(same, "{} became {}", scalar, read);
        }
    }
}
