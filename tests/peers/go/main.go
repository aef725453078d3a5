// A component with the habits of those built with the Go SDK that people have: a goroutine per event,
// answers in any order, nothing for an event that fails or is filtered, a stream that ends at once
// when its input does, counters of its own over HTTP, registration before it listens.
//
// MODE chooses what it serves: source, processor or consumer.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	flowctlv1 "flowctl.test/components/gen/flowctl/v1"
)

type counters struct {
	processed, failed, succeeded atomic.Int64
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func envInt(name string) int64 {
	value, _ := strconv.ParseInt(os.Getenv(name), 10, 64)
	return value
}

func serveHealth(counts *counters) {
	if os.Getenv("NO_HTTP_HEALTH") == "true" {
		return
	}
	answer := func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("content-type", "application/json")
		json.NewEncoder(writer).Encode(map[string]any{
			"status": status(),
			"metrics": map[string]any{
				"processed_count": counts.processed.Load(),
				"error_count":     counts.failed.Load(),
				"success_count":   counts.succeeded.Load(),
			},
		})
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/metrics", "/health", "/ready", "/live"} {
		mux.HandleFunc(path, answer)
	}
	// It begins beside the gRPC server, in its own time.
	time.Sleep(time.Duration(envInt("HEALTH_DELAY_MS")) * time.Millisecond)
	log.Fatal(http.ListenAndServe(":"+env("HEALTH_PORT", "8088"), mux))
}

// Unhealthy as long as the file UNWELL_FILE exists.
func status() string {
	if path := os.Getenv("UNWELL_FILE"); path != "" {
		if _, err := os.Stat(path); err == nil {
			return "unhealthy"
		}
	}
	return "healthy"
}

func register(kind flowctlv1.ComponentType) {
	if os.Getenv("ENABLE_FLOWCTL") != "true" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	//lint:ignore SA1019 the older call waits for the connection, as existing components do
	connection, err := grpc.DialContext(ctx, env("FLOWCTL_ENDPOINT", "localhost:8080"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithBlock())
	if err != nil {
		log.Fatalf("failed to connect to the control plane: %v", err)
	}
	client := flowctlv1.NewControlPlaneServiceClient(connection)
	answer, err := client.RegisterComponent(ctx, &flowctlv1.RegisterRequest{
		ComponentId: os.Getenv("FLOWCTL_COMPONENT_ID"),
		Component: &flowctlv1.ComponentInfo{
			Id: os.Getenv("FLOWCTL_COMPONENT_ID"), Type: kind, Endpoint: "localhost" + os.Getenv("PORT"),
		},
	})
	if err != nil {
		log.Fatalf("failed to register: %v", err)
	}
	log.Printf("registered as %s", answer.ServiceId)
	interval, err := time.ParseDuration(env("FLOWCTL_HEARTBEAT_INTERVAL", "30s"))
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for range time.Tick(interval) {
			client.Heartbeat(context.Background(), &flowctlv1.HeartbeatRequest{ServiceId: answer.ServiceId})
		}
	}()
}

// Decides by its sequence what becomes of a ledger; what fails once fails once per process.
type handler struct {
	counts *counters
	mutex  sync.Mutex
	failed map[uint64]bool
}

func (h *handler) work(event *flowctlv1.Event) error {
	sequence := event.GetStellarCursor().GetLedgerSequence()
	if event.Id == os.Getenv("FAIL_EVENT") {
		return fmt.Errorf("event %s is more than it can bear", event.Id)
	}
	time.Sleep(time.Duration(int64(sequence*7)%(envInt("SLOW_MS")+1)) * time.Millisecond)
	if sequence == uint64(envInt("FAIL_LEDGER")) {
		return fmt.Errorf("ledger %d is more than it can bear", sequence)
	}
	if every := uint64(envInt("FAIL_ONCE_EVERY")); every > 0 && sequence%every == 0 {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		if !h.failed[sequence] {
			h.failed[sequence] = true
			return fmt.Errorf("ledger %d fails the first time", sequence)
		}
	}
	return nil
}

// Emits EVENTS events of BYTES bytes per ledger, of a type that flowctl does not know.
type source struct {
	flowctlv1.UnimplementedSourceServiceServer
}

