package check

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/internal/storyfile"
)

// sampled returns the samples of a file for the given call, by title.
func sampled(t *testing.T, set *automation.Set, own Call) map[string]Sample {
	t.Helper()
	samples, _, err := sampler(set).Samples(t.Context(), own.Stories(set))
	require.NoError(t, err)
	byTitle := make(map[string]Sample)
	for _, sample := range samples {
		byTitle[sample.Call] = sample
	}
	return byTitle
}

func body(sample Sample, event, request int) string {
	return string(sample.Events[event].Requests[request].Body)
}

func TestEachEventHasWhatItWritesAndWhen(t *testing.T) {
	samples := sampled(t, load.Default(), Call{Waited: 70 * time.Second})
	answered := samples["answered after 70 s, ended after 158 s"]
	var events []string
	for _, event := range answered.Events {
		events = append(events, event.Event+" "+event.At)
	}
	require.Equal(t, []string{"call.inbound 0:00", "call.bridged 1:10", "call.finished 2:53"}, events, "the outcome waits for late reports")
	require.Contains(t, samples, "not answered, the caller hangs up after 70 s")
	require.Len(t, samples, 2)
}

func TestSilentEventIsNamed(t *testing.T) {
	answered := sampled(t, loaded(t, ""), Call{})[isAnswered]
	require.Equal(t, []Written{
		{Event: "call.bridged", At: "0:07", Requests: []Request{}}, {Event: "call.finished", At: "1:35", Requests: []Request{}},
	}, answered.Events[1:])
	require.True(t, answered.Writes())
}

func TestOwnSampleCallKeepsItsValues(t *testing.T) {
	set, _, err := load.Bytes("file.yaml", []byte(`fields: [shop.id]
automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: "{call.from} to {call.to}, {shop.id}" } }
  - { event: call.outbound, action: kustomer.conversation.create, options: { name: "{call.from} to {call.to}, {agent.name}" } }
  - { event: call.bridged, action: kustomer.conversation.update, options: { note: "{agent.name}, {agent.email}, {queue.name}", assignedUsers: ["{agent.sourceId}"] } }
`))
	require.NoError(t, err)
	own := Call{From: "+442079460123", To: "+493023125009", Queue: "Billing", Agent: "jane@example.com", Fields: map[string]string{"shop.id": "7"}}
	samples := sampled(t, set, own)
	require.Contains(t, body(samples[isAnswered], 0, 2), `"name":"+442079460123 to +493023125009, 7"`)
	require.Contains(t, body(samples[isAnswered], 1, 0), `"assignedUsers":["`+amira+`"]`)
	require.Contains(t, body(samples[isAnswered], 1, 1), `"body":"jane, jane@example.com, Billing"`)
	outbound := samples["outbound, answered after 7 s, ended after 95 s"]
	require.Contains(t, body(outbound, 0, 2), `"name":"+493023125009 to +442079460123, jane"`)
	require.Empty(t, samples[isAnswered].NotUsed)

	own.From, own.Fields["agent.sourceId"] = storyfile.Withheld, ""
	samples = sampled(t, set, own)
	require.Len(t, samples, 2, "a withheld number cannot be called")
	require.Contains(t, body(samples[isAnswered], 0, 1), "Unknown caller")
	require.Contains(t, samples[isAnswered].Events[1].Warnings[0], "the agent has no sourceId")

	own.Fields["agent.sourceId"] = nobody
	samples = sampled(t, set, own)
	require.Contains(t, body(samples[isAnswered], 1, 0), `"assignedUsers":["`+nobody+`"]`, "the agent in the call is assumed to exist")
}

func TestStoryOfReturningCallerJoinsEarlierCall(t *testing.T) {
	stories, err := storyfile.Read("stories.yaml", []byte(`- story: Dora calls again
  before:
    - customer: Dora Lind
      number: +493023125042
      conversations: [ { name: This morning, opened before: 30m } ]
  with: { timezone: Europe/Berlin }
  events: [ 0:00 call.inbound: { from: +493023125042 } ]
`))
	require.NoError(t, err)
	set, _, err := load.Bytes("file.yaml", []byte("callers: { returning: { policy: append } }\n"+
		"automations: [{ event: call.inbound, action: kustomer.conversation.create, options: { name: Call } }]"))
	require.NoError(t, err)
	samples, _, err := sampler(set).Samples(t.Context(), stories)
	require.NoError(t, err)
	for _, request := range samples[0].Events[0].Requests {
		require.NotEqual(t, "POST /v1/conversations", request.Method+" "+request.Path)
	}
	require.Contains(t, string(samples[0].Events[0].Requests[len(samples[0].Events[0].Requests)-1].Body), "The customer called again")
	require.Equal(t, []string{"the story's own automations, because the checked file is used"}, samples[0].NotUsed)
}
