//! The cases, in the order of their numbers, which stay: tests are named after them.

/// A case, and what keeps it beside the tests of this folder that have its number.
pub struct Case {
    /// What goes wrong.
    pub what: &'static str,
    /// Tests elsewhere, each with its file.
    pub elsewhere: &'static [(&'static str, &'static str)],
    /// Why there is no test, or what differs.
    pub why: Option<&'static str>,
}

const fn here(what: &'static str) -> Case {
    Case { what, elsewhere: &[], why: None }
}

const fn kept(what: &'static str, elsewhere: &'static [(&'static str, &'static str)]) -> Case {
    Case { what, elsewhere, why: None }
}

const fn not(what: &'static str, why: &'static str) -> Case {
    Case { what, elsewhere: &[], why: Some(why) }
}

impl Case {
    const fn but(self, why: &'static str) -> Self {
        Self { why: Some(why), ..self }
    }
}

const CHANGES: &str = "tests/changes.rs";
const WITHOUT_A_WATCH: &str = "where_a_watch_is_forbidden_or_broken_off_the_pauses_are_left";
const NO_LOCK: &str =
    "does not apply: there is no lock, so none can be left behind; what a dead run has left is case 3 to 5";
const SOAK: &str = "tests/soak/sweep.rs";
const KILLED: &str = "a_hub_whose_run_is_killed_at_any_request_is_finished_by_the_next";
const SAFETY: &str = "tests/safety/bead_removal.rs";
const READY: &str = "src/engine/ready/tests.rs";
const DEPLOYMENT: &str = "a_deployment_is_ready_in_its_own_generation_and_fails_when_it_is_paused_or_past_its_deadline";
const CONFIGS: &str = "tests/kubeconfigs.rs";

