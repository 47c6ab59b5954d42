package webhook

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

const workflowID = "call/" + leg

func TestEventIsAcknowledgedAfterTemporal(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		taken := make(chan struct{})
		r.temporal.refuse = func(context.Context) error { <-taken; return nil }
		answers := make(chan reply, 1)
		go func() { answers <- r.post(t, "call-inbound") }()
		synctest.Wait()
		require.Empty(t, answers)
		close(taken)
		answer := <-answers
		require.Equal(t, http.StatusAccepted, answer.status)
		require.Equal(t, accepted{CallID: leg, WorkflowID: workflowID, RunID: "run-1"}, answer.accepted)
		require.Equal(t, []Answered{{Event: "call-inbound", Status: http.StatusAccepted}}, r.answered)
	})
}

func TestRingStartsTheWorkflow(t *testing.T) {
	limits := call.Limits{Bridge: time.Minute, End: time.Hour, Settle: time.Second}
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.post(t, "call-inbound")
		run := r.temporal.runs[workflowID]
		require.Equal(t, "CallWorkflow", run.started.GetWorkflowType().GetName())
		require.Equal(t, "some queue", run.started.GetTaskQueue().GetName())
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, run.started.GetWorkflowIdReusePolicy())
		require.Equal(t, leg, run.input.Key)
		require.Equal(t, limits, run.input.Limits)
		require.Equal(t, call.Inbound, run.input.First.Kind)
		require.Empty(t, run.signals)
	}, func(c *Config) { c.TaskQueue, c.Limits = "some queue", limits })
}

func TestFirstEventStartsAndOthersSignal(t *testing.T) {
	for first, signals := range map[string][]string{
		"call-inbound":  {"bridged", "finished", "inbound"},
		"call-bridged":  {"bridged", "bridged", "finished", "inbound"},
		"call-finished": {"finished", "bridged", "finished", "inbound"},
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			for _, event := range []string{first, "call-bridged", "call-finished", "call-inbound"} {
				answer := r.post(t, event)
				require.Equal(t, http.StatusAccepted, answer.status)
				require.Equal(t, accepted{CallID: leg, WorkflowID: workflowID, RunID: "run-1"}, answer.accepted)
			}
			run := r.temporal.runs[workflowID]
			require.Equal(t, signals, run.signals, first)
			require.Equal(t, first == "call-inbound", run.input.First != nil, "an event that comes as a signal must not come as input too")
			for i, event := range run.events {
				require.Equal(t, run.signals[i], string(event.Kind))
				require.Equal(t, leg, event.Leg.ID)
			}
		})
	}
}

func TestFurtherEventIsOnlyASignal(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, event := range []string{"call-bridged", "call-bridged", "call-finished"} {
			require.Equal(t, "run-1", r.post(t, event).RunID)
		}
		require.Len(t, r.temporal.requests, 3)
		require.IsType(t, &workflowservice.SignalWithStartWorkflowExecutionRequest{}, r.temporal.requests[0])
		for _, request := range r.temporal.requests[1:] {
			require.Equal(t, "run-1", request.(*workflowservice.SignalWorkflowExecutionRequest).GetWorkflowExecution().GetRunId())
		}
	})
}

func TestEventReachesARunAfterAReset(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.post(t, "call-inbound")
		r.temporal.runs[workflowID].id = "reset"
		for range 2 {
			require.Equal(t, "reset", r.post(t, "call-bridged").RunID)
		}
		require.Equal(t, []string{"bridged", "bridged"}, r.temporal.runs[workflowID].signals)
	})
}

func TestRecordingStartsNoCall(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		answer := r.post(t, "recording-finished")
		require.Equal(t, http.StatusAccepted, answer.status)
		require.Equal(t, accepted{CallID: leg, WorkflowID: workflowID}, answer.accepted)
		require.True(t, r.answered[0].Late)
		require.Empty(t, r.temporal.runs)

		r.post(t, "call-inbound")
		r.post(t, "recording-finished", `"recording.url":"https://recordings.example.com/1"`)
		run := r.temporal.runs[workflowID]
		require.False(t, r.answered[2].Late)
		require.Equal(t, []string{"recorded"}, run.signals)
		require.Equal(t, "https://recordings.example.com/1", run.events[0].Recording.URL)
	})
}

