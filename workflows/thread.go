package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// thread is one call's run: what was heard, what was done, what is waited for.
type thread struct {
	state    State
	patience Patience
	facts    call.Facts
	opened   activities.CreateConversationResult

	firstHeard time.Time
	heard      map[string]bool // by event id
	rang       bool            // the event that the call rings was heard
	bridges    []call.Event    // each agent's bridge, in order of arrival
	handled    int             // how many of them were handed over
	// answeredUnseen: the call was marked as answered, though no bridge was heard of.
	answeredUnseen bool
	lastBridge     time.Time  // when the latest of them happened
	attempts       []call.Leg // ended child legs
	ended          bool       // the parent leg has ended
	over           bool

	unanswered, unended, settled workflow.Future // timers; the last two start when first needed
	decision                     string          // an operator's, while parked
	decided                      workflow.Channel
	log                          []string
}

func setUp(ctx workflow.Context, in CallInput) (*thread, error) {
	c := &thread{
		state:    State{CallID: in.Key, Phase: Ringing},
		patience: in.Patience.withDefaults(),
		facts:    call.Facts{Key: in.Key},
		heard:    make(map[string]bool),
		decided:  workflow.NewBufferedChannel(ctx, 1),
	}
	c.unanswered = c.timer(ctx, c.patience.Bridge, "time for an agent to pick up")
	if in.First != nil {
		c.hear(ctx, *in.First)
	}
	return c, c.answerQuestions(ctx)
}

// answerQuestions lets starters and operators ask and decide.
func (c *thread) answerQuestions(ctx workflow.Context) error {
	state := func() (State, error) { return c.state, nil }
	if err := workflow.SetQueryHandler(ctx, QueryState, state); err != nil {
		return err
	}
	await := func(ctx workflow.Context) (State, error) {
		err := workflow.Await(ctx, func() bool { return c.state.ConversationID != "" || c.over })
		return c.state, err
	}
	if err := workflow.SetUpdateHandler(ctx, UpdateConversation, await); err != nil {
		return err
	}
	for _, decision := range []string{UpdateRetry, UpdateSkip} {
		decide := func(ctx workflow.Context) (State, error) {
			c.decision = decision
			c.decided.SendAsync(true)
			err := workflow.Await(ctx, func() bool { return c.state.Phase != Parked })
			return c.state, err
		}
		isParked := func() error {
			if c.state.Phase != Parked || c.decision != "" {
				return fmt.Errorf("call %s is not parked: there is nothing to %s", c.state.CallID, decision)
			}
			return nil
		}
		options := workflow.UpdateHandlerOptions{Validator: isParked}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, decision, decide, options); err != nil {
			return err
		}
	}
	return nil
}

func (c *thread) timer(ctx workflow.Context, d time.Duration, summary string) workflow.Future {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary})
}

// enter moves the call to a phase, for the list of runs.
func (c *thread) enter(ctx workflow.Context, phase Phase, also ...temporal.SearchAttributeUpdate) error {
	c.state.Phase = phase
	return workflow.UpsertTypedSearchAttributes(ctx, append(also, CallPhase.ValueSet(string(phase)))...)
}

// warn keeps what was left out of the conversation where operators see it.
func (c *thread) warn(ctx workflow.Context, at time.Time, warnings []string) {
	c.state.Warnings = append(c.state.Warnings, warnings...)
	for _, warning := range warnings {
		c.tell(ctx, at, "warning: "+warning)
	}
}

// tell adds a line to the call log that the Web UI shows. Lines never name people or numbers.
func (c *thread) tell(ctx workflow.Context, at time.Time, what string) {
	c.log = append(c.log, "- "+at.UTC().Format(time.TimeOnly)+" "+what)
	workflow.SetCurrentDetails(ctx, strings.Join(c.log, "\n"))
}
