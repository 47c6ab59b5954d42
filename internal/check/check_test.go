package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const (
	apiKey   = "eyJ-secret-key"
	amira    = "5f0c1a2b3c4d5e6f70819210"
	support  = "5f0c1a2b3c4d5e6f70819220"
	nobody   = "5f0c1a2b3c4d5e6f708192ff"
	accepted = "ok: the API key is accepted"
	enough   = "ok: the API key has every role that is needed"
)

// loaded is a file that creates a conversation with some options, as YAML in one line.
func loaded(t *testing.T, create string, more ...string) *automation.Set {
	t.Helper()
	file := "automations:\n  - { event: call.inbound, action: kustomer.conversation.create, options: {" + create + "} }\n"
	for _, item := range more {
		file += "  - {" + item + "}\n"
	}
	set, _, err := load.Bytes("file.yaml", []byte(file))
	require.NoError(t, err)
	return set
}

// update is an automation for call.bridged with some options.
func update(options string) string {
	return "event: call.bridged, action: kustomer.conversation.update, options: {" + options + "}"
}

// checked returns the findings about an org, each after its level, and whether the check fails.
func checked(t *testing.T, org http.Handler, set *automation.Set) (found []string, fails bool) {
	t.Helper()
	server := httptest.NewServer(org)
	defer server.Close()
	return checkedAt(t, server.URL, set)
}

func checkedAt(t *testing.T, url string, set *automation.Set) (found []string, fails bool) {
	t.Helper()
	client, err := kustomer.New(kustomer.Config{BaseURL: url, APIKey: apiKey})
	require.NoError(t, err)
	var report Report
	report.Org(t.Context(), client, set)
	return texts(report), report.Fails()
}

func texts(report Report) (texts []string) {
	for _, finding := range report.Findings {
		texts = append(texts, finding.Level+": "+finding.Text)
	}
	return texts
}

func TestAllTenMistakesAreReported(t *testing.T) {
	bad := strings.Repeat(`"!", `, 10)
	set, warnings, err := load.Bytes("calls.yaml", []byte("automations: [{event: call.inbound, action: kustomer.conversation.create, options: {tags: ["+bad+"]}}]"))
	var report Report
	report.File("calls.yaml", set, warnings, err)
	require.True(t, report.Fails())
	require.Len(t, report.Findings, 10)
	for i, finding := range report.Findings {
		require.Equal(t, Bad, finding.Level)
		require.Equal(t, "calls.yaml", finding.File)
		require.Equal(t, 1, finding.Line)
		require.Contains(t, finding.Text, fmt.Sprintf("calls.yaml:1:%d: tag \"!\"", finding.Column), i)
	}
}

func TestUnreadableFileIsOneProblem(t *testing.T) {
	var unreadable, good Report
	unreadable.File("calls.yaml", nil, nil, errors.New("no such file"))
	require.True(t, unreadable.Fails())
	require.Equal(t, []Finding{{Level: Bad, Text: "no such file", File: "calls.yaml"}}, unreadable.Findings)
	set := load.Default()
	good.File("the built-in file", set, nil, nil)
	require.False(t, good.Fails())
	require.Equal(t, []string{"ok: automations of the built-in file, version " + set.Version + ": no mistakes"}, texts(good))
}

