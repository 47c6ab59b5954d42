package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestUnreadableFieldIsIgnored(t *testing.T) {
	for name, c := range map[string]struct {
		field   string
		ignored []string // in the workflow
		public  []string // in the answer, metrics and logs
	}{
		"duration":        {`"call.duration":"00:01:35"`, []string{"call.duration"}, []string{"call.duration"}},
		"date":            {`"call.dateCreated":-1`, []string{"call.dateCreated"}, []string{"call.dateCreated"}},
		"anonymous":       {`"call.anonymous":"yes"`, []string{"call.anonymous"}, []string{"call.anonymous"}},
		"long own":        {`"session.note":"` + strings.Repeat("x", 5000) + `"`, []string{"session.note"}, []string{"other"}},
		"own names":       {`"session.a":"` + strings.Repeat("x", 5000) + `","session.b":"` + strings.Repeat("x", 5000) + `"`, []string{"session.a", "session.b"}, []string{"other"}},
		"name of a phone": {`"` + phone + `":"` + strings.Repeat("x", 5000) + `"`, []string{"other"}, []string{"other"}},
		"nothing":         {`"call.dateCreated":"2026-06-24T12:15:02+0200"`, nil, nil},
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			answer := r.post(t, "call-inbound", c.field)
			require.Equal(t, http.StatusAccepted, answer.status, name)
			require.Equal(t, c.public, answer.IgnoredFields, name)
			require.Equal(t, c.public, r.answered[0].IgnoredFields, name)
			event := r.temporal.runs[workflowID].input.First
			require.Equal(t, c.ignored, event.Ignored, name)
			require.Equal(t, phone, event.Leg.From, name)
			require.Equal(t, c.public != nil, strings.Contains(r.logs.String(), "left out"), name)
			for _, field := range c.public {
				require.Contains(t, r.logs.String(), `"`+field+`"`)
			}
			require.NotContains(t, r.logs.String(), "session.")
		})
	}
}

// Otherwise both would be the call "null", and the second would be lost.
func TestTwoCallsNeverShareARun(t *testing.T) {
	for _, parent := range []string{`"null"`, `"undefined"`, `"None"`, `"0"`, `0`, `false`, `"${call.parentId}"`, `"{call.parentId}"`, `"{{call.parentId}}"`, `"%s"`, `""`, `null`, `"the same leg"`} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			for id, caller := range map[string]string{"np-a": "+493023125101", "np-b": "+493023125102"} {
				answer := r.post(t, "call-inbound", `"call.id":"`+id+`"`, `"call.parentId":`+parent, `"call.from":"`+caller+`"`)
				require.Equal(t, "call/"+id, answer.WorkflowID, parent)
				run := r.temporal.runs["call/"+id]
				require.Equal(t, id, run.input.Key, parent)
				record := call.Record{Key: id}
				record.Add(*run.input.First, run.input.First.ReceivedAt)
				require.Equal(t, caller, record.Facts().CustomersNumber(), parent)
				require.Equal(t, id, record.Facts().Leg.Key(), parent)
				require.False(t, record.Facts().Leg.IsChild(), parent)
			}
			require.Len(t, r.temporal.runs, 2)
		})
	}
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.post(t, "call-finished", `"call.id":"np-a"`, `"call.parentId":"np-b"`, `"call.type":"inbound"`)
		require.Contains(t, r.temporal.runs, "call/np-a", "a leg that came in is the caller's own")
		r.post(t, "call-finished", `"call.id":"np-c"`, `"call.parentId":"np-a"`, `"call.type":"outbound"`)
		require.Len(t, r.temporal.runs, 1)
	})
}

// An error that repetition cannot fix must not be answered 503. Temporal's client is the real one.
func TestEveryIDIsAcceptedOrRefusedForGood(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		ids := []string{strings.Repeat("x", 128), strings.Repeat("x", 129), strings.Repeat("x", 2000), "Anruf-Süd-1", "\u202ex", "x\u2028y", "💥", "a b", "a%0Ab"}
		for c := rune(0); c < 0x180; c++ {
			ids = append(ids, "x"+string(c)+"y")
		}
		for _, id := range ids {
			answer := r.send(t, raw("POST", "/webhooks/babelforce/call-inbound", "application/json", `{"call.id":`+quoted(t, id)+`}`))
			require.Contains(t, []int{http.StatusAccepted, http.StatusBadRequest}, answer.status, "%q", id)
			if answer.status == http.StatusBadRequest {
				require.Equal(t, "call.id", answer.Field, "%q", id)
			} else {
				require.Equal(t, "call/"+id, answer.WorkflowID)
			}
		}
	})
}
