package activities

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// oddity puts a value into every answer that contains a resource of a type. The value is an
// attribute, or a sibling of the attributes if the field belongs to the resource itself.
type oddity struct{ resource, field, value string }

// oddOrg is a Kustomer org whose answers have an oddity while it is set.
type oddOrg struct {
	*org
	odd *oddity
}

func newOddOrg(t *testing.T, change ...func(*org)) *oddOrg {
	odd := &oddOrg{}
	odd.org = newOrg(t, append(change, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			o.ServeHTTP(answer, r)
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = w.Write(odd.spoil(t, answer.Body.Bytes()))
		})
	})...)
	return odd
}

func (o *oddOrg) spoil(t *testing.T, answer []byte) []byte {
	var body map[string]any
	if o.odd == nil || json.Unmarshal(answer, &body) != nil {
		return answer
	}
	items, isList := body["data"].([]any)
	if !isList {
		items = []any{body["data"]}
	}
	for _, item := range items {
		if resource, is := item.(map[string]any); is && resource["type"] == o.odd.resource {
			o.odd.put(resource)
		}
	}
	spoilt, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
	}
	return spoilt
}

func (o *oddity) put(resource map[string]any) {
	into := resource["attributes"].(map[string]any)
	if _, isBeside := resource[o.field]; isBeside {
		into = resource
	}
	if into[o.field] = json.RawMessage(o.value); o.value == "" {
		delete(into, o.field)
	}
}

// oddFields are the fields that the client reads. Each has the values that are not odd, but
// say something valid, such as another conversation or another status.
var oddFields = map[string]map[string][]string{
	"conversation": {
		"id": oddTexts, "name": oddTexts, "status": {`"x"`}, "rev": {`7`}, "mergedTarget": oddTexts, "deleted": {`true`},
		"attributes": nil, "relationships": nil, "externalId": nil, "priority": nil, "tags": nil, "assignedUsers": nil, "assignedTeams": nil,
		"custom": nil, "noteCount": nil, "createdAt": nil, "updatedAt": nil,
	},
	"note":     {"id": nil, "attributes": nil, "externalId": oddTexts, "createdAt": nil},
	"message":  {"id": nil, "attributes": nil},
	"customer": {"id": oddTexts, "attributes": nil},
}

var oddTexts = []string{`7`, `"x"`}

func oddities() (all []oddity) {
	for resource, fields := range oddFields {
		for field, meaningful := range fields {
			for _, value := range []string{``, `null`, `true`, `7`, `"x"`, `[]`, `[{}]`, `{}`} {
				if !slices.Contains(meaningful, value) {
					all = append(all, oddity{resource, field, value})
				}
			}
		}
	}
	return all
}

// oddNeeds are the fields that decide what is written. Without them a step waits until they
// are understood.
var oddNeeds = []string{
	"customer id", "conversation id", "conversation attributes", "conversation rev", "conversation status", "conversation assignedUsers",
	"note attributes", "note externalId",
}

func TestAnOddAnswerCostsNothingOrIsWaitedOut(t *testing.T) {
	var mu sync.Mutex
	needed := make(map[string]bool)
	t.Cleanup(func() {
		require.ElementsMatch(t, oddNeeds, slices.Collect(maps.Keys(needed)), "each of them is needed")
	})
	lateAgain := func(in *StepInput) {
		isLate(in)
		mayBeDone(in)
	}
	for manner, change := range map[string]func(*StepInput){"at once": func(*StepInput) {}, "late, after a lost answer": lateAgain} {
		for _, odd := range oddities() {
			t.Run(fmt.Sprintf("%s/%s %s/%s", manner, odd.resource, odd.field, odd.value), func(t *testing.T) {
				t.Parallel()
				if isNeeded := !odd.costsNothing(t, change); isNeeded {
					mu.Lock()
					defer mu.Unlock()
					needed[odd.resource+" "+odd.field] = true
				}
			})
		}
	}
}

