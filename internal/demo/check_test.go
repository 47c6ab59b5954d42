package demo

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const (
	agentID = "5f0c1a2b3c4d5e6f70819210"
	caller  = "+493023125100"
)

// story is a call of one kind; right is the expected result.
type story struct {
	simulator.Story
	right found
}

var (
	ada = babelforce.Agent{ID: "a1", Name: "Ada", SourceID: agentID}
	bob = babelforce.Agent{ID: "a2", Name: "Bob", SourceID: "5f0c1a2b3c4d5e6f70819211"}
)

// entry is a call's message on the timeline.
func entry(key, direction, outcome string) []sandbox.Message {
	return []sandbox.Message{{
		ExternalID: "babelforce:" + key + ":voice", Channel: "voice", Direction: direction, Meta: map[string]any{"status": outcome},
	}}
}

func stories() (answered, missed, withheld, transferred, outbound story) {
	answered = story{
		simulator.Story{Key: "k1", Title: "answered", Want: simulator.Want{
			Direction: "in", Outcome: "answered", Customer: caller, Bridges: []simulator.Bridge{{Agent: ada, Queue: "Support", Waited: 7}},
			Waited: 7, Talked: 88, Total: 95, EndedBy: "agent",
		}},
		found{
			conversations: 1, name: "Call from " + caller, status: "open", direction: "in", assignedUsers: []string{agentID},
			phones: []string{"+1", caller}, customers: 1, messages: entry("k1", "in", "answered"),
			tags: []string{"inbound_call", "babelforce", "call_answered"},
			notes: []kustomer.Note{
				{ExternalID: "babelforce:k1:finished", Body: "Call ended: answered.\nAgents: Ada\nWaited: 7 s\nTalked: 1 min 28 s\nTotal: 1 min 35 s\nEnded by: agent"},
				{ExternalID: "babelforce:k1:bridged", Body: "Answered by Ada.\nQueue: Support\nAfter: 7 s"},
			},
		},
	}
	missed = story{
		simulator.Story{Key: "k2", Title: "missed", Want: simulator.Want{
			Direction: "in", Outcome: "abandoned_in_queue", Customer: caller, Waited: 20, Total: 20, EndedBy: "caller",
		}},
		found{
			conversations: 1, phones: []string{caller}, customers: 1,
			tags:  []string{"babelforce", "inbound_call", "call_lost", "call_abandoned_in_queue"},
			notes: []kustomer.Note{{ExternalID: "babelforce:k2:finished", Body: "Call ended: the caller hung up in the queue.\nWaited: 20 s\nTotal: 20 s\nEnded by: caller"}},
		},
	}
	withheld = story{
		simulator.Story{Key: "k3", Title: "withheld, after hours", Want: simulator.Want{
			Direction: "in", Outcome: "after_hours", Customer: "anonymous", Waited: 60, Total: 60, EndedBy: "flow",
		}},
		found{
			conversations: 1, customers: 1, tags: []string{"babelforce", "inbound_call", "call_after_hours"},
			notes: []kustomer.Note{{ExternalID: "babelforce:k3:finished", Body: "Call ended: came after hours.\nWaited: 1 min 0 s\nTotal: 1 min 0 s\nEnded by: flow"}},
		},
	}
	transferred = story{
		simulator.Story{Key: "k4", Title: "transferred, recorded", Want: simulator.Want{
			Direction: "in", Outcome: "answered", Customer: caller, Bridges: []simulator.Bridge{{Agent: bob, Waited: 3}, {Agent: ada, Waited: 30}},
			Waited: 3, Talked: 40, Total: 50, EndedBy: "caller", Recording: "https://example.com/r1",
		}},
		found{
			conversations: 1, assignedUsers: []string{agentID}, phones: []string{caller}, customers: 1,
			tags: []string{"babelforce", "inbound_call", "call_answered"},
			notes: []kustomer.Note{
				{ExternalID: "babelforce:k4:bridged", Body: "Answered by Ada.\nAfter: 30 s"}, // its event arrived first
				{ExternalID: "babelforce:k4:bridged-2", Body: "Answered by Bob.\nAfter: 3 s"},
				{ExternalID: "babelforce:k4:finished", Body: "Call ended: answered.\nAgents: Bob, Ada\nWaited: 3 s\nTalked: 40 s\nTotal: 50 s\nEnded by: caller"},
				{ExternalID: "babelforce:k4:recorded", Body: "Recording: https://example.com/r1\nLength: 40 s"},
			},
		},
	}
	outbound = story{
		simulator.Story{Key: "k5", Title: "outbound", Want: simulator.Want{Direction: "out", Outcome: "unreached", Customer: caller, Waited: 20, Total: 20}},
		found{
			conversations: 1, name: "Call to " + caller, status: "open", direction: "out", phones: []string{caller}, customers: 1, messages: entry("k5", "out", "unreached"),
			tags:  []string{"babelforce", "outbound_call", "call_unreached"},
			notes: []kustomer.Note{{ExternalID: "babelforce:k5:finished", Body: "Call ended: the called party did not pick up.\nAgents: Ada\nWaited: 20 s\nTotal: 20 s"}},
		},
	}
	return answered, missed, withheld, transferred, outbound
}