/// All of them.
pub const CASES: [Case; 68] = [
    here("a first installation"),
    kept("nothing to do", &[("tests/hub/handed_over.rs", "a_first_install_keeps_every_promise")]),
    kept("killed before a request, at every request", &[(SOAK, KILLED)]),
    kept("killed after the effect of a request, at every request", &[(SOAK, KILLED)]),
    kept("killed at every request of an upgrade and of a removal", &[(SOAK, KILLED)]),
    here("the API server restarts in the middle"),
    kept(
        "the API server never comes back",
        &[("tests/hub/bad_luck.rs", "an_unreachable_api_server_is_named_before_the_deadline")],
    ),
    kept(
        "a watch is told `410 Gone`",
        &[("src/engine/cluster/changes.rs", "only_changes_of_the_objects_are_told_and_the_end_is")],
    ),
    not(
        "a watch is silently dead",
        "does not apply: a watch is a hint, and the same is looked at after a pause, whatever becomes of it",
    ),
    kept("a watch is closed again and again", &[(CHANGES, WITHOUT_A_WATCH)]),
    kept(
        "`429` with `Retry-After`",
        &[("tests/safety/answers.rs", "a_busy_server_is_left_alone_as_long_as_it_asks_within_half_a_minute")],
    ),
    here("`429` for ever"),
    here("a burst of `500`, `502`, `503`, `504`"),
    here("a plain `500` on one object"),
    here("a slow server"),
    kept(
        "an answer never comes",
        &[
            ("tests/transport.rs", "a_read_that_hangs_is_repeated_in_time"),
            ("tests/signals.rs", "a_server_that_never_answers_does_not_hold_up_a_signal"),
        ],
    ),
    here("a reset in the middle of an answer"),
    here("a reset in the middle of a request"),
    here("`GOAWAY` on every few requests"),
    here("a way that knows no HTTP/2"),
    kept("`401` in the middle", &[("tests/kubeconfigs/login.rs", "what_the_server_refuses_is_asked_for_once_more")]),
    kept(
        "`403` on some kinds",
        &[("tests/hub/bad_luck.rs", "missing_permissions_are_all_listed_before_anything_is_changed")],
    ),
    kept("`403` on watch alone", &[(CHANGES, WITHOUT_A_WATCH)]),
    here("patch is allowed, create is not"),
    here("a role with more rights than one's own"),
    here("`409`, the object has been modified"),
    here("a field has another owner"),
    here("an admission webhook denies"),
    here("a webhook does not answer, and then does"),
    here("a webhook never answers"),
    not(
        "a webhook that cannot be tried without effect",
        "does not apply: nothing is tried before it is applied, and where `diff` tries an object, what is refused is told as not \
         looked at",
    ),
    here("the namespace is on its way out").but("only a namespace that the set or the step itself brings is made anew"),
    here("the namespace is deleted in the middle"),
    here("a CRD is deleted after its objects were applied")
        .but("where that is after the last of them, the proof of the hub has an item for each object"),
    here("a CRD is on its way out"),
    here("the objects of a CRD are not served yet"),
    kept(
        "the names of a CRD are refused",
        &[(READY, "a_crd_without_conditions_is_pending_and_a_refused_name_is_a_failure")],
    ),
    kept("a CRD whose conversion nobody answers", &[("src/upgrade/crds.rs", "a_conversion_that_nobody_answers_stops")]),
    kept(
        "an upgrade of a CRD takes away a stored version or changes the scope",
        &[
            ("src/upgrade/crds.rs", "scope_and_names_never_change"),
            ("src/upgrade/crds.rs", "what_becomes_of_versions_is_told"),
        ],
    ),
    here("huge objects"),
    here("a write lands after its time"),
    kept("a clock that is wrong", &[("src/engine/deadline.rs", "no_deadline_is_beyond_the_clock")])
        .but("a wait is measured by a clock that only goes on, and the times of the server are not compared with ours"),
    kept(
        "`SIGINT` and `SIGTERM`",
        &[
            ("tests/hub/interrupted.rs", "an_install_interrupted_in_every_phase_ends_in_the_same_state"),
            ("tests/signals.rs", "a_login_program_that_hangs_ends_with_the_run"),
        ],
    ),
    kept(
        "a stream that is closed, `SIGHUP`",
        &[
            ("tests/signals.rs", "closed_streams_harm_nothing"),
            ("tests/signals.rs", "a_reader_of_stderr_that_is_gone_does_not_change_the_exit_code"),
        ],
    ),
    here("two runs at once"),
    not("the lock of a dead run", NO_LOCK),
    kept(
        "two bundles have the same object",
        &[
            ("tests/safety/claims.rs", "a_definition_has_one_holder"),
            ("tests/hub/bad_luck.rs", "an_argo_cd_of_somebody_else_is_refused"),
        ],
    ),
    here("a field that never changes").but("nothing is deleted to be made anew"),
    here("an object is wrong, and is then mended"),
    kept(
        "a rollout is past its deadline",
        &[(READY, DEPLOYMENT), ("tests/look/pods.rs", "a_tree_and_a_wait_name_the_pod_that_does_not_come_up")],
    ),
    kept("a status is of an older generation", &[(READY, DEPLOYMENT)]),
    kept("a paused Deployment", &[(READY, DEPLOYMENT)]).but("it is said, and no wait is for it"),
    kept(
        "a StatefulSet that is updated by hand or in part",
        &[(READY, "a_stateful_set_does_not_wait_for_what_people_update")],
    ),
    not("a Job that is gone when it is done", "does not apply: no Job is waited for; hooks are Argo CD's"),
    kept(
        "an object without a status, or with the number of its generation as a text",
        &[
            (READY, "a_kind_that_has_to_say_something_is_not_ready_before_it_has"),
            (READY, "what_is_not_known_is_as_it_says_itself"),
        ],
    )
    .but("what waits for objects of other kinds is Argo CD, by the checks that a hub has"),
    kept(
        "an object is made anew under the same name",
        &[
            (SAFETY, "a_removal_leaves_what_was_made_anew_under_a_name_of_its_plan"),
            ("tests/safety/answers.rs", "what_was_made_anew_under_a_name_is_not_patched"),
        ],
    ),
    kept(
        "the status of an Application is written all the time",
        &[
            ("src/argocd/application.rs", "synced_healthy_and_succeeded_at_the_commit_is_not_blocked"),
            ("src/argocd/application.rs", "healthy_alone_means_nothing"),
        ],
    ),
    here("a removal meets a finalizer that nobody ends"),
    kept(
        "the order of a removal",
        &[(
            "tests/hub/removal.rs",
            "a_removal_is_refused_while_others_depend_on_the_hub_then_leaves_nothing_and_is_repeatable",
        )],
    ),
    kept(
        "an object that is no longer ours is not removed",
        &[
            (SAFETY, "a_removal_leaves_what_was_made_anew_under_a_name_of_its_plan"),
            (SAFETY, "removing_a_bead_takes_no_data_and_nothing_that_people_put_beside_it_until_it_is_named"),
        ],
    ),
    kept(
        "something of others in our namespace",
        &[("tests/hub/removal.rs", "a_namespace_that_others_use_or_made_is_kept_and_said")],
    ),
    kept(
        "an `APIService` that nobody answers for",
        &[
            ("tests/safety/answers.rs", "a_guard_that_cannot_see_all_kinds_refuses"),
            ("tests/safety/answers.rs", "a_part_of_the_api_that_is_away_is_overlooked_only_by_name"),
        ],
    )
    .but("an installation asks for no discovery"),
    here("a quota"),
    kept(
        "the order of the set",
        &[("src/engine/order/tests.rs", "any_order_of_a_set_gives_the_same_graph_and_the_same_way")],
    ),
    here("what the server fills in"),
    here("a thousand objects")
        .but("what the verbs ask on a hub with thousands of others is bounded by `tests/soak/scale.rs`"),
    kept("a set without objects", &[("tests/safety/commits.rs", "a_branch_that_vanished_is_no_first_install")])
        .but("a set is not what is pruned by; what a commit takes away is named before it is made"),
    kept(
        "a kubeconfig that is wrong",
        &[
            (CONFIGS, "a_value_that_no_client_takes_is_named_by_its_entry"),
            (CONFIGS, "a_server_is_reached_by_the_proxy_that_kubectl_would_take"),
            (CONFIGS, "a_kubeconfig_does_for_us_what_it_does_for_kubectl"),
            ("tests/kubeconfigs/certificates.rs", "keys_and_certificates_are_taken_in_every_form"),
            ("tests/environment.rs", "without_any_kubeconfig_every_place_is_named"),
        ],
    ),
];