func TestChildLegGoesToItsParent(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.post(t, "call-inbound")
		for _, event := range []string{"call-bridged", "call-finished"} {
			answer := r.post(t, event, `"call.id":"child"`, `"call.parentId":"`+leg+`"`, `"call.type":"outbound","call.source":"queue"`)
			require.Equal(t, accepted{CallID: leg, WorkflowID: workflowID, RunID: "run-1"}, answer.accepted)
		}
		require.Len(t, r.temporal.runs, 1)
		require.Equal(t, "child", r.temporal.runs[workflowID].events[1].Leg.ID)
	})
}

func TestEventForAnEndedCallStartsNoRun(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.post(t, "call-inbound")
		r.temporal.runs[workflowID].ended = true
		for i, event := range []string{"call-inbound", "call-bridged", "call-finished", "recording-finished"} {
			answer := r.post(t, event)
			require.Equal(t, http.StatusAccepted, answer.status)
			require.Equal(t, workflowID, answer.WorkflowID)
			require.Equal(t, event, r.answered[i+1].Event)
			require.True(t, r.answered[i+1].Late)
		}
		require.False(t, r.answered[0].Late)
		require.Equal(t, "run-1", r.temporal.runs[workflowID].id)
		require.Empty(t, r.temporal.runs[workflowID].signals)
	})
}

func TestSenderRetriesWhileTemporalIsAway(t *testing.T) {
	for name, refusal := range map[string]error{
		"unavailable":        serviceerror.NewUnavailable("no connection"),
		"overloaded":         serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "rps"),
		"internal":           serviceerror.NewInternal("shard"),
		"no such namespace":  serviceerror.NewNamespaceNotFound("default"),
		"not allowed":        serviceerror.NewPermissionDenied("key", ""),
		"unknown attributes": serviceerror.NewInvalidArgument("search attribute"),
		"never answers":      nil,
	} {
		for _, event := range []string{"call-inbound", "call-bridged"} {
			withReceiver(t, func(t *testing.T, r *receiver) {
				began := time.Now()
				r.temporal.refuse = func(ctx context.Context) error {
					if refusal != nil {
						return refusal
					}
					<-ctx.Done()
					return ctx.Err()
				}
				answer := r.post(t, event)
				require.Equal(t, http.StatusServiceUnavailable, answer.status, name)
				require.Equal(t, "5", answer.header.Get("Retry-After"), name)
				require.LessOrEqual(t, time.Since(began), answerWithin, "%s: later than babelforce listens", name)
				require.Equal(t, http.StatusServiceUnavailable, r.answered[0].Status, name)
				require.Empty(t, r.temporal.runs, name)
			})
		}
	}
}

func TestSlowTemporalHasAllTheTimeOfTheSender(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.temporal.refuse = func(ctx context.Context) error {
			until, _ := ctx.Deadline()
			require.GreaterOrEqual(t, time.Until(until), answerWithin/2)
			return nil
		}
		require.Equal(t, http.StatusAccepted, r.post(t, "call-inbound").status)
		require.Equal(t, http.StatusAccepted, r.post(t, "call-bridged").status)
	})
}

// The call must still be open when a refused webhook is sent again.
func TestCallsSettleLongerThanARetryTakes(t *testing.T) {
	require.Greater(t, call.DefaultLimits.Settle, answerWithin+retryAfter*time.Second)
}

// placed are the events of an outbound call, each with the fields that show it.
var placed = map[string][]string{
	"call-outbound": nil, "call-bridged": {`"call.type":"outbound","call.source":"api"`},
	"call-finished": {`"call.type":"outbound","call.source":"webrtc"`}, "recording-finished": {`"call.type":"outbound","call.source":"dialer"`},
}

func TestUnwantedOutboundCallIsIgnored(t *testing.T) {
	for event, fields := range placed {
		withReceiver(t, func(t *testing.T, r *receiver) {
			answer := r.post(t, event, fields...)
			require.Equal(t, http.StatusAccepted, answer.status)
			require.True(t, r.answered[0].Ignored)
			require.Empty(t, r.temporal.runs)

			r.Outgoing = func() bool { return true } // the automations are reloaded
			r.post(t, event, fields...)
			require.False(t, r.answered[1].Ignored)
			if event == "recording-finished" {
				return // a recording starts no call
			}
			require.Equal(t, event == "call-outbound", r.temporal.runs[workflowID].input.First != nil)
		})
	}
}