func compareOne(of story, is found) Report {
	return compare([]played{{Story: of.Story}}, judgeUsual, func(string) (found, error) { return is, nil })
}

func TestRightCallsAreFoundRight(t *testing.T) {
	answered, missed, withheld, transferred, outbound := stories()
	for _, of := range []story{answered, missed, withheld, transferred, outbound} {
		report := compareOne(of, of.right)
		require.Equal(t, Report{Calls: 1, Answered: report.Answered, Notes: len(of.right.notes)}, report, of.Title)
		require.True(t, report.right())
		require.Contains(t, report.String(), "1 of 1 calls right")
		of.right.tags = nil // the real Kustomer returns only tag ids
		require.True(t, compareOne(of, of.right).right(), of.Title)
	}
}

func TestEveryWayOfBeingWrongIsReported(t *testing.T) {
	answered, missed, _, transferred, outbound := stories()
	lost := func(r Report) []string { return r.Lost }
	doubled := func(r Report) []string { return r.Doubled }
	wrong := func(r Report) []string { return r.Wrong }
	for name, c := range map[string]struct {
		of     story
		broken func(*found)
		in     func(Report) []string
		says   string
	}{
		"lost":                     {answered, func(f *found) { *f = found{} }, lost, "no conversation"},
		"second customer":          {answered, func(f *found) { f.customers = 2 }, doubled, "2 customers"},
		"second conversation":      {answered, func(f *found) { f.conversations = 2 }, doubled, "2 conversations"},
		"second note":              {answered, func(f *found) { f.notes = append(f.notes, f.notes[0]) }, doubled, "babelforce:k1:bridged babelforce:k1:finished babelforce:k1:finished"},
		"no user assigned":         {answered, func(f *found) { f.assignedUsers = nil }, wrong, "assigned to [] instead of [" + agentID},
		"another assigned":         {answered, func(f *found) { f.assignedUsers = []string{"someone"} }, wrong, "assigned to [someone]"},
		"two assigned":             {answered, func(f *found) { f.assignedUsers = append(f.assignedUsers, "someone") }, wrong, "assigned to"},
		"closed":                   {answered, func(f *found) { f.status = "done" }, wrong, "is [Call from +493023125100 done in]"},
		"outgoing":                 {answered, func(f *found) { f.direction = "out" }, wrong, "is [Call from +493023125100 open out]"},
		"another name":             {answered, func(f *found) { f.name = "Call" }, wrong, "is [Call open in]"},
		"missed but assigned":      {missed, func(f *found) { f.assignedUsers = []string{agentID} }, wrong, "instead of []"},
		"answered but lost":        {answered, func(f *found) { f.tags = append(f.tags, "call_lost") }, wrong, "is tagged"},
		"answered, untagged":       {answered, func(f *found) { f.tags = []string{} }, wrong, "is tagged []"},
		"missed, untagged":         {missed, func(f *found) { f.tags = []string{"babelforce"} }, wrong, "is tagged [babelforce]"},
		"missed but answered":      {missed, func(f *found) { f.tags = append(f.tags, "call_answered") }, wrong, "is tagged"},
		"tagged beyond need":       {missed, func(f *found) { f.tags = append(f.tags, "call_missed") }, wrong, "is tagged"},
		"note of too long":         {answered, func(f *found) { f.notes[1].Body = "Answered by Ada.\nQueue: Support\nAfter: 17 s" }, wrong, `does not say "After: 7 s`},
		"note names another":       {answered, func(f *found) { f.notes[1].Body = "Answered by Bob.\nQueue: Support\nAfter: 7 s" }, wrong, `does not say "Answered by Ada."`},
		"note of no queue":         {answered, func(f *found) { f.notes[1].Body = "Answered by Ada.\nAfter: 7 s" }, wrong, `does not say "Queue: Support"`},
		"another outcome":          {missed, func(f *found) { f.notes[0].Body = "Call ended: answered.\nWaited: 20 s\nTotal: 20 s\nEnded by: caller" }, wrong, `does not say "Call ended: the caller hung up`},
		"agents out of order":      {transferred, func(f *found) { f.notes[2].Body = strings.Replace(f.notes[2].Body, "Bob, Ada", "Ada, Bob", 1) }, wrong, `"Agents: Bob, Ada"`},
		"both notes of one":        {transferred, func(f *found) { f.notes[1].Body = f.notes[0].Body }, wrong, `"Answered by Bob."`},
		"with the first":           {transferred, func(f *found) { f.assignedUsers = []string{bob.SourceID} }, wrong, "is assigned to"},
		"no recording":             {transferred, func(f *found) { f.notes = f.notes[:3] }, wrong, "has the notes"},
		"another recording":        {transferred, func(f *found) { f.notes[3].Body = "Recording: https://example.com/r2\nLength: 40 s" }, wrong, `"Recording: https://example.com/r1"`},
		"outbound, tagged inbound": {outbound, func(f *found) { f.tags[1] = "inbound_call" }, wrong, "is tagged"},
		"second entry":             {answered, func(f *found) { f.messages = append(f.messages, f.messages[0]) }, doubled, "2 entries on the timeline"},
		"no entry":                 {answered, func(f *found) { f.messages = f.messages[:0] }, wrong, "has on the timeline []"},
		"entry that came in":       {outbound, func(f *found) { f.messages = entry("k5", "in", "unreached") }, wrong, "babelforce:k5:voice: voice, in, unreached"},
		"missing note":             {answered, func(f *found) { f.notes = f.notes[:1] }, wrong, "has the notes"},
		"note of another":          {missed, func(f *found) { f.notes[0].ExternalID = "babelforce:k1:finished" }, wrong, "has the notes"},
		"another customer":         {answered, func(f *found) { f.phones = []string{"+1"} }, wrong, "another customer"},
	} {
		t.Run(name, func(t *testing.T) {
			is := c.of.right
			is.notes, is.tags, is.assignedUsers = slices.Clone(is.notes), slices.Clone(is.tags), slices.Clone(is.assignedUsers)
			c.broken(&is)
			report := compareOne(c.of, is)
			require.False(t, report.right())
			require.Len(t, slices.Concat(report.Lost, report.Doubled, report.Wrong), 1)
			require.Len(t, c.in(report), 1)
			require.Contains(t, c.in(report)[0], c.says)
			require.Contains(t, c.in(report)[0], c.of.Key)
			require.Contains(t, report.String(), "0 of 1 calls right")
			require.Contains(t, report.String(), c.in(report)[0])
		})
	}
}

