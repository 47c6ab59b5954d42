package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/trial"
)

func TestSamplesShowRequestsAndWarnings(t *testing.T) {
	printed, err := starts(t, "check", "--sample", "--automations", writeFile(t, `automations:
  - event: call.inbound
    action: kustomer.conversation.create
    options: { name: "", tags: ["`+strings.Repeat("x", 63)+`{call.id}"] }
`))
	require.NoError(t, err)
	_, printed, _ = strings.Cut(printed, "\n\n")
	answered, lost, found := strings.Cut(printed, "\nSample call, ")
	require.True(t, found)
	require.Contains(t, lost, "the caller hangs up")
	require.Contains(t, lost, "\nSample call, from a withheld number, ")
	require.True(t, strings.HasSuffix(lost, "\nEvery automation acts on one of these calls.\n"), lost)
	require.Equal(t, `Sample call, answered after 7 s, ended after 95 s:
  call.inbound, written at 0:00
    GET /v1/customers/phone=%2B493023125042
    POST /v1/customers
      {
        "phones": [
          {
            "type": "mobile",
            "phone": "+493023125042"
          }
        ]
      }
    POST /v1/conversations
      {
        "customer": "69a55898682123e08a000001",
        "externalId": "babelforce:7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b",
        "status": "open",
        "direction": "in"
      }
    warning  a tag has characters that Kustomer does not allow, or more than 64: it was left out
  call.bridged: nothing is written
  call.finished: nothing is written
`, answered)
}

func TestSampleWithoutConversationSaysSo(t *testing.T) {
	printed, err := starts(t, "check", "--sample", "--automations", writeFile(t, `automations:
  - event: call.inbound
    trigger: { conditions: [{ expression: call.anonymous, operator: EQ, expectation: false }] }
    action: kustomer.conversation.create
    options: { name: Call }
`))
	require.NoError(t, err)
	const nothing = "\n  no automation opens a conversation for this call\n"
	require.Equal(t, 1, strings.Count(printed, nothing))
	require.Contains(t, printed, "\nSample call, from a withheld number, answered after 7 s, ended after 95 s:"+nothing)
}

func TestIgnoredSampleSaysSo(t *testing.T) {
	file := writeFile(t, "ignore: { callers: [\"+49900*\"], called: [\"+493023125099\"] }\n"+
		"automations: [{ event: call.inbound, action: kustomer.conversation.create, options: { name: Call } }]\n")
	const why = ":\n  no conversation, because `ignore:` in the automations file names the number\n"
	printed, err := starts(t, "check", "--sample", "--automations", file)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(printed, why))
	require.Contains(t, printed, "\nSample call, answered after 7 s, ended after 95 s, which the file ignores"+why)

	printed, err = starts(t, "check", "--to", "+493023125099", "--automations", file)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(printed, why), "it is answered, and it is not")
}

// brands opens different conversations for two numbers, and has an automation for long waits.
const brands = `fields: [shop.id]
automations:
  - label: Callers of the shop
    event: call.inbound
    trigger: { conditions: [{ expression: call.to, operator: EQ, expectation: "+493023125009" }] }
    action: kustomer.conversation.create
    options: { name: "Shop {shop.id|none}" }
  - event: call.bridged
    trigger: { conditions: [{ expression: call.duration, operator: GE, expectation: 60 }] }
    action: kustomer.conversation.update
    options: { note: "{agent.name} of {queue.name}" }
  - label: Long unanswered waits
    event: call.finished
    trigger: { conditions: [{ expression: call.waitTime, operator: GE, expectation: 3600 }] }
    action: kustomer.conversation.update
    options: { note: sorry }
`

func TestOwnSampleNamesUnreachedAutomations(t *testing.T) {
	file := writeFile(t, brands)
	printed, err := starts(t, "check", "--automations", file, "--from", "+442079460123", "--to", "+493023125009",
		"--waited", "70s", "--queue", "Billing", "--agent", "Jane Doe", "--field", "shop.id=a,b", "--field", "vip=yes")
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(printed, "\nSample call, "), "it is answered, and it is not")
	require.Contains(t, printed, "\nSample call, answered after 70 s, ended after 158 s:\n")
	require.Contains(t, printed, `"phone": "+442079460123"`)
	require.Contains(t, printed, `"name": "Shop a,b"`)
	require.Contains(t, printed, "\n  call.bridged, written at 1:10\n")
	require.Contains(t, printed, `"body": "Jane Doe of Billing"`)
	require.Contains(t, printed, "\n  not used: the field vip, which the file does not list under \"fields\"\n")
	require.Contains(t, printed, "\nAutomations that act on none of these calls:\n  line 12, call.finished, Long unanswered waits\nTry them with --from, ")

	printed, err = starts(t, "check", "--automations", file, "--json", "--waited", "10s")
	require.NoError(t, err)
	require.Equal(t, []trial.Automation{
		{Line: 3, Event: "call.inbound", Label: "Callers of the shop"}, {Line: 8, Event: "call.bridged"},
		{Line: 12, Event: "call.finished", Label: "Long unanswered waits"},
	}, decoded(t, printed).Unreached, "without a conversation, nothing is written")
}

func TestSampleNamesUnmatchedEntriesOfIgnore(t *testing.T) {
	file := writeFile(t, "ignore:\n  callers: [\"+49900*\", withheld]\n  called:\n    - \"+493023125099\"\n"+string(automation.DefaultFile))
	printed, err := starts(t, "check", "--automations", file, "--from", "withheld")
	require.NoError(t, err)
	require.Contains(t, printed, "\nEntries of \"ignore\" that match none of these calls, at 2:13, 4:7\nTry them with --from, ")
	printed, err = starts(t, "check", "--automations", file, "--json", "--from", "+499001", "--to", "+493023125099")
	require.NoError(t, err)
	require.Equal(t, []trial.Position{{Line: 2, Column: 24}}, decoded(t, printed).Unmatched)
}

func TestStoriesAreSampledWithCustomers(t *testing.T) {
	stories := writeFile(t, `- story: Dora waits for long, and Ben picks up
  before: [ { customer: Dora Lind, number: +493023125042 } ]
  events:
    - 0:00 call.inbound: { from: +493023125042, call.to: "+493023125009" }
    - 1:30 call.bridged: { agent: Ben }
  becomes: { outcome: answered }
`)
	printed, err := starts(t, "check", "--automations", writeFile(t, brands), "--stories", stories)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(printed, "\nSample call, "))
	require.Contains(t, printed, "\nSample call, Dora waits for long, and Ben picks up:\n")
	require.NotContains(t, printed, "POST /v1/customers", "Dora is known")
	require.Contains(t, printed, `"body": "Ben of Support"`)
	require.Contains(t, printed, "\n  not used: the result in \"becomes\", because a sample compares nothing\n")
}

func TestInvalidSampleIsRefused(t *testing.T) {
	for says, flags := range map[string][]string{
		`--field "vip": write name=value`:  {"--field", "vip"},
		"--waited must not be negative":    {"--waited=-1s"},
		"--stories: open /no/such.yaml":    {"--stories", "/no/such.yaml"},
		"call.inbound: no call id":         {"--field", "call.id="},
		"it has no event that is reported": {"--stories", writeFile(t, "- story: nothing\n")},
	} {
		_, err := starts(t, append([]string{"check"}, flags...)...)
		require.ErrorContains(t, err, says)
	}
}
