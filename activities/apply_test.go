package activities

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/pipes"
)

// applyFile makes every step write everything that a step can write.
const applyFile = `automations:
- { event: call.inbound, action: kustomer.conversation.create, options: { name: "Call from {call.from|somebody}", tags: [babelforce, call_lost] } }
- { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], tags: { add: ["with_{agent.id}"], remove: [call_lost] }, note: "With {agent.name}" } }
- { event: call.finished, action: kustomer.conversation.update, options: { status: done, tags: { add: [ended], remove: [call_lost] }, note: Over } }
- { event: call.finished, action: kustomer.message.create, options: { subject: Call } }
`

// applyRoute is a route that steps send requests to.
type applyRoute struct{ name, method, path string }

var (
	applyReads      = applyRoute{"read conversation", "GET", `^/v1/conversations/[^/=]+$`}
	applyPuts       = applyRoute{"update conversation", "PUT", `^/v1/conversations/[^/=]+$`}
	applyTags       = applyRoute{"add tags", "POST", `/tags$`}
	applyUntags     = applyRoute{"remove tags", "DELETE", `/tags$`}
	applyListsNotes = applyRoute{"list notes", "GET", `/notes$`}
	applyNotes      = applyRoute{"create note", "POST", `/notes$`}
	applyMessages   = applyRoute{"create message", "POST", `/messages$`}
	applyFinds      = applyRoute{"find message", "GET", `^/v1/messages/externalid=`}
	applyLooksUp    = applyRoute{"find customer", "GET", `^/v1/customers/phone=`}
	applyCustomers  = applyRoute{"create customer", "POST", `^/v1/customers$`}
)

var applyAll = []applyRoute{
	applyReads, applyPuts, applyTags, applyUntags, applyListsNotes, applyNotes, applyMessages, applyFinds, applyLooksUp, applyCustomers,
}

func (r applyRoute) matches(request *http.Request) bool {
	return request.Method == r.method && regexp.MustCompile(r.path).MatchString(request.URL.Path)
}

// applyDisturbance is the fault of the nth request to a route.
type applyDisturbance struct {
	applyRoute
	nth     int
	fault   sandbox.Fault      // none: a person changes the conversation just before
	timeout time.Duration      // of requests; 0 is the default
	before  map[applyRoute]int // how many requests to other routes fail first, so that an nth one is sent
}

// applyOrg is an org in which people and faults interfere between requests. People have
// their own connection to Kustomer, which is never disturbed.
type applyOrg struct {
	*org
	people *kustomer.Client
	t      *testing.T

	mu       sync.Mutex
	counts   map[applyRoute]int
	sequence []string                        // the names of the routes, in the order of requests
	on       func(route applyRoute, nth int) // called before each request
}

func newApplyOrg(t *testing.T) *applyOrg {
	a := &applyOrg{t: t, counts: make(map[applyRoute]int), on: func(applyRoute, int) {}}
	a.org = newOrg(t, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.observes(r)
			o.ServeHTTP(w, r)
		})
	})
	a.automate(t, applyFile)
	var err error
	a.people, err = kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: apiKey, Transport: pipes.Serve(t, a.Server)})
	require.NoError(t, err)
	return a
}

func (a *applyOrg) observes(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, route := range applyAll {
		if route.matches(r) {
			a.counts[route]++
			a.sequence = append(a.sequence, route.name)
			a.on(route, a.counts[route])
		}
	}
}

// forget resets the count of requests.
func (a *applyOrg) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts, a.sequence = make(map[applyRoute]int), nil
}

// sent returns the names of the routes of all requests since forget.
func (a *applyOrg) sent() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.sequence)
}

// tag adds a tag, as a person or a rule of Kustomer's may do at any moment.
func (a *applyOrg) tag(tag string) {
	_, err := a.people.AddTags(context.Background(), a.State().Conversations[0].ID, []string{tag})
	if err != nil {
		a.t.Error("a person cannot tag:", err)
	}
}

// writes adds a person's note. Until it is read, it could be one of ours.
func (a *applyOrg) writes(body string) {
	err := a.people.CreateNote(a.t.Context(), a.State().Conversations[0].ID, kustomer.NewNote{Body: body, ExternalID: "people:" + body})
	require.NoError(a.t, err)
}

