package calllog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
)

func TestProbeAnswersOpenQuestions(t *testing.T) {
	server, url := account(t, 300, func(c *sandbox.Config) { c.Grant, c.RetentionDays = "client_credentials", 90 })
	server.Misbehave(sandbox.Faults{NoPages: true, TimeFilter: [2]string{"dateCreated.start", "dateCreated.end"}, NumericDates: true})
	before := server.Requests()
	findings, err := client(t, url).Probe(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, server.Requests()-before, 15)
	answers := make(map[string]calllog.Finding)
	for _, finding := range findings {
		answers[finding.Question] = finding
		require.NotContains(t, finding.Answer, "3023125042")
	}
	for question, answer := range map[string]string{
		"Which OAuth grant does babelforce accept?":            "client_credentials",
		"How long does babelforce keep calls?":                 "90 days",
		"Which time filter is applied?":                        "dateCreated.start",
		"How are dates written?":                               "as a number",
		"Which pagination fields does a page have?":            "max",
		"How many rows does a page have if 500 are requested?": "102 (reported: max=102)",
		"To which call events can automations react?":          "call.inbound, call.bridge, call.finished, call.created",
		"Which actions do automations have?":                   "callback",
		"How are dates written in the condensed log?":          "as a number",
		"Which filter finds the legs of a call?":               "unknown without a call that rang an agent: make one and probe again",
		"Can the rows of the log be read?":                     "100 of 100",
	} {
		require.Equal(t, answer, answers[question].Answer, question)
	}
	require.Equal(t, "--babelforce-time-filter dateCreated.start", answers["Which time filter is applied?"].Setting)
	require.NotEmpty(t, answers["How far is this machine's clock from babelforce's?"].Setting)
}

func TestProbeFindsTheLegFilter(t *testing.T) {
	const question = "Which filter finds the legs of a call?"
	for answer, faults := range map[string]sandbox.Faults{
		"sessionId, parentId":                   {},
		"parentId":                              {Ignores: []string{"sessionId"}},
		"sessionId":                             {Misses: []string{"parentId"}},
		"none: missed calls cannot be repaired": {Ignores: []string{"sessionId"}, Misses: []string{"parentId"}},
	} {
		server, url := account(t, 5)
		answered(server)
		server.Misbehave(faults)
		findings, err := client(t, url).Probe(t.Context())
		require.NoError(t, err)
		require.Contains(t, findings, calllog.Finding{Question: question, Answer: answer})
	}
	alone, url := account(t, 0)
	answered(alone)
	findings, err := client(t, url).Probe(t.Context())
	require.NoError(t, err)
	require.Contains(t, findings, calllog.Finding{Question: question, Answer: "unknown with a single call: make another and probe again"})
}

func TestProbeReportsAnEmptyAccount(t *testing.T) {
	_, url := account(t, 0)
	findings, err := client(t, url).Probe(t.Context())
	require.NoError(t, err)
	require.Contains(t, findings, calllog.Finding{Question: "Are there calls?", Answer: "no: make a call and probe again"})
}

func TestProbeWithoutRightsIsOneError(t *testing.T) {
	_, url := account(t, 3)
	_, err := client(t, url, func(c *calllog.Config) { c.Credentials.Password = "wrong" }).Probe(t.Context())
	require.Equal(t, calllog.Unauthorized, calllog.KindOf(err))
}
