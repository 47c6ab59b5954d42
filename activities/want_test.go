package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

// These tests send no requests: a story and a file define a conversation, and a step writes
// the difference from the conversation of the earlier story.

// wantFile loads automations. They begin with an opening that has the given options.
func wantFile(t *testing.T, opening, others string) *automation.Set {
	t.Helper()
	file := wantTables + "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { " + opening + " } }\n" + others
	set, _, err := load.Bytes("test.yaml", []byte(file))
	require.NoError(t, err, file)
	return set
}

const (
	wantSupport = "5f0c1a2b3c4d5e6f70819220"
	wantBilling = "5f0c1a2b3c4d5e6f70819221"
	wantTables  = "queues: { Support: " + wantSupport + ", Billing: " + wantBilling + " }\n"
)

// wantOn is an automation that updates the conversation on an event.
func wantOn(event, options string) string {
	return "- { event: " + event + ", action: kustomer.conversation.update, options: { " + options + " } }\n"
}

// wantIf is like wantOn, with a condition such as "agent.name EQ Amira".
func wantIf(event, expression, operator, expectation, options string) string {
	return "- { event: " + event + ", trigger: { conditions: [{ expression: " + expression + ", operator: " + operator + ", expectation: " + expectation +
		" }] }, action: kustomer.conversation.update, options: { " + options + " } }\n"
}

const (
	wantBridged  = "call.bridged"
	wantFinished = "call.finished"
	wantRecorded = "recording.finished"
	wantWrapUp   = "call.wrappedUp"
)

// wantStory is a call that rings, changed by what has happened since.
func wantStory(since ...func(*call.Story)) call.Story {
	s := call.Story{Opening: call.Facts{Key: "k-1", Leg: call.Leg{ID: "k-1", From: caller}}}
	for _, happens := range since {
		happens(&s)
	}
	return s
}

// wantRang is when the call of these tests begins to ring.
var wantRang = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// wantPickUp is a pick-up after that many seconds, by an agent of the queue. The user is
// the agent's Kustomer user; "" means that it was not looked up.
func wantPickUp(note string, seconds int, agent call.Agent, queue, user string) func(*call.Story) {
	return func(s *call.Story) {
		p := call.PickUp{Note: note, Facts: s.Opening, At: wantRang.Add(time.Duration(seconds) * time.Second), Resolved: call.Resolved{User: user}}
		p.Facts.Agent, p.Facts.Queue, p.Facts.Leg.Seconds = agent, call.Queue{Name: queue}, &seconds
		s.PickUps = append(s.PickUps, p)
	}
}

// byAmira and byBastian are the pick-ups of most tests. Amira's is the earlier one.
var (
	byAmira   = wantPickUp("bridged", 10, call.Agent{ID: "7", Name: "Amira"}, "Support", amira.ID)
	byBastian = wantPickUp("bridged-2", 60, call.Agent{ID: "8", Name: "Bastian"}, "Billing", bastian.ID)
)

// byUnknown is a pick-up by an agent that Kustomer does not know.
func byUnknown(note string, seconds int) func(*call.Story) {
	return func(s *call.Story) {
		wantPickUp(note, seconds, call.Agent{ID: "9", Name: "Clara"}, "Support", "")(s)
		s.PickUps[len(s.PickUps)-1].Unassigned = true
	}
}

// wantOutcome is the outcome of a call. The name of its note says whether it is a
// correction.
func wantOutcome(note string, outcome call.Outcome) func(*call.Story) {
	return func(s *call.Story) {
		facts := s.Opening
		facts.Outcome = outcome
		s.Closing = &call.Closing{Note: note, Facts: facts}
	}
}

func wantRecording(note, id string) func(*call.Story) {
	return func(s *call.Story) {
		s.Recordings = append(s.Recordings, call.RecordingNote{Note: note, Recording: call.Recording{ID: id}})
	}
}

func wantWrappedUp(s *call.Story) { s.WrappedUp = true }

// wantFrom gives the call another number, which changes the opening.
func wantFrom(number string) func(*call.Story) {
	return func(s *call.Story) { s.Opening.Leg.From = number }
}

