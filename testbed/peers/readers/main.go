// Reads YAML as kubectl, Argo CD and Porter do, with the libraries that they read it with.
//
// stdin is a JSON list of {"reader": …, "text": …}; stdout a JSON list of {"values": …} or {"error": …} in its order.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"gopkg.in/yaml.v3"
	kubernetes "k8s.io/apimachinery/pkg/util/yaml"
)

type question struct{ Reader, Text string }

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
	readers := map[string]func(string) ([]any, error){"kubernetes": manifests, "porter": bundle}
	values, err := readers[question.Reader](question.Text)
	if err == nil {
		_, err = json.Marshal(values)
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Values: values}
}

// manifests is SplitYAML of Argo CD's gitops-engine, which does as kubectl does.
func manifests(text string) ([]any, error) {
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
func bundle(text string) ([]any, error) {
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
