module backstack.dev/testbed/templates

go 1.26

require (
	github.com/Masterminds/semver/v3 v3.5.0
	github.com/cbroglie/mustache v1.4.0
	github.com/mikefarah/yq/v3 v3.0.0-20201202084205-8846255d1c37
	gopkg.in/op/go-logging.v1 v1.0.0-20160211212156-b2cb9fa56473
	gopkg.in/yaml.v3 v3.0.1
)

require (
	github.com/fatih/color v1.9.0 // indirect
	github.com/goccy/go-yaml v1.8.1 // indirect
	github.com/mattn/go-colorable v0.1.7 // indirect
	github.com/mattn/go-isatty v0.0.12 // indirect
	golang.org/x/sys v0.0.0-20200223170610-d5e6a3e2c0ae // indirect
	golang.org/x/xerrors v0.0.0-20200804184101-5ec99f83aff1 // indirect
)