// costsNothing plays a call against the oddity. A step that needs the field fails, and
// succeeds once the field is as documented again.
func (o oddity) costsNothing(t *testing.T, change func(*StepInput)) bool {
	isFree := true
	org := newOddOrg(t)
	org.automate(t, applyFile)
	p := org.rings(t, caller)
	for _, happens := range []func(){
		func() {},
		func() { p.picksUp(12, agentAmira) },
		func() { p.picksUp(60, agentBastian) },
		func() { p.ends(95, "passive-hangup") },
	} {
		happens()
		org.odd = &o
		in := p.next(change)
		result, err := attempt(p.step(in), in)
		org.odd = nil
		if err == nil {
			p.completes(in, result)
			continue
		}
		require.Contains(t, oddNeeds, o.resource+" "+o.field, err.Error())
		require.Equal(t, Unavailable, failureOf(t, err).Type(), err)
		require.False(t, failureOf(t, err).NonRetryable())
		isFree = false
		p.does(mayBeDone)
	}
	requireOddCall(t, org.Server)
	return isFree
}

// requireOddCall requires the call to be complete, with everything written once.
func requireOddCall(t *testing.T, s *sandbox.Server) {
	require.Len(t, s.State().Customers, 1)
	require.Len(t, s.State().Conversations, 1)
	is := s.State().Conversations[0]
	require.Equal(t, s.State().Customers[0].ID, is.CustomerID)
	require.Equal(t, "Call from "+caller, is.Name)
	require.Equal(t, "done", is.Status)
	require.Equal(t, []string{bastian.ID}, is.AssignedUsers)
	require.ElementsMatch(t, []string{"babelforce", "with_7", "with_8", "ended"}, is.Tags)
	require.Len(t, is.Messages, 1)
	var notes []string
	for _, note := range is.Notes {
		notes = append(notes, note.ExternalID)
	}
	require.ElementsMatch(t, []string{"babelforce:k-1:bridged", "babelforce:k-1:bridged-2", "babelforce:k-1:finished"}, notes)
}

func TestNoteIsWrittenOnceIfTheCountIsOdd(t *testing.T) {
	o := newOddOrg(t)
	p := o.answered(t)
	o.odd = &oddity{"conversation", "noteCount", `"one"`}
	for range 2 {
		_, err := p.triesLocally()
		require.NoError(t, err)
		p.conversation.Rev = o.conversation(t).Rev
	}
	requireTheWholeCallOnce(t, o.org)
}

func TestOddTagsAreNotTakenForNone(t *testing.T) {
	var c Conversation
	c.setTags(nil, nil)
	require.False(t, c.TagsKnown)
	c.setTags(nil, []string{})
	require.True(t, c.TagsKnown)
	require.True(t, c.knowsTags([]string{}))
	require.False(t, c.knowsTags(nil))
}

func TestCallJoinsOnceDespiteOddAnswers(t *testing.T) {
	const closes = "  - { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n"
	for _, odd := range []oddity{
		{"conversation", "updatedAt", `"yesterday"`}, {"conversation", "custom", `"x"`}, {"conversation", "priority", `[]`},
		{"note", "createdAt", `"yesterday"`}, {"customer", "sharedPhones", `["+4930"]`},
	} {
		t.Run(odd.field, func(t *testing.T) {
			a := &orgThatAppends{}
			now := func() time.Time { return time.Now().Add(-time.Duration(a.behind.Load())) }
			o := newOddOrg(t, func(o *org) { o.Server = sandbox.New(sandbox.Config{APIKey: apiKey, Now: now}) })
			a.org, o.odd = o.org, &odd
			a.automate(t, appends+string(automation.DefaultFile)+closes)
			first := a.called(t, time.Minute)
			again := a.callsAgain(t, "k-2")
			_, err := again.tries()
			require.NoError(t, err)

			first.picksUp(12, agentAmira)
			first.does()
			first.ends(30, "hangup")
			first.does()
			require.Equal(t, "open", a.conversation(t).Status, "for the call that has joined")

			first.edits(kustomer.ConversationUpdate{Status: "done"}) // from now on only the receipt identifies the conversation
			require.True(t, again.does(mayBeDone).Joined)
			require.Len(t, a.conversation(t).Notes, 3)
		})
	}
}

// In the OpenAPI's example, notes have no external id.
func TestNoteIsWrittenOnceThoughItsExternalIDIsNotShown(t *testing.T) {
	o := newOddOrg(t)
	p := o.answered(t)
	o.odd = &oddity{"note", "externalId", ""}
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer, Times: 1})
	_, failed := p.repeats()
	require.Len(t, failed, 1)
	requireTheWholeCallOnce(t, o.org)

	p.picksUp(60, agentBastian)
	p.does(mayBeDone)
	require.Len(t, o.conversation(t).Notes, 2, "another text is another note")
}
