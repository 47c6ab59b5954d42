package calllog_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/babelforce/simulator"
)

const (
	rootID    = "00000000000000000000000000000abc"
	sessionID = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
)

// answered adds a call with two attempts to the log. The second was answered.
func answered(server *sandbox.Server) calllog.Row {
	amira := &sandbox.Bridged{ID: "amira", Name: "Amira", Number: "+493023125010", QueueID: "support", QueueName: "Support"}
	leg := func(id, parent string, after int) sandbox.Row {
		return sandbox.Row{
			ID: id, ParentID: parent, SessionID: sessionID, Type: "outbound", Source: "queue", Domain: "internal", State: "completed",
			From: "+493023125042", To: "+493023125010", Created: noon.Add(time.Duration(after) * time.Second), Logged: noon,
		}
	}
	first, second, caller := leg("child-2", rootID, 30), leg("child-1", rootID, 20), leg(rootID, "", 0)
	second.FinishReason = "no-answer"
	first.Bridged, first.Established = amira, first.Created.Add(5*time.Second)
	caller.Type, caller.Domain, caller.Bridged = "inbound", "external", amira
	caller.Recordings = []sandbox.Recording{{ID: "rec", URL: "https://recordings.example.com/1.mp3", Duration: new(61)}, {ID: "gone", URL: "https://recordings.example.com/2.mp3", State: "deleted"}}
	server.Log(first, second, caller)
	return calllog.Row{Call: babelforce.Call{ID: rootID, SessionID: sessionID, DateCreated: caller.Created}}
}

func ids(legs []calllog.Row) (ids []string) {
	for _, leg := range legs {
		ids = append(ids, leg.Call.ID)
	}
	return ids
}

func TestLegsAreReadWithEitherFilter(t *testing.T) {
	for name, test := range map[string]struct {
		faults   sandbox.Faults
		requests int
	}{
		"as documented":               {sandbox.Faults{}, 1},
		"pages are not counted":       {sandbox.Faults{NoPages: true}, 2},
		"pages are small":             {sandbox.Faults{PageSize: 1}, 3},
		"pages are not applied":       {sandbox.Faults{Ignores: []string{"page"}, NoPages: true}, 2},
		"sessions are ignored":        {sandbox.Faults{Ignores: []string{"sessionId"}}, 2},
		"sessions find nothing":       {sandbox.Faults{Misses: []string{"sessionId"}}, 2},
		"parents are ignored":         {sandbox.Faults{Ignores: []string{"parentId"}}, 1},
		"fields are odd":              {sandbox.Faults{Odd: 1, NumericDates: true}, 1},
		"calls come in while reading": {sandbox.Faults{Shift: true, PageSize: 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			server, url := account(t, 150)
			root := answered(server)
			server.Misbehave(test.faults)
			c := client(t, url)
			_, err := c.ServerTime(t.Context()) // obtains a token
			require.NoError(t, err)
			before := server.Requests()
			legs, err := c.Legs(t.Context(), root)
			require.NoError(t, err)
			require.Equal(t, []string{rootID, "child-1", "child-2"}, ids(legs))
			require.Equal(t, "amira", legs[2].Agent.ID)
			require.Equal(t, test.requests, server.Requests()-before)
		})
	}
}

func TestLegsNeedAFilter(t *testing.T) {
	server, url := account(t, 10)
	root := answered(server)
	server.Misbehave(sandbox.Faults{Ignores: []string{"sessionId", "parentId"}})
	_, err := client(t, url).Legs(t.Context(), root)
	require.Equal(t, calllog.FilterIgnored, calllog.KindOf(err))
	require.ErrorContains(t, err, "starter probe")
	require.NotContains(t, err.Error(), sessionID)
}

func TestCallWithoutAnAgentHasOneLeg(t *testing.T) {
	server, url := account(t, 10)
	server.Misbehave(sandbox.Faults{Misses: []string{"sessionId"}})
	row, err := client(t, url).Call(t.Context(), fmt.Sprintf("%032x", 2))
	require.NoError(t, err)
	legs, err := client(t, url).Legs(t.Context(), row)
	require.NoError(t, err)
	require.Equal(t, []calllog.Row{row}, legs)
}

func TestUnreadableLegIsOmitted(t *testing.T) {
	server, url := account(t, 10)
	root := answered(server)
	server.Misbehave(sandbox.Faults{Broken: 2}) // newest first: child-1
	legs, err := client(t, url).Legs(t.Context(), root)
	require.NoError(t, err)
	require.Equal(t, []string{rootID, "child-2"}, ids(legs))

	server.Misbehave(sandbox.Faults{Broken: 1})
	_, err = client(t, url).Legs(t.Context(), root)
	require.Equal(t, calllog.NotUnderstood, calllog.KindOf(err))
}

func TestLegsAreBounded(t *testing.T) {
	requests := 0
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		fmt.Fprintf(w, `{"items":[{"id":"leg-%d","sessionId":%q,"dateCreated":1}],"pagination":{"pages":100000}}`, requests, sessionID)
	})
	_, err := c.Legs(t.Context(), calllog.Row{Call: babelforce.Call{ID: rootID, SessionID: sessionID}})
	require.Equal(t, calllog.NotUnderstood, calllog.KindOf(err))
	require.LessOrEqual(t, requests, 20)
}

