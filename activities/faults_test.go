package activities

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// Each test here is one thing that can go wrong with a request. It is let go
// wrong with every write of a call, once, twice and three times in a row.

func TestConnectionRefused(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close()) // its port is free, and refuses
	survives(t, disturbance{divertTo: nobody.Addr().String()})
}

func TestConnectionResetBeforeTheRequestWasRead(t *testing.T) {
	rude, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = rude.Close() })
	go func() {
		for {
			connection, err := rude.Accept()
			if err != nil {
				return
			}
			_ = connection.(*net.TCPConn).SetLinger(0) // closes with a reset
			_ = connection.Close()
		}
	}()
	survives(t, disturbance{divertTo: rude.Addr().String()})
}

func TestConnectionResetAndNothingDone(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultReset}})
}

func TestConnectionResetAfterTheWorkWasDone(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer}})
}

func TestAnswerLostAtALaterAttempt(t *testing.T) {
	for earlier := 1; earlier <= 3; earlier++ {
		survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer}, earlier: earlier})
	}
}

func TestTimeOutAndNothingDone(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultTimeout}, timeout: 300 * time.Millisecond})
}

func TestTimeOutAfterTheWorkWasDone(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultHoldAnswer}, timeout: 300 * time.Millisecond})
}

func TestServerErrorAndNothingDone(t *testing.T) {
	for _, status := range []int{500, 502, 503, 504} {
		survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: status}})
	}
}

func TestServerErrorAfterTheWorkWasDone(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx}})
}

func TestPageInsteadOfAnAnswer(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultHTML}})
}

func TestAnswerCutInHalf(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultTruncate}})
}

func TestKeyRefused(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403}})
}

func TestConflictThatNothingExplains(t *testing.T) {
	survives(t, disturbance{fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409}})
}

func TestPageOfAProxyInsteadOfARefusal(t *testing.T) {
	survives(t, disturbance{page: 405})
}

// writes are all of a call.
var writes = []struct {
	op, method, route string
	edited            bool // only where a person has edited the conversation before
}{
	{"create customer", "POST", "/v1/customers", false},
	{"create conversation", "POST", "/v1/conversations", false},
	{"update conversation", "PUT", "/v1/conversations/{id}", false},
	{"add tags", "POST", "/v1/conversations/{id}/tags", true},
	{"remove tags", "DELETE", "/v1/conversations/{id}/tags", true},
	{"create note", "POST", "/v1/conversations/{id}/notes", false},
	{"create message", "POST", "/v1/conversations/{id}/messages", false},
}

// disturbance is what goes wrong with a request.
type disturbance struct {
	fault    sandbox.Fault
	earlier  int           // requests that failed before, with nothing done
	divertTo string        // the address that requests go to instead, if any
	timeout  time.Duration // the client's
	page     int           // the status of a proxy's page that comes instead of Kustomer's answer, if any
	local    bool          // it strikes attempts within the workflow task
}

// survives proves that a call has all it must have, once, whichever of its writes is disturbed.
func survives(t *testing.T, d disturbance) {
	if !d.local {
		t.Run("locally", func(t *testing.T) {
			d := d
			d.local = true
			survives(t, d)
		})
	}
	for _, write := range writes {
		if d.local && (write.op == "create message" || d.earlier > 0) { // which is no part of those steps, nor are later attempts
			continue
		}
		for times := 1; times <= 3; times++ {
			t.Run(fmt.Sprintf("%s/%d", write.op, times), func(t *testing.T) {
				t.Parallel()
				o := newOrgWithVoiceEntries(t, func(o *org) {
					o.timeout = d.timeout
					if d.divertTo != "" || d.page != 0 {
						o.transport = &diversion{method: write.method, route: write.route, to: d.divertTo, page: d.page, times: times}
					}
				})
				if d.fault.Kind != "" {
					fault := d.fault
					fault.Method, fault.Route, fault.Times = write.method, write.route, times
					if d.earlier > 0 {
						o.Inject(sandbox.Fault{Method: write.method, Route: write.route, Kind: sandbox.FaultReset, Times: d.earlier})
					}
					o.Inject(fault)
				}
				failed := o.plays(t, write.edited, d.local)
				about := func(failure *temporal.ApplicationError) bool { return strings.Contains(failure.Message(), write.op) }
				require.True(t, slices.ContainsFunc(failed, about), "the disturbance never struck")
				if d.timeout == 0 { // else a busy machine may add time-outs of its own
					require.LessOrEqual(t, len(failed), d.earlier+times, "what has been done is found, and not tried again")
				}
				requireTheWholeCallOnce(t, o)
				require.Len(t, o.conversation(t).Messages, 1)
			})
		}
	}
}

