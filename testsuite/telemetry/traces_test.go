package telemetry

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/testsuite/personal"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// collector receives spans as any OpenTelemetry collector does.
type collector struct {
	setting string // for programs that send spans to this collector

	mu    sync.Mutex
	raw   []byte // everything that was sent
	spans []*tracepb.Span
}

func startedCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collectorpb.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("not spans at %s: %v", r.URL.Path, err)
		}
		c.raw = append(c.raw, body...)
		for _, resource := range sent.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(server.Close)
	c.setting = "OTEL_EXPORTER_OTLP_ENDPOINT=" + server.URL
	return c
}

func (c *collector) named(name string) (found []*tracepb.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.GetName() == name {
			found = append(found, span)
		}
	}
	return found
}

// under returns the only span with this name and parent; a nil parent means a root span.
func (c *collector) under(t *testing.T, parent *tracepb.Span, name string) *tracepb.Span {
	t.Helper()
	var found []*tracepb.Span
	for _, span := range c.named(name) {
		if string(span.GetParentSpanId()) == string(parent.GetSpanId()) {
			found = append(found, span)
		}
	}
	require.Len(t, found, 1, name)
	if parent != nil {
		require.Equal(t, parent.GetTraceId(), found[0].GetTraceId(), name)
	}
	return found[0]
}

// tracedCall plays a call during which Kustomer's errors contain personal data. The first one is
// retried, and the second one parks the call. The call continues on another worker with these
// settings. The result is the log of the first worker.
func tracedCall(t *testing.T, p *programs, settings ...string) (log string) {
	t.Helper()
	c := personal.Call{Key: t.Name(), Number: personal.Callers + "00"}
	personal.Refuse(p.Sandbox, "/v1/conversations", 503, 1)
	personal.Refuse(p.Sandbox, "/v1/conversations", 400, 2) // the full request and the reduced one
	p.send(t, "call-inbound", c.Inbound(), http.StatusAccepted)
	require.Contains(t, p.AwaitParked(t, c.Key).ParkedBecause, personal.OthersName)
	p.Decide(t, c.Key, workflows.UpdateRetry)
	p.AwaitConversation(t, c.Key)
	p.worker.Stop(stage.WaitLimit)
	log = p.worker.Output()
	p.worker = p.start(t, settings, stage.Programs(t).Worker...)
	p.send(t, "call-bridged", c.Bridged(), http.StatusAccepted)
	p.send(t, "call-bridged", c.Bridged(), http.StatusAccepted)
	p.send(t, personal.AgentsName, c.Bridged(), http.StatusNotFound)
	p.send(t, "call-finished", c.Finished(), http.StatusAccepted)
	require.Equal(t, workflows.Finished, p.Result(t, c.Key).Phase)
	p.send(t, "call-finished", c.Finished(), http.StatusAccepted) // too late
	return log
}