func TestAgentLegDoesNotMakeACallOutbound(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		answer := r.post(t, "call-outbound", `"call.id":"child"`, `"call.parentId":"`+leg+`"`, `"call.type":"outbound","call.source":"queue","call.domain":"internal"`)
		require.Equal(t, http.StatusAccepted, answer.status)
		require.True(t, r.answered[0].Ignored)
		require.Empty(t, r.temporal.runs)
	}, withOutgoing)
}

func withOutgoing(c *Config) { c.Outgoing = func() bool { return true } }

func TestRunHasTheDirectionOfTheCall(t *testing.T) {
	for event, says := range map[string][]string{
		"call-inbound": {`"in"`, "Inbound call of "}, "call-finished": {`"in"`, "Inbound call of "}, "call-outbound": {`"out"`, "Outbound call of "},
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			r.post(t, event)
			started := r.temporal.runs[workflowID].started
			require.Equal(t, says[0], string(started.GetSearchAttributes().GetIndexedFields()["CallDirection"].GetData()))
			require.Contains(t, string(started.GetUserMetadata().GetSummary().GetData()), says[1])
			details := string(started.GetUserMetadata().GetDetails().GetData())
			require.Contains(t, details, "starter retry "+workflows.CallKey(workflowID))
			require.NotContains(t, details, "<call>")
		}, withOutgoing)
	}
}

// The workflow itself writes only later changes.
func TestNewRunIsListedAsRinging(t *testing.T) {
	for _, event := range []string{"call-inbound", "call-finished"} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			r.post(t, event)
			listed := make(map[string]string)
			for name, value := range r.temporal.runs[workflowID].started.GetSearchAttributes().GetIndexedFields() {
				listed[name] = string(value.GetData())
			}
			require.Equal(t, map[string]string{"CallPhase": `"ringing"`, "WaitsFor": `"agent"`, "CallDirection": `"in"`}, listed)
		})
	}
}

func TestShortOutageOfTemporalIsInvisible(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		back := time.Now().Add(time.Second)
		r.temporal.refuse = func(context.Context) error {
			if time.Now().Before(back) {
				return serviceerror.NewUnavailable("restarting")
			}
			return nil
		}
		require.Equal(t, http.StatusAccepted, r.post(t, "call-inbound").status)
		require.GreaterOrEqual(t, r.answered[0].Took, time.Second)
	})
}

// eagerness records whether starts requested their first workflow task.
type eagerness struct {
	client.Client
	asked []bool
}

func (e *eagerness) ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	e.asked = append(e.asked, options.EnableEagerStart)
	return e.Client.ExecuteWorkflow(ctx, options, workflow, args...)
}

func TestRingStartsEagerlyWithAWorker(t *testing.T) {
	var spy eagerness
	for _, eager := range []bool{true, false} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			require.Equal(t, http.StatusAccepted, r.post(t, "call-inbound").status)
			require.Equal(t, http.StatusAccepted, r.post(t, "call-outbound", `"call.id":"another"`).status)
		}, withOutgoing, func(c *Config) { spy.Client, c.Temporal, c.Eager = c.Temporal, &spy, eager })
	}
	require.Equal(t, []bool{true, true, false, false}, spy.asked)
}

// A codec does not encrypt ids, summaries, search attributes and memos.
func TestTemporalShowsNoPersonalData(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, event := range []string{"call-inbound", "call-bridged", "call-finished", "recording-finished"} {
			r.post(t, event)
		}
		require.Len(t, r.temporal.requests, 4)
		for _, message := range r.temporal.requests {
			onTheWire, err := proto.Marshal(message)
			require.NoError(t, err)
			require.True(t, bytes.Contains(onTheWire, []byte(phone)), "the event itself does, or this test would prove nothing")
			switch m := message.(type) {
			case *workflowservice.StartWorkflowExecutionRequest:
				m.Input = nil
			case *workflowservice.SignalWithStartWorkflowExecutionRequest:
				m.Input, m.SignalInput = nil, nil
			case *workflowservice.SignalWorkflowExecutionRequest:
				m.Input = nil
			}
			onTheWire, err = proto.Marshal(message)
			require.NoError(t, err)
			requireAnonymous(t, string(onTheWire))
		}
	})
}
