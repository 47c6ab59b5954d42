package check

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// keyWith is an org that knows one key with some roles and answers nothing but requests for the
// key.
func keyWith(roles ...string) http.Handler {
	answers := http.NewServeMux()
	answers.HandleFunc("GET /v1/auth/tokens/current", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{
			"type": "token", "id": "1", "attributes": map[string]any{"roles": roles},
		}})
	})
	return answers
}

const (
	findCaller   = "problem: the API key lacks the role org.permission.customer.read, for finding the caller"
	createCaller = "problem: the API key lacks the role org.permission.customer.create, for creating callers who are new"
	findLost     = "problem: the API key lacks the role org.permission.conversation.read, for finding a conversation whose answer was lost"
	openOne      = "problem: the API key lacks the role org.permission.conversation.create, for opening conversations"
	changeOne    = "problem: the API key lacks the role org.permission.conversation.update, for assigning and tagging them"
	removeTags   = "problem: the API key lacks the role org.permission.conversation.delete, for removing tags"
	writeNotes   = "problem: the API key lacks the role org.permission.note.create, for writing notes"
	writeCalls   = "problem: the API key lacks the role org.permission.message.create, for writing calls on the timeline"
	callsOnce    = "problem: the API key lacks the role org.permission.message.read, for not writing a call there twice"
	writeOnce    = "problem: the API key lacks the role org.permission.note.read, for not writing a note twice"
)

func TestMissingRolesAreNamed(t *testing.T) {
	tagsOnly := loaded(t, "tags: [a]", update("tags: { add: [b] }"))
	for name, c := range map[string]struct {
		set  *automation.Set
		want []string
	}{
		"tags are added":    {tagsOnly, []string{findCaller, createCaller, findLost, openOne, changeOne}},
		"tags are removed":  {loaded(t, "", update("tags: { remove: [b] }")), []string{findCaller, createCaller, findLost, openOne, changeOne, removeTags}},
		"notes are written": {loaded(t, "", update("note: a")), []string{findCaller, createCaller, findLost, openOne, changeOne, writeNotes, writeOnce}},
		"the built-in file": {load.Default(), []string{findCaller, createCaller, findLost, openOne, changeOne, removeTags, writeNotes, writeOnce}},
		"messages are written": {loaded(t, "", "event: call.finished, action: kustomer.message.create, options: {}"),
			[]string{findCaller, createCaller, findLost, openOne, writeCalls, callsOnce}},
		"of one customer's only": {loaded(t, "customer: "+nobody), []string{findLost, openOne}},
		"nothing is left to add": {loaded(t, "", strings.Replace(update("tags: { remove: [b] }"), "call.bridged", "call.inbound", 1)), []string{findCaller, createCaller, findLost, openOne}},
	} {
		t.Run(name, func(t *testing.T) {
			var report Report
			report.roles(nil, rolesFor(c.set.Needs()))
			require.Equal(t, c.want, texts(report))
		})
	}
	appends, _, err := load.Bytes("file.yaml", []byte("callers: { returning: { policy: append } }\n"+
		"automations: [{ event: call.inbound, action: kustomer.conversation.create, options: {} }]"))
	require.NoError(t, err)
	var report Report
	report.roles(nil, rolesFor(appends.Needs()))
	require.Equal(t, []string{findCaller, createCaller, findLost, openOne, changeOne, writeNotes, writeOnce}, texts(report), "a call that joins another's is a note there")
	found, fails := checked(t, keyWith("org.permission.customer.read", "org.permission.conversation.read", "org.permission.conversation.update"), tagsOnly)
	require.True(t, fails)
	require.Equal(t, []string{accepted, createCaller, openOne}, found)
}

func TestRoleBeyondTheNeedIsNamed(t *testing.T) {
	const harm = ": a key without it would do less harm in the wrong hands"
	org := sandbox.New(sandbox.Config{APIKey: apiKey})
	found, fails := checked(t, org, load.Default())
	require.False(t, fails)
	require.Equal(t, []string{
		accepted, enough,
		"warning: the API key has the role org.permission.customer.update, which is not needed" + harm,
		"warning: the API key has the role org.permission.message.read, which is not needed" + harm,
		"warning: the API key has the role org.permission.message.create, which is not needed" + harm,
	}, found)

	found, fails = checked(t, org, loaded(t, ""))
	require.False(t, fails)
	require.Equal(t, []string{
		accepted, enough,
		"warning: the API key has the role org.permission.customer.update, which is not needed" + harm,
		"warning: the API key has the role org.permission.conversation.update, which is not needed" + harm,
		"warning: the API key has the role org.permission.conversation.delete, which is not needed" + harm,
		"warning: the API key has the role org.permission.note.read, which is not needed" + harm,
		"warning: the API key has the role org.permission.note.create, which is not needed" + harm,
		"warning: the API key has the role org.permission.message.read, which is not needed" + harm,
		"warning: the API key has the role org.permission.message.create, which is not needed" + harm,
	}, found)
}

func TestBroadAndLegacyRolesGiveWarnings(t *testing.T) {
	const warning, harm = "warning: the API key has the role ", " in its place would do less harm in the wrong hands"
	const (
		customers     = "org.permission.customer.read, org.permission.customer.create"
		conversations = "org.permission.conversation.read, org.permission.conversation.create, org.permission.conversation.update, org.permission.conversation.delete"
		notes         = "org.permission.note.create, org.permission.note.read"
		all           = customers + ", " + conversations + ", " + notes
	)
	for name, c := range map[string]struct{ held, instead []string }{
		"everything":   {[]string{"org"}, []string{all}},
		"admin":        {[]string{"org.admin"}, []string{all}},
		"permissions":  {[]string{"org.permission"}, []string{all}},
		"old":          {[]string{"org.user"}, []string{all}},
		"broad things": {[]string{"org.permission.customer", "org.permission.conversation", "org.permission.note"}, []string{customers, conversations, notes}},
		"old by thing": {
			[]string{"org.user.customer", "org.user.conversation.read", "org.user.conversation.write", "org.user.note"},
			[]string{customers, "org.permission.conversation.read", "org.permission.conversation.create, org.permission.conversation.update, org.permission.conversation.delete", notes},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found, fails := checked(t, keyWith(c.held...), load.Default())
			require.False(t, fails)
			want := []string{accepted, enough}
			for i, role := range c.held {
				want = append(want, warning+role+", which allows more than is needed: a key with "+c.instead[i]+harm)
			}
			require.Equal(t, want, found)
		})
	}
}

func TestSimilarRoleIsNotEnough(t *testing.T) {
	set := loaded(t, "customer: "+nobody, update("tags: { add: [b] }"))
	for _, role := range []string{"org.permission.conv", "org.permission.conversation.updates", "organisation", ""} {
		var report Report
		report.roles([]string{role}, rolesFor(set.Needs()))
		require.Subset(t, texts(report), []string{findLost, openOne, changeOne}, role)
	}
}

func TestRolesOfTheCheckGiveNoWarning(t *testing.T) {
	var report Report
	report.roles(optional, nil)
	require.Equal(t, []string{enough}, texts(report))
}
