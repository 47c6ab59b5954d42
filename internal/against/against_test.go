package against

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
)

const file = `
queues: { Support: 5f0c1a2b3c4d5e6f70819220 }
automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: "Call from {call.from}", tags: [a], custom: { callIdStr: "{call.id}" } } }
  - { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], note: "With {agent.name}" } }
  - { event: call.finished, action: kustomer.conversation.update, options: { status: done, tags: { add: ["call_{call.outcome}"] } } }
`

const amira = "5f0c1a2b3c4d5e6f70819210"

// with returns the file with a change.
func with(t *testing.T, was, is string) *automation.Set {
	t.Helper()
	require.Contains(t, file, was)
	set, _, err := load.Bytes("mine.yaml", []byte(strings.Replace(file, was, is, 1)))
	require.NoError(t, err)
	return set
}

// answered is a call that an agent has picked up, served with the file above.
func answered(t *testing.T, agent call.Agent, found map[string]call.Resolved) operator.Past {
	t.Helper()
	rang := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	past := operator.Past{CallID: "call-1", HasEnded: true, Automations: with(t, "", "").Version, Agents: found}
	past.Record = call.Record{Key: "call-1", Started: rang, Limits: call.DefaultLimits}
	for i, kind := range []call.Kind{call.Inbound, call.Bridged, call.Finished} {
		at := rang.Add(time.Duration(i) * 10 * time.Second)
		event := call.Event{Kind: kind, ReceivedAt: at, Leg: call.Leg{ID: "call-1", Type: "inbound", From: "+493023125042"}}
		if kind == call.Bridged {
			event.Agent, event.Queue = agent, call.Queue{Name: "Support"}
		}
		past.Record.Add(event, at)
	}
	return past
}

func TestDifferencesHaveOnlyTextsOfFiles(t *testing.T) {
	past := answered(t, call.Agent{Name: "Amira Haddad", SourceID: amira}, nil)
	for what, change := range map[string][2]string{
		`tag "b" instead of "a"`:                                            {"tags: [a]", "tags: [b]"},
		`also tag "b", one that depends on the call`:                        {"tags: [a]", `tags: [a, b, "{call.id}"]`},
		`no tag "a", "call_answered"`:                                       {`add: ["call_{call.outcome}"]`, "remove: [a]"},
		`also removes tag "c"`:                                              {`add: ["call_{call.outcome}"]`, `add: ["call_{call.outcome}"], remove: [c]`},
		`name "Call" instead of one that depends on the call`:               {"Call from {call.from}", "Call"},
		"another name":                                                      {"Call from {call.from}", "From {call.from}"},
		`status "open" instead of "done"`:                                   {"status: done", "status: open"},
		`priority "4" instead of none`:                                      {"status: done", "status: done, priority: 4"},
		`attribute callIdStr "own" instead of one that depends on the call`: {`"{call.id}"`, "own"},
		"attribute fromStr, and there was none":                             {`callIdStr: "{call.id}"`, `callIdStr: "{call.id}", fromStr: "{call.from}"`},
		"another note of call.bridged":                                      {"With {agent.name}", "{agent.name}"},
		"no note of call.bridged, and there was one":                        {`, note: "With {agent.name}"`, ""},
		"note of call.finished, and there was none":                         {"status: done", `status: done, note: "From {call.from}"`},
		`assigned team "5f0c1a2b3c4d5e6f70819220" instead of none`:          {"note:", `assignedTeams: ["{queue.teamId}"], note:`},
		"no assigned user, and there was one":                               {`assignedUsers: ["{agent.sourceId}"], `, ""},
		"no conversation is opened":                                         {"options: { name", `trigger: { conditions: [{ expression: call.from, operator: STARTS_WITH, expectation: "+44" }] }, options: { name`},
	} {
		files := Files{Old: with(t, "", ""), New: with(t, change[0], change[1])}
		report := files.Compare([]operator.Past{past}, false)
		require.Equal(t, []Group{{what, []Concerned{{CallID: "call-1"}}}}, report.Groups)
		require.Equal(t, []int{1, 0}, []int{report.Compared, report.Same})

		revealed := files.Compare([]operator.Past{past}, true)
		require.Equal(t, what, revealed.Groups[0].What, "what is revealed stands apart")
	}
}

func TestOnlyEndedCallsOfTheFileCompare(t *testing.T) {
	past := answered(t, call.Agent{Name: "Amira Haddad", SourceID: amira}, nil)
	all := make([]operator.Past, 5)
	for i := range all {
		all[i] = past
	}
	all[1].Automations, all[2].Automations, all[3].HasEnded, all[4].Unread = "0123456789ab", "", false, errors.New("no key")
	report := Files{Old: with(t, "", ""), New: with(t, "tags: [a]", "tags: [b]")}.Compare(all, false)
	var printed bytes.Buffer
	report.Print(&printed)
	require.Equal(t, `
1 call compared, 0 of them without a difference.
1 call: tag "b" instead of "a"
  "call-1"
not compared: 1 call, opened with another file (version 0123456789ab)
not compared: 1 call, which cannot be read: no key
not compared: 1 call, not over yet
not compared: 1 call, for which no step has opened a conversation or decided against it
`, printed.String())
}

func TestCallsWithoutACountryAreCounted(t *testing.T) {
	national := answered(t, call.Agent{SourceID: amira}, nil)
	national.Record.Reports = nil
	national.Record.Add(call.Event{Kind: call.Inbound, ReceivedAt: national.Record.Started, Leg: call.Leg{ID: "call-1", Type: "inbound", From: "030 23125042"}}, national.Record.Started)
	pasts := []operator.Past{national, answered(t, call.Agent{SourceID: amira}, nil), {Unread: errors.New("no key")}}
	files := Files{Old: with(t, "", ""), New: with(t, "", "")}
	report := files.Compare(pasts, false)
	require.Equal(t, 1, report.WithoutCountry)
	var printed bytes.Buffer
	report.Print(&printed)
	require.Contains(t, printed.String(), "\nneeds --country: 1 call, whose customer's number has no country code. A worker without a country looks up no customer for it\n")

	files.Country = "DE"
	require.Zero(t, files.Compare(pasts, false).WithoutCountry)
}

// If babelforce does not name the user of an agent, the results of activities do.
func TestAgentsComeFromActivities(t *testing.T) {
	files := Files{Old: with(t, "", ""), New: with(t, `assignedUsers: ["{agent.sourceId}"], `, "")}
	nameless := call.Agent{Name: "Amira Haddad", Email: "amira@example.com"}
	report := files.Compare([]operator.Past{answered(t, nameless, map[string]call.Resolved{"bridged": {User: amira}})}, true)
	require.Equal(t, []Group{{"no assigned user, and there was one", []Concerned{{CallID: "call-1", Was: amira}}}}, report.Groups)

	report = files.Compare([]operator.Past{answered(t, nameless, nil)}, true)
	require.Equal(t, []Group{{"whether the agent is assigned; who that is needs Kustomer", []Concerned{{CallID: "call-1"}}}}, report.Groups)
}

func TestChangesThatNeedKustomerAreNamed(t *testing.T) {
	report := Files{Old: with(t, "", ""), New: with(t, "automations:", "callers: { unknown: park }\nagents: { \"7\": "+amira+" }\nautomations:")}.Compare(nil, false)
	require.Len(t, report.NeedsKustomer, 2)
	require.Contains(t, report.NeedsKustomer[0], `"callers" has changed`)
	require.Contains(t, report.NeedsKustomer[1], `"agents" has changed`)
}
