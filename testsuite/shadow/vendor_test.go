package shadow

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/testsuite/stage"
)

// planted is a call, what the automation in use does for it, and the expected report.
type planted struct {
	key, number string
	customer    string // if the customer exists already
	rang        time.Time
	missed      bool
	vendor      []made
	strangers   int // conversations that another user creates in the meantime
	want        operator.ShadowCall
}

// made is a conversation that the automation in use creates.
type made struct {
	tags     []string
	assigned string
	status   string
	notes    int
}

// alike is a conversation equal to the shadow's own.
func alike(missed bool) made {
	if missed {
		return made{tags: []string{"babelforce", "inbound_call", "call_lost", "call_abandoned_in_flow"}, status: "open", notes: 1}
	}
	return made{tags: []string{"babelforce", "inbound_call", "call_answered"}, assigned: stage.Amira, status: "open", notes: 2}
}

// found is the expected comparison of such a conversation.
func found(notes int) activities.Found {
	return activities.Found{Assignees: activities.Same, Tags: activities.Same, Status: activities.Same, Notes: notes}
}

// plan plants several mistakes of each kind among calls without mistakes.
func plan(n int) (calls []*planted) {
	add := func(times int, change func(*planted)) {
		for range times {
			p := &planted{key: fmt.Sprintf("call-%03d", len(calls)), number: fmt.Sprintf("+49302312%04d", 5000+len(calls)), missed: len(calls)%9 == 4}
			p.vendor = []made{alike(p.missed)}
			p.want = operator.ShadowCall{CallID: "shadow/" + p.key}
			p.want.Verdict, p.want.Notes = activities.VerdictOne, alike(p.missed).notes
			p.want.Found = []activities.Found{found(p.want.Notes)}
			change(p)
			calls = append(calls, p)
		}
	}
	add(14, func(p *planted) { p.duplicates(2) })
	add(2, func(p *planted) { p.duplicates(3) })
	add(8, func(p *planted) { p.duplicates(0) })
	add(9, func(p *planted) {
		p.vendor[0].assigned = stage.Bastian
		p.want.Found[0].Assignees, p.want.Found[0].OtherAgent = activities.Different, true
	})
	add(7, func(p *planted) {
		p.vendor[0].tags = []string{"babelforce"}
		p.want.Found[0].Tags = activities.Different
	})
	add(6, func(p *planted) {
		p.vendor[0].status = "done"
		p.want.Found[0].Status = activities.Different
	})
	add(5, func(p *planted) { p.vendor[0].notes, p.want.Found[0].Notes = 0, 0 })
	add(4, func(p *planted) { p.strangers = 1 })
	add(6, func(p *planted) {
		p.number = "anonymous"
		p.excluded(activities.VerdictNotCompared, activities.ReasonCatchAll)
	})
	add(3, func(p *planted) {
		p.number = sharedNumber
		p.excluded(activities.VerdictAmbiguous, activities.ReasonShared)
	})
	for range 2 { // two simultaneous calls of a customer
		add(2, func(p *planted) { p.want.Verdict, p.want.Reason = activities.VerdictAmbiguous, activities.ReasonClose })
		calls[len(calls)-1].number = calls[len(calls)-2].number
	}
	for range returning { // a customer who also called minutes before
		add(2, func(p *planted) {
			p.missed = false
			p.vendor[0] = alike(false)
			p.want.Notes = 2
			p.want.Found[0].Notes = 2
		})
		first, second := calls[len(calls)-2], calls[len(calls)-1]
		first.number, first.rang, first.vendor = second.number, began.Add(-before), nil
	}
	add(n-len(calls), func(*planted) {})
	return calls
}

func (p *planted) duplicates(times int) {
	one, what := p.vendor[0], p.want.Found[0]
	p.vendor, p.want.Found = nil, nil
	for range times {
		p.vendor, p.want.Found = append(p.vendor, one), append(p.want.Found, what)
	}
	p.want.Verdict = activities.VerdictOf(p.want.Found)
}

func (p *planted) excluded(verdict activities.Verdict, because activities.Reason) {
	p.vendor, p.want.Found, p.want.Verdict, p.want.Reason = nil, nil, verdict, because
}

// ring makes the automation in use create what is planted for a ringing call. The returned function
// continues the call after an agent has picked up.
func (s *shadowed) ring(t *testing.T, p *planted, customer string) (goesOn func()) {
	t.Helper()
	open := func(by *kustomer.Client, tags []string) string {
		opened, err := by.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: customer, Name: "Call", Tags: tags})
		require.NoError(t, err)
		return opened.ID
	}
	var ids []string
	for _, one := range p.vendor {
		ids = append(ids, open(s.vendor, one.tags))
	}
	for range p.strangers {
		open(s.other, nil)
	}
	return func() {
		for i, one := range p.vendor {
			change := kustomer.ConversationUpdate{Status: one.status}
			if one.assigned != "" {
				change.AssignedUsers = &[]string{one.assigned}
			}
			_, err := s.vendor.UpdateConversation(t.Context(), ids[i], change)
			require.NoError(t, err)
			for range one.notes {
				require.NoError(t, s.vendor.CreateNote(t.Context(), ids[i], kustomer.NewNote{Body: "Call"}))
			}
		}
	}
}
