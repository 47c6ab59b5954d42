package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// A step writes everything that is due when it begins, and nothing later.

var anotherRecording = recording("another", "https://recordings.example.com/2")

// receivedAfter is an event that the receiver got that long after the call began.
func receivedAfter(d time.Duration, e call.Event) call.Event {
	e.ReceivedAt = began.Add(d)
	return e
}

// receivesAll sends the events of a call that is transferred once, ends after a minute and
// was recorded twice.
func (c *callUnderTest) receivesAll() {
	c.starts(inbound)
	c.receives(10*time.Second, receivedAfter(10*time.Second, bridged))
	c.receives(40*time.Second, receivedAfter(40*time.Second, transferred))
	c.receives(60*time.Second, finished)
	c.receives(70*time.Second, recorded)
	c.receives(80*time.Second, anotherRecording)
}

func TestOneStepWritesAllAfterAnOutage(t *testing.T) {
	for name, tc := range map[string]struct {
		expects call.Expects
		step    string
		causes  []call.Cause
		log     []string
	}{
		"pick-ups and the outcome": {
			call.Expects{Finish: true}, "bridged+bridged-2+finished", []call.Cause{call.PickedUp, call.Ended},
			[]string{"conversation handed over", "outcome written: answered"},
		},
		"and recordings": {
			call.Expects{Finish: true, Recording: true}, "bridged+bridged-2+finished+recorded+recorded-2",
			[]call.Cause{call.PickedUp, call.Ended, call.RecordingAvailable},
			[]string{"conversation handed over", "outcome written: answered", "recording written"},
		},
		"and the end of the wrap-up": {
			call.Expects{Finish: true, Recording: true, WrapUpTime: time.Minute}, "bridged+bridged-2+finished+recorded+recorded-2+wrappedUp",
			[]call.Cause{call.PickedUp, call.Ended, call.RecordingAvailable, call.WrapUpOver},
			[]string{"conversation handed over", "outcome written: answered", "recording written", "wrapped up"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.away = 5 * time.Minute
			c.opened.Expects = tc.expects
			c.answers[tc.step] = func(r *activities.StepResult) { r.At = began.Add(c.away) }
			c.receivesAll()
			state := c.plays()

			require.Len(t, c.updates, 1)
			require.Equal(t, tc.step, last(c.steps))
			require.Equal(t, tc.causes, c.causes(0))
			in := c.updates[0]
			require.Empty(t, notesIn(in.Was))
			require.Equal(t, tc.step, strings.Join(notesIn(in.Is), "+"))
			pickUps := in.NewPickUps()
			require.Equal(t, []call.Agent{agent1, agent2}, []call.Agent{pickUps[0].Facts.Agent, pickUps[1].Facts.Agent})
			require.Equal(t, "bridged-2", c.latest(0).Note)
			require.Equal(t, call.Answered, c.closing(0).Outcome)
			require.Equal(t, []string{"agent-1", "agent-2"}, c.closing(0).Summary.Agents)
			require.Equal(t, activities.PriorityCatchUp, last(c.priorities), "no caller is on the line any more")

			require.Equal(t, "agent-2", state.AgentID)
			require.Equal(t, []string{"user-of-agent-2"}, state.AssignedUsers)
			require.EqualValues(t, 290_000, state.BridgeToUpdateMS, "since the first of them picked up")
			for _, line := range tc.log {
				require.Equal(t, 1, strings.Count(c.log, line), line)
			}
		})
	}
}

