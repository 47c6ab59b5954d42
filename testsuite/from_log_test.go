package testsuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

func TestPlayedCallsFromBabelforcesLogReplay(t *testing.T) { playsAndReplays(t, callsFromLog) }

// callsFromLog are calls that a repair changes.
var callsFromLog = map[string]func(t *testing.T, s *stage.Stage, key string){
	"added-from-log": func(t *testing.T, s *stage.Stage, key string) { givesLog(t, s, key, nil) },
	"end-from-log": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.AwaitTaken(t, key)
		givesLog(t, s, key, nil)
	},
	"gone-on-from": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Abandoned(key))
		s.Result(t, key)
		var ended workflows.Ended
		require.NoError(t, s.Temporal.GetWorkflow(t.Context(), workflows.WorkflowID(key), "").Get(t.Context(), &ended))
		givesLog(t, s, key, &ended.Carried)
		require.Equal(t, call.Answered, s.Result(t, key).Outcome)
	},
}

// givesLog sends babelforce's call log to a call's workflow: Amira answered the call.
func givesLog(t *testing.T, s *stage.Stage, key string, earlier *workflows.Carried) {
	t.Helper()
	rang := time.Now().Add(-8 * time.Minute).UTC().Truncate(time.Second)
	root := call.Leg{ID: key, Type: "inbound", Source: "queue", Domain: "external", From: "+493023125042", CreatedAt: rang}
	leg := call.Leg{
		ID: key + "-leg", ParentID: key, Type: "outbound", Source: "queue", Domain: "internal",
		CreatedAt: rang.Add(3 * time.Second), EstablishedAt: rang.Add(7 * time.Second),
	}
	amira := call.Agent{ID: "4711", Name: "Amira Haddad", SourceID: stage.Amira}
	ended := func(leg call.Leg, reason string) call.Leg {
		leg.FinishedAt, leg.FinishReason = rang.Add(95*time.Second), reason
		return leg
	}
	log := call.FromLog{Reports: []call.Event{
		{Kind: call.Inbound, Leg: root},
		{Kind: call.Bridged, Leg: leg, Agent: amira, Queue: call.Queue{Name: "Support"}},
		{Kind: call.Finished, Leg: ended(leg, "hangup"), Agent: amira},
		{Kind: call.Finished, Leg: ended(root, "passive-hangup")},
	}}
	for i := range log.Reports {
		log.Reports[i].ReceivedAt, log.Reports[i].FromLog = time.Now().UTC(), true
	}
	options := workflows.StartOptions(log.Reports[0], s.TaskQueue)
	if earlier != nil {
		options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	_, err := s.Temporal.SignalWithStartWorkflow(t.Context(), options.ID, workflows.SignalLog, log, options,
		workflows.CallWorkflow, workflows.CallInput{Key: key, Earlier: earlier})
	require.NoError(t, err)
}