// applyStep runs a step as Temporal does. Each attempt runs on a worker that has none of
// the state of the worker before.
func (a *applyOrg) applyStep(p *played) (failed []*temporal.ApplicationError) {
	in := p.next()
	result, failed, err := repeat(a.t, func(ctx context.Context, in StepInput) (StepResult, error) {
		return a.anotherWorker(a.t).UpdateConversation(ctx, in)
	}, in)
	require.NoError(a.t, err)
	p.completes(in, result)
	return failed
}

// applyCall plays a call whose steps use every route. Its conversation is opened before its
// customer is known, and people add tags and notes between steps.
func (a *applyOrg) applyCall(isOpen func()) (failed []*temporal.ApplicationError) {
	p := a.ringsAs(a.t, func(e *call.Event) { e.Leg.From = "" })
	p.does()
	isOpen()
	for i, happens := range []func(){
		func() {
			p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}})
			p.picksUp(12, agentAmira)
		},
		func() { p.picksUp(60, agentBastian) },
		func() { p.picksUp(120, agentAmira) },
		func() { p.ends(180, "passive-hangup") },
	} {
		a.tag(fmt.Sprint("vip_", i))
		a.writes(fmt.Sprint("people's ", i))
		happens()
		failed = append(failed, a.applyStep(p)...)
	}
	return failed
}

// requireApplied requires that everything of the call is written once, and that nothing
// that people wrote is lost.
func (a *applyOrg) requireApplied(alsoTagged ...string) {
	conversation, customers := a.conversation(a.t), a.State().Customers
	require.Len(a.t, customers, 2, "the catch-all one, and the caller")
	require.Equal(a.t, []string{caller}, customers[1].Phones)
	require.Equal(a.t, customers[1].ID, conversation.CustomerID)
	require.Equal(a.t, "Call from "+caller, conversation.Name)
	require.Equal(a.t, "done", conversation.Status)
	require.Equal(a.t, []string{amira.ID}, conversation.AssignedUsers)
	tags := []string{"babelforce", "with_7", "with_8", "ended", "vip_0", "vip_1", "vip_2", "vip_3"}
	require.ElementsMatch(a.t, append(tags, alsoTagged...), conversation.Tags)
	var notes []string
	for _, note := range conversation.Notes {
		notes = append(notes, note.ExternalID)
	}
	require.ElementsMatch(a.t, []string{
		"people:people's 0", "people:people's 1", "people:people's 2", "people:people's 3",
		"babelforce:k-1:bridged", "babelforce:k-1:bridged-2", "babelforce:k-1:bridged-3", "babelforce:k-1:finished",
	}, notes)
	require.Len(a.t, conversation.Messages, 1)
}

// before runs a function before each further request of the steps.
func (a *applyOrg) before(on func(route applyRoute, nth int)) {
	a.forget()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.on = on
}

// strike causes the disturbance.
func (a *applyOrg) strike(d applyDisturbance) {
	a.timeout = d.timeout
	a.before(func(route applyRoute, nth int) {
		switch {
		case nth <= d.before[route]:
			a.Inject(sandbox.Fault{Method: route.method, Kind: sandbox.FaultReset, Times: 1})
		case route != d.applyRoute || nth != d.nth:
		case d.fault.Kind == "":
			a.tag("faster")
		default:
			fault := d.fault
			fault.Times = 1
			a.Inject(fault)
		}
	})
}

// needs returns how many requests to other routes must fail so that an nth request is sent
// to this route. An undisturbed call sends fewer.
func (r applyRoute) needs(nth int) map[applyRoute]int {
	switch r {
	case applyMessages, applyCustomers:
		return map[applyRoute]int{r: nth - 1}
	case applyFinds:
		return map[applyRoute]int{applyMessages: nth}
	case applyLooksUp:
		return map[applyRoute]int{applyCustomers: nth - 1}
	}
	return nil
}