// diff is the difference that a step writes. Only the fields that are set are written.
type diff = automation.Change

func TestStepWritesTheDifference(t *testing.T) {
	const assigns = `assignedUsers: ["{agent.sourceId}"]`
	const everything = `name: "With {agent.name}", status: snoozed, priority: 4, ` + assigns + `, assignedTeams: ["{queue.teamId}"], custom: { callIdStr: "{agent.id}" }`
	const corrected = `tags: { add: ["call_{call.outcome}"] }`
	both := []func(*call.Story){byAmira, byBastian}
	answered, missed := wantOutcome("finished-2", call.Answered), wantOutcome("finished", call.NoAgent)
	type stories = []func(*call.Story)

	for rule, c := range map[string]struct {
		opening  string // options of the opening
		file     string // the other automations
		was, is  stories
		want     diff
		unassign bool
	}{
		"1: nothing is written if nothing has changed": {
			`name: "{call.from}", tags: [a]`, wantOn(wantBridged, everything), stories{byAmira}, stories{byAmira}, diff{}, false,
		},
		"1: an event that no automation acts on changes nothing": {"name: Call", "", nil, stories{byAmira}, diff{}, false},

		"4: what several automations of an event list is united": {
			"", wantOn(wantBridged, "tags: { add: [f, d, b], remove: [z, x] }, assignedTeams: ["+wantSupport+"]") + wantOn(wantBridged, "tags: { add: [e, c, a], remove: [y, w, v] }, assignedTeams: ["+wantBilling+"]"),
			nil, stories{byAmira}, diff{AddTags: []string{"a", "b", "c", "d", "e", "f"}, RemoveTags: []string{"v", "w", "x", "y", "z"}, AssignedTeams: []string{wantSupport, wantBilling}}, false,
		},
		"4: of several pick-ups the last one's single values and assignees count": {
			"", wantOn(wantBridged, everything), nil, both, diff{
				Name: "With Bastian", Status: "snoozed", Priority: 4, AssignedUsers: []string{bastian.ID}, AssignedTeams: []string{wantBilling},
				Custom: map[string]any{"callIdStr": "8"},
			}, false,
		},
		"4: of two pick-ups at the same moment the one that became known later counts": {
			"", wantOn(wantBridged, `name: "{agent.name}"`), nil, stories{wantPickUp("bridged", 10, call.Agent{Name: "Zoe"}, "", ""), wantPickUp("bridged-2", 10, call.Agent{Name: "Ben"}, "", "")},
			diff{Name: "Ben"}, false,
		},
		"4: the next event replaces assignees, and adds and removes tags": {
			"tags: [lost], assignedUsers: [" + amira.ID + "], assignedTeams: [" + wantSupport + "]",
			wantOn(wantBridged, "tags: { add: [answered], remove: [lost] }, assignedUsers: ["+bastian.ID+"], assignedTeams: ["+wantBilling+"]"), nil, stories{byAmira},
			diff{AddTags: []string{"answered"}, RemoveTags: []string{"lost"}, AssignedUsers: []string{bastian.ID}, AssignedTeams: []string{wantBilling}}, false,
		},
		"4: a pick-up that becomes known out of order does not override the later one's single values": {
			"", wantOn(wantBridged, everything), stories{byBastian}, stories{byBastian, byAmira}, diff{}, false,
		},
		"4: but adds what the later one does not state": {
			"", wantOn(wantBridged, `tags: { add: ["with_{agent.name}"] }`) + wantIf(wantBridged, "agent.name", "EQ", "Amira", "priority: 4, custom: { callIdStr: x }"),
			stories{byBastian}, stories{byBastian, byAmira}, diff{AddTags: []string{"with_Amira"}, Priority: 4, Custom: map[string]any{"callIdStr": "x"}}, false,
		},
		"4: a tag that the later pick-up removes is not added by one out of order": {
			"", wantIf(wantBridged, "agent.name", "EQ", "Amira", "tags: { add: [waits] }") + wantIf(wantBridged, "agent.name", "EQ", "Bastian", "tags: { remove: [waits] }"),
			stories{byBastian}, stories{byBastian, byAmira}, diff{}, false,
		},
		"4: what the last event does not state stays as the one before it does": {
			"", wantOn(wantBridged, everything) + wantOn(wantFinished, "tags: { add: [ended] }"), nil, stories{byAmira, missed}, diff{
				Name: "With Amira", Status: "snoozed", Priority: 4, AssignedUsers: []string{amira.ID}, AssignedTeams: []string{wantSupport},
				AddTags: []string{"ended"}, Custom: map[string]any{"callIdStr": "7"},
			}, false,
		},
		"4: the outcome counts more than pick-ups, and the end of the wrap-up more than recordings and the outcome": {
			"", wantOn(wantBridged, "name: a, status: open, priority: 1") + wantOn(wantFinished, "name: b, status: snoozed, priority: 2") +
				wantOn(wantRecorded, "name: c, status: done") + wantOn(wantWrapUp, "name: d"),
			nil, stories{byAmira, missed, wantWrappedUp, wantRecording("recorded", "r-1")}, diff{Name: "d", Status: "done", Priority: 2}, false,
		},
		"4: of several recordings the one that arrived last counts": {
			"", wantOn(wantRecorded, `custom: { storyTxt: "{recording.id}" }`), nil, stories{missed, wantRecording("recorded", "r-2"), wantRecording("recorded-2", "r-1")},
			diff{Custom: map[string]any{"storyTxt": "r-1"}}, false,
		},
		"4: recordings and the wrap-up wait for the outcome": {
			"", wantOn(wantRecorded, "priority: 2") + wantOn(wantWrapUp, "status: done"), nil, stories{wantRecording("recorded", "r-1"), wantWrappedUp}, diff{}, false,
		},

		"5: each event is rendered with its own facts": {
			`name: "{call.from}"`, wantOn(wantBridged, `custom: { callIdStr: "{call.duration} {queue.name}" }`) + wantOn(wantFinished, `custom: { outcomeStr: "{call.duration} {call.outcome}" }`),
			nil, stories{byAmira, missed}, diff{Custom: map[string]any{"callIdStr": "10 Support", "outcomeStr": " no_agent"}}, false,
		},
		"5: a recording knows the outcome": {
			"", wantOn(wantRecorded, `custom: { storyTxt: "{call.outcome} {recording.id}" }`), stories{missed}, stories{missed, wantRecording("recorded", "r-1")},
			diff{Custom: map[string]any{"storyTxt": "no_agent r-1"}}, false,
		},

		"6: what an unwritten event states is written although it is the same": {
			"name: Call, status: open, priority: 3, tags: [a], assignedTeams: [" + wantSupport + "], assignedUsers: [" + amira.ID + "], custom: { callIdStr: x }",
			wantOn(wantBridged, "name: Call, status: open, priority: 3, tags: { add: [a] }, assignedTeams: ["+wantSupport+"], assignedUsers: ["+amira.ID+"], custom: { callIdStr: x }"),
			nil, stories{byAmira}, diff{
				Name: "Call", Status: "open", Priority: 3, AddTags: []string{"a"}, AssignedTeams: []string{wantSupport}, AssignedUsers: []string{amira.ID},
				Custom: map[string]any{"callIdStr": "x"},
			}, false,
		},
		"6: so is a tag that it removes, although nothing has added it": {
			"", wantOn(wantBridged, "tags: { remove: [b] }"), nil, stories{byAmira}, diff{RemoveTags: []string{"b"}}, false,
		},
		"6: written events contribute only differences": {
			`name: "{call.from}"`, wantOn(wantBridged, `status: open, priority: 3, tags: { add: [a, "with_{agent.name}"], remove: [b] }, custom: { callIdStr: "{call.id}", calledNumberStr: "{agent.id}" }`),
			stories{byAmira, wantFrom("100")}, stories{wantPickUp("bridged", 10, call.Agent{ID: "8", Name: "Ben"}, "", ""), wantFrom("200")},
			diff{Name: "200", AddTags: []string{"with_Ben"}, RemoveTags: []string{"with_Amira"}, Custom: map[string]any{"calledNumberStr": "8"}}, false,
		},
		"6: a single value that no event states any more stays": {
			"", wantIf(wantFinished, "call.outcome", "EQ", "no_agent", "name: Missed, priority: 5, assignedTeams: ["+wantSupport+"], assignedUsers: ["+amira.ID+"], custom: { outcomeStr: x }"),
			stories{missed}, stories{byAmira, answered}, diff{}, false,
		},
		"6: a team of the file is replaced if the queue was another": {
			"", wantOn(wantBridged, `assignedTeams: ["{queue.teamId}"]`), stories{byAmira}, stories{wantPickUp("bridged", 10, agentAmira, "Billing", "")},
			diff{AssignedTeams: []string{wantBilling}}, false,
		},
		"6: a status and a priority that an earlier event stated count again once the outcome is corrected": {
			"status: open, priority: 1", wantIf(wantFinished, "call.outcome", "EQ", "no_agent", "status: done, priority: 5"),
			stories{missed}, stories{byAmira, answered}, diff{Status: "open", Priority: 1}, false,
		},

		"6: and so do attributes, and a team": {
			`assignedTeams: [` + wantSupport + `], custom: { callIdStr: "{call.from}" }`, wantIf(wantFinished, "call.outcome", "EQ", "no_agent", "assignedTeams: ["+wantBilling+"], custom: { callIdStr: x }"),
			stories{missed}, stories{byAmira, answered}, diff{AssignedTeams: []string{wantSupport}, Custom: map[string]any{"callIdStr": caller}}, false,
		},

		"7: set replaces the list, with what other events of the step add and remove after it": {
			"tags: [a, b]", wantOn(wantBridged, "tags: { set: [c, e] }") + wantOn(wantFinished, "tags: { add: [d, a], remove: [e] }"), nil, stories{byAmira, missed},
			diff{SetTags: []string{"a", "c", "d"}}, false,
		},
		"7: set does not keep what the same step added before it": {
			"", wantOn(wantBridged, "tags: { add: [x], remove: [y] }") + wantOn(wantFinished, "tags: { set: [c] }"), nil, stories{byAmira, missed}, diff{SetTags: []string{"c"}}, false,
		},
		"7: a set out of order keeps what later events have added, and what they removed is not in it": {
			"tags: [a]", wantIf(wantBridged, "agent.name", "EQ", "Amira", "tags: { set: [e, c, x] }") + wantIf(wantBridged, "agent.name", "EQ", "Bastian", "tags: { add: [f, d], remove: [x] }"),
			stories{byBastian}, stories{byBastian, byAmira}, diff{SetTags: []string{"c", "d", "e", "f"}}, false,
		},
		"7: an empty set clears the list": {"tags: [a]", wantOn(wantBridged, "tags: { set: [] }"), nil, stories{byAmira}, diff{SetTags: []string{}}, false},
		"7: a set that is written is not sent again": {
			"", wantOn(wantBridged, "tags: { set: [c] }") + wantOn(wantFinished, "tags: { add: [d] }"), stories{byAmira}, stories{byAmira, missed}, diff{AddTags: []string{"d"}}, false,
		},
		"7: each pick-up's set is sent once": {
			"", wantOn(wantBridged, `tags: { set: ["with_{agent.name}"] }`), stories{byAmira}, both, diff{SetTags: []string{"with_Bastian"}}, false,
		},
		"7: a set that was written with another value is corrected by adding and removing": {
			"", wantOn(wantBridged, `tags: { set: [c, "with_{agent.name}"] }`), stories{wantPickUp("bridged", 10, call.Agent{}, "", "")}, stories{byAmira},
			diff{AddTags: []string{"with_Amira"}}, false,
		},
		"7: tags of a corrected outcome are taken back, and the new ones added": {
			"tags: [a]", wantOn(wantFinished, corrected), stories{missed}, stories{byAmira, answered}, diff{AddTags: []string{"call_answered"}, RemoveTags: []string{"call_no_agent"}}, false,
		},
		"7: a tag that another event adds too is not taken back": {
			"tags: [call_no_agent]", wantOn(wantFinished, corrected), stories{missed}, stories{byAmira, answered}, diff{AddTags: []string{"call_answered"}}, false,
		},
		"7: a tag that a corrected outcome had removed is added again": {
			"tags: [lost]", wantIf(wantFinished, "call.outcome", "EQ", "no_agent", "tags: { remove: [lost] }"), stories{missed}, stories{byAmira, answered}, diff{AddTags: []string{"lost"}}, false,
		},
		"7: a tag that was only removed is not added by a correction": {
			"", wantIf(wantFinished, "call.outcome", "EQ", "no_agent", "tags: { remove: [lost] }"), stories{missed}, stories{byAmira, answered}, diff{}, false,
		},
		"7: a tag that a set put aside comes back if the outcome that set it is corrected": {
			"tags: [a]", wantIf(wantFinished, "call.outcome", "EQ", "no_agent", "tags: { set: [c] }"), stories{missed}, stories{byAmira, answered},
			diff{AddTags: []string{"a"}, RemoveTags: []string{"c"}}, false,
		},

		"9: an agent is the user who was found, not the one that babelforce names": {
			"", wantOn(wantBridged, assigns), nil, stories{wantPickUp("bridged", 10, call.Agent{ID: "7", SourceID: "salesforce-7"}, "", amira.ID)}, diff{AssignedUsers: []string{amira.ID}}, false,
		},
		"9: but only where the agent is assigned": {
			"", wantOn(wantBridged, `custom: { callIdStr: "{agent.sourceId}" }`), nil, stories{wantPickUp("bridged", 10, call.Agent{ID: "7", SourceID: "salesforce-7"}, "", amira.ID)},
			diff{Custom: map[string]any{"callIdStr": "salesforce-7"}}, false,
		},
		"9: an agent whose identity has changed is assigned": {
			"", wantOn(wantBridged, assigns), stories{byAmira}, stories{wantPickUp("bridged", 10, call.Agent{ID: "8"}, "", bastian.ID)}, diff{AssignedUsers: []string{bastian.ID}}, false,
		},

		"10: a pick-up that assigns no agent leaves the assignment unstated": {"assignedUsers: [" + amira.ID + "]", wantOn(wantBridged, "name: x"), nil, stories{byUnknown("bridged", 10)}, diff{Name: "x"}, false},
		"10: so does one whose trigger fails": {
			"", wantIf(wantBridged, "agent.name", "EQ", "Amira", assigns), stories{byAmira}, stories{byAmira, byUnknown("bridged-2", 60)}, diff{}, false,
		},
		"10: no user stays assigned if Kustomer does not know the agent": {
			"", wantOn(wantBridged, assigns), stories{byAmira}, stories{byAmira, byUnknown("bridged-2", 60)}, diff{AddTags: []string{UnassignedTag}}, true,
		},
		"10: an outcome that names no user says nothing about who has the call": {"", wantOn(wantBridged, assigns) + wantOn(wantFinished, assigns), stories{byAmira}, stories{byAmira, answered}, diff{}, false},
		"10: that is stated once": {"", wantOn(wantBridged, assigns), stories{byUnknown("bridged", 10)}, stories{byUnknown("bridged", 10), missed}, diff{}, false},
		"10: it is stated again by an agent who turns out to be unknown": {
			"", wantOn(wantBridged, assigns), stories{byAmira}, stories{byUnknown("bridged", 10)}, diff{AddTags: []string{UnassignedTag}}, true,
		},
		"10: users that the file names stay beside an unknown agent": {
			"", wantOn(wantBridged, `assignedUsers: ["{agent.sourceId}", `+bastian.ID+"]"), nil, stories{byUnknown("bridged", 10)},
			diff{AssignedUsers: []string{bastian.ID}, AddTags: []string{UnassignedTag}}, false,
		},
		"10: this no longer counts once a later event names users": {
			"", wantOn(wantBridged, assigns) + wantOn(wantFinished, "assignedUsers: ["+bastian.ID+"]"), nil, stories{byUnknown("bridged", 10), missed},
			diff{AssignedUsers: []string{bastian.ID}, AddTags: []string{UnassignedTag}}, false,
		},
		"10: an unknown agent out of order takes nothing from the later one": {"", wantOn(wantBridged, assigns), stories{byBastian}, stories{byBastian, byUnknown("bridged", 10)}, diff{}, false},
		"10: the tag for that is removed when the agent is known": {
			"", wantOn(wantBridged, assigns), stories{byUnknown("bridged", 10)}, stories{byAmira}, diff{AssignedUsers: []string{amira.ID}, RemoveTags: []string{UnassignedTag}}, false,
		},
		"10: or when the next agent is": {
			"", wantOn(wantBridged, assigns), stories{byUnknown("bridged", 10)}, stories{byUnknown("bridged", 10), byBastian}, diff{AssignedUsers: []string{bastian.ID}, RemoveTags: []string{UnassignedTag}}, false,
		},
		"10: and stays if the next one is unknown too": {
			"", wantOn(wantBridged, assigns), stories{byUnknown("bridged", 10)}, stories{byUnknown("bridged", 10), byUnknown("bridged-2", 60)}, diff{AddTags: []string{UnassignedTag}}, true,
		},
		"10: and stays if the next one's pick-up says nothing about agents": {
			"", wantIf(wantBridged, "agent.name", "EQ", "Clara", assigns), nil, stories{byUnknown("bridged", 10), byBastian}, diff{AddTags: []string{UnassignedTag}}, true,
		},

		"11: the end of the wrap-up is an event like any other": {"", wantOn(wantWrapUp, "status: done"), stories{byAmira, answered}, stories{byAmira, answered, wantWrappedUp}, diff{Status: "done"}, false},
		"11: and knows the outcome":                             {"", wantOn(wantWrapUp, `custom: { outcomeStr: "{call.outcome}" }`), stories{byAmira, answered}, stories{byAmira, answered, wantWrappedUp}, diff{Custom: map[string]any{"outcomeStr": "answered"}}, false},
		"11: its values are not overridden by a corrected outcome": {
			"", wantOn(wantFinished, "status: open") + wantOn(wantWrapUp, "status: done"), stories{missed, wantWrappedUp}, stories{byAmira, answered, wantWrappedUp}, diff{}, false,
		},
	} {
		t.Run(rule, func(t *testing.T) {
			file := wantFile(t, c.opening, c.file)
			d := differ(want(file, wantStory(c.was...), call.Kustomer{}), want(file, wantStory(c.is...), call.Kustomer{}))
			require.Equal(t, difference{Change: c.want, unassign: c.unassign}, d)
		})
	}
}

