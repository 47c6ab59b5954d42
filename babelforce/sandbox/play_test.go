package sandbox

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
)

var began = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func stories(t *testing.T) (stories []simulator.Story) {
	t.Helper()
	invented, err := simulator.New(3, []babelforce.Agent{{ID: "a1", Name: "Amira", SourceID: "u1"}, {ID: "a2", Name: "Ben", SourceID: "u2"}, {ID: "a3", Name: "Chen", SourceID: "u3"}}, nil)
	require.NoError(t, err)
	for range 120 {
		stories = append(stories, invented.Next(began), invented.Shuffle(invented.Next(began)))
	}
	return stories
}

func TestSimulatedRowsAreRealistic(t *testing.T) {
	transfers := 0
	for _, story := range stories(t) {
		rows, err := Rows(story)
		require.NoError(t, err)
		roots := 0
		for _, row := range rows {
			require.NotEmpty(t, row.Finished, story.Title)
			if row.ParentID == "" {
				roots++
				require.Equal(t, story.Key, row.ID)
				require.Equal(t, story.Want.Answered(), row.Bridged != nil, story.Title)
				continue
			}
			require.Equal(t, story.Key, row.ParentID)
			require.Equal(t, rows[0].SessionID, row.SessionID)
			if story.Want.Direction == "out" {
				continue
			}
			require.Equal(t, "internal", row.Domain)
			require.Contains(t, []string{"queue", "transfer"}, row.Source)
			require.Equal(t, row.Established.IsZero(), row.Bridged == nil, story.Title)
			if row.Bridged == nil {
				require.Equal(t, map[string]any{}, row.fields(Faults{}.date)["bridged"])
				continue
			}
			require.Equal(t, row.To, row.Bridged.Number)
			require.Equal(t, row.Source == "queue", row.Bridged.QueueID != "", story.Title)
			if row.Source == "transfer" {
				transfers++
			}
		}
		require.Equal(t, 1, roots, story.Title)
	}
	require.NotZero(t, transfers)
}

func TestUnansweredAttemptIsNotBridged(t *testing.T) {
	amira := babelforce.Agent{ID: "a1", Name: "Amira"}
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	leg := func(id string, created, established, finished int) babelforce.Call {
		return babelforce.Call{ID: id, ParentID: "root", Type: "outbound", DateCreated: at(created), DateEstablished: at(established), DateFinished: at(finished)}
	}
	rangOut := leg("first", 1, 0, 9)
	rangOut.DateEstablished = time.Time{}
	var story simulator.Story
	for _, event := range []babelforce.Event{
		{Name: babelforce.CallFinished, Call: rangOut, Agent: amira},
		{Name: babelforce.CallBridged, Call: babelforce.Call{ID: "root", Type: "inbound", DateCreated: began, Duration: new(15)}, Agent: amira},
		{Name: babelforce.CallFinished, Call: leg("second", 10, 15, 90), Agent: amira},
	} {
		contentType, body := babelforce.Encode(event, babelforce.NestedJSON, babelforce.UnixSeconds)
		story.Steps = append(story.Steps, simulator.Step{Event: event.Name, ContentType: contentType, Body: body})
	}
	rows, err := Rows(story)
	require.NoError(t, err)
	for i, id := range []string{"first", "root", "second"} {
		require.Equal(t, id, rows[i].ID)
		require.Equal(t, id != "first", rows[i].Bridged != nil, id)
	}
}

func TestPlayedCallHasDeliveryTimes(t *testing.T) {
	for _, story := range stories(t) {
		server := New(Config{Token: "static"})
		require.NoError(t, server.Play(story, began))
		var end time.Duration
		for _, step := range story.Steps {
			if step.Event == babelforce.CallFinished {
				end = max(end, step.After)
			}
		}
		stated, err := Rows(story)
		require.NoError(t, err)
		for i, row := range server.rows {
			require.False(t, row.Created.Before(began), story.Title)
			require.False(t, row.Finished.After(began.Add(end)), story.Title)
			require.False(t, row.Created.After(row.Finished), story.Title)
			require.Equal(t, stated[i].Established.IsZero(), row.Established.IsZero())
			if !row.Established.IsZero() {
				require.False(t, row.Established.Before(row.Created) || row.Established.After(row.Finished), story.Title)
			}
			if row.ParentID == "" {
				require.Equal(t, began, row.Created, story.Title)
			}
		}
	}
}

func TestIncompleteStoryLeavesTheCallInProgress(t *testing.T) {
	for _, story := range stories(t) {
		if story.Title != "answered at the first ring" {
			continue
		}
		story.Steps = story.Steps[:2] // inbound, bridged
		rows, err := Rows(story)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, "bridged", rows[0].State)
		require.Zero(t, rows[0].Finished)
		require.Nil(t, rows[0].Duration)
		require.NotEmpty(t, rows[0].Bridged.Name)
		return
	}
	require.Fail(t, "no such story")
}

func TestPlayAddsTheAgents(t *testing.T) {
	server := New(Config{Token: "static"})
	for _, story := range stories(t) {
		require.NoError(t, server.Play(story, began))
	}
	for id, status := range map[string]int{"a1": http.StatusOK, "nosuch": http.StatusNotFound} {
		request := httptest.NewRequest(http.MethodGet, "/api/v2/agents/"+id, nil)
		request.Header.Set("Authorization", "Bearer static")
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request)
		require.Equal(t, status, answer.Code)
	}
}
