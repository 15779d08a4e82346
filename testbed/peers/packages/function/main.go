// A composition function for tests: it composes the objects that its input lists.
//
//	input:
//	  apiVersion: testbed.backstack.dev/v1
//	  kind: Compose
//	  resources:
//	  - name: one
//	    object: {apiVersion: …, kind: …, spec: …}
//	    copy: [{from: spec.text, to: spec.forProvider.manifest.data.text}]   # from the composite resource
//
// An object is ready when its condition Ready is true, or when it exists and kubernetes has no such condition for it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	function "github.com/crossplane/function-sdk-go"
	v1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"
	"google.golang.org/protobuf/types/known/structpb"
)

type server struct {
	v1.UnimplementedFunctionRunnerServiceServer
}

func main() {
	certificates := os.Getenv("TLS_SERVER_CERTS_DIR")
	log.Fatal(function.Serve(&server{}, function.MTLSCertificates(certificates)))
}

// RunFunction answers Crossplane.
func (*server) RunFunction(_ context.Context, req *v1.RunFunctionRequest) (*v1.RunFunctionResponse, error) {
	rsp := response.To(req, time.Minute)
	if rsp.Desired == nil {
		rsp.Desired = &v1.State{}
	}
	if rsp.Desired.Resources == nil {
		rsp.Desired.Resources = map[string]*v1.Resource{}
	}
	composite := req.GetObserved().GetComposite().GetResource()
	for _, value := range req.GetInput().GetFields()["resources"].GetListValue().GetValues() {
		entry := value.GetStructValue().GetFields()
		name, object := entry["name"].GetStringValue(), entry["object"].GetStructValue()
		if err := copyAll(composite, object, entry["copy"].GetListValue()); err != nil {
			response.Fatal(rsp, fmt.Errorf("resource %q: %w", name, err))
			return rsp, nil
		}
		observed := req.GetObserved().GetResources()[name].GetResource()
		rsp.Desired.Resources[name] = &v1.Resource{Resource: object, Ready: readiness(observed)}
	}
	return rsp, nil
}

func copyAll(from, to *structpb.Struct, list *structpb.ListValue) error {
	for _, value := range list.GetValues() {
		fields := value.GetStructValue().GetFields()
		source, target := fields["from"].GetStringValue(), fields["to"].GetStringValue()
		found := get(from, source)
		if found == nil {
			return fmt.Errorf("the composite resource has no %s", source)
		}
		set(to, target, found)
	}
	return nil
}

func get(object *structpb.Struct, path string) *structpb.Value {
	name, rest, deeper := strings.Cut(path, ".")
	value := object.GetFields()[name]
	if !deeper || value == nil {
		return value
	}
	return get(value.GetStructValue(), rest)
}

func set(object *structpb.Struct, path string, value *structpb.Value) {
	name, rest, deeper := strings.Cut(path, ".")
	if object.Fields == nil {
		object.Fields = map[string]*structpb.Value{}
	}
	if !deeper {
		object.Fields[name] = value
		return
	}
	if object.Fields[name].GetStructValue() == nil {
		object.Fields[name] = structpb.NewStructValue(&structpb.Struct{})
	}
	set(object.Fields[name].GetStructValue(), rest, value)
}

func readiness(observed *structpb.Struct) v1.Ready {
	if observed == nil {
		return v1.Ready_READY_FALSE
	}
	for _, value := range get(observed, "status.conditions").GetListValue().GetValues() {
		condition := value.GetStructValue().GetFields()
		if condition["type"].GetStringValue() == "Ready" && condition["status"].GetStringValue() == "True" {
			return v1.Ready_READY_TRUE
		}
	}
	// A ConfigMap is as ready as it will ever be; what carries a spec of a provider is not, until it says so.
	if observed.GetFields()["spec"] == nil {
		return v1.Ready_READY_TRUE
	}
	return v1.Ready_READY_FALSE
}