func TestCallThatCannotBeCheckedIsNotRight(t *testing.T) {
	answered, _, _, _, _ := stories()
	report := compare([]played{{Story: answered.Story}}, judgeUsual, func(string) (found, error) { return answered.right, errors.New("no answer") })
	require.Len(t, report.Wrong, 1)
	require.Contains(t, report.Wrong[0], "no answer")
}

func TestCallThatDoesNotEndIsNotRight(t *testing.T) {
	answered, _, _, _, _ := stories()
	report := compare([]played{{answered.Story, errors.New("still ringing")}}, judgeUsual, func(string) (found, error) { return answered.right, nil })
	require.Len(t, report.Wrong, 1)
	require.Contains(t, report.Wrong[0], "still ringing")
}

// held returns a sandbox that holds the first call as expected, and a client for it.
func held(t *testing.T) (*sandbox.Server, *kustomer.Client) {
	t.Helper()
	s := sandbox.New(sandbox.Config{APIKey: sandboxKey})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := kustomer.New(kustomer.Config{BaseURL: server.URL, APIKey: sandboxKey})
	require.NoError(t, err)
	customer, err := client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Caller", Phones: []kustomer.Phone{{Phone: caller}}})
	require.NoError(t, err)
	conversation, err := client.CreateConversation(t.Context(), kustomer.NewConversation{
		CustomerID: customer.ID, ExternalID: "babelforce:k1", Name: "Call from " + caller, Direction: "in", AssignedUsers: []string{agentID},
		Tags: []string{"babelforce", "inbound_call", "call_answered"},
	})
	require.NoError(t, err)
	answered, _, _, _, _ := stories()
	for _, note := range answered.right.notes {
		require.NoError(t, client.CreateNote(t.Context(), conversation.ID, kustomer.NewNote{ExternalID: note.ExternalID, Body: note.Body}))
	}
	for _, message := range answered.right.messages {
		require.NoError(t, client.CreateMessage(t.Context(), conversation.ID, kustomer.NewMessage{
			App: "babelforce", ExternalID: message.ExternalID, Direction: message.Direction, Meta: message.Meta,
		}))
	}
	return s, client
}

