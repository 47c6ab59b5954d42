// Package shadow checks on a real Temporal server that calls in shadow write nothing to Kustomer,
// do not disturb live calls, and report exactly what the automation in use did.
package shadow

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/histories"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

const (
	calls = 200
	// atOnce is the number of calls in progress at the same time.
	atOnce = 10
	// returning is the number of customers who have called before.
	returning = 5
	before    = 5 * time.Minute

	sharedNumber = "+493023129999"
)

// record saves a history for testsuite/histories, as -record of the package testsuite does.
var record = flag.String("record", "", "record the history of a call in shadow under this version's name")

var began = time.Now().Truncate(time.Second)

// org contains the customers who already have a conversation: those who have called before, and two
// who share a number.
func org(all []*planted) (c sandbox.Config) {
	for i := range 2 {
		c.Customers = append(c.Customers, sandbox.Customer{ID: fmt.Sprintf("5f0c1a2b3c4d5e6f7081930%d", i), SharedPhones: []string{sharedNumber}, CreatedAt: began})
	}
	for i, p := range all {
		if p.rang.IsZero() {
			continue
		}
		p.customer = fmt.Sprintf("5f0c1a2b3c4d5e6f7082%04d", i)
		all[i+1].customer = p.customer
		c.Customers = append(c.Customers, sandbox.Customer{ID: p.customer, Phones: []string{p.number}, CreatedAt: began})
		is := alike(false)
		c.Conversations = append(c.Conversations, sandbox.Conversation{
			ID: fmt.Sprintf("5f0c1a2b3c4d5e6f7083%04d", i), CustomerID: p.customer, CreatedBy: vendorUser, CreatedAt: p.rang.Add(time.Second), UpdatedAt: p.rang,
			Name: "Call", Status: is.status, Direction: "in", AssignedUsers: []string{is.assigned}, Notes: make([]sandbox.Note, is.notes), Rev: 1,
		})
	}
	return c
}

func TestReportOfAShadowIsExactlyWhatWasPlanted(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	all := plan(calls)
	s := newShadowed(t, org(all))
	s.tagEarlierCalls(t)
	s.play(t, all)
	for _, p := range all {
		require.Equal(t, p.want.Verdict == activities.VerdictNotCompared, s.result(t, p.key).Shadow.Vendor.Verdict == activities.VerdictNotCompared, p.key)
	}

	report := s.report(t, all)
	require.Len(t, report.Calls, calls)
	want := operator.ShadowTotals{}
	for _, p := range all {
		got := reported(t, report, p.want.CallID)
		if p.want.Reason == activities.ReasonClose { // each of the two calls also found the other's conversation
			require.Equal(t, []any{p.want.Verdict, p.want.Reason}, []any{got.Verdict, got.Reason}, p.key)
			continue
		}
		require.Equal(t, p.want, got, p.key)
	}
	want.None, want.One, want.Several, want.Ambiguous, want.NotCompared = 8, calls-8-16-7-6, 16, 7, 6
	want.Calls, want.OtherAgent = calls-7-6, 9
	want.Conversations = want.One + 14*2 + 2*3
	want.Differ = operator.Differences{Assignees: 9, Tags: 7, Status: 6, Notes: 5}
	require.Equal(t, want, report.Totals)

	held := s.Sandbox.State()
	require.Zero(t, held.Writes[ourUser])
	require.NotZero(t, held.Writes[vendorUser])
	require.LessOrEqual(t, held.Requests["GET /v1/customers/phone={phone}"], 2*calls, "one for the call, one for the comparison")
	require.LessOrEqual(t, held.Requests["GET /v1/customers/{id}/conversations"], calls)
	t.Logf("%d calls, requests: %v", calls, held.Requests)
}

// tagEarlierCalls tags the conversations that exist from the start. The sandbox knows a tag's id
// only after its first use.
func (s *shadowed) tagEarlierCalls(t *testing.T) {
	t.Helper()
	for _, c := range s.Sandbox.State().Conversations {
		_, err := s.vendor.AddTags(t.Context(), c.ID, alike(false).tags)
		require.NoError(t, err)
	}
}