// Each fault hits the first, second and third request to each route; in short runs, only
// the first.
func TestWhateverGoesWrongWithARequestTheCallIsWrittenOnce(t *testing.T) {
	status := func(status int) sandbox.Fault { return sandbox.Fault{Kind: sandbox.FaultStatus, Status: status} }
	const clientTimeout = 500 * time.Millisecond
	for name, d := range map[string]applyDisturbance{
		"a person was faster":              {},
		"slow":                             {fault: sandbox.Fault{Kind: sandbox.FaultLatency, Latency: time.Millisecond}},
		"429":                              {fault: status(429)},
		"404":                              {fault: status(404)},
		"500":                              {fault: status(500)},
		"502":                              {fault: status(502)},
		"503":                              {fault: status(503)},
		"403":                              {fault: status(403)},
		"401":                              {fault: sandbox.Fault{Kind: sandbox.FaultUnauthorized}},
		"a conflict that nothing explains": {fault: status(409)},
		"a page instead of an answer":      {fault: sandbox.Fault{Kind: sandbox.FaultHTML}},
		"a reset, and nothing done":        {fault: sandbox.Fault{Kind: sandbox.FaultReset}},
		"a time-out, and nothing done":     {fault: sandbox.Fault{Kind: sandbox.FaultTimeout}, timeout: clientTimeout},
		"a reset after the work":           {fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer}},
		"a time-out after the work":        {fault: sandbox.Fault{Kind: sandbox.FaultHoldAnswer}, timeout: clientTimeout},
		"503 after the work":               {fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx}},
		"half an answer":                   {fault: sandbox.Fault{Kind: sandbox.FaultTruncate}},
	} {
		for _, route := range applyAll {
			for nth := 1; nth <= nthRequests; nth++ {
				if nth > 1 && testing.Short() {
					break
				}
				d := d
				d.applyRoute, d.nth, d.before = route, nth, route.needs(nth)
				t.Run(fmt.Sprintf("%s/%s/%d", name, route.name, nth), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, d.survives)
				})
			}
		}
	}
}

// survives requires a call to be written once although one of its requests is disturbed.
func (d applyDisturbance) survives(t *testing.T) {
	a := newApplyOrg(t)
	failed := a.applyCall(func() { a.strike(d) })
	isOther := func(name string) bool { return name != d.name }
	require.GreaterOrEqual(t, len(slices.DeleteFunc(a.sent(), isOther)), d.nth, "the disturbance never struck")
	inVain := 1
	for _, times := range d.before {
		inVain += times
	}
	require.LessOrEqual(t, len(failed), inVain, "what has been done is found, and not tried again")
	if d.fault.Kind == "" {
		a.requireApplied("faster")
		return
	}
	a.requireApplied()
}

// Several faults hit one call, in another combination for each seed. An unexplained
// conflict is not one of them, because it parks a call at a later attempt.
func TestCallIsWrittenOnceDespiteManyFaults(t *testing.T) {
	kinds := []sandbox.Fault{
		{Kind: sandbox.FaultStatus, Status: 503}, {Kind: sandbox.FaultStatus, Status: 429}, {Kind: sandbox.FaultReset},
		{Kind: sandbox.FaultLoseAnswer}, {Kind: sandbox.FaultLoseAnswer5xx}, {Kind: sandbox.FaultTruncate}, {Kind: sandbox.FaultHTML},
	}
	forManySeeds(t, func(t *testing.T, random *rand.Rand, a *applyOrg) {
		var also []string
		a.applyCall(func() {
			a.before(func(applyRoute, int) {
				switch n := random.IntN(16 * len(kinds)); {
				case n < len(kinds):
					fault := kinds[n]
					fault.Times = 1
					a.Inject(fault)
				case n == len(kinds):
					also = append(also, fmt.Sprint("also_", len(also)))
					a.tag(also[len(also)-1])
				}
			})
		})
		a.requireApplied(also...)
	})
}

// forManySeeds plays calls that differ in what is drawn at random, side by side, each in an org of its
// own. With -short there are few.
func forManySeeds(t *testing.T, play func(t *testing.T, random *rand.Rand, a *applyOrg)) {
	t.Helper()
	seeds := uint64(manySeeds)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			play(t, rand.New(rand.NewPCG(seed, 0)), newApplyOrg(t))
		})
	}
}