func TestReportDuringAStepIsDueAfterIt(t *testing.T) {
	unidentified := bridged
	unidentified.Agent = call.Agent{ID: "agent-1"}
	for name, tc := range map[string]struct {
		during  string // step
		first   call.Event
		pickUp  call.Event
		report  call.Event
		expects call.Expects
		notes   []string // the notes in the input of the step
		want    []string // the steps after the opening
	}{
		"another pick-up": {
			during: "bridged", pickUp: bridged, report: transferred, notes: []string{"bridged"},
			want: []string{"bridged", "bridged-2", "finished"},
		},
		"who the agent is": {
			during: "bridged", pickUp: unidentified, report: bridged, notes: []string{"bridged"},
			want: []string{"bridged", "identify", "finished"},
		},
		"who calls": {
			during: "bridged", first: unansweredAttempt, pickUp: nameless(bridged), report: inbound, notes: []string{"bridged"},
			want: []string{"bridged", "move", "finished"},
		},
		"a recording": {
			during: "finished", pickUp: bridged, report: recorded, expects: call.Expects{Recording: true}, notes: []string{"bridged", "finished"},
			want: []string{"bridged", "finished", "recorded"},
		},
	} {
		for how, attempts := range map[string]func(*callUnderTest, func()){
			"in the first attempt": func(c *callUnderTest, report func()) {
				c.duringStep[tc.during] = report
			},
			"in an activity": func(c *callUnderTest, report func()) {
				c.opened.Conversation.Rev = 0
				c.duringStep[tc.during] = report
			},
			"before the next attempt": func(c *callUnderTest, report func()) {
				c.fails[tc.during] = []error{unavailable(10 * time.Second)}
				c.duringStep[tc.during] = once(func() { c.at(5*time.Second, report) })
			},
			"while it is parked": func(c *callUnderTest, report func()) {
				c.fails[tc.during] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
				c.duringStep[tc.during] = once(func() {
					c.at(5*time.Second, report)
					c.at(10*time.Second, func() {
						require.Equal(c.t, workflows.Parked, c.asks().Phase)
						c.decides(workflows.UpdateRetry)
					})
				})
			},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				c := newCall(t)
				c.opened.Conversation.Rev = 1
				c.opened.Expects.Recording = tc.expects.Recording
				if tc.first.Kind == "" {
					tc.first = inbound
				}
				c.starts(tc.first)
				c.receives(6*time.Second, receivedAfter(6*time.Second, tc.pickUp))
				c.receives(time.Minute, nameless(finished))
				attempts(c, func() { c.env.SignalWorkflow(string(tc.report.Kind), tc.report) })
				c.plays()

				require.Equal(t, append([]string{"create"}, tc.want...), withoutRepetition(c.steps))
				var attempted []activities.StepInput
				for n, in := range c.updates {
					if n > 0 && nameOf(in) != nameOf(c.updates[n-1]) {
						require.Equal(t, notesIn(c.updates[n-1].Is), notesIn(in.Was), "a step begins where the last one ended")
					}
					if nameOf(in) == tc.during {
						attempted = append(attempted, in)
					}
				}
				for _, in := range attempted {
					require.Equal(t, tc.notes, notesIn(in.Is))
					require.Equal(t, attempted[0].Step, in.Step, "each attempt is at the same step")
					require.Equal(t, tc.pickUp.Agent, in.Is.PickUps[0].Facts.Agent)
					require.Equal(t, tc.first.Kind == call.Inbound, in.Is.Opening.KnowsCustomer())
				}
			})
		}
	}
}

func TestReportDuringTheOpeningIsDueAfterIt(t *testing.T) {
	c := newCall(t)
	c.starts(unansweredAttempt)
	c.duringStep["create"] = func() {
		for _, e := range []call.Event{inbound, bridged, transferred} {
			c.env.SignalWorkflow(string(e.Kind), e)
		}
	}
	c.receives(time.Minute, finished)
	c.plays()
	require.Equal(t, []string{"create", "bridged+bridged-2+move", "finished"}, c.steps)
	require.False(t, c.created.Is.Opening.KnowsCustomer())
	require.Empty(t, notesIn(c.created.Is))
	require.False(t, c.updates[0].Was.Opening.KnowsCustomer())
	require.True(t, c.updates[0].Is.Opening.KnowsCustomer())
}

func TestSkippedStepLeavesOutAllItsCauses(t *testing.T) {
	const joined = "bridged+bridged-2+finished+recorded"
	agent3 := call.Agent{ID: "agent-3", SourceID: "user-of-agent-3"}
	third := event(call.Bridged, lasting(caller, 50, ""), agent3)
	refused := temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)
	for name, tc := range map[string]struct {
		plays    func(*callUnderTest)
		after    []string // steps
		assigned []string
	}{
		"with nothing new":       {func(*callUnderTest) {}, nil, nil},
		"with another pick-up":   {func(c *callUnderTest) { c.receives(150*time.Second, third) }, []string{"bridged-3"}, []string{"user-of-agent-3"}},
		"with a recording later": {func(c *callUnderTest) { c.receives(4*time.Minute, anotherRecording) }, []string{"recorded-2"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.opened.Expects.Recording = true
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(40*time.Second, transferred)
			c.receives(time.Minute, finished)
			c.receives(70*time.Second, recorded)
			c.fails["create"], c.fails[joined] = []error{refused}, []error{refused}
			c.at(2*time.Minute, func() { c.decides(workflows.UpdateRetry) })
			tc.plays(c)
			const inWords = "assign the agent, tag and note; write the outcome; write down a recording"
			c.at(3*time.Minute, func() {
				state := c.asks()
				require.Equal(t, workflows.Parked, state.Phase)
				require.Equal(t, []call.Cause{call.PickedUp, call.Ended, call.RecordingAvailable}, state.Step.Causes)
				require.Equal(t, "an operator to retry, amend or skip: "+inWords, state.WaitsInWords())
				require.Equal(t, "could not "+inWords+": kustomer: no", state.ParkedBecause)
				c.decides(workflows.UpdateSkip)
			})
			state := c.plays()

			require.Equal(t, append([]string{"create", "create", joined}, tc.after...), c.steps)
			require.Equal(t, []string{inWords}, state.Skipped)
			require.Equal(t, workflows.Finished, state.Phase)
			require.Equal(t, call.Answered, state.Outcome)
			require.Equal(t, "conversation-1", state.ConversationID)
			require.Equal(t, tc.assigned, state.AssignedUsers)
			require.NotContains(t, c.log, "outcome written")
			for _, in := range c.updates[1:] {
				require.Equal(t, []string{"bridged", "bridged-2", "finished", "recorded"}, notesIn(in.Was))
				require.Nil(t, in.Amend)
				require.False(t, in.MayBeDone)
			}
		})
	}
}