// play plays all calls, several at a time. The calls of one customer overlap.
func (s *shadowed) play(t *testing.T, all []*planted) {
	t.Helper()
	var customers sync.Map
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, p := range all {
		if p.customer == "" && len(p.vendor) > 0 || p.want.Verdict == activities.VerdictNone && i%2 == 0 {
			p.customer = s.customer(t, p.number, &customers)
		}
		group.Go(func() error {
			s.playOne(t, p)
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

// customer returns the customer with a number. The automation in use creates new ones.
func (s *shadowed) customer(t *testing.T, number string, known *sync.Map) string {
	t.Helper()
	if id, isKnown := known.Load(number); isKnown {
		return id.(string)
	}
	created, err := s.vendor.CreateCustomer(t.Context(), kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: number}}})
	require.NoError(t, err)
	known.Store(number, created.ID)
	return created.ID
}

func (s *shadowed) playOne(t *testing.T, p *planted) {
	body := func(fields string) string {
		if !p.rang.IsZero() {
			fields += fmt.Sprintf(`,"dateCreated":%d`, p.rang.Unix())
		}
		return fmt.Sprintf(`{"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":%q,"to":"+493023125001"%s}`, p.key, p.number, fields)
	}
	s.shadow.Accepts(t, "call-inbound?wait=conversation", body("")+"}")
	goesOn := s.ring(t, p, p.customer)
	if p.missed {
		goesOn()
		s.shadow.Accepts(t, "call-finished", body(`,"duration":20,"finishReason":"hangup"`)+"}")
		return
	}
	s.shadow.Accepts(t, "call-bridged", body(`,"duration":7`)+`,"agent":{"id":"4711","name":"Amira Haddad","sourceId":"`+stage.Amira+`"},"queue":{"name":"Support"}}`)
	goesOn()
	s.shadow.Accepts(t, "call-finished", body(`,"duration":95,"finishReason":"passive-hangup"`)+"}")
}

// report returns the output of `starter shadow` once it contains all calls.
func (s *shadowed) report(t *testing.T, all []*planted) (report operator.ShadowReport) {
	t.Helper()
	var printed string
	require.Eventually(t, func() bool { // the workflow list is eventually consistent
		printed = s.Operate(t, "shadow", "--since", "1h", "--task-queue", s.TaskQueue, "--json")
		report = operator.ShadowReport{}
		require.NoError(t, json.Unmarshal([]byte(printed), &report))
		return len(report.Calls) == len(all)
	}, stage.WaitLimit, time.Second)
	require.NotContains(t, printed, "+49")
	require.NotContains(t, printed, stage.Amira)
	require.NotContains(t, printed, stage.Bastian)
	t.Log("\n" + s.Operate(t, "shadow", "--since", "1h", "--task-queue", s.TaskQueue))
	return report
}

// reported returns what the report contains about a call, without fields that the plan cannot know.
func reported(t *testing.T, r operator.ShadowReport, id string) operator.ShadowCall {
	t.Helper()
	for _, c := range r.Calls {
		if c.CallID != id {
			continue
		}
		require.False(t, c.Rang.IsZero())
		c.Rang = time.Time{}
		for i := range c.Found {
			require.NotEmpty(t, c.Found[i].ConversationID)
			c.Found[i].ConversationID, c.Found[i].CreatedAt = "", time.Time{}
		}
		return c
	}
	require.Fail(t, "not reported", id)
	return operator.ShadowCall{}
}

func TestLiveCallsAndTheirShadowsRunSideBySide(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	s := newShadowed(t, sandbox.Config{})
	const n = 10
	for i := range n {
		key := fmt.Sprintf("twice-%d", i)
		for _, receiver := range []*stage.Stage{s.Stage, s.shadow} {
			receiver.Accepts(t, "call-inbound", stage.Inbound(key))
			receiver.Accepts(t, "call-bridged", stage.Bridged(key))
			receiver.Accepts(t, "call-finished", stage.Finished(key))
		}
	}
	for i := range n {
		key := fmt.Sprintf("twice-%d", i)
		live, shadow := s.Result(t, key), s.result(t, key)
		require.Nil(t, live.Shadow)
		require.Equal(t, live.ConversationID, s.OnlyConversation(t, key).ID)
		require.Len(t, stage.Notes(t, s.OnlyConversation(t, key)), 2)

		require.Equal(t, kustomer.ShadowID+"babelforce:"+key, shadow.ConversationID)
		require.Equal(t, live.AssignedUsers, shadow.AssignedUsers)
		require.Equal(t, live.Summary, shadow.Summary)
		require.Equal(t, activities.VerdictNone, shadow.Shadow.Vendor.Verdict, "the live call's own does not count")
		require.Equal(t, []string{
			"POST /v1/conversations", "PUT /v1/conversations/{id}", "POST /v1/conversations/{id}/notes", "POST /v1/conversations/{id}/notes",
		}, withoutCustomer(shadow.Shadow))
		require.NoError(t, histories.Replay(workflows.CallWorkflow, key, s.history(t, key)))
	}
	if *record != "" {
		require.NoError(t, histories.Keep("../histories", *record+"-shadow.json", s.history(t, "twice-0")))
	}
	require.Len(t, s.Sandbox.State().Conversations, n)

	shown := s.Operate(t, "show", "shadow/twice-1")
	require.Contains(t, shown, "- PUT /v1/conversations/{id} (assignedUsers, rev, tags)")
	require.Contains(t, shown, "shadow: conversation handed over")
	require.NotContains(t, s.Operate(t, "show", "twice-1"), "shadow")
	require.NotContains(t, s.Operate(t, "calls", "--limit", "1000"), "shadow/")
	require.Contains(t, s.Operate(t, "calls", "--shadow", "--limit", "1000"), "shadow/twice-1")
}

// withoutCustomer returns the requests of a shadow, except the one that creates a customer:
// the live call may have created the customer before.
func withoutCustomer(shadow *workflows.Shadow) (requests []string) {
	for _, step := range shadow.Steps {
		for _, request := range step.Requests {
			if !strings.HasPrefix(request.Route, "/v1/customers") {
				requests = append(requests, request.Method+" "+request.Route)
			}
		}
	}
	return requests
}