// applyAnswered is a call that Amira picked up, from a customer that Kustomer knows.
func (a *applyOrg) applyAnswered(file string) *played {
	a.t.Helper()
	a.automate(a.t, file)
	p := a.answered(a.t)
	a.forget()
	return p
}

// applyBridged is a file whose pick-ups have the given options.
func applyBridged(options string) string {
	return "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { name: Call, tags: [lost, old] } }\n" +
		"- { event: call.bridged, action: kustomer.conversation.update, options: { " + options + " } }\n"
}

const (
	applyAssigns = `assignedUsers: ["{agent.sourceId}"], `
	applyAnswer  = applyAssigns + "tags: { add: [answered], remove: [lost] }, note: Taken"
)

// applyLostAnswers are the faults in which a request is carried out and its answer is lost.
var applyLostAnswers = map[string]applyDisturbance{
	"the connection is reset":       {fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer}},
	"the answer takes too long":     {fault: sandbox.Fault{Kind: sandbox.FaultHoldAnswer}, timeout: 200 * time.Millisecond},
	"a proxy answers 503":           {fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx}},
	"half of the answer is missing": {fault: sandbox.Fault{Kind: sandbox.FaultTruncate}},
}

// The fields are as wanted, at the revision that our write would have made. Then the tags
// that were sent with them are there too, and cost no further request.
func TestWrittenTagsAreNotSentAgain(t *testing.T) {
	for name, d := range applyLostAnswers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApplyOrg(t)
				p := a.applyAnswered(applyBridged(applyAnswer))
				d.applyRoute, d.nth = applyPuts, 1
				a.strike(d)
				require.Len(t, a.applyStep(p), 1)
				require.Equal(t, []string{"update conversation", "read conversation", "list notes", "create note"}, a.sent())
				require.Equal(t, []string{"old", "answered"}, a.conversation(t).Tags)
				require.Equal(t, a.conversation(t).Tags, p.conversation.Tags, "they are known to the next step")
				require.True(t, p.conversation.TagsKnown)
			})
		})
	}
}

func TestTagsGoByNameAfterAChange(t *testing.T) {
	for name, people := range map[string]func(*applyOrg, *played){
		"a person has tagged it":            func(a *applyOrg, _ *played) { a.tag("vip") },
		"a person has unassigned the agent": func(_ *applyOrg, p *played) { p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{}}) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newApplyOrg(t)
			p := a.applyAnswered(applyBridged(applyAnswer))
			a.Inject(sandbox.Fault{Method: "PUT", Kind: sandbox.FaultLoseAnswer, Times: 1})
			_, err := p.tries()
			require.Error(t, err)
			people(a, p)
			before := a.conversation(t).Tags
			p.does(mayBeDone)
			require.ElementsMatch(t, before, a.conversation(t).Tags, "nothing of theirs is wiped, and nothing of ours is missing")
			require.Len(t, a.conversation(t).Notes, 1)
		})
	}
}

// An attempt fails before Kustomer does anything, and a person assigns the same agent by
// hand. That resembles a lost answer.
func TestTagsAreWrittenAfterAPersonAssigned(t *testing.T) {
	const addsOnly = applyAssigns + "tags: { add: [answered] }, note: Taken"
	assigned, tagged := &[]string{amira.ID}, &[]string{"lost", "old", "vip"}
	again := []func(*StepInput){mayBeDone}
	for name, c := range map[string]struct {
		options string
		theirs  kustomer.ConversationUpdate // in one request
		change  []func(*StepInput)
		want    []string
	}{
		"before the first attempt":                    {applyAnswer, kustomer.ConversationUpdate{AssignedUsers: assigned}, nil, []string{"old", "answered"}},
		"between two attempts":                        {applyAnswer, kustomer.ConversationUpdate{AssignedUsers: assigned}, again, []string{"old", "answered"}},
		"and tagged it before the first attempt":      {applyAnswer, kustomer.ConversationUpdate{AssignedUsers: assigned, Tags: tagged}, nil, []string{"old", "vip", "answered"}},
		"and tagged it between two attempts":          {applyAnswer, kustomer.ConversationUpdate{AssignedUsers: assigned, Tags: tagged}, again, []string{"old", "vip", "answered"}},
		"or given it as many tags as the step would":  {applyAnswer, kustomer.ConversationUpdate{Tags: &[]string{"old", "vip"}}, again, []string{"old", "vip", "answered"}},
		"and given it as many tags as the step would": {addsOnly, kustomer.ConversationUpdate{AssignedUsers: assigned, Tags: tagged}, nil, []string{"lost", "old", "vip", "answered"}}, // a later attempt cannot distinguish the two
	} {
		t.Run(name, func(t *testing.T) {
			a := newApplyOrg(t)
			p := a.applyAnswered(applyBridged(c.options))
			p.edits(c.theirs)
			p.does(c.change...)
			require.Equal(t, c.want, a.conversation(t).Tags)
			require.Equal(t, *assigned, a.conversation(t).AssignedUsers)
		})
	}
}