func TestOnlyAPromptPickUpIsTriedLocally(t *testing.T) {
	hearsNow := func(c *callUnderTest, after time.Duration, events ...call.Event) {
		c.at(after, func() {
			for _, e := range events {
				e.ReceivedAt = c.env.Now()
				c.env.SignalWorkflow(string(e.Kind), e)
			}
		})
	}
	duringOpening := func(c *callUnderTest, events ...call.Event) {
		c.duringStep["create"] = func() {
			for _, e := range events {
				c.env.SignalWorkflow(string(e.Kind), receivedAfter(10*time.Second, e))
			}
		}
	}
	unidentified := bridged
	unidentified.Agent = call.Agent{ID: "agent-1"}
	for name, tc := range map[string]struct {
		step    string
		plays   func(*callUnderTest)
		locally bool
	}{
		"one pick-up": {"bridged", func(c *callUnderTest) { c.starts(inbound); hearsNow(c, 10*time.Second, bridged) }, true},
		"one that was reported during the opening": {
			"bridged", func(c *callUnderTest) { c.starts(inbound); duringOpening(c, bridged) }, true,
		},
		"the next one": {
			"bridged-2", func(c *callUnderTest) {
				c.starts(inbound)
				hearsNow(c, 10*time.Second, bridged)
				hearsNow(c, 40*time.Second, transferred)
			}, true,
		},
		"one whose report has waited": {
			"bridged", func(c *callUnderTest) {
				c.starts(inbound)
				c.receives(10*time.Second, receivedAfter(5*time.Second, bridged))
			}, false,
		},
		"two pick-ups": {
			"bridged+bridged-2", func(c *callUnderTest) { c.starts(inbound); duringOpening(c, bridged, transferred) }, false,
		},
		"two of which the later was reported first": {
			"bridged+bridged-2", func(c *callUnderTest) { c.starts(inbound); duringOpening(c, transferred, bridged) }, false,
		},
		"one that another has overtaken": {
			"bridged-2", func(c *callUnderTest) {
				c.starts(inbound)
				hearsNow(c, 40*time.Second, transferred)
				hearsNow(c, 41*time.Second, bridged)
			}, false,
		},
		"a pick-up that tells who calls": {
			"bridged+move", func(c *callUnderTest) { c.starts(unansweredAttempt); hearsNow(c, 10*time.Second, bridged) }, false,
		},
		"a pick-up that corrects the outcome": {
			"bridged+finished-2", func(c *callUnderTest) { // written because no reports arrived
				c.opened.Expects.Recording, c.input.Limits = true, call.Limits{Bridge: time.Minute}
				c.starts(inbound)
				c.duringStep["finished"] = once(func() { c.env.SignalWorkflow("bridged", receivedAfter(time.Minute, bridged)) })
			}, false,
		},
		"who has picked up": {
			"identify", func(c *callUnderTest) {
				c.starts(inbound)
				hearsNow(c, 10*time.Second, unidentified)
				hearsNow(c, 11*time.Second, bridged)
			}, false,
		},
		"who calls": {
			"move", func(c *callUnderTest) { c.starts(unansweredAttempt); hearsNow(c, 10*time.Second, inbound) }, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.opened.Conversation.Rev = 1
			for _, step := range []string{"bridged", "finished"} { // the revision is known for other steps too
				c.answers[step] = func(r *activities.StepResult) { r.Conversation.Rev = 2 }
			}
			tc.plays(c)
			c.plays()
			require.Contains(t, c.steps, tc.step)
			if tc.locally {
				require.Contains(t, c.locally, tc.step)
			} else {
				require.NotContains(t, c.locally, tc.step)
			}
			for _, in := range c.updates {
				if nameOf(in) == tc.step {
					require.NotZero(t, in.Conversation.Rev, "which is no reason not to")
				}
			}
		})
	}
}

// once returns a function that calls do the first time only.
func once(do func()) func() {
	isDone := false
	return func() {
		if !isDone {
			isDone = true
			do()
		}
	}
}

// notesIn returns the names of the notes in a story, except the opening's.
func notesIn(s call.Story) (names []string) {
	for _, p := range s.PickUps {
		names = append(names, p.Note)
	}
	if s.Closing != nil {
		names = append(names, s.Closing.Note)
	}
	for _, recording := range s.Recordings {
		names = append(names, recording.Note)
	}
	if s.WrappedUp {
		names = append(names, string(call.WrappedUp))
	}
	return names
}

// withoutRepetition returns the steps, with consecutive attempts at one step merged.
func withoutRepetition(steps []string) []string { return slices.Compact(slices.Clone(steps)) }
