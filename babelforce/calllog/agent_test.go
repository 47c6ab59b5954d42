package calllog_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
)

func TestAgentIsReadInAnyShape(t *testing.T) {
	amira := babelforce.Agent{ID: "amira", Name: "Amira", Number: "+493023125010", Email: "amira@example.com", SourceID: "User-1", Source: "kustomer"}
	for name, faults := range map[string]sandbox.Faults{"as documented": {}, "wrapped": {Wrapped: true}} {
		server, url := account(t, 0)
		server.Agents(amira, babelforce.Agent{ID: "ben", Name: "Ben"})
		server.Misbehave(faults)
		agent, err := client(t, url).Agent(t.Context(), "amira")
		require.NoError(t, err, name)
		require.Equal(t, amira, agent, name)
		agent, err = client(t, url).Agent(t.Context(), "ben")
		require.NoError(t, err, name)
		require.Equal(t, babelforce.Agent{ID: "ben", Name: "Ben"}, agent, name)
	}
	for answer, kind := range map[string]calllog.Kind{
		`{"item":{"id":"amira","email":null,"groups":"?"}}`: "",
		`{"name":"Amira","sourceId":7}`:                     "",
		`{"id":"amira","status":{"presence":[]}}`:           "",
		`{"item":null}`:             calllog.NotFound,
		`null`:                      calllog.NotFound,
		`{}`:                        calllog.NotUnderstood,
		`{"item":{}}`:               calllog.NotUnderstood,
		`[]`:                        calllog.NotUnderstood,
		`{"id":"ben","name":"Ben"}`: calllog.NotUnderstood,
		`<html>`:                    calllog.NotUnderstood,
	} {
		c := answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
		agent, err := c.Agent(t.Context(), "amira")
		require.Equal(t, kind, calllog.KindOf(err), answer)
		if kind == "" {
			require.NoError(t, err, answer)
			require.Equal(t, "amira", agent.ID, answer)
		}
	}
}

func TestUnreadableAgentIsATypedError(t *testing.T) {
	server, url := account(t, 0)
	c := client(t, url)
	_, err := c.Agent(t.Context(), "nosuch")
	require.Equal(t, calllog.NotFound, calllog.KindOf(err))
	require.NotContains(t, err.Error(), "nosuch")
	before := server.Requests()
	_, err = c.Agent(t.Context(), "")
	require.Equal(t, calllog.NotFound, calllog.KindOf(err))
	require.Equal(t, before, server.Requests())
	for status, kind := range map[int]calllog.Kind{404: calllog.NotFound, 403: calllog.Unauthorized, 500: calllog.Unavailable} {
		server.Agents(babelforce.Agent{ID: "amira", Name: "Amira"})
		server.Misbehave(sandbox.Faults{AgentStatus: status})
		_, err := c.Agent(t.Context(), "amira")
		require.Equal(t, kind, calllog.KindOf(err))
		require.NotContains(t, err.Error(), "mira")
	}
}

func TestCallMayComeInAnEnvelope(t *testing.T) {
	server, url := account(t, 3)
	server.Misbehave(sandbox.Faults{Wrapped: true})
	row, err := client(t, url).Call(t.Context(), fmt.Sprintf("%032x", 2))
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Second), row.Call.DateCreated)
}