// plays opens a call's conversation, hands it over and writes its outcome, as
// often as it takes, and returns how attempts failed. It may be edited before it
// is handed over, and begin with attempts within the workflow task.
func (o *org) plays(t *testing.T, edited, local bool) (failed []*temporal.ApplicationError) {
	t.Helper()
	open, handOver := repeat[createInput, createResult], repeat[updateInput, updateResult]
	if local {
		open, handOver = repeatLocally[createInput, createResult](looksToOpen), repeatLocally[updateInput, updateResult](looksToUpdate)
	}
	opened, failed, err := open(t, o.createStep, ringing(caller))
	require.NoError(t, err)
	if edited {
		o.edits(t, opened.ConversationID, kustomer.ConversationUpdate{Priority: 5})
	}
	_, more, err := handOver(t, o.updateStep, answering(opened))
	require.NoError(t, err)
	_, yetMore, err := repeat(t, o.updateStep, ending(opened))
	require.NoError(t, err)
	return slices.Concat(failed, more, yetMore)
}

// diversion sends some requests to another address, or answers them with a page of that status.
type diversion struct {
	method, route, to string
	page              int
	mu                sync.Mutex
	times             int
}

func (d *diversion) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ends := d.route[strings.LastIndex(d.route, "/"):]
	if d.times > 0 && r.Method == d.method && (strings.HasSuffix(r.URL.Path, ends) || ends == "/{id}" && strings.Count(r.URL.Path, "/") == 3) {
		d.times--
		if d.page != 0 {
			return &http.Response{StatusCode: d.page, Request: r, Body: io.NopCloser(strings.NewReader("<html>Not here</html>"))}, nil
		}
		r = r.Clone(r.Context())
		r.URL.Host = d.to
	}
	return http.DefaultTransport.RoundTrip(r)
}

func requireTheWholeCallOnce(t *testing.T, o *org) {
	t.Helper()
	require.Len(t, o.State().Customers, 1)
	conversation := o.conversation(t)
	require.Equal(t, o.State().Customers[0].ID, conversation.CustomerID)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, conversation.Tags)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers)
	notes := make(map[string]int)
	for _, note := range conversation.Notes {
		notes[note.ExternalID]++
	}
	require.Equal(t, 1, notes["babelforce:k-1:bridged"])
	require.LessOrEqual(t, notes["babelforce:k-1:finished"], 1)
	require.Len(t, notes, len(conversation.Notes))
}

// A refusal is checked by looking; when the look-up fails too, nothing is known yet and nobody needs to be asked.
func TestARefusalThatCannotBeCheckedIsTriedAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		refused, look string
		skip          int
	}{
		"create customer":     {"/v1/customers", "/v1/customers/phone={phone}", 1},
		"create conversation": {"/v1/conversations", "/v1/conversations/externalId={externalId}", 0},
		"create note":         {"/v1/conversations/{id}/notes", "/v1/conversations/{id}/notes", 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.Inject(sandbox.Fault{Method: "POST", Route: tc.refused, Kind: sandbox.FaultStatus, Status: 409, Times: 1})
			o.Inject(sandbox.Fault{Method: "GET", Route: tc.look, Kind: sandbox.FaultStatus, Status: 503, Skip: tc.skip, Times: 1})
			opened, failed, err := repeat(t, o.createStep, ringing(caller))
			require.NoError(t, err)
			_, failedToo, err := repeat(t, o.updateStep, answering(opened))
			require.NoError(t, err)
			failed = append(failed, failedToo...)
			require.Len(t, failed, 1)
			require.Equal(t, Unavailable, failed[0].Type())
			requireTheWholeCallOnce(t, o)
		})
	}
}

func TestARefusalOfWhatALostAttemptHasWrittenIsNoRefusal(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)
	first, err := attempt(o.updateStep, answering(opened))
	require.NoError(t, err)
	require.NotZero(t, first.UpdatedAt)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 409})
	_, err = attempt(o.updateStep, answering(opened))
	require.NoError(t, err)
	requireTheWholeCallOnce(t, o)
}
