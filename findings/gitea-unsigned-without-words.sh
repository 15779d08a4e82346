#!/bin/sh
# code.gitea.io/gitea v1.26.4, routers/private/hook_verification.go and modules/git/gitcmd
#
# A protected branch takes pushes and requires signed commits. Its owner pushes a commit that is not signed, and then a commit
# to a branch on which nobody may push.
#
# Guess:    both are refused with the reason, as the program has the sentence for both: "branch main is protected from
#           unverified commit …" and "Not allowed to push to protected branch closed".
# Happens:  the first is refused with "Internal Server Error (no message for end users)". The error that says which commit
#           is not verified comes back joined with others, and is looked for by its type alone.
# Matters:  to whoever requires signatures: nobody who pushes learns that one is missing; the log of the server has it.
set -eu
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || :; wait; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
server=
port=39371
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod -buildvcs=false" CGO_ENABLED=1

# The replacements of its own go.mod hold in the main module only.
cat > go.mod <<'GO'
module finding

go 1.27.0

tool code.gitea.io/gitea

require code.gitea.io/gitea v1.26.4

replace (
	github.com/jaytaylor/html2text => github.com/Necoro/html2text v0.0.0-20250804200300-7bf1ce1c7347
	github.com/nektos/act => gitea.com/gitea/act v0.261.10
	github.com/urfave/cli/v3 => github.com/urfave/cli/v3 v3.4.1
	go.yaml.in/yaml/v4 => go.yaml.in/yaml/v4 v4.0.0-rc.3
)
GO
go mod tidy 2>log || { cat log >&2; exit 2; }
go build -trimpath -gcflags=all=-dwarf=false -ldflags "-s -w" -tags "sqlite sqlite_unlock_notify" -o gitea code.gitea.io/gitea
module=$(go list -m -f '{{.Dir}}' code.gitea.io/gitea)

export HOME="$dir" GITEA_WORK_DIR="$dir" GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
cat > app.ini <<INI
RUN_USER = $(id -un)
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = $port
ROOT_URL = http://127.0.0.1:$port/
OFFLINE_MODE = true
DISABLE_SSH = true
STATIC_ROOT_PATH = $module
[database]
DB_TYPE = sqlite3
PATH = $dir/gitea.db
[repository]
ROOT = $dir/repositories
[security]
INSTALL_LOCK = true
INI
./gitea migrate --config app.ini >log 2>&1
./gitea admin user create --admin --must-change-password=false --username me --password of-me-alone \
  --email me@example.org --config app.ini >log 2>&1
./gitea web --config app.ini >log 2>&1 &
server=$!
tries=0
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/api/healthz"; do
  tries=$((tries + 1)) && [ "$tries" -lt 300 ] || { cat log >&2; exit 2; }
  sleep 0.2
done
api() {
  curl --silent --show-error --fail --output /dev/null --user me:of-me-alone --header 'Content-Type: application/json' \
    "http://127.0.0.1:$port/api/v1/$1" --data "$2"
}
api user/repos '{"name": "a"}'
api repos/me/a/branch_protections '{"rule_name": "main", "enable_push": true, "require_signed_commits": true}'
api repos/me/a/branch_protections '{"rule_name": "closed", "enable_push": false}'

git init --quiet --initial-branch=main clone
cd clone
git -c user.name=me -c user.email=me@example.org commit --quiet --allow-empty --message a
for branch in main closed; do
  git push "http://me:of-me-alone@127.0.0.1:$port/me/a.git" "HEAD:$branch" 2>&1 | sed -n "s/ *\$//; s/^remote: error: \(..*\)/$branch: \1/p"
done > ../seen
cd ..

cat > expected <<'OUT'
main: Internal Server Error (no message for end users)
closed: Not allowed to push to protected branch closed
OUT
cat seen
diff -u expected seen