func TestSessionIsQueriedWithoutHyphens(t *testing.T) {
	var asked []string
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("sessionId"))
		const row = `{"id":"00000000-0000-0000-0000-000000000abc","sessionId":"1A2B3C4D-5E6F-7A8B-9C0D-1E2F3A4B5C6D","dateCreated":"2026-11-27T12:00:00Z"}`
		if strings.Contains(r.URL.Path, "reporting") {
			fmt.Fprintf(w, `{"items":[%s],"pagination":{"pages":1}}`, row)
			return
		}
		fmt.Fprint(w, row)
	})
	root, err := c.Call(t.Context(), rootID)
	require.NoError(t, err)
	legs, err := c.Legs(t.Context(), root)
	require.NoError(t, err)
	require.Equal(t, []string{rootID}, ids(legs))
	require.Equal(t, []string{"", sessionID}, asked)
}

func TestLegsWithoutASessionAreFoundByParent(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"items":[{"id":"child","parentId":%q,"dateCreated":"2026-11-27T12:00:05Z"}],"pagination":{"pages":1}}`, rootID)
	})
	root := calllog.Row{Call: babelforce.Call{ID: rootID, DateCreated: noon}}
	legs, err := c.Legs(t.Context(), root)
	require.NoError(t, err)
	require.Equal(t, []string{rootID, "child"}, ids(legs))
}

// answering returns a client of an API with a fixed answer.
func answering(t *testing.T, answer http.HandlerFunc) *calllog.Client {
	t.Helper()
	web := httptest.NewServer(answer)
	t.Cleanup(web.Close)
	return client(t, web.URL, func(c *calllog.Config) { c.Credentials = calllog.Credentials{Token: "static"} })
}

func TestRowHasRecordingsAndBridge(t *testing.T) {
	server, url := account(t, 0)
	root := answered(server)
	for _, faults := range []sandbox.Faults{{}, {Odd: 1}} {
		server.Misbehave(faults)
		legs, err := client(t, url).Legs(t.Context(), root)
		require.NoError(t, err)
		require.Equal(t, []babelforce.Recording{{ID: "rec", URL: "https://recordings.example.com/1.mp3", Duration: new(61)}}, legs[0].Recordings)
		require.Equal(t, babelforce.Agent{ID: "amira", Name: "Amira", Number: "+493023125010"}, legs[0].Agent)
		require.Equal(t, babelforce.Queue{ID: "support", Name: "Support"}, legs[0].Queue)
		require.Equal(t, legs[0].Agent, legs[2].Agent)
		require.Zero(t, legs[1].Agent)
		require.Empty(t, legs[1].Recordings)
	}
}

// The legs must contain everything that happened in a call, because a repair has no other source.
func TestLegsContainTheWholeCall(t *testing.T) {
	agents := []babelforce.Agent{
		{ID: "a1", Name: "Amira", Email: "amira@example.com", SourceID: "user-1", Source: "kustomer"},
		{ID: "a2", Name: "Ben", Email: "ben@example.com", SourceID: "user-2", Source: "kustomer"}, {ID: "a3", Name: "Chen", SourceID: "user-3"},
	}
	invented, err := simulator.New(7, agents, nil)
	require.NoError(t, err)
	invented.Incoming = true
	for range 120 {
		server, url := account(t, 0)
		story := invented.Shuffle(invented.Next(noon))
		rows, err := sandbox.Rows(story)
		require.NoError(t, err)
		server.Log(rows...)
		c := client(t, url)
		root, err := c.Call(t.Context(), story.Key)
		require.NoError(t, err)
		legs, err := c.Legs(t.Context(), root)
		require.NoError(t, err)

		require.Equal(t, root, legs[0], story.Title)
		require.Equal(t, story.Want.Total, *root.Call.Duration, story.Title)
		require.Equal(t, time.Duration(story.Want.Total)*time.Second, root.Call.DateFinished.Sub(root.Call.DateCreated), story.Title)
		require.Equal(t, bridges(story.Want.Bridges), bridgesOf(legs), story.Title)
		if story.Want.Answered() {
			require.Equal(t, story.Want.Agent().ID, root.Agent.ID, story.Title)
			require.Equal(t, time.Duration(story.Want.Waited)*time.Second, root.Call.DateEstablished.Sub(root.Call.DateCreated), story.Title)
		}
		require.Equal(t, story.Want.Recording != "", len(root.Recordings) == 1, story.Title)
		for _, recording := range root.Recordings {
			require.Equal(t, story.Want.Recording, recording.URL)
		}
	}
}

func bridges(wanted []simulator.Bridge) (texts []string) {
	for _, bridge := range wanted {
		texts = append(texts, fmt.Sprintf("%s by %q after %ds", bridge.Agent.ID, bridge.Queue, bridge.Waited))
	}
	return texts
}

// bridgesOf returns the answered child legs, in the order in which they were answered.
func bridgesOf(legs []calllog.Row) (texts []string) {
	children := slices.DeleteFunc(slices.Clone(legs), func(leg calllog.Row) bool { return leg.IsRoot() || leg.Agent.ID == "" })
	slices.SortFunc(children, func(a, b calllog.Row) int { return a.Call.DateEstablished.Compare(b.Call.DateEstablished) })
	for _, leg := range children {
		waited := leg.Call.DateEstablished.Sub(legs[0].Call.DateCreated)
		texts = append(texts, fmt.Sprintf("%s by %q after %.0fs", leg.Agent.ID, leg.Queue.Name, waited.Seconds()))
	}
	return texts
}
