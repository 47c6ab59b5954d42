// Package composed sends calls to the containers that docker-compose.yml
// starts, which run the programs as they are shipped.
package composed

import (
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const calls = 20

// timeout is from the last report of a call to its closing note, which waits for late reports first.
const timeout = time.Minute

func TestContainersGetEveryCallRight(t *testing.T) {
	secret := os.Getenv("COMPOSED_WEBHOOK_SECRET")
	if secret == "" {
		t.Skip("no containers to send calls to: .ci/image starts them, and sets COMPOSED_WEBHOOK_SECRET")
	}
	stories := played(t, &simulator.Player{
		URL:    cmp.Or(os.Getenv("COMPOSED_RECEIVER"), "http://localhost:8080") + "/webhooks/babelforce",
		Secret: secret,
	})
	org := cmp.Or(os.Getenv("COMPOSED_SANDBOX"), "http://localhost:8090")
	require.Eventually(t, func() bool {
		held := conversations(t, org)
		for _, story := range stories {
			if len(held[story.Key]) == 0 || !hasClosingNote(held[story.Key][0], story.Key) {
				return false
			}
		}
		return true
	}, timeout, time.Second, "a call has no conversation, or no closing note")
	held := conversations(t, org)
	for _, story := range stories {
		require.Len(t, held[story.Key], 1, story.Title)
		requireRight(t, story, held[story.Key][0])
	}
	t.Logf("%d of %d calls right", len(stories), calls)
}

// played plays calls that nobody has played before, and returns those that the built-in file is about.
func played(t *testing.T, player *simulator.Player) (inbound []simulator.Story) {
	t.Helper()
	var agents []babelforce.Agent
	for _, user := range sandbox.DefaultUsers() {
		agents = append(agents, babelforce.Agent{ID: "agent-" + user.ID, Name: user.Name, SourceID: user.ID})
	}
	invented, err := simulator.New(time.Now().UnixNano(), agents, nil)
	require.NoError(t, err)
	var playing errgroup.Group
	for len(inbound) < calls {
		story := invented.Next(time.Now())
		if story.Want.Direction != "in" {
			continue
		}
		inbound = append(inbound, story)
		playing.Go(func() error {
			_, err := player.Play(t.Context(), story, 1)
			return err
		})
	}
	require.NoError(t, playing.Wait())
	return inbound
}

// conversations are those of the sandbox's org, by the key of their call.
func conversations(t *testing.T, org string) map[string][]sandbox.Conversation {
	t.Helper()
	response, err := http.Get(org + "/sandbox/state")
	require.NoError(t, err)
	defer response.Body.Close()
	var state sandbox.State
	require.NoError(t, json.NewDecoder(response.Body).Decode(&state))
	byCall := make(map[string][]sandbox.Conversation)
	for _, c := range state.Conversations {
		key := strings.TrimPrefix(c.ExternalID, "babelforce:")
		byCall[key] = append(byCall[key], c)
	}
	return byCall
}

func hasClosingNote(c sandbox.Conversation, key string) bool {
	for _, note := range c.Notes {
		if note.ExternalID == "babelforce:"+key+":finished" {
			return true
		}
	}
	return false
}

// requireRight wants the conversation to be with the agent who had the call last, and no note twice.
func requireRight(t *testing.T, story simulator.Story, c sandbox.Conversation) {
	t.Helper()
	if story.Want.Answered() {
		require.Equal(t, []string{story.Want.Agent().SourceID}, c.AssignedUsers, story.Title)
		require.Contains(t, c.Tags, "call_answered", story.Title)
	} else {
		require.Empty(t, c.AssignedUsers, story.Title)
		require.NotContains(t, c.Tags, "call_answered", story.Title)
	}
	names, bodies := make(map[string]bool), make(map[string]bool)
	for _, note := range c.Notes {
		require.False(t, names[note.ExternalID] || bodies[note.Body], "%s: a note twice", story.Title)
		names[note.ExternalID], bodies[note.Body] = true, true
	}
}
