package stories

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/internal/storyfile"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const apiKey = "key"

// org is the Kustomer of one story, with the steps that write to it.
type org struct {
	*sandbox.Server
	steps  *activities.Activities
	now    func() time.Time
	before sandbox.State // before the call
}

func newOrg(t *testing.T, s story) *org {
	o := &org{now: func() time.Time { return noon }}
	customers, conversations := s.Held(noon)
	o.Server = sandbox.New(sandbox.Config{
		APIKey: apiKey, Budget: 1_000_000, Users: storyfile.KustomerUsers(), Teams: storyfile.KustomerTeams(),
		Customers: customers, Conversations: conversations,
		Now:             func() time.Time { return o.now() },
		AllowDuplicates: true, // so that duplicates are visible
	})
	o.before = o.State()
	client, err := kustomer.New(kustomer.Config{BaseURL: "http://kustomer.example.com", APIKey: apiKey, Transport: o})
	require.NoError(t, err)
	automations := automationsOf(t, s)
	o.steps = activities.New(client, func() *automation.Set { return automations }, s.Country)
	return o
}

// RoundTrip passes requests to the sandbox without a network.
func (o *org) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	o.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// automationsOf is the story's own file, or the built-in file with the story's additions.
func automationsOf(t *testing.T, s story) *automation.Set {
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
		content = []byte(s.WithIDs(string(text)))
	}
	set, _, err := load.BytesIn(s.Country, s.Title, content)
	require.NoError(t, err)
	return set
}
