#!/bin/sh
# k8s.io/client-go v0.37.2, util/jsonpath (what kubectl's -o jsonpath is made of)
#
# "All addresses of all Services", from a list in which one Service waits for its load balancer: its list of addresses is
# there, and empty.
#
# Guess:    .items[*].status.loadBalancer.ingress[*].ip prints the addresses of the others, as it does when the one that
#           waits has no such list at all.
# Happens:  the walk ends at the first list that is empty: the addresses behind it are not printed, and there is no error.
#           By `..ingress[*].ip` it is the same; a filter in the place of the star goes on.
# Matters:  to whoever counts, compares or waits by what is printed: what is missing depends on the order of the names, and
#           a controller that writes [] where others leave the field out changes the answer about its neighbours.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"k8s.io/client-go/util/jsonpath"
)

const waits = `{"items": [
  {"name": "a", "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}},
  {"name": "b", "status": {"loadBalancer": %s}},
  {"name": "c", "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.3"}]}}}]}`

func main() {
	for _, balancer := range []string{`{}`, `{"ingress": []}`} {
		var services any
		if err := json.Unmarshal([]byte(fmt.Sprintf(waits, balancer)), &services); err != nil {
			panic(err)
		}
		for _, p := range []string{
			`.items[*].status.loadBalancer.ingress[*].ip`,
			`..ingress[*].ip`,
			`.items[*].status.loadBalancer.ingress[?(@.ip)].ip`,
		} {
			path := jsonpath.New("p").AllowMissingKeys(true)
			if err := path.Parse("{" + p + "}"); err != nil {
				panic(err)
			}
			var out bytes.Buffer
			if err := path.Execute(&out, services); err != nil {
				out.WriteString(err.Error())
			}
			fmt.Printf("%-16s %-50s %s\n", balancer, p, out.String())
		}
	}
}
GO
(go mod init finding && go get k8s.io/client-go@v0.37.2) 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
{}               .items[*].status.loadBalancer.ingress[*].ip        192.0.2.1 192.0.2.3
{}               ..ingress[*].ip                                    192.0.2.1 192.0.2.3
{}               .items[*].status.loadBalancer.ingress[?(@.ip)].ip  192.0.2.1 192.0.2.3
{"ingress": []}  .items[*].status.loadBalancer.ingress[*].ip        192.0.2.1
{"ingress": []}  ..ingress[*].ip                                    192.0.2.1
{"ingress": []}  .items[*].status.loadBalancer.ingress[?(@.ip)].ip  192.0.2.1 192.0.2.3
OUT
cat seen
diff -u expected seen