func TestTraceCoversACallWithoutPersonalData(t *testing.T) {
	t.Parallel()
	spans := startedCollector(t)
	p := startedPrograms(t, spans.setting)
	log := tracedCall(t, p, spans.setting)
	p.receiver.Stop(stage.WaitLimit) // each program exports its last spans
	p.worker.Stop(stage.WaitLimit)

	require.Empty(t, personal.Legible(spans.raw))
	webhook := spans.under(t, nil, "webhook call-inbound")
	started := spans.under(t, webhook, "StartWorkflow:CallWorkflow")
	require.Contains(t, log, `"TraceID":"`+hex.EncodeToString(webhook.GetTraceId()), "the log leads to the trace")
	runs := make(map[string]bool)
	for _, run := range spans.named("RunWorkflow:CallWorkflow") { // of the worker on which the call ended, and possibly of the first one
		require.Equal(t, started.GetSpanId(), run.GetParentSpanId())
		require.Equal(t, webhook.GetTraceId(), run.GetTraceId())
		require.Less(t, run.GetStartTimeUnixNano(), run.GetEndTimeUnixNano())
		runs[string(run.GetSpanId())] = true
	}
	updates := spans.named("StartActivity:UpdateConversation")
	require.NotEmpty(t, updates)
	for _, scheduled := range updates {
		require.Contains(t, runs, string(scheduled.GetParentSpanId()))
		require.Equal(t, webhook.GetTraceId(), scheduled.GetTraceId())
	}
	var attempts []*tracepb.Span // the last ones follow the operator's decision
	for _, scheduled := range spans.named("StartActivity:CreateConversation") {
		for _, attempt := range spans.named("RunActivity:CreateConversation") {
			if string(attempt.GetParentSpanId()) == string(scheduled.GetSpanId()) {
				require.Equal(t, webhook.GetTraceId(), attempt.GetTraceId())
				attempts = append(attempts, attempt)
			}
		}
	}
	require.Len(t, attempts, 3)
	created := spans.under(t, attempts[2], "POST /v1/conversations")
	require.Equal(t, "201", attribute(created, "http.response.status_code"))
	require.Equal(t, "/v1/conversations", attribute(created, "url.template"))
	require.Equal(t, "create conversation", attribute(created, "callthread.operation"))
	require.Equal(t, "127.0.0.1", attribute(created, "server.address"))
	lookedUp := spans.under(t, attempts[2], "GET /v1/conversations/externalId={externalId}")
	require.Equal(t, "404", attribute(lookedUp, "http.response.status_code"))
	require.NotEqual(t, tracepb.Status_STATUS_CODE_ERROR, lookedUp.GetStatus().GetCode(), "what is not there yet is no failure")
	require.Equal(t, "KustomerUnavailable", attribute(attempts[0], "error.type"))
	require.Contains(t, attempts[1].GetStatus().GetMessage(), "cannot create conversation: rejected (HTTP 400)")

	handled := spans.named("HandleSignal:" + string(call.Bridged))
	require.Len(t, handled, 2)
	require.NotEqual(t, webhook.GetTraceId(), handled[0].GetTraceId(), "each webhook begins a trace")
	require.Equal(t, attribute(attempts[0], "temporalRunID"), attribute(handled[0], "temporalRunID"), "which names the same run")
	for _, late := range spans.named("SignalWithStartWorkflow:CallWorkflow") {
		require.NotEqual(t, tracepb.Status_STATUS_CODE_ERROR, late.GetStatus().GetCode(), "coming late is no failure")
	}
	require.Contains(t, string(spans.raw), t.Name())
	require.Contains(t, string(spans.raw), "callthread-starter")
	require.Contains(t, string(spans.raw), "callthread-worker")
}

// attribute returns the value of a span's attribute.
func attribute(span *tracepb.Span, key string) string {
	for _, attribute := range span.GetAttributes() {
		if attribute.GetKey() == key {
			if text := attribute.GetValue().GetStringValue(); text != "" {
				return text
			}
			return strings.TrimPrefix(attribute.GetValue().String(), "int_value:")
		}
	}
	return ""
}

func TestWithoutTracesHistoriesHaveNoHeaders(t *testing.T) {
	t.Parallel()
	spans := startedCollector(t)
	p := startedPrograms(t, spans.setting, "OTEL_TRACES_EXPORTER=none")
	key := t.Name()
	p.send(t, "call-inbound", stage.Inbound(key), http.StatusAccepted)
	p.send(t, "call-bridged", stage.Bridged(key), http.StatusAccepted)
	p.send(t, "call-finished", stage.Finished(key), http.StatusAccepted)
	p.Result(t, key)
	p.receiver.Stop(stage.WaitLimit)
	p.worker.Stop(stage.WaitLimit)
	require.Empty(t, spans.raw)
	for _, event := range p.History(t, key).Events {
		for _, header := range []*commonpb.Header{
			event.GetWorkflowExecutionStartedEventAttributes().GetHeader(),
			event.GetWorkflowExecutionSignaledEventAttributes().GetHeader(),
			event.GetActivityTaskScheduledEventAttributes().GetHeader(),
		} {
			require.NotContains(t, header.GetFields(), "_tracer-data")
		}
	}
}
