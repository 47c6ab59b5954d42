package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// planted has ten mistakes, one for each "WRONG".
const planted = `automations:
  - event: call.inbound
    trigger: allways # WRONG
    action: kustomer.conversation.create
    options:
      name: "Call from {call.form}" # WRONG
      status: opened # WRONG
      priority: 6 # WRONG
      tags: ["call!"] # WRONG
      custom: { ringingAt: "{call.from}" } # WRONG
  - event: call.bridged
    action: kustomer.conversation.update
    options:
      assignedTeams: [support] # WRONG
      nots: Answered # WRONG
  - event: call.ended # WRONG
    action: kustomer.conversation.delete # WRONG
    options: {}
`

// starts runs a command to its end and returns its output.
func starts(t *testing.T, args ...string) (printed string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = run(t.Context(), append([]string{"starter"}, args...), &out, io.Discard)
	return out.String(), err
}

// org is a sandbox whose address and key are set in the environment.
func org(t *testing.T, key string) *sandbox.Server {
	t.Helper()
	org := sandbox.New(sandbox.Config{APIKey: "key"})
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	t.Setenv("KUSTOMER_URL", server.URL)
	t.Setenv("KUSTOMER_API_KEY", key)
	return org
}

func TestTenMistakesAreTenProblems(t *testing.T) {
	printed, err := starts(t, "check", "--automations", writeFile(t, planted))
	require.ErrorIs(t, err, errCheckFailed)
	var at, want []string
	for _, match := range regexp.MustCompile(`(?m)^problem  \S+:(\d+):\d+: .+$`).FindAllStringSubmatch(printed, -1) {
		at = append(at, match[1])
	}
	for i, line := range strings.Split(planted, "\n") {
		if strings.Contains(line, "# WRONG") {
			want = append(want, strconv.Itoa(i+1))
		}
	}
	require.Len(t, want, 10)
	require.Equal(t, want, at)
	require.Equal(t, 10, strings.Count(printed, "\n"))
}

func TestCheckWithoutCredentialsChecksTheFile(t *testing.T) {
	t.Setenv("CALLTHREAD_AUTOMATIONS", writeFile(t, string(automation.DefaultFile)))
	version := load.Default().Version
	printed, err := starts(t, "check")
	require.NoError(t, err)
	require.Equal(t, "ok       automations of "+os.Getenv("CALLTHREAD_AUTOMATIONS")+", version "+version+": no mistakes\n", printed)

	t.Setenv("CALLTHREAD_AUTOMATIONS", "")
	printed, err = starts(t, "check")
	require.NoError(t, err)
	require.Equal(t, "ok       automations of the built-in file, version "+version+": no mistakes\n", printed)
}

func TestCheckShowsTheInvalidLine(t *testing.T) {
	file := writeFile(t, "automations:\n  - event: call: inbound\n")
	printed, err := starts(t, "check", "--automations", file)
	require.ErrorIs(t, err, errCheckFailed)
	require.Equal(t, "problem  "+file+":2:16: not YAML: mapping values are not allowed in this context; put the value in quotes\n"+
		"             - event: call: inbound\n"+
		"                          ^\n", printed)
	printed, _ = starts(t, "check", "--json", "--automations", file)
	require.Equal(t, "  - event: call: inbound\n               ^", decoded(t, printed).Findings[0].Excerpt)
}

func TestCheckPrintsWarnings(t *testing.T) {
	file := writeFile(t, "fields: [vip]\nautomations: [{event: call.inbound, action: kustomer.conversation.create, options: {name: '{vip}'}}]\n")
	printed, err := starts(t, "check", "--automations", file)
	require.NoError(t, err)
	require.Regexp(t, `^ok       automations of [^\n]*\nwarning  \S+:2:91: \{vip\} is known on call\.inbound only if its webhook carries it[^\n]*\n$`, printed)
}

func TestNationalNumbersNeedACountry(t *testing.T) {
	const says = "warning  no --country (CALLTHREAD_COUNTRY) is set, and the file has numbers without a country code."
	for numbers, becomes := range map[string]string{
		`numbers: { "030 23125001": { name: Alpha } }`:                                     `for them: their conversations belong to the catch-all customer, "Unknown caller" unless`,
		`ignore: { callers: ["0900*"] }`:                                                   `for them: their conversations belong to the catch-all customer`,
		"ignore: { called: [030 23125099] }\ncallers: { withheld: park }":                  "for them: their calls are parked until an operator names the customer",
		`numbers: { "+493023125001": { name: Alpha }, 101: { name: The porter's phone } }`: "",
		`ignore: { callers: ["+49900*", internal, withheld] }`:                             "",
	} {
		file := writeFile(t, numbers+"\n"+string(automation.DefaultFile))
		printed, err := starts(t, "check", "--automations", file)
		require.NoError(t, err, numbers)
		require.Equal(t, becomes != "", strings.Contains(printed, says), printed)
		require.Contains(t, printed, becomes)
		printed, err = starts(t, "check", "--automations", file, "--country", "DE")
		require.NoError(t, err, numbers)
		require.NotContains(t, printed, "country", numbers)
	}
}

