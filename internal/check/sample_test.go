package check

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
)

// made replaces the id of every object that a sample creates.
const made = "000000000000000000000001"

var madeID = regexp.MustCompile(fmt.Sprintf("%06x[0-9a-f]{18}", began.Unix()>>8))

// sampler is a Sampler with the built-in file as content.
func sampler(set *automation.Set) Sampler {
	return Sampler{Set: set, Content: automation.DefaultFile, Country: "DE"}
}

// The first requests of every sample call by a new caller, and the beginnings of conversations and
// notes.
const (
	look     = `GET /v1/customers/phone=%2B493023125042 `
	add      = `POST /v1/customers {"phones":[{"type":"mobile","phone":"+493023125042"}]}`
	of       = `{"customer":"` + made + `","externalId":"` + external + `",`
	external = `babelforce:7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b`
	at       = ` /v1/conversations/` + made
)

// mine is a file with options that the built-in one does not use.
func mine(t *testing.T) *automation.Set {
	return loaded(t,
		`name: "Ring {call.from:last4}", priority: 4, direction: out, status: done, tags: [a, "to_{call.to:last3}"], assignedTeams: [`+support+`],
		custom: { callIdStr: "{call.id}", ringingAt: "{call.dateCreated}", storyTxt: "{call.conversationId|none}" }`,
		update(`name: "Taken by {agent.name}", priority: 5, status: snoozed, tags: { set: [b] }, assignedUsers: ["{agent.sourceId}"],
		custom: { waitSecondsNum: "{call.duration}", answeredBool: true }`),
		update(`note: "{agent.email}", tags: { add: [c] }`))
}

// The titles of the sample calls.
const (
	isAnswered  = "answered after 7 s, ended after 95 s"
	isLost      = "not answered, the caller hangs up after 20 s"
	isLostBare  = isLost + ", without your own fields"
	isAnonymous = "from a withheld number, answered after 7 s, ended after 95 s"
)

// played returns the requests of all samples as lines of method, path and body, and their warnings,
// by title.
func played(t *testing.T, set *automation.Set) (requests, warnings map[string][]string) {
	t.Helper()
	samples, _, err := sampler(set).Samples(t.Context(), UsualCalls(set))
	require.NoError(t, err)
	requests, warnings = make(map[string][]string), make(map[string][]string)
	for _, sample := range samples {
		requests[sample.Call] = nil
		for _, event := range sample.Events {
			require.NotNil(t, event.Requests, "scripts expect a list")
			warnings[sample.Call] = append(warnings[sample.Call], event.Warnings...)
			for _, request := range event.Requests {
				line := request.Method + " " + request.Path + " " + string(request.Body)
				requests[sample.Call] = append(requests[sample.Call], madeID.ReplaceAllString(line, made))
			}
		}
	}
	require.Contains(t, requests, isAnonymous)
	return requests, warnings
}

// requestsOf returns the requests of the samples with a number. The lost call has no custom fields.
func requestsOf(t *testing.T, set *automation.Set) (answered, lost []string, warnings [2][]string) {
	t.Helper()
	requests, warned := played(t, set)
	end := isLost
	if len(set.Fields) > 0 {
		end = isLostBare
	}
	require.Contains(t, requests, isAnswered)
	require.Contains(t, requests, end)
	return requests[isAnswered], requests[end], [2][]string{warned[isAnswered], warned[end]}
}

func TestWithheldSampleHasUnknownCaller(t *testing.T) {
	requests, _ := played(t, loaded(t, `name: "From {call.from|nobody}"`))
	require.Equal(t, []string{
		`GET /v1/customers/externalId=babelforce%3Aunknown-caller `,
		`POST /v1/customers {"name":"Unknown caller","externalId":"babelforce:unknown-caller"}`,
		`POST /v1/conversations ` + of + `"name":"From nobody","status":"open","direction":"in"}`,
	}, requests[isAnonymous])
}

func TestAllSamplesButOneHaveDeclaredFields(t *testing.T) {
	set, _, err := load.Bytes("file.yaml", []byte(`
fields: [shop, app.vip]
automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: "{shop|none} {app.vip|none}" } }
  - { event: call.finished, action: kustomer.conversation.update, options: { name: "{shop|none} at the end" } }
`))
	require.NoError(t, err)
	requests, _ := played(t, set)
	for title, want := range map[string]string{isAnswered: "sample", isLost: "sample", isAnonymous: "sample", isLostBare: "none"} {
		require.Len(t, requests[title], 4, title)
		require.Contains(t, requests[title][2], `"name":"`+want+" "+want+`"`, title)
		require.Contains(t, requests[title][3], `"name":"`+want+` at the end"`, title)
	}
	requests, _ = played(t, loaded(t, ""))
	require.Len(t, requests, 3, "no fields, nothing to go without")
}

func TestLostSampleNamesItsQueue(t *testing.T) {
	_, lost, _ := requestsOf(t, loaded(t, "", "event: call.finished, action: kustomer.conversation.update, options: { note: '{queue.name}' }"))
	require.Equal(t, `POST`+at+`/notes {"body":"Support","externalId":"`+external+`:finished"}`, lost[3])
}