func TestSandboxAndTheAPIAreCheckedAlike(t *testing.T) {
	s, client := held(t)
	answered, missed, _, _, _ := stories()
	for name, stage := range map[string]*Stage{"sandbox": {Sandbox: s, Kustomer: client}, "API": {Kustomer: client}} {
		report := (&show{stage: stage, judge: judgeUsual}).compare(t.Context(), []played{{Story: answered.Story}, {Story: missed.Story}})
		require.Equal(t, 2, report.Calls, name)
		require.Len(t, report.Lost, 1, name)
		require.Contains(t, report.Lost[0], "k2", name)
		require.Empty(t, report.Doubled, name)
		require.Empty(t, report.Wrong, name)
		require.Equal(t, name == "sandbox", report.Requests > 0, "only the sandbox counts requests")
	}
}

func TestMissingTagsAndEntryAreReported(t *testing.T) {
	_, client := held(t)
	holdings := holdingsOf(sandbox.State{Conversations: []sandbox.Conversation{{ExternalID: "babelforce:k1"}}}, client)
	answered, _, _, _, _ := stories()
	report := compareOne(answered, holdings["babelforce:k1"])
	require.Len(t, report.Wrong, 1)
	require.Contains(t, report.Wrong[0], "is tagged []")
	require.Contains(t, report.Wrong[0], "has on the timeline []")
}

func TestConversationOfALegIsDoubled(t *testing.T) {
	answered, _, _, _, _ := stories()
	answered.Steps = []simulator.Step{{
		Event: babelforce.CallFinished, ContentType: "application/json", Body: []byte(`{"call":{"id":"leg","parentId":"k1"}}`),
	}}
	look := func(key string) (found, error) {
		return map[string]found{"k1": answered.right, "leg": {conversations: 1}}[key], nil
	}
	report := compare([]played{{Story: answered.Story}}, judgeUsual, look)
	require.Len(t, report.Doubled, 1)
	require.Contains(t, report.Doubled[0], "2 conversations")
}
