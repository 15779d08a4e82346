// Reads YAML, JSONPaths and ranges of versions as kubectl, Argo CD, Porter and Helm do, with the libraries that they read them
// with.
//
// stdin is a JSON list of {"reader": …, "text": …, "of": …}, where "of" is what a JSONPath or a range is asked of; stdout a
// JSON list of {"values": …} or {"error": …} in its order.
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
	"gopkg.in/yaml.v3"
	kubejson "k8s.io/apimachinery/pkg/util/json"
	kubernetes "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/util/jsonpath"
)

type question struct {
	Reader, Text string
	Of           json.RawMessage
}

type answer struct {
	Values []any  `json:"values"`
	Error  string `json:"error,omitempty"`
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		log.Fatal(err)
	}
	answers := make([]answer, len(questions))
	for i, question := range questions {
		answers[i] = read(question)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func read(question question) (found answer) {
	defer func() {
		if panicked := recover(); panicked != nil {
			found = answer{Error: fmt.Sprint(panicked)}
		}
	}()
	readers := map[string]func(string, []byte) ([]any, error){
		"kubernetes": manifests, "porter": bundle, "jsonpath": path, "semver": versions,
	}
	values, err := readers[question.Reader](question.Text, question.Of)
	if err == nil {
		_, err = json.Marshal(values)
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Values: values}
}

// manifests is SplitYAML of Argo CD's gitops-engine, which does as kubectl does.
func manifests(text string, _ []byte) ([]any, error) {
	decoder := kubernetes.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(text)), 4096)
	values := []any{}
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return values, nil
		} else if err != nil {
			return nil, err
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 && !bytes.Equal(raw, []byte("null")) {
			values = append(values, raw)
		}
	}
}

// bundle is what Porter's maps of text to anything hold.
func bundle(text string, _ []byte) ([]any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, err
	}
	if document.IsZero() {
		return []any{}, nil
	}
	var whole any // which fails where an alias stands within itself
	if err := document.Decode(&whole); err != nil {
		return nil, err
	}
	found, err := value(document.Content[0])
	return []any{found}, err
}

func value(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return value(node.Alias)
	case yaml.SequenceNode:
		items := []any{}
		for _, item := range node.Content {
			found, err := value(item)
			if err != nil {
				return nil, err
			}
			items = append(items, found)
		}
		return items, nil
	case yaml.MappingNode:
		var entries map[string]yaml.Node
		if err := node.Decode(&entries); err != nil {
			return nil, err
		}
		found := map[string]any{}
		for key, entry := range entries {
			below, err := value(&entry)
			if err != nil {
				return nil, err
			}
			found[key] = below
		}
		return found, nil
	default:
		var found any
		err := node.Decode(&found)
		return found, err
	}
}

// path is what kubectl finds along a JSONPath of one action in an object, whose missing fields are no error to it.
func path(text string, of []byte) ([]any, error) {
	var object any
	if err := kubejson.Unmarshal(of, &object); err != nil {
		return nil, err
	}
	expression := jsonpath.New("path").AllowMissingKeys(true)
	if err := expression.Parse(text); err != nil {
		return nil, err
	}
	results, err := expression.FindResults(object)
	if err != nil {
		return nil, err
	}
	values := []any{}
	for _, found := range results {
		for _, value := range found {
			values = append(values, value.Interface())
		}
	}
	return values, nil
}

// versions says of each version whether it is in the range.
func versions(text string, of []byte) ([]any, error) {
	var asked []string
	if err := json.Unmarshal(of, &asked); err != nil {
		return nil, err
	}
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return nil, err
	}
	values := []any{}
	for _, one := range asked {
		version, err := semver.StrictNewVersion(one)
		if err != nil {
			return nil, err
		}
		values = append(values, constraint.Check(version))
	}
	return values, nil
}