// wantVIPs opens conversations only for one number.
const wantVIPs = `automations:
- event: call.inbound
  trigger: { conditions: [{ expression: call.from.number, operator: EQ, expectation: "100" }] }
  action: kustomer.conversation.create
  options: { name: VIP, tags: [vip], status: done, priority: 5 }
- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { add: [answered] } } }
`

// Rule 8. A number that becomes known late may be one whose calls are not wanted, or the
// opposite.
func TestLateTriggerUndoesNoOpening(t *testing.T) {
	set, _, err := load.Bytes("test.yaml", []byte(wantVIPs))
	require.NoError(t, err)
	from := func(number string, since ...func(*call.Story)) []contribution {
		return want(set, wantStory(append(since, wantFrom(number))...), call.Kustomer{})
	}
	require.Equal(t, difference{}, differ(from("100"), from("200")), "its tag and its status are not taken back")
	require.Equal(t, difference{}, differ(from("200"), from("100")), "nor written late")
	answered := difference{Change: diff{AddTags: []string{"answered"}}}
	require.Equal(t, answered, differ(from("100"), from("200", byAmira)), "what comes after the opening is written")
	require.Equal(t, answered, differ(from("200"), from("200", byAmira)))
	require.Equal(t, difference{}, differ(from("100", byAmira), from("200", byAmira)))
}

