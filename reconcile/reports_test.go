package reconcile

import (
	"cmp"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
)

// The log alone yields the same facts as the webhooks. The simulator provides the expected facts;
// it does not depend on the log or its reader.
func TestLogAloneYieldsTheFacts(t *testing.T) {
	agents := []babelforce.Agent{{ID: "a1", Name: "Ada", SourceID: "s1"}, {ID: "a2", Name: "Bo", SourceID: "s2"}, {ID: "a3", Name: "Cy", SourceID: "s3"}}
	invented, err := simulator.New(7, agents, nil)
	require.NoError(t, err)
	log := sandbox.New(sandbox.Config{Token: "static", Now: func() time.Time { return noon.Add(48 * time.Hour) }})
	web := httptest.NewServer(log)
	t.Cleanup(web.Close)
	reader, err := calllog.New(calllog.Config{BaseURL: web.URL, Credentials: calllog.Credentials{Token: "static"}, Pace: time.Nanosecond})
	require.NoError(t, err)
	for range 150 {
		story := invented.Next(noon)
		rows, err := sandbox.Rows(story)
		require.NoError(t, err)
		for i := range rows {
			rows[i].Logged = noon
		}
		log.Log(rows...)
		root, err := reader.Call(t.Context(), story.Key)
		require.NoError(t, err)
		legs, err := reader.Legs(t.Context(), root)
		require.NoError(t, err)
		requireTold(t, story, fromLog(root, legs, agentsOf(agents).of, noon.Add(24*time.Hour)))
	}
}

func agentsOf(list []babelforce.Agent) agents {
	known := make(agents)
	for _, agent := range list {
		known[agent.ID] = agent
	}
	return known
}

func requireTold(t *testing.T, story simulator.Story, log call.FromLog) {
	t.Helper()
	r := call.Record{Key: story.Key, Started: noon.Add(24 * time.Hour), Limits: call.DefaultLimits}
	require.True(t, r.AddFromLog(log, noon.Add(24*time.Hour)))
	step := r.Next(noon.Add(24 * time.Hour)).Step
	require.NotNil(t, step, story.Title)
	r.Done(*step, call.Done{Conversation: true, Expects: call.Expects{Finish: true, Recording: true}})
	is := r.Next(noon.Add(24 * time.Hour)).Step.Is
	want, got := story.Want, is.Closing.Facts

	require.Equal(t, want.Direction, got.Direction(), story.Title)
	if want.Customer != "anonymous" {
		require.Equal(t, want.Customer, is.Opening.CustomersNumber(), story.Title)
	}
	if want.Outcome != string(call.AfterHours) { // the log does not contain this
		require.Equal(t, want.Outcome, string(got.Outcome), story.Title)
	}
	require.Len(t, is.PickUps, len(want.Bridges), story.Title)
	for i, bridge := range want.Bridges {
		require.Equal(t, bridge.Agent.SourceID, is.PickUps[i].Facts.Agent.SourceID, story.Title)
	}
	require.Equal(t, want.EndedBy, cmp.Or(got.Summary.EndedBy, want.EndedBy), story.Title)
	require.Equal(t, want.Total, *got.Leg.Seconds, story.Title)
	if want.Answered() {
		require.Equal(t, want.Talked, *got.Summary.TalkSeconds, story.Title)
	}
	if want.Direction == call.In {
		require.Equal(t, want.Waited, *got.Summary.WaitSeconds, story.Title)
	}
	require.Equal(t, want.Recording != "", len(is.Recordings) == 1, story.Title)
}
