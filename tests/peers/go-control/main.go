// A client of the control plane over Go's grpc, with no generated code.
//
// Registers, heartbeats, lists and watches over all three protocols, and prints what it saw as JSON.
// TARGET host:port; TOKEN, CA, CERT, KEY optional; DESCRIPTORS a compiled set of the .proto files.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	maxMessageBytes = 64 << 20
	timeout         = 20 * time.Second
)

type client struct {
	connection *grpc.ClientConn
	files      *protoregistry.Files
	ctx        context.Context
}

func (c *client) method(service, name string) protoreflect.MethodDescriptor {
	found, err := c.files.FindDescriptorByName(protoreflect.FullName(service))
	must(err)
	return found.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name))
}

// The request is written as JSON and travels as protobuf; so does the answer.
func (c *client) call(service, name, request string) (map[string]any, error) {
	method := c.method(service, name)
	in, out := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	must(protojson.Unmarshal([]byte(request), in))
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	if err := c.connection.Invoke(ctx, "/"+service+"/"+name, in, out); err != nil {
		return nil, err
	}
	return asMap(out), nil
}

func (c *client) watch(ctx context.Context, service, name, request string) (func() (map[string]any, error), error) {
	method := c.method(service, name)
	in := dynamicpb.NewMessage(method.Input())
	must(protojson.Unmarshal([]byte(request), in))
	stream, err := c.connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/"+service+"/"+name)
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(in); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	return func() (map[string]any, error) {
		out := dynamicpb.NewMessage(method.Output())
		if err := stream.RecvMsg(out); err != nil {
			return nil, err
		}
		return asMap(out), nil
	}, nil
}

func asMap(message proto.Message) map[string]any {
	text, err := protojson.MarshalOptions{EmitUnpopulated: true, UseProtoNames: true}.Marshal(message)
	must(err)
	var found map[string]any
	must(json.Unmarshal(text, &found))
	return found
}

func run(c *client, seen map[string]any) error {
	const first, second = "flowctl.ControlPlane", "flowctl.v1.ControlPlaneService"
	const own = "flowctl.control.v1.ServicesService"
	ack, err := c.call(first, "Register", `{"service_type": 1, "output_event_types": ["go.v1"]}`)
	if err != nil {
		return err
	}
	id := ack["service_id"].(string)
	seen["assigned"] = id
	if _, err = c.call(first, "Heartbeat", fmt.Sprintf(`{"service_id": %q, "metrics": {"n": 7.5}}`, id)); err != nil {
		return err
	}
	found, err := c.call(first, "GetServiceStatus", fmt.Sprintf(`{"service_id": %q}`, id))
	if err != nil {
		return err
	}
	seen["healthy"] = found["is_healthy"]
	seen["metric"] = found["metrics"].(map[string]any)["n"]
	listed, err := c.call(first, "ListServices", `{}`)
	if err != nil {
		return err
	}
	seen["listed"] = len(listed["services"].([]any))

	answer, err := c.call(second, "RegisterComponent", `{"component": {"name": "go", "type": 2}, "component_id": "go-v1"}`)
	if err != nil {
		return err
	}
	seen["v1"] = answer["service_id"]
	if _, err = c.call(second, "Heartbeat", `{"service_id": "go-v1", "metrics": {"n": "8"}}`); err != nil {
		return err
	}
	if listed, err = c.call(second, "ListComponents", `{"include_unhealthy": true}`); err != nil {
		return err
	}
	seen["v1_listed"] = len(listed["components"].([]any))

	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	next, err := c.watch(ctx, own, "WatchServices", `{"pipeline": "go-watch"}`)
	if err != nil {
		return err
	}
	change, err := next()
	if err != nil {
		return err
	}
	seen["snapshot"] = change["snapshot"]
	if _, err = c.call(first, "Register", `{"component_id": "go-late", "metadata": {"pipeline": "go-watch"}}`); err != nil {
		return err
	}
	if change, err = next(); err != nil {
		return err
	}
	ids := []any{}
	for _, service := range change["services"].([]any) {
		ids = append(ids, service.(map[string]any)["service_id"])
	}
	seen["change"] = ids
	return nil
}

func transport() credentials.TransportCredentials {
	ca := os.Getenv("CA")
	if ca == "" {
		return insecure.NewCredentials()
	}
	text, err := os.ReadFile(ca)
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	config := &tls.Config{RootCAs: pool}
	if cert := os.Getenv("CERT"); cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, os.Getenv("KEY"))
		must(err)
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config)
}

func main() {
	bytes, err := os.ReadFile(os.Getenv("DESCRIPTORS"))
	must(err)
	set := &descriptorpb.FileDescriptorSet{}
	must(proto.Unmarshal(bytes, set))
	files, err := protodesc.NewFiles(set)
	must(err)
	limit := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes))
	connection, err := grpc.NewClient(os.Getenv("TARGET"), grpc.WithTransportCredentials(transport()), limit)
	must(err)
	ctx := context.Background()
	if token := os.Getenv("TOKEN"); token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	seen := map[string]any{}
	if err := run(&client{connection, files, ctx}, seen); err != nil {
		found := status.Convert(err)
		seen["error"], seen["details"] = found.Code().String(), found.Message()
	}
	text, err := json.Marshal(seen)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