func TestAttributeOfUnknownTypeExists(t *testing.T) {
	org := http.NewServeMux()
	org.HandleFunc("/v1/metadata/conversation", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"id":"conversation","attributes":{"properties":{"waitNum":{"type":{"of":"number"}}}}}}`))
	})
	org.Handle("/", sandbox.New(sandbox.Config{APIKey: apiKey}))
	found, fails := checked(t, org, loaded(t, "custom: { waitNum: 1 }"))
	require.False(t, fails, found)
	require.Contains(t, found, "ok: custom attribute waitNum exists")
}

func TestFileWarningsHaveAPosition(t *testing.T) {
	const file = "fields: [vip]\nautomations: [{event: call.inbound, action: kustomer.conversation.create, options: {name: '{vip}'}}]"
	var report Report
	set, warnings, err := load.Bytes("calls.yaml", []byte(file))
	report.File("calls.yaml", set, warnings, err)
	require.False(t, report.Fails())
	require.Len(t, report.Findings, 2)
	warning := report.Findings[1]
	require.Contains(t, warning.Text, "calls.yaml:2:91: {vip} is known on call.inbound only if")
	require.Equal(t, Finding{Level: Warning, Text: warning.Text, File: "calls.yaml", Line: 2, Column: 91}, warning)
}

func TestWarningsAloneDoNotFailTheCheck(t *testing.T) {
	require.False(t, (&Report{Findings: []Finding{{Level: OK}, {Level: Warning}}}).Fails())
	require.True(t, (&Report{Findings: []Finding{{Level: OK}, {Level: Bad}, {Level: Warning}}}).Fails())
}

func TestWhatTheFileNamesMustBeInTheOrg(t *testing.T) {
	attributes := map[string]string{
		"idStr": "string", "storyTxt": "text", "ringAt": "date", "okBool": "boolean", "pageUrl": "url", "waitNum": "number", "shop": "enum",
		"badNum": "string", "badAt": "number", "badStr": "number", "badBool": "string", "badUrl": "boolean", "badTxt": "number",
	}
	for name, c := range map[string]struct {
		create string
		more   []string
		want   []string
	}{
		"nothing named": {},
		"attributes that are there": {
			`custom: { waitNum: 1, idStr: a, storyTxt: a, ringAt: "2026-03-02T09:30:00Z", okBool: true, pageUrl: "https://a.example", shop: a }`, nil,
			[]string{
				"ok: custom attribute idStr exists", "ok: custom attribute okBool exists", "ok: custom attribute pageUrl exists",
				"ok: custom attribute ringAt exists", "ok: custom attribute shop exists", "ok: custom attribute storyTxt exists", "ok: custom attribute waitNum exists",
			}},
		"attributes of another type": {
			`custom: { badNum: 1, badStr: a, badTxt: a, badAt: "2026-03-02T09:30:00Z", badBool: true, badUrl: "https://a.example" }`, nil,
			[]string{
				"problem: custom attribute badAt is of type number in Kustomer, but its name says date",
				"problem: custom attribute badBool is of type string in Kustomer, but its name says boolean",
				"problem: custom attribute badNum is of type string in Kustomer, but its name says number",
				"problem: custom attribute badStr is of type number in Kustomer, but its name says string",
				"problem: custom attribute badTxt is of type number in Kustomer, but its name says string",
				"problem: custom attribute badUrl is of type boolean in Kustomer, but its name says url",
			}},
		"attribute that is missing": {`custom: { goneStr: a }`, nil, []string{
			"problem: conversations have no custom attribute goneStr: Kustomer would refuse every conversation that sets it"}},
		"attribute of an update": {"", []string{update(`custom: { goneNum: 1 }`)}, []string{
			"problem: conversations have no custom attribute goneNum: Kustomer would refuse every conversation that sets it"}},
		"teams": {`assignedTeams: [` + support + `, ` + nobody + `]`, nil, []string{
			"ok: team " + support + " exists", "problem: there is no team " + nobody + ", which the file names"}},
		"users":            {`assignedUsers: [` + nobody + `, ` + amira + `]`, []string{update(`assignedUsers: ["{agent.sourceId}"]`)}, []string{"problem: there is no user " + nobody + ", which the file names", "ok: user " + amira + " exists"}},
		"missing customer": {`customer: ` + nobody, nil, []string{"problem: there is no customer " + nobody + ", which the file names"}},
	} {
		t.Run(name, func(t *testing.T) {
			org := sandbox.New(sandbox.Config{APIKey: apiKey, Attributes: attributes})
			found, fails := checked(t, org, loaded(t, c.create, c.more...))
			var want []string
			for _, finding := range found {
				if strings.Contains(finding, "API key") {
					continue // roles are tested separately
				}
				want = append(want, finding)
			}
			require.Equal(t, c.want, want)
			require.Equal(t, strings.Contains(strings.Join(c.want, "\n"), "problem: "), fails)
		})
	}
}

// everything is a file whose check needs every list of the org and a customer's id.
func everything(t *testing.T, customer string) *automation.Set {
	return loaded(t, `customer: `+customer+`, custom: { callIdStr: "{call.id}" }, assignedTeams: [`+support+`], assignedUsers: [`+amira+`]`)
}

// withCustomer is the sandbox with one customer.
func withCustomer(t *testing.T) (org *sandbox.Server, id string) {
	t.Helper()
	org = sandbox.New(sandbox.Config{APIKey: apiKey})
	_, id = send(t, org, http.MethodPost, "/v1/customers", `{"name":"Acme"}`)
	return org, id
}

// send sends a request to the org and returns the status and the id in the answer.
func send(t *testing.T, org http.Handler, method, path, body string) (status int, id string) {
	t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	org.ServeHTTP(answer, request)
	var resource struct{ Data struct{ ID string } }
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &resource))
	return answer.Code, resource.Data.ID
}

func TestCheckWritesNothing(t *testing.T) {
	org, customer := withCustomer(t)
	before := org.State()
	found, fails := checked(t, org, everything(t, customer))
	require.False(t, fails, found)
	require.Contains(t, found, "ok: customer "+customer+" exists")

	after := org.State()
	asked := map[string]int{
		"GET /v1/auth/tokens/current": 1, "GET /v1/metadata/conversation": 1, "GET /v1/teams": 1, "GET /v1/users": 1, "GET /v1/customers/{id}": 1,
		"POST /v1/customers": 1, // from this test
	}
	require.Equal(t, asked, after.Requests)
	before.Requests, after.Requests, before.RequestTotal, after.RequestTotal = nil, nil, 0, 0
	require.Equal(t, before, after)
}

func TestUnlistableObjectsAreWarningsOrProblems(t *testing.T) {
	for what, asked := range map[string]struct{ route, role string }{
		"custom attributes": {"/v1/metadata/conversation", "org.permission.metadata.read"},
		"teams":             {"/v1/teams", "org.permission.team.read"},
		"users":             {"/v1/users", "org.permission.user.read"},
		"customers":         {"/v1/customers/{id}", "org.permission.customer.read"},
	} {
		for status, says := range map[int]string{
			http.StatusForbidden:          "warning: the org's " + what + " cannot be checked: the API key lacks the role " + asked.role + ": kustomer: ",
			http.StatusServiceUnavailable: "problem: the org's " + what + " could not be checked: kustomer: ",
		} {
			org, customer := withCustomer(t)
			org.Inject(sandbox.Fault{Method: http.MethodGet, Route: asked.route, Kind: sandbox.FaultStatus, Status: status})
			found, fails := checked(t, org, everything(t, customer))
			require.Contains(t, strings.Join(found, "\n"), "\n"+says)
			require.Equal(t, status != http.StatusForbidden, fails)
		}
	}
}

func TestKeyThatIsRefusedIsTheOnlyProblem(t *testing.T) {
	found, fails := checked(t, sandbox.New(sandbox.Config{APIKey: "another"}), everything(t, nobody))
	require.True(t, fails)
	require.Len(t, found, 1)
	require.Contains(t, found[0], "problem: the API key: ")
	require.Contains(t, found[0], "HTTP 401")
	require.NotContains(t, found[0], apiKey)
}

func TestOrgThatCannotBeReachedIsAProblem(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	found, fails := checkedAt(t, server.URL, load.Default())
	require.True(t, fails)
	require.Equal(t, []string{"problem: the API key: kustomer: cannot check the API key: unavailable: connection refused"}, found)
}
