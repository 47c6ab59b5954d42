package trial

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const file = `automations:
  - event: call.inbound
    action: kustomer.conversation.create
    options: { name: Call, customer: 5f0c1a2b3c4d5e6f70819230, assignedTeams: [5f0c1a2b3c4d5e6f70819231], custom: { waitNum: 1, shop: a } }
  - { label: Switched off, event: call.inbound, enabled: false, action: kustomer.conversation.update, options: { name: Never } }
  - { label: Long waits, event: call.bridged, trigger: { conditions: [{ expression: call.duration, operator: GT, expectation: 60 }] },
      action: kustomer.conversation.update, options: { assignedUsers: [5f0c1a2b3c4d5e6f70819232] } }
  - { event: call.finished, action: kustomer.message.create, options: { subject: Call } }
`

func TestMarksShowWhichAutomationsAct(t *testing.T) {
	m, err := Mark("", []byte(file))
	require.NoError(t, err)
	see := func(written any) {
		text, err := json.Marshal(written)
		require.NoError(t, err)
		m.See(text)
	}
	ring := Automation{Line: 2, Event: "call.inbound"}
	long := Automation{Line: 6, Event: "call.bridged", Label: "Long waits"}
	entry := Automation{Line: 8, Event: "call.finished"}
	require.Equal(t, []Automation{ring, long, entry}, m.Unreached(), "one that is switched off is not missed")
	require.Equal(t, "line 6, call.bridged, Long waits", long.String())

	opening, _ := m.Set.Open(call.Facts{})
	see(opening)
	change, _ := m.Set.Change(call.Bridged, call.Facts{Leg: call.Leg{Seconds: new(60)}})
	see(change)
	require.Equal(t, []Automation{long, entry}, m.Unreached())
	change, _ = m.Set.Change(call.Finished, call.Facts{})
	see(change)
	change, _ = m.Set.Change(call.Bridged, call.Facts{Leg: call.Leg{Seconds: new(61)}})
	see(change)
	require.Empty(t, m.Unreached())
}

func TestEntriesOfIgnoreAreMatchedOneByOne(t *testing.T) {
	m, err := Mark("DE", []byte("ignore:\n  callers: [0900*, \"+49900123\", internal, withheld]\n  called: [030 23125099]\n"+file))
	require.NoError(t, err)
	require.Equal(t, "2:13, 2:20, 2:33, 2:43, 3:12", Positions(m.Unmatched()))
	m.Match(call.Facts{Leg: call.Leg{From: "+499001"}})
	m.Match(call.Facts{Leg: call.Leg{From: "101", To: "+493023125099"}})
	require.Equal(t, "2:20, 2:43", Positions(m.Unmatched()), "the call matches two entries")
	m.Match(call.Facts{Leg: call.Leg{From: "+49900123"}})
	m.Match(call.Facts{Leg: call.Leg{Anonymous: true}})
	require.Empty(t, m.Unmatched())
	require.Equal(t, "1:0, 1:0, 1:0, 1:0, 1:0, 1:0, 1:0, 1:0 and 2 more", Positions(slices.Repeat([]Position{{Line: 1}}, 10)))
}

func TestOrgHasAllThatTheFileNames(t *testing.T) {
	set, _, err := load.Bytes("file", []byte(file))
	require.NoError(t, err)
	org := Org(set.Needs())
	require.Equal(t, "5f0c1a2b3c4d5e6f70819230", org.Customers[0].ID)
	require.Equal(t, "5f0c1a2b3c4d5e6f70819231", org.Teams[len(sandbox.DefaultTeams())].ID)
	require.Equal(t, "5f0c1a2b3c4d5e6f70819232", org.Users[len(sandbox.DefaultUsers())].ID)
	require.Equal(t, "number", org.Attributes["waitNum"])
	require.Equal(t, "string", org.Attributes["shop"])
	require.Equal(t, sandbox.DefaultUsers(), Org(load.Default().Needs()).Users)
}

var ring = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// event is an event of a call that began at ring, received when it happens.
func event(kind call.Kind, after int) call.Event {
	return call.Event{Kind: kind, ReceivedAt: ring.Add(time.Duration(after) * time.Second), Leg: call.Leg{
		ID: "call", From: "+493023125042", CreatedAt: ring, Seconds: new(after),
	}}
}

func TestStepsRunWhenDue(t *testing.T) {
	record := call.Record{Key: "call", Started: ring, Limits: call.DefaultLimits}
	var at []time.Duration
	var causes []call.Cause
	err := Play(&record, []call.Event{event(call.Inbound, 0), event(call.Bridged, 7), event(call.Finished, 20), event(call.Bridged, 3600)},
		func(step call.Step, now time.Time) (call.Done, error) {
			at, causes = append(at, now.Sub(ring)/time.Second), append(causes, step.Causes...)
			return call.Done{Conversation: true, Expects: call.Expects{Finish: true}}, nil
		})
	require.NoError(t, err)
	require.Equal(t, []call.Cause{call.Rang, call.PickedUp, call.Ended}, causes, "after an hour the call is long over")
	require.Equal(t, []time.Duration{0, 7, 35}, at)
}

func TestStepThatFailsEndsTheCall(t *testing.T) {
	record := call.Record{Key: "call", Started: ring, Limits: call.DefaultLimits}
	failure, steps := errors.New("refused"), 0
	err := Play(&record, []call.Event{event(call.Inbound, 0), event(call.Bridged, 7)}, func(call.Step, time.Time) (call.Done, error) {
		steps++
		return call.Done{}, failure
	})
	require.ErrorIs(t, err, failure)
	require.Equal(t, 1, steps)
}