// Rules 9 and 10, for the agent who placed the call and still has it.
func TestOpeningAssignsThePlacingAgent(t *testing.T) {
	set, _, err := load.Bytes("test.yaml", []byte(`automations:
- { event: call.outbound, action: kustomer.conversation.create, options: { assignedUsers: ["{agent.sourceId}"] } }
- { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"] } }
`))
	require.NoError(t, err)
	placedBy := func(placer call.Resolved, since ...func(*call.Story)) []contribution {
		s := wantStory(since...)
		s.Opening.Outgoing, s.Opening.Agent, s.Placer = true, call.Agent{ID: "7", SourceID: "salesforce-7"}, placer
		return want(set, s, call.Kustomer{})
	}
	known, unknown := call.Resolved{User: amira.ID}, call.Resolved{Unassigned: true}
	require.Equal(t, difference{Change: diff{AssignedUsers: []string{amira.ID}, RemoveTags: []string{UnassignedTag}}}, differ(placedBy(unknown), placedBy(known)))
	require.Equal(t, difference{Change: diff{AssignedUsers: []string{bastian.ID}, RemoveTags: []string{UnassignedTag}}}, differ(placedBy(unknown), placedBy(unknown, byBastian)))
	require.Equal(t, difference{Change: diff{AddTags: []string{UnassignedTag}}, unassign: true}, differ(placedBy(known), placedBy(known, byUnknown("bridged", 10))))
	require.True(t, placedBy(unknown)[0].unassign)
	require.Equal(t, []string{UnassignedTag}, placedBy(unknown)[0].AddTags)
	require.Empty(t, placedBy(unknown, byBastian)[0].AddTags, "that is about the agent who has the call now")
}

