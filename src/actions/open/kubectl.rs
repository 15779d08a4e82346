//! The command of kubectl that does what is said, for the cluster that was named. Pure.

use crate::cli::ClusterArgs;

/// A line to be copied: kubectl for this cluster, with these words behind it.
pub fn line(args: &ClusterArgs, words: &str) -> String {
    let option = |name: &str, value: &Option<String>| {
        value.as_deref().filter(|it| !it.is_empty()).map(|it| format!(" {name} {}", word(it))).unwrap_or_default()
    };
    format!("kubectl{}{} {words}", option("--kubeconfig", &args.kubeconfig), option("--context", &args.context))
}

/// A word as a shell reads it.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=~".contains(c);
    let is_tilde = text.starts_with('~'); // a file may be called so; a shell would take it for a home
    if !text.is_empty() && text.chars().all(is_plain) && !is_tilde {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_that_was_given_is_in_the_line_as_a_shell_reads_it() {
        let of = |kubeconfig: Option<&str>, context: Option<&str>| {
            let args = ClusterArgs { kubeconfig: kubeconfig.map(str::to_owned), context: context.map(str::to_owned) };
            line(&args, "get pods")
        };
        assert_eq!(of(None, None), "kubectl get pods");
        assert_eq!(of(Some("/tmp/a"), Some("kind-hub")), "kubectl --kubeconfig /tmp/a --context kind-hub get pods");
        assert_eq!(of(Some("my file"), Some("it's")), r"kubectl --kubeconfig 'my file' --context 'it'\''s' get pods");
        assert_eq!(of(Some("~/x"), Some("")), "kubectl --kubeconfig '~/x' get pods");
    }
}