func TestCheckWithCredentialsChecksTheOrg(t *testing.T) {
	org(t, "key")
	printed, err := starts(t, "check")
	require.NoError(t, err, "warnings do not fail it")
	require.Regexp(t, `(?s)^ok       automations.*\nok       the API key is accepted\n.*\nwarning  the API key has the role org\.permission\.customer\.update,`, printed)

	t.Setenv("KUSTOMER_API_KEY", "wrong")
	printed, err = starts(t, "check")
	require.ErrorIs(t, err, errCheckFailed)
	require.Contains(t, printed, "\nproblem  the API key: ")
	require.NotContains(t, printed, "wrong")
}

func TestMissingOrgSettingIsAProblem(t *testing.T) {
	for name, c := range map[string]struct{ variable, value, says string }{
		"no URL":     {"KUSTOMER_API_KEY", "k", "--kustomer-url or KUSTOMER_URL"},
		"no key":     {"KUSTOMER_URL", "https://acme.api.kustomerapp.com", "--kustomer-api-key-file"},
		"a bad file": {"KUSTOMER_API_KEY_FILE", writeFile(t, "") + ".missing", "KUSTOMER_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(c.variable, c.value)
			printed, err := starts(t, "check", "--sample")
			require.ErrorIs(t, err, errCheckFailed)
			require.Regexp(t, `(?s)^ok       automations[^\n]*\nproblem  no Kustomer [^\n]*\n\nSample call, `, printed)
			require.Contains(t, printed, c.says)

			printed, err = starts(t, "check", "--json", "--sample")
			require.ErrorIs(t, err, errCheckFailed)
			result := decoded(t, printed)
			require.False(t, result.OK)
			require.Len(t, result.Findings, 2)
			require.NotEmpty(t, result.Samples)

			printed, err = starts(t, "check", "--automations", writeFile(t, planted))
			require.ErrorIs(t, err, errCheckFailed)
			require.Equal(t, 11, strings.Count(printed, "\n"))
			require.Regexp(t, `\nproblem  no Kustomer [^\n]*\n$`, printed)
		})
	}
}

func TestAddressWithoutAnOrgIsAProblem(t *testing.T) {
	t.Setenv("KUSTOMER_API_KEY", "k")
	for url, says := range map[string]string{
		"https://api.prod2.kustomerapp.com": "belongs to a region, not to an org; expected https://<org>.api.kustomerapp.com",
		"https://acme.kustomerapp.com":      "set it to https://acme.api.kustomerapp.com",
	} {
		t.Setenv("KUSTOMER_URL", url)
		printed, err := starts(t, "check")
		require.ErrorIs(t, err, errCheckFailed)
		require.Regexp(t, `\nproblem  --kustomer-url \(KUSTOMER_URL\)`, printed)
		require.Contains(t, printed, says)
	}
}

func TestInvalidFileIsNotCheckedInTheOrg(t *testing.T) {
	org := org(t, "key")
	_, err := starts(t, "check", "--automations", writeFile(t, planted))
	require.ErrorIs(t, err, errCheckFailed)
	require.Zero(t, org.State().RequestTotal)
}

// decoded decodes the output of --json, which must contain nothing more.
func decoded(t *testing.T, printed string) (result checkResult) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(printed))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&result))
	require.False(t, decoder.More())
	return result
}

func TestCheckPrintsJSON(t *testing.T) {
	org := org(t, "key")
	printed, err := starts(t, "check", "--json", "--sample")
	require.NoError(t, err)
	result := decoded(t, printed)
	require.True(t, result.OK)
	require.Greater(t, len(result.Findings), 1)
	require.NotEmpty(t, result.Samples)
	bridged := result.Samples[0].Events[1]
	require.Equal(t, "call.bridged", bridged.Event)
	require.Contains(t, strings.Join(strings.Fields(string(bridged.Requests[0].Body)), ""), `"tags":["babelforce","inbound_call","call_answered"]`)
	for request := range org.State().Requests {
		require.Contains(t, request, "GET ", "a sample is not sent")
	}

	printed, err = starts(t, "check", "--json", "--sample", "--automations", writeFile(t, planted))
	require.ErrorIs(t, err, errCheckFailed)
	require.Contains(t, printed, `"line": 3,`)
	require.Contains(t, printed, `"column": 14`)
	result = decoded(t, printed)
	require.False(t, result.OK)
	require.Len(t, result.Findings, 10)
	require.Empty(t, result.Samples)
}