func TestSamplesOfBuiltInFileMatchRequests(t *testing.T) {
	answered, lost, warnings := requestsOf(t, load.Default())
	const open = `POST /v1/conversations ` + of + `"name":"Call from +493023125042","status":"open","direction":"in","tags":["babelforce","inbound_call","call_lost"]}`
	require.Equal(t, []string{
		look, add, open,
		`PUT` + at + ` {"tags":["babelforce","inbound_call","call_answered"],"assignedUsers":["` + amira + `"],"rev":1}`,
		`POST` + at + `/notes {"body":"Answered by Amira Haddad.\nQueue: Support\nAfter: 7 s","externalId":"` + external + `:bridged"}`,
		`POST` + at + `/notes {"body":"Call ended: answered.\nAgents: Amira Haddad\nWaited: 7 s\nTalked: 1 min 28 s\nTotal: 1 min 35 s","externalId":"` + external + `:finished"}`,
	}, answered)
	require.Equal(t, []string{
		look, add, open,
		`POST` + at + `/tags ["call_abandoned_in_queue"]`,
		`POST` + at + `/notes {"body":"Call ended: the caller hung up in the queue.\nWaited: 20 s\nTotal: 20 s\nEnded by: caller","externalId":"` + external + `:finished"}`,
	}, lost)
	require.Empty(t, warnings[0])
	require.Empty(t, warnings[1])
}

func TestSamplesShowAttributesTeamsAndTags(t *testing.T) {
	answered, lost, _ := requestsOf(t, mine(t))
	const open = `POST /v1/conversations ` + of + `"name":"Ring 5042","status":"done","priority":4,"direction":"out","tags":["a","to_001"],` +
		`"assignedTeams":["` + support + `"],"custom":{"callIdStr":"7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b","ringingAt":"2026-03-02T09:30:00.000Z","storyTxt":"none"}}`
	require.Equal(t, []string{
		look, add, open,
		`PUT` + at + ` {"name":"Taken by Amira Haddad","status":"snoozed","priority":5,"tags":["b","c"],"assignedUsers":["` + amira + `"],` +
			`"custom":{"answeredBool":true,"waitSecondsNum":7},"rev":1}`,
		`POST` + at + `/notes {"body":"amira.haddad@example.com","externalId":"` + external + `:bridged"}`,
	}, answered)
	require.Equal(t, []string{look, add, open}, lost)
}

func TestSamplesShowUnusualEvents(t *testing.T) {
	const outgoing = "outbound, answered after 7 s, ended after 95 s"
	update := func(event, note string) string {
		return "event: " + event + ", action: kustomer.conversation.update, options: { note: '" + note + "' }"
	}
	requests, warnings := played(t, loaded(t, "", "event: call.outbound, action: kustomer.conversation.create, options: { name: 'By {agent.name}' }",
		"event: call.finished, action: kustomer.message.create, options: { subject: '{call.outcome:words}' }",
		update("recording.finished", "{recording.url}"), update("call.wrappedUp", "{call.outcome} for {call.talkTime} s")))
	require.Contains(t, requests[outgoing][2], `"name":"By Amira Haddad","status":"open","direction":"out"}`)
	for _, title := range []string{isAnswered, isAnonymous, outgoing} {
		require.Regexp(t, `^POST`+at+`/messages \{.*"externalId":"`+external+`:voice","subject":"answered".*"answeredAt":"2026-03-02T09:30:07Z"`, requests[title][3])
		require.Empty(t, warnings[title])
		require.Equal(t, []string{
			`POST` + at + `/notes {"body":"https://recordings.example.com/sample","externalId":"` + external + `:recorded"}`,
			`POST` + at + `/notes {"body":"answered for 88 s","externalId":"` + external + `:wrappedUp"}`,
		}, requests[title][4:], title)
	}
	require.Len(t, requests[isLost], 4, "no agent spoke, so there is nothing to wrap up")
}

func TestSampleWithFixedCustomerSkipsLookup(t *testing.T) {
	_, lost, _ := requestsOf(t, loaded(t, `customer: `+nobody))
	require.Equal(t, []string{`POST /v1/conversations {"customer":"` + nobody + `","externalId":"` + external + `","status":"open","direction":"in"}`}, lost)
}

func TestSampleWithoutConversationSendsNoRequests(t *testing.T) {
	set, _, err := load.Bytes("file.yaml", []byte(`automations:
  - event: call.inbound
    trigger: { conditions: [{ expression: call.from, operator: STARTS_WITH, expectation: "+44" }] }
    action: kustomer.conversation.create
    options: { name: From Britain }
  - { event: call.bridged, action: kustomer.conversation.update, options: { note: Answered } }
`))
	require.NoError(t, err)
	answered, lost, _ := requestsOf(t, set)
	require.Empty(t, answered)
	require.Empty(t, lost)
}

func TestSamplesShowWarnings(t *testing.T) {
	_, _, warnings := requestsOf(t, loaded(t, `tags: ["`+strings.Repeat("x", 63)+`{call.id}"]`, update(`custom: { pageUrl: "{agent.name}" }`)))
	const tag = "a tag has characters that Kustomer does not allow, or more than 64: it was left out"
	require.Equal(t, [2][]string{{tag, "attribute pageUrl was left out: its value is not an absolute URL"}, {tag}}, warnings)
}

func TestSampleShowsParkedCall(t *testing.T) {
	set, _, err := load.Bytes("test.yaml", []byte("callers: { unknown: park }\nautomations:\n- { event: call.inbound, action: kustomer.conversation.create, options: {} }\n"))
	require.NoError(t, err)
	requests, warnings := played(t, set)
	require.Contains(t, warnings[isAnswered][0], "the call is parked: no customer has the caller's number")
	require.Contains(t, requests[isAnswered][1], `POST /v1/conversations {"customer":"`+operators, "what would come after that is shown too")
}

func TestASampleWithANoteAtTheRing(t *testing.T) {
	set, _, err := load.Bytes("test.yaml", []byte(`automations:
- { event: call.inbound, action: kustomer.conversation.create, options: {} }
- { event: call.inbound, action: kustomer.conversation.update, options: { note: rings } }
- { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], note: answered } }
`))
	require.NoError(t, err)
	requests, _ := played(t, set)
	require.Contains(t, requests[isAnswered][3], `"externalId":"`+external+`:inbound"`)
}
