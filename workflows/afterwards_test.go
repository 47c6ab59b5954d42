package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

var recorded = recording("recorded", "https://recordings.example.com/1")

func recording(id, url string) call.Event {
	e := event(call.Recorded, caller, call.Agent{})
	e.Recording = call.Recording{ID: id, URL: url}
	return e
}

// answeredCall is a call that ends a minute after it began. Its outcome is written at 1:15.
func answeredCall(t *testing.T) *callUnderTest {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(time.Minute, finished)
	return c
}

func TestRecordingsAreWrittenOnArrival(t *testing.T) {
	c := answeredCall(t)
	c.opened.Expects.Recording = true
	c.receives(2*time.Minute, recorded)
	c.receives(3*time.Minute, recording("another", "https://recordings.example.com/2"))
	c.at(4*time.Minute, func() {
		state := c.asks()
		require.Equal(t, workflows.Finished, state.Phase, "the call is over")
		require.Equal(t, call.Answered, state.Outcome)
		require.Equal(t, call.WaitsForRecordings, state.WaitsFor)
		require.Equal(t, "recordings of the call", state.WaitsInWords())
	})
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished", "recorded", "recorded-2"}, c.steps)
	require.Equal(t, "https://recordings.example.com/1", c.recording(2).URL)
	require.Equal(t, "https://recordings.example.com/2", c.recording(3).URL)
	require.Equal(t, time.Minute+call.DefaultLimits.Recording, c.took())
}

func TestEarlyRecordingIsWrittenAfterTheOutcome(t *testing.T) {
	c := answeredCall(t)
	c.opened.Expects.Recording = true
	c.receives(30*time.Second, recorded)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished+recorded"}, c.steps)
	require.Equal(t, "https://recordings.example.com/1", c.recording(1).URL)
}

func TestUnwantedRecordingIsNotAwaited(t *testing.T) {
	c := answeredCall(t)
	c.receives(30*time.Second, recorded)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Equal(t, 75*time.Second, c.took())
}

func TestAnsweredCallIsWrappedUpOnce(t *testing.T) {
	c := answeredCall(t)
	c.opened.Expects.WrapUpTime = 2 * time.Minute
	c.at(90*time.Second, func() {
		state := c.asks()
		require.Equal(t, call.WaitsForWrapUp, state.WaitsFor)
		require.Equal(t, "the agent to wrap up", state.WaitsInWords())
	})
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished", "wrappedUp"}, c.steps)
	require.Equal(t, []call.Cause{call.WrapUpOver}, c.causes(2))
	require.Equal(t, call.Answered, c.closing(2).Outcome)
	require.Equal(t, 3*time.Minute, c.took())
}

func TestWrapUpAndRecordingsAreIndependent(t *testing.T) {
	c := answeredCall(t)
	c.opened.Expects.WrapUpTime, c.opened.Expects.Recording = 2*time.Minute, true
	c.receives(100*time.Second, recorded)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished", "recorded", "wrappedUp"}, c.steps)
	require.Equal(t, time.Minute+call.DefaultLimits.Recording, c.took())
}

func TestMissedCallIsNotWrappedUp(t *testing.T) {
	c := newCall(t)
	c.opened.Expects.WrapUpTime = 2 * time.Minute
	c.starts(inbound)
	c.receives(30*time.Second, hungUp)
	c.plays()
	require.Equal(t, []string{"create", "finished"}, c.steps)
}

func TestLateBridgeCorrectsTheOutcome(t *testing.T) {
	c := newCall(t)
	c.opened.Expects.Recording = true
	c.starts(inbound)
	c.receives(30*time.Second, hungUp)
	c.receives(2*time.Minute, bridged)
	state := c.plays()
	require.Equal(t, []string{"create", "finished", "bridged+finished-2"}, c.steps)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, workflows.Finished, state.Phase)
}

// Kustomer is unavailable while the first recording is written, for longer than the call
// waits for recordings.
func TestRecordingDuringAnotherIsNotLost(t *testing.T) {
	c := answeredCall(t)
	c.opened.Expects.Recording = true
	c.receives(90*time.Second, recorded)
	for range 9 {
		c.fails["recorded"] = append(c.fails["recorded"], temporal.NewApplicationErrorWithOptions("away", "KustomerUnavailable", temporal.ApplicationErrorOptions{NextRetryDelay: 3 * time.Minute}))
	}
	c.receives(4*time.Minute, recording("another", "https://recordings.example.com/2"))
	c.plays()
	require.Contains(t, c.steps, "recorded-2")
}

func TestBridgeDuringTheWrapUpIsNotLost(t *testing.T) {
	c := answeredCall(t)
	c.opened.Expects.WrapUpTime = 2 * time.Minute
	c.duringStep["wrappedUp"] = func() { c.env.SignalWorkflow(string(call.Bridged), transferred) }
	c.plays()
	require.Contains(t, c.steps, "bridged-2")
}