// Rule 22: a read costs a request of the org's budget.
func TestConversationIsReadOnlyIfNeeded(t *testing.T) {
	const (
		read, put, notes, note = "read conversation", "update conversation", "list notes", "create note"
		add, remove            = "add tags", "remove tags"
	)
	unknown := func(in *StepInput) { in.Conversation.Rev = 0 }
	for name, c := range map[string]struct {
		options string
		people  func(*applyOrg, *played) // between the opening and the step
		change  []func(*StepInput)
		want    []string
	}{
		"a note alone needs nothing": {options: "note: Taken", want: []string{note}},
		"not even the revision":      {options: "note: Taken", change: []func(*StepInput){unknown}, want: []string{note}},
		"nor do tags":                {options: "tags: { add: [answered], remove: [lost] }, note: Taken", want: []string{add, remove, note}},
		"fields are written to the revision of our last write":     {options: applyAnswer, want: []string{put, note}},
		"unless that is not known":                                 {options: applyAnswer, change: []func(*StepInput){unknown}, want: []string{read, put, note}},
		"a conflict is looked into, and so are our notes":          {options: applyAnswer, people: func(a *applyOrg, _ *played) { a.tag("vip") }, want: []string{put, read, notes, put, add, remove, note}},
		"a note of others means that ours are looked for":          {options: applyAnswer, people: func(a *applyOrg, _ *played) { a.writes("x") }, change: []func(*StepInput){unknown}, want: []string{read, put, notes, note}},
		"what the answer shows of notes counts too":                {options: applyAnswer, change: []func(*StepInput){func(in *StepInput) { in.Conversation.Notes = -1 }}, want: []string{put, notes, note}},
		"also that to tags":                                        {options: "tags: { add: [answered] }, note: Taken", people: func(a *applyOrg, _ *played) { a.writes("x") }, want: []string{add, notes, note}},
		"a possible repeat looks before anything":                  {options: applyAnswer, change: []func(*StepInput){mayBeDone}, want: []string{read, notes, put, note}},
		"also if it only has a note":                               {options: "note: Taken", change: []func(*StepInput){mayBeDone}, want: []string{read, notes, note}},
		"without a note there is none to look for":                 {options: applyAssigns, change: []func(*StepInput){mayBeDone}, want: []string{read, put}},
		"what people have done already is not written, but tagged": {options: applyAnswer, people: func(_ *applyOrg, p *played) { p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{amira.ID}}) }, want: []string{put, read, notes, add, remove, note}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApplyOrg(t)
			p := a.applyAnswered(applyBridged(c.options))
			if c.people != nil {
				c.people(a, p)
				a.forget()
			}
			p.does(c.change...)
			require.Equal(t, c.want, a.sent())
		})
	}
}

// Rules 23 and 27: the note of a step is its receipt, in any conversation.
func TestNoteShowsThatTheStepIsComplete(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"after a failure": mayBeDone, "in a run that was reset": hasEarlierRun} {
		t.Run(name, func(t *testing.T) {
			a := newApplyOrg(t)
			p := a.applyAnswered(applyBridged(applyAnswer))
			_, err := p.tries()
			require.NoError(t, err)
			p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}, Tags: &[]string{"sorted"}})
			a.forget()
			p.does(change)
			require.Equal(t, []string{"read conversation", "list notes"}, a.sent())
			require.Equal(t, []string{"sorted"}, a.conversation(t).Tags)
			require.Equal(t, []string{bastian.ID}, a.conversation(t).AssignedUsers)
		})
	}
}