const rowType = "example.go.row.v1"

func (s *source) GetInfo(context.Context, *emptypb.Empty) (*flowctlv1.ComponentInfo, error) {
	return &flowctlv1.ComponentInfo{
		Name: "go-source", Type: flowctlv1.ComponentType_COMPONENT_TYPE_SOURCE, OutputEventTypes: []string{rowType},
	}, nil
}

func (s *source) HealthCheck(context.Context, *flowctlv1.HealthCheckRequest) (*flowctlv1.HealthCheckResponse, error) {
	return &flowctlv1.HealthCheckResponse{}, nil
}

func (s *source) StreamEvents(request *flowctlv1.StreamRequest, stream grpc.ServerStreamingServer[flowctlv1.Event]) error {
	first, _ := strconv.ParseUint(request.Params["start_ledger"], 10, 64)
	last, err := strconv.ParseUint(request.Params["end_ledger"], 10, 64)
	if err != nil {
		last = math.MaxUint64
	}
	for sequence := first; sequence <= last && stream.Context().Err() == nil; sequence++ {
		time.Sleep(time.Duration(envInt("SLOW_MS")) * time.Millisecond)
		for index := range uint32(envInt("EVENTS")) {
			payload := make([]byte, envInt("BYTES"))
			for at := range payload {
				payload[at] = byte(sequence + uint64(at))
			}
			if err := stream.Send(&flowctlv1.Event{
				Id: fmt.Sprintf("row-%d-%d", sequence, index), Type: rowType, Payload: payload,
				Metadata: map[string]string{"origin": "go"}, ContentType: "application/octet-stream",
				StellarCursor: &flowctlv1.StellarCursor{LedgerSequence: sequence, IndexInLedger: index},
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

type processor struct {
	flowctlv1.UnimplementedProcessorServiceServer
	handler
}

func (p *processor) GetInfo(context.Context, *emptypb.Empty) (*flowctlv1.ComponentInfo, error) {
	return &flowctlv1.ComponentInfo{
		Name: "go-processor", Type: flowctlv1.ComponentType_COMPONENT_TYPE_PROCESSOR,
		InputEventTypes: []string{"stellar.ledger.v1"}, OutputEventTypes: []string{"example.go.transfers.v1"},
	}, nil
}

func (p *processor) HealthCheck(context.Context, *flowctlv1.HealthCheckRequest) (*flowctlv1.HealthCheckResponse, error) {
	return health(p.counts), nil
}

func (p *processor) Process(stream grpc.BidiStreamingServer[flowctlv1.Event, flowctlv1.Event]) error {
	for {
		event, err := stream.Recv()
		if err != nil {
			return nil
		}
		go p.handle(stream, event)
	}
}

func (p *processor) handle(stream grpc.BidiStreamingServer[flowctlv1.Event, flowctlv1.Event], event *flowctlv1.Event) {
	sequence := event.GetStellarCursor().GetLedgerSequence()
	early := os.Getenv("COUNT_EARLY") == "true"
	if early {
		p.counts.processed.Add(1)
	}
	err := p.work(event)
	if !early {
		p.counts.processed.Add(1)
	}
	pause()
	if err != nil {
		p.counts.failed.Add(1)
		log.Printf("%v", err)
		return
	}
	if every := uint64(envInt("FILTER_EVERY")); every > 0 && sequence%every == 0 {
		return
	}
	p.counts.succeeded.Add(1)
	pause()
	if os.Getenv("ECHO") == "true" {
		stream.Send(&flowctlv1.Event{
			Id: "go-" + event.Id, Type: event.Type, Payload: event.Payload, Metadata: event.Metadata,
			ContentType: event.ContentType, StellarCursor: event.StellarCursor,
		})
		return
	}
	body, _ := json.Marshal(map[string]any{"ledger": sequence, "bytes": len(event.Payload)})
	stream.Send(&flowctlv1.Event{
		Id: "go-" + event.Id, Type: "example.go.transfers.v1", Payload: body,
		ContentType: "application/json", StellarCursor: event.StellarCursor,
	})
}

type consumer struct {
	flowctlv1.UnimplementedConsumerServiceServer
	handler
	out *os.File
}

func (c *consumer) GetInfo(context.Context, *emptypb.Empty) (*flowctlv1.ComponentInfo, error) {
	return &flowctlv1.ComponentInfo{
		Name: "go-consumer", Type: flowctlv1.ComponentType_COMPONENT_TYPE_CONSUMER, InputEventTypes: []string{"*"},
	}, nil
}

func (c *consumer) HealthCheck(context.Context, *flowctlv1.HealthCheckRequest) (*flowctlv1.HealthCheckResponse, error) {
	return health(c.counts), nil
}

func (c *consumer) Consume(stream grpc.ClientStreamingServer[flowctlv1.Event, flowctlv1.ConsumeResponse]) error {
	var consumed int64
	for {
		event, err := stream.Recv()
		if err != nil {
			return stream.SendAndClose(&flowctlv1.ConsumeResponse{EventsConsumed: consumed})
		}
		consumed++
		go c.handle(stream.Context(), event)
	}
}

func (c *consumer) handle(ctx context.Context, event *flowctlv1.Event) {
	sequence := event.GetStellarCursor().GetLedgerSequence()
	err := c.work(event)
	c.counts.processed.Add(1)
	pause()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.counts.failed.Add(1)
		return
	}
	c.mutex.Lock()
	if os.Getenv("SIZES") == "true" {
		fmt.Fprintf(c.out, "%d %s %d\n", sequence, event.Id, len(event.Payload))
	} else {
		fmt.Fprintf(c.out, "%d %s\n", sequence, event.Id)
	}
	c.out.Sync()
	c.mutex.Unlock()
	c.counts.succeeded.Add(1)
}

func pause() {
	time.Sleep(time.Duration(envInt("PAUSE_US")) * time.Microsecond)
}

// Older components say nothing but UNKNOWN; newer ones without HTTP put their counts here.
func health(counts *counters) *flowctlv1.HealthCheckResponse {
	if os.Getenv("NO_HTTP_HEALTH") != "true" {
		return &flowctlv1.HealthCheckResponse{}
	}
	return &flowctlv1.HealthCheckResponse{Metrics: map[string]string{
		"processed_count": fmt.Sprint(counts.processed.Load()),
		"error_count":     fmt.Sprint(counts.failed.Load()),
		"success_count":   fmt.Sprint(counts.succeeded.Load()),
	}}
}

func main() {
	if path := os.Getenv("PID_FILE"); path != "" {
		os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())), 0o644)
	}
	counts := &counters{}
	handling := handler{counts: counts, failed: map[uint64]bool{}}
	server := grpc.NewServer(limits()...)
	switch mode := os.Getenv("MODE"); mode {
	case "source":
		register(flowctlv1.ComponentType_COMPONENT_TYPE_SOURCE)
		flowctlv1.RegisterSourceServiceServer(server, &source{})
	case "processor":
		register(flowctlv1.ComponentType_COMPONENT_TYPE_PROCESSOR)
		flowctlv1.RegisterProcessorServiceServer(server, &processor{handler: handling})
	case "consumer":
		register(flowctlv1.ComponentType_COMPONENT_TYPE_CONSUMER)
		out, err := os.OpenFile(os.Getenv("OUT"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			log.Fatal(err)
		}
		flowctlv1.RegisterConsumerServiceServer(server, &consumer{handler: handling, out: out})
	default:
		log.Fatalf("MODE is %q", mode)
	}
	go serveHealth(counts)
	listener, err := net.Listen("tcp", env("PORT", ":50051"))
	if err != nil {
		log.Fatal(err)
	}
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-ending
		server.Stop()
	}()
	log.Printf("serving on %s", listener.Addr())
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}

// gRPC's default of 4 MB, unless MAX_MESSAGE_BYTES says otherwise.
func limits() []grpc.ServerOption {
	limit := int(envInt("MAX_MESSAGE_BYTES"))
	if limit == 0 {
		return nil
	}
	return []grpc.ServerOption{grpc.MaxRecvMsgSize(limit), grpc.MaxSendMsgSize(limit)}
}
