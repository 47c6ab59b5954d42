package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

func TestRefusedStepParksTheCallUntilARetry(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.fails["bridged"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no such user", activities.Refused, nil)}
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.at(time.Hour, func() {
		state := c.asks()
		require.Equal(t, workflows.Parked, state.Phase)
		require.Contains(t, state.ParkedBecause, "no such user")
		require.Equal(t, call.WaitsForOperator, state.WaitsFor)
		require.Contains(t, state.WaitsInWords(), "retry, amend or skip")
		require.Len(t, state.Events, 3, "reports are received")
		c.decides(workflows.UpdateRetry)
	})
	state := c.plays()
	require.NotEqual(t, workflows.Parked, c.answered.Phase, "the answer contains the new state")
	require.Equal(t, workflows.Finished, state.Phase)
	require.Empty(t, state.ParkedBecause)
	require.Equal(t, []string{"create", "bridged", "bridged", "finished"}, c.steps)
	require.True(t, c.updates[1].MayBeDone, "the refused attempt may have done half of it")
	require.False(t, c.updates[1].EarlierRun)
}

func TestStepRefusedAgainParksTheCallAgain(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{refused, refused}
	c.receives(time.Minute, hungUp)
	c.at(time.Hour, func() { c.decides(workflows.UpdateRetry) })
	c.at(2*time.Hour, func() {
		require.Equal(t, workflows.Parked, c.asks().Phase, "one decision is for one refusal")
		c.decides(workflows.UpdateRetry)
	})
	c.plays()
	require.Equal(t, 2, c.decisions, "the call ended before it was decided")
	require.Equal(t, []string{"create", "create", "create", "finished"}, c.steps)
}

func TestOperatorCanGoOnWithoutTheRefusedStep(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.at(time.Hour, func() { c.decides(workflows.UpdateSkip) })
	state := c.plays()
	require.Equal(t, []string{"open the conversation"}, state.Skipped)
	require.Empty(t, state.ConversationID)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"create"}, c.steps, "there is no conversation to update")
}

func TestOperatorCanAmendTheRefusedStep(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("kustomer: no such team", activities.Refused, nil)
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{refused, refused}
	c.receives(time.Minute, hungUp)
	first, second := activities.Amendment{AssignedTeams: &[]string{}}, activities.Amendment{Name: new("Call")}
	c.at(time.Hour, func() { c.decides(workflows.UpdateAmend, first) })
	c.at(2*time.Hour, func() { c.decides(workflows.UpdateAmend, second) })
	c.plays()
	require.Equal(t, []string{"create", "create", "create", "finished"}, c.steps)
	require.Equal(t, &second, c.created.Amend, "the last amendment counts")
	require.True(t, c.created.MayBeDone, "the refused attempt may have opened it")
	require.Nil(t, c.updates[0].Amend, "an amendment is for one step")
	require.False(t, c.updates[0].MayBeDone)
}

func TestAmendmentThatChangesNothingOrThatKustomerWouldRefuseIsRefused(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)
	for step, amendments := range map[string]map[string]activities.Amendment{
		"create": {
			"changes no field": {}, "whole number from 1 to 5": {Priority: new(9)}, "use one of open, done": {Status: new("snoozed")},
			"removeTags: the conversation is not open yet": {RemoveTags: &[]string{"call_lost"}},
		},
		"finished": {
			"changes no field": {}, "whole number from 1 to 5": {Priority: new(9)}, "use one of open, snoozed, done": {Status: new("closed")},
			"direction: the conversation is open": {Direction: new("out")}, "customer: the conversation is open": {Customer: new("+493023125042")},
		},
	} {
		t.Run(step, func(t *testing.T) {
			c := newCall(t)
			c.starts(inbound)
			c.fails[step] = []error{refused}
			c.receives(time.Minute, hungUp)
			c.at(time.Hour, func() {
				for why, amendment := range amendments {
					c.env.UpdateWorkflow(workflows.UpdateAmend, why, refusedUpdate{t, why}, amendment)
				}
				require.Equal(t, workflows.Parked, c.asks().Phase)
				c.decides(workflows.UpdateSkip)
			})
			c.plays()
			require.Equal(t, 1, c.decisions)
		})
	}
}

// The workflow list shows why a call is parked, for as long as it is.
func TestReasonOfAParkedCallIsASearchAttribute(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("kustomer: it is Erika's", activities.Refused, nil, "no "+strings.Repeat("ü", 500))}
	c.receives(time.Minute, hungUp)
	c.at(time.Hour, func() {
		require.Contains(t, c.asks().ParkedBecause, "it is Erika's")
		c.decides(workflows.UpdateRetry)
	})
	c.plays()
	reasons := c.listed(workflows.ParkedBecause)
	require.Len(t, reasons, 2)
	require.Empty(t, reasons[1], "the call is no longer parked")
	require.True(t, strings.HasPrefix(reasons[0], "could not open the conversation: no "))
	require.NotContains(t, reasons[0], "Erika", "search attributes are never encrypted")
	require.LessOrEqual(t, len(reasons[0]), 2048)
}

func TestDecisionOnAnUnparkedCallIsRefused(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.at(time.Minute, func() {
		c.env.UpdateWorkflow(workflows.UpdateSkip, "u", refusedUpdate{t, "not parked"})
	})
	c.receives(2*time.Minute, hungUp)
	c.plays()
}

// Two operators decide, or one decides twice: the first decision counts.
func TestSecondDecisionIsRefused(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
	c.receives(time.Minute, hungUp)
	c.at(time.Hour, func() {
		c.decides(workflows.UpdateRetry)
		c.env.UpdateWorkflow(workflows.UpdateSkip, "second", refusedUpdate{t, "not parked"})
	})
	c.plays()
	require.Equal(t, []string{"create", "create", "finished"}, c.steps)
}
