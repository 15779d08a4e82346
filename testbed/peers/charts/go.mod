module backstack.dev/testbed/charts

go 1.27.0

require github.com/crossplane/crossplane/v2 v2.1.0
