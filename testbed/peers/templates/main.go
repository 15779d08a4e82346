// Renders templates and steps with the libraries of Porter, called as Porter calls them.
//
// Reads the table tests/data/porter-templates.json from stdin and writes it to stdout, with what these libraries make of
// each case: the text, or that it is refused.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/Masterminds/semver/v3"
	"github.com/cbroglie/mustache"
	"github.com/mikefarah/yq/v3/pkg/yqlib"
	"gopkg.in/op/go-logging.v1"
	"gopkg.in/yaml.v3"
)

type table struct {
	// What the templates see, but for what the bundles see.
	Data      source         `json:"data"`
	Templates []templateCase `json:"templates"`
	Bundles   []bundleCase   `json:"bundles"`
}

type source struct {
	Parameters  map[string]parameter         `json:"parameters"`
	Credentials map[string]string            `json:"credentials"`
	Outputs     map[string]string            `json:"outputs"`
	Images      map[string]map[string]string `json:"images"`
	Env         map[string]string            `json:"env"`
	// YAML, as it is in porter.yaml.
	Custom string `json:"custom"`
}

type parameter struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type templateCase struct {
	// The schemaVersion of porter.yaml.
	Version  string `json:"version"`
	Template string `json:"template"`
	// Nothing when it is refused.
	Rendered *string `json:"rendered"`
}

type bundleCase struct {
	Manifest string `json:"manifest"`
	Action   string `json:"action"`
	// What the mixin of each step reads; nothing for a step that is refused.
	Sent []*string `json:"sent"`
}

// A value of the type "object", which is shown as JSON and has parts.
type object map[string]any

func (it object) Format(to fmt.State, _ rune) {
	text, _ := json.Marshal(it)
	_, _ = to.Write(text)
}

func main() {
	log.SetFlags(0)
	// yq tells each of its steps.
	quiet := logging.AddModuleLevel(logging.NewLogBackend(io.Discard, "", 0))
	quiet.SetLevel(logging.ERROR, "yq")
	logging.SetBackend(quiet)
	mustache.AllowMissingVariables = false

	var all table
	if err := json.NewDecoder(os.Stdin).Decode(&all); err != nil {
		log.Fatal(err)
	}
	seen, err := all.Data.seen()
	if err != nil {
		log.Fatal(err)
	}
	for i := range all.Templates {
		it := &all.Templates[i]
		it.Rendered = orNothing(render(prefix(it.Version)+it.Template, seen))
	}
	for i := range all.Bundles {
		all.Bundles[i].Sent = play(all.Bundles[i])
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(all); err != nil {
		log.Fatal(err)
	}
}

func (it source) seen() (map[string]any, error) {
	parameters := map[string]any{}
	for name, given := range it.Parameters {
		parameters[name] = given.Value
		if given.Type == "object" {
			parts := object{}
			if err := json.Unmarshal([]byte(given.Value), &parts); err != nil {
				return nil, err
			}
			parameters[name] = parts
		}
	}
	var custom map[string]any
	if err := yaml.Unmarshal([]byte(it.Custom), &custom); err != nil {
		return nil, err
	}
	images := map[string]any{}
	for name, image := range it.Images {
		images[name] = image
	}
	return map[string]any{
		"bundle": map[string]any{
			"name": "tryout", "version": "1.2.3", "description": "A <bundle>", "installerImage": "r.example.org/tryout:v1.2.3",
			"custom": custom, "parameters": parameters, "credentials": it.Credentials, "outputs": it.Outputs, "images": images,
			"dependencies": map[string]any{},
		},
		"installation": map[string]any{"name": "mine", "namespace": "", "id": "01H"},
		"env":          it.Env,
	}, nil
}

// What tells mustache the delimiters.
func prefix(version string) string {
	first := semver.MustParse("v1.0.0-alpha.1")
	if it, err := semver.NewVersion(version); err == nil && it.GreaterThan(first) {
		return "{{=${ }=}}\n"
	}
	return ""
}

// The library panics on some of what is no template.
func render(template string, seen any) (text string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = errors.New("panic")
		}
	}()
	return mustache.RenderRaw(template, true, seen)
}

func orNothing(text string, err error) *string {
	if err != nil {
		return nil
	}
	return &text
}

// One step, as Porter has it in memory.
type step struct {
	Data map[string]any `yaml:",inline"`
}

func play(it bundleCase) []*string {
	var manifest struct {
		Version    string         `yaml:"schemaVersion"`
		Custom     yaml.Node      `yaml:"custom"`
		Parameters []declared     `yaml:"parameters"`
		Rest       map[string]any `yaml:",inline"`
	}
	if err := yaml.Unmarshal([]byte(it.Manifest), &manifest); err != nil {
		return nil
	}
	version := manifest.Version
	// The whole text has to be a template, too.
	if _, err := mustache.ParseStringRaw(prefix(version)+it.Manifest, true); err != nil {
		return nil
	}
	custom, err := yaml.Marshal(&manifest.Custom)
	if err != nil {
		return nil
	}
	given := source{Parameters: map[string]parameter{}, Custom: string(custom)}
	for _, one := range manifest.Parameters {
		given.Parameters[one.Name] = parameter{one.Type, one.text()}
	}
	seen, err := given.seen()
	if err != nil {
		return nil
	}
	steps, _ := manifest.Rest[it.Action].([]any)
	sent := make([]*string, len(steps))
	for index := range steps {
		sent[index] = orNothing(resolve(it, prefix(version), index, steps[index], seen))
	}
	return sent
}

// A parameter, whose default is its value.
type declared struct {
	Name    string
	Type    string
	Default any
}

// What the variable of the parameter holds.
func (it declared) text() string {
	if text, ok := it.Default.(string); ok {
		return text
	}
	text, _ := json.Marshal(it.Default)
	return string(text)
}

func resolve(it bundleCase, prefix string, index int, loaded, seen any) (string, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(it.Manifest), &root); err != nil {
		return "", err
	}
	found, err := yqlib.NewYqLib().Get(&root, fmt.Sprintf("%s[%d]", it.Action, index))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d nodes", len(found))
	}
	template, err := yaml.Marshal(found[0].Node)
	if err != nil {
		return "", err
	}
	rendered, err := render(prefix+string(template), seen)
	if err != nil {
		return "", err
	}
	// The rendered text is read over what was loaded, which stays where the text is empty.
	var one step
	text, err := yaml.Marshal(loaded)
	if err != nil {
		return "", err
	}
	if err := yaml.Unmarshal(text, &one); err != nil {
		return "", err
	}
	if err := yaml.Unmarshal([]byte(rendered), &one); err != nil {
		return "", err
	}
	var sent bytes.Buffer
	out := yaml.NewEncoder(&sent)
	out.SetIndent(2)
	err = out.Encode(map[string]any{it.Action: []step{one}})
	return sent.String(), err
}