// A worker that dies in a workflow task leaves no trace in the history. The next worker
// runs the step as the first attempt, and only the conflict shows that it was done.
func TestConflictLooksUpReceiptsBeforeNotes(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAnswer))
	_, err := p.triesLocally()
	require.NoError(t, err)
	require.Equal(t, []string{"update conversation", "create note"}, a.sent())
	a.forget()
	_, err = p.triesLocally()
	require.NoError(t, err)
	require.Equal(t, []string{"update conversation", "read conversation", "list notes"}, a.sent(), "and then nothing is sent")
	require.Equal(t, []string{"old", "answered"}, a.conversation(t).Tags)
	require.Len(t, a.conversation(t).Notes, 1)
}

// Rule 24. The step of a call that was over before anything was written writes everything.
func TestStepWritesInAFixedOrder(t *testing.T) {
	a := newApplyOrg(t)
	p := a.ringsAs(t, func(e *call.Event) { e.Leg.From = "" })
	p.does()
	p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}})
	p.picksUp(12, agentAmira)
	p.ends(90, "passive-hangup")
	a.tag("vip") // tags are then written by name
	a.forget()
	next := p.record.Next(p.rang.Add(24 * time.Hour)) // when the outcome is settled
	require.ElementsMatch(t, []call.Cause{call.PickedUp, call.CustomerIdentified, call.Ended}, next.Step.Causes)
	_, err := attempt(a.UpdateConversation, StepInput{Step: *next.Step, Conversation: p.conversation})
	require.NoError(t, err)
	isRead := func(name string) bool {
		return slices.Contains([]string{"find customer", "read conversation", "list notes"}, name)
	}
	require.Equal(t, []string{
		"create customer", "update conversation", "create message", "update conversation", "add tags", "remove tags", "create note", "create note",
	}, slices.DeleteFunc(a.sent(), isRead))
	require.Equal(t, caller, a.State().Customers[1].Phones[0])
}

// Each note is a receipt only for itself.
func TestOnlyMissingNotesAreWritten(t *testing.T) {
	for name, d := range map[string]sandbox.Fault{"the second is lost": {Kind: sandbox.FaultReset}, "its answer is lost": {Kind: sandbox.FaultLoseAnswer}} {
		t.Run(name, func(t *testing.T) {
			a := newApplyOrg(t)
			p := a.applyAnswered(applyBridged("note: \"Taken by {agent.name}\""))
			p.picksUp(60, agentBastian)
			a.strike(applyDisturbance{applyRoute: applyNotes, nth: 2, fault: d})
			require.Len(t, a.applyStep(p), 1)
			var notes []string
			for _, note := range a.conversation(t).Notes {
				notes = append(notes, note.ExternalID)
			}
			require.Equal(t, []string{"babelforce:k-1:bridged", "babelforce:k-1:bridged-2"}, notes)
		})
	}
}

// The customer is known, and the move needs no second request.
func TestConversationIsMovedOnce(t *testing.T) {
	a := newApplyOrg(t)
	p := a.ringsAs(t, func(e *call.Event) { e.Leg.From = "" })
	p.does()
	p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}})
	a.strike(applyDisturbance{applyRoute: applyPuts, nth: 1, fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer}})
	require.Len(t, a.applyStep(p), 1)
	require.Equal(t, []string{
		"find customer", "create customer", "read conversation", "update conversation", // its answer is lost
		"read conversation", "find customer", "update conversation", // the name
	}, a.sent())
	require.Equal(t, a.State().Customers[1].ID, a.conversation(t).CustomerID)
	require.Equal(t, a.conversation(t).CustomerID, p.conversation.CustomerID)
}

