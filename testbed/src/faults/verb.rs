//! What Kubernetes calls a request.

/// The verb of a request by its first line, `GET /api/v1/pods`: `GET` of one object or of what the server says of itself, `LIST`,
/// `WATCH`, `REVIEW` of what somebody may do, `TRY` of a write without an effect, and a write by its method.
#[must_use]
pub fn verb(line: &str) -> &str {
    let (method, target) = line.split_once(' ').unwrap_or((line, ""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let has = |parameter: &str| query.split('&').any(|it| it == parameter);
    match method {
        "POST" if path.starts_with("/apis/authorization.k8s.io/") => "REVIEW",
        "GET" if has("watch=true") || has("watch=1") => "WATCH",
        "GET" if is_collection(path) => "LIST",
        "GET" => "GET",
        _ if has("dryRun=All") => "TRY",
        _ => method,
    }
}

/// Whether a path is that of all objects of a kind, in all namespaces or in one.
fn is_collection(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (["api", _version, within @ ..] | ["apis", _, _version, within @ ..]) = parts.as_slice() else { return false };
    match within {
        [_kind] => true,
        ["namespaces", _, kind] => !["status", "finalize"].contains(kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_that_of_kubernetes() {
        for (line, expected) in [
            ("GET /version", "GET"),
            ("GET /apis/apps/v1", "GET"),
            ("GET /api/v1/namespaces", "LIST"),
            ("GET /api/v1/namespaces/a", "GET"),
            ("GET /api/v1/namespaces/a/status", "GET"),
            ("GET /api/v1/namespaces/a/pods?limit=500", "LIST"),
            ("GET /api/v1/namespaces/a/pods/b", "GET"),
            ("GET /api/v1/namespaces/a/pods/b/log", "GET"),
            ("GET /apis/apps/v1/deployments", "LIST"),
            ("GET /apis/apps/v1/namespaces/a/deployments/b", "GET"),
            ("GET /apis/rbac.authorization.k8s.io/v1/clusterroles/a", "GET"),
            ("GET /apis/argoproj.io/v1alpha1/namespaces/a/applications?watch=true&limit=1", "WATCH"),
            ("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "REVIEW"),
            ("PATCH /api/v1/namespaces/a?fieldManager=b&dryRun=All", "TRY"),
            ("PATCH /api/v1/namespaces/a?fieldManager=b", "PATCH"),
            ("DELETE /api/v1/namespaces/a", "DELETE"),
        ] {
            assert_eq!(verb(line), expected, "{line}");
        }
    }
}