// The name of an event's note says whether the event is written.
func TestContributionsAreInOrder(t *testing.T) {
	const notes = `note: "{call.outcome} {agent.name} {recording.id} {integration.kustomer.conversation.id}"`
	file := wantFile(t, "", wantOn("call.inbound", "note: Rings")+wantOn(wantBridged, `note: "{agent.name} {integration.kustomer.conversation.id}", assignedUsers: ["{agent.sourceId}"]`)+
		wantOn(wantFinished, `note: "{call.outcome}"`)+wantOn(wantRecorded, notes)+wantOn(wantWrapUp, "note: over"))
	s := wantStory(byBastian, byAmira, byUnknown("bridged-3", 70), wantOutcome("finished", call.Answered), wantRecording("recorded", "r-1"), wantRecording("recorded-2", "r-2"), wantWrappedUp)
	var names, written []string
	for _, c := range want(file, s, call.Kustomer{ConversationID: "c-1"}) {
		names, written = append(names, c.event), append(written, c.Note)
	}
	require.Equal(t, []string{"inbound", "bridged", "bridged-2", "bridged-3", "finished", "recorded", "recorded-2", "wrappedUp"}, names)
	require.Equal(t, []string{"Rings", "Amira c-1", "Bastian c-1", "Clara c-1", "answered", "answered  r-1 c-1", "answered  r-2 c-1", "over"}, written)
	require.Equal(t, "bridged-2", s.PickUps[0].Note, "the story itself is left as it is")
}

// A step shows the warnings of the events that it writes.
func TestWarningsBelongToTheirEvents(t *testing.T) {
	file := wantFile(t, `tags: ["{call.sessionId}"]`, wantOn(wantBridged, `assignedUsers: ["{agent.sourceId}"]`))
	s := wantStory(byUnknown("bridged", 10), byBastian)
	s.Opening.Leg.SessionID = "not, a tag"
	all := want(file, s, call.Kustomer{})
	require.Len(t, all[0].warnings, 1)
	require.Equal(t, []string{"the agent has no sourceId: the conversation was not assigned"}, all[1].warnings)
	require.Empty(t, all[2].warnings)
}

// A pick-up that is reported out of order would have set tags that the later pick-up has
// replaced since. They were never written, and a person may have added one of them.
func TestUnwrittenTagsAreNotRemoved(t *testing.T) {
	file := wantFile(t, "", wantOn(wantBridged, `tags: { set: ["with_{agent.name}"] }`))
	require.Equal(t, difference{}, differ(
		want(file, wantStory(byBastian), call.Kustomer{}),
		want(file, wantStory(byBastian, byAmira), call.Kustomer{}),
	))
}