// Without a note in between, the revision of our last write is known.
func TestUnchangedConversationIsNotRead(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAssigns + `tags: { add: ["with_{agent.id}"], remove: [lost] }`))
	p.does()
	p.picksUp(60, agentBastian)
	p.does()
	require.Equal(t, []string{"update conversation", "update conversation"}, a.sent())
	require.Equal(t, []string{"old", "with_7", "with_8"}, a.conversation(t).Tags)
	require.Equal(t, []string{bastian.ID}, a.conversation(t).AssignedUsers)
}

// A suspended machine does not notice that its step was given to another worker.
func TestSuspendedWorkerWritesNoDuplicates(t *testing.T) {
	for name, finish := range map[string]bool{"a note": false, "a voice entry": true} {
		t.Run(name, func(t *testing.T) {
			a := newApplyOrg(t)
			p := a.answered(t)
			if finish {
				p.does()
				p.ends(90, "passive-hangup")
			}
			before := a.conversation(t)
			stood := &pulse{last: time.Now().Round(0).Add(-HeartbeatTimeout), limit: HeartbeatTimeout}
			u := a.updateFor(a.inForce.Load(), p.next())
			err := u.apply(context.WithValue(t.Context(), pulseKey{}, stood))
			require.ErrorIs(t, err, errFrozen)
			require.Equal(t, Unavailable, failureOf(t, failure(t.Context(), err)).Type())
			require.False(t, failureOf(t, failure(t.Context(), err)).NonRetryable(), "the other worker's result counts, or the next attempt's")
			require.Equal(t, before.Notes, a.conversation(t).Notes)
			require.Empty(t, a.conversation(t).Messages)
			p.does(mayBeDone)
			require.Len(t, a.conversation(t).Notes, len(before.Notes)+1)
		})
	}
}

// Kustomer refuses a conditional write that arrives late.
func TestLateFieldsUndoNothing(t *testing.T) {
	for nth := 1; nth <= nthRequests; nth++ {
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplyOrg(t)
				a.applyCall(func() {
					a.strike(applyDisturbance{applyRoute: applyPuts, nth: nth, fault: sandbox.Fault{Kind: sandbox.FaultCommitLate, Latency: late}})
				})
				a.requireApplied()
				before := a.conversation(t)
				comesNow()
				after := a.conversation(t)
				require.Equal(t, before.Status, after.Status)
				require.Equal(t, before.AssignedUsers, after.AssignedUsers)
			})
		})
	}
}

// Rule 7: the list is replaced once. A second set would remove tags that others added
// since.
func TestSetIsNotSentAgainAfterALostAnswer(t *testing.T) {
	const sets = applyAssigns + `tags: { set: [answered, "with_{agent.id}"] }, note: Taken`
	for name, earlier := range map[string]func(*played){
		"of the first pick-up": func(*played) {},
		// After a note, the revision of our last write is not known.
		"of a later pick-up": func(p *played) { p.does(); p.picksUp(60, agentBastian) },
	} {
		for since, tagged := range map[string]bool{"nothing has changed since": false, "others have tagged it since": true} {
			t.Run(name+" "+since, func(t *testing.T) {
				a := newApplyOrg(t)
				p := a.applyAnswered(applyBridged(sets))
				earlier(p)
				a.Inject(sandbox.Fault{Method: "PUT", Kind: sandbox.FaultLoseAnswer, Times: 1})
				_, err := p.tries()
				require.Error(t, err)
				if tagged {
					a.tag("vip")
				}
				before := a.conversation(t).Tags
				p.does(mayBeDone)
				require.ElementsMatch(t, before, a.conversation(t).Tags)
			})
		}
	}
}

func TestWrittenSetCostsNoFurtherRequest(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAssigns + "tags: { set: [answered] }, note: Taken"))
	a.Inject(sandbox.Fault{Method: "PUT", Kind: sandbox.FaultLoseAnswer, Times: 1})
	a.applyStep(p)
	require.Equal(t, []string{"update conversation", "read conversation", "list notes", "create note"}, a.sent())
}

