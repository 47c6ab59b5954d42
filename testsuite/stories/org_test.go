package stories

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const apiKey = "key"

// org is a Kustomer of one story's own, with the steps that work on it.
type org struct {
	*sandbox.Server
	steps  *activities.Activities
	now    func() time.Time
	before sandbox.State // the call
}

func newOrg(t *testing.T, s story) *org {
	o := &org{now: func() time.Time { return noon.AddDate(-1, 0, 0) }}
	o.Server = sandbox.New(sandbox.Config{
		APIKey: apiKey, Budget: 1_000_000, Users: kustomerUsers(), Teams: kustomerTeams(),
		Now:             func() time.Time { return o.now() },
		AllowDuplicates: true, // so that what is written twice is seen
	})
	for _, one := range s.Before {
		o.knows(t, one)
	}
	o.before = o.State()
	client, err := kustomer.New(kustomer.Config{BaseURL: "http://kustomer.example.com", APIKey: apiKey, Transport: o})
	require.NoError(t, err)
	automations := o.automations(t, s)
	o.steps = activities.New(client, func() *automation.Set { return automations }, s.Country)
	return o
}

// RoundTrip carries requests to the sandbox without a network.
func (o *org) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	o.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// knows gives Kustomer a customer, with the conversations of before the call.
func (o *org) knows(t *testing.T, one customer) {
	since := noon.AddDate(-1, 0, len(o.State().Customers)) // each a day younger than the one before
	o.now = func() time.Time { return since }
	who := map[string]any{"name": one.Name}
	if one.Number != "" {
		who["phones"] = []map[string]string{{"phone": one.Number}}
	}
	if one.Shares != "" {
		who["sharedPhones"] = []map[string]string{{"phone": one.Shares}}
	}
	id := o.writes(t, http.MethodPost, "/v1/customers", who)
	for i, had := range one.Conversations {
		o.now = func() time.Time { return noon.Add(-had.Ago) }
		conversation := map[string]any{"customer": id, "name": had.Name, "tags": append([]string{}, had.Tags...)}
		if !had.Mail {
			conversation["externalId"] = "babelforce:earlier-" + string(rune('1'+i))
		}
		assigned := []string{}
		for _, name := range had.Assigned {
			assigned = append(assigned, userOf(name))
		}
		made := o.writes(t, http.MethodPost, "/v1/conversations", conversation)
		o.writes(t, http.MethodPut, "/v1/conversations/"+made, map[string]any{"status": cmp.Or(had.Status, "open"), "assignedUsers": assigned})
	}
}

func (o *org) writes(t *testing.T, method, path string, what any) (id string) {
	body, err := json.Marshal(what)
	require.NoError(t, err)
	r := httptest.NewRequest(method, path, strings.NewReader(string(body)))
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	o.ServeHTTP(answer, r)
	require.Less(t, answer.Code, 300, answer.Body)
	var made struct{ Data struct{ ID string } }
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &made))
	return made.Data.ID
}

// automations is the story's own file, or the built-in one with what the story adds to it.
func (o *org) automations(t *testing.T, s story) *automation.Set {
	content := automation.DefaultFile
	if s.File != nil || s.With != nil {
		file := s.File
		if file == nil {
			require.NoError(t, yaml.Unmarshal(content, &file))
		}
		for name, value := range s.With {
			if more, isList := value.([]any); isList && file[name] != nil {
				value = append(slices.Clone(file[name].([]any)), more...)
			}
			file[name] = value
		}
		text, err := yaml.Marshal(file)
		require.NoError(t, err)
		content = []byte(o.withIDs(string(text)))
	}
	set, _, err := load.Bytes(s.Title, content)
	require.NoError(t, err)
	return set
}

// withIDs puts Kustomer's ids where a story has names: <Amira>, <team Billing>, <customer Switchboard>.
func (o *org) withIDs(text string) string {
	for _, name := range users {
		text = strings.ReplaceAll(text, "<"+name+">", userOf(name))
	}
	for _, name := range teams {
		text = strings.ReplaceAll(text, "<team "+name+">", teamOf(name))
	}
	for _, one := range o.before.Customers {
		text = strings.ReplaceAll(text, "<customer "+one.Name+">", one.ID)
	}
	return text
}