// If the conversation has exactly the tags that we know, the set was not written. If others
// have tagged it since, the set may have been written: no tag of theirs is removed, and
// none of ours is missing.
func TestUnwrittenSetIsWritten(t *testing.T) {
	const warning = "the tags may have been set already: they were added, and none was removed"
	set, added := []string{"answered", "new"}, []string{"lost", "old", "vip", "answered", "new"}
	tagging := &[]string{"lost", "old", "vip"}
	for name, c := range map[string]struct {
		people kustomer.ConversationUpdate
		want   []string
		warns  []string
	}{
		"others have changed something else": {kustomer.ConversationUpdate{Priority: 5}, set, nil},
		"others have assigned the agent":     {kustomer.ConversationUpdate{AssignedUsers: &[]string{amira.ID}}, set, nil},
		"others have tagged it":              {kustomer.ConversationUpdate{Tags: tagging}, added, []string{warning}},
		"others have done both":              {kustomer.ConversationUpdate{AssignedUsers: &[]string{amira.ID}, Tags: tagging}, added, []string{warning}},
	} {
		for options, assigns := range map[string]string{"a set alone": "", "with the agent": applyAssigns} {
			t.Run(options+" "+name, func(t *testing.T) {
				a := newApplyOrg(t)
				p := a.applyAnswered(applyBridged(assigns + "tags: { set: [answered, new] }, note: Taken"))
				a.Inject(sandbox.Fault{Method: "PUT", Kind: sandbox.FaultReset, Times: 1})
				_, err := p.tries()
				require.Error(t, err)
				p.edits(c.people)
				require.Equal(t, c.warns, p.does(mayBeDone).Warnings)
				require.Equal(t, c.want, a.conversation(t).Tags)
			})
		}
	}
}

// The voice entry opens a conversation that is done. This is not a person's change.
func TestStatusIsWrittenAfterTheVoiceEntry(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(`automations:
- { event: call.inbound, action: kustomer.conversation.create, options: { status: done } }
- { event: call.finished, action: kustomer.conversation.update, options: { status: done, note: Over } }
- { event: call.finished, action: kustomer.message.create, options: { subject: Call } }
`)
	p.does()
	p.ends(90, "passive-hangup")
	require.Empty(t, p.does().Warnings)
	require.Equal(t, "done", a.conversation(t).Status)
}

// Rule 18: the agent wins only if no earlier attempt may have written. The conflict shows
// an attempt that was lost with its workflow task, and its note shows that the step is
// complete.
func TestAssigneeStaysAfterALostHandOver(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAnswer))
	_, err := p.triesLocally()
	require.NoError(t, err)
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	_, err = p.triesLocally()
	require.NoError(t, err)
	require.Equal(t, []string{bastian.ID}, a.conversation(t).AssignedUsers)
}

// Only attempts in a row that do not find the conversation count, not earlier failures.
func TestOneNotFoundIsNoDeletion(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAnswer))
	a.before(func(_ applyRoute, _ int) {
		switch n := len(a.sequence); {
		case n < goneTries:
			a.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: 1})
		case n == goneTries:
			a.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 404, Times: 1})
		}
	})
	a.applyStep(p)
	require.False(t, p.conversation.Deleted)
	require.Len(t, a.conversation(t).Notes, 1)
}

// Likewise, one conflict does not park a call.
func TestOneConflictParksNoCall(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAnswer))
	a.before(func(_ applyRoute, _ int) {
		switch n := len(a.sequence); {
		case n < conflictTries:
			a.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: 1})
		case n == conflictTries:
			a.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409, Times: 1})
		}
	})
	a.applyStep(p)
	require.Len(t, a.conversation(t).Notes, 1)
}

// If the list of notes is not found for a moment, it is unknown which of them exist.
func TestUnreadableNotesDelayTheNote(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAnswer))
	a.Inject(sandbox.Fault{Method: "GET", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 404, Times: 1})
	p.does(mayBeDone)
	require.Len(t, a.conversation(t).Notes, 1)
}

// The conversation has as many tags as our write would have made, but another revision.
func TestTagsAreWrittenAfterTwoChanges(t *testing.T) {
	a := newApplyOrg(t)
	p := a.applyAnswered(applyBridged(applyAnswer))
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{amira.ID}})
	p.edits(kustomer.ConversationUpdate{Tags: &[]string{"lost", "vip"}})
	p.does(mayBeDone)
	require.Equal(t, []string{"vip", "answered"}, a.conversation(t).Tags)
}
