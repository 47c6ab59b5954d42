package workflows

import (
	"cmp"
	"fmt"
	"slices"
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
	closed   call.Facts // what they came down to when the outcome was last derived
	opened   activities.CreateConversationResult
	left     activities.Conversation // the conversation as the last step has left it
	gone     bool                    // people have deleted it
	// nobodys: it was opened before it was known who calls.
	nobodys bool
	// placersUnknown: it was opened before it was known which agent has placed the call.
	placersUnknown bool
	// resumed: steps of this call may have been carried out by a run before this one.
	resumed bool
	isOld   bool // Temporal may have forgotten an earlier run

	firstHeard time.Time
	heard      map[string]bool // by event id
	rang       bool            // the event that the call rings was heard
	bridges    []call.Event    // each agent's bridge, in order of arrival
	repeated   []call.Event    // those that seem to be announced again
	handled    int             // how many of them were handed over
	agents     []string        // the Kustomer users of all who picked up
	// answeredUnseen: the call was marked as answered, though no bridge was heard of.
	answeredUnseen bool
	unassigned     bool           // the agent who has the call is nobody whom Kustomer knows
	lastBridge     time.Time      // when the latest of them happened
	attempts       []call.Attempt // ended child legs
	ended          bool           // the parent leg has ended
	endedIn        call.Queue     // the queue that this names
	endedAt        time.Time      // when it did
	endHeard       time.Time      // when that was heard of
	bridgesAtEnd   int            // how many bridges had been then
	recordings     []call.Event   // in order of arrival
	recorded       int            // how many of them were written down
	wrappedUp      bool           // the automations of that were carried out
	done           bool
	// local: steps may be tried within the workflow task.
	local    bool
	began    int                              // the history's length in the first one
	unlisted []temporal.SearchAttributeUpdate // what the list of runs is still to be told

	unanswered, unended, settled workflow.Future // timers; the last two start when first needed
	transferred                  workflow.Future // likewise, after a transfer
	wrapUp, recording            workflow.Future // likewise, where automations want them
	decision                     decision        // an operator's, while parked
	decided                      workflow.Channel
	log                          []string
	logged                       string // the day of its last line
}

// decision is what an operator wants done with a parked call.
type decision struct {
	name      string // that of the update
	amendment *activities.Amendment
}

func setUp(ctx workflow.Context, in CallInput) (*thread, error) {
	c := &thread{
		state:    State{CallID: in.Key, Phase: Ringing},
		patience: in.Patience.withDefaults(),
		facts:    call.Facts{Key: in.Key},
		heard:    make(map[string]bool),
		decided:  workflow.NewBufferedChannel(ctx, 1),
	}
	// A run that was reset begins with steps that the run before may have carried out.
	run := workflow.GetInfo(ctx)
	c.resumed = run.OriginalRunID != "" && run.OriginalRunID != run.WorkflowExecution.RunID
	c.began = run.GetCurrentHistoryLength()
	c.unanswered = c.timer(ctx, c.patience.Bridge, "time limit for an agent to pick up")
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
		err := workflow.Await(ctx, func() bool { return c.state.ConversationID != "" || c.done })
		return c.state, err
	}
	if err := workflow.SetUpdateHandler(ctx, UpdateConversation, await); err != nil {
		return err
	}
	return c.takeDecisions(ctx)
}

// takeDecisions lets operators decide on a parked call.
func (c *thread) takeDecisions(ctx workflow.Context) error {
	parked := func(name string) error {
		if c.state.Phase != Parked || c.decision.name != "" {
			return fmt.Errorf("call %s is not parked: there is nothing to %s", c.state.CallID, name)
		}
		return nil
	}
	decide := func(ctx workflow.Context, d decision) (State, error) {
		c.decision = d
		c.decided.SendAsync(true)
		err := workflow.Await(ctx, func() bool { return c.state.Phase != Parked })
		return c.state, err
	}
	for _, name := range []string{UpdateRetry, UpdateSkip} {
		handler := func(ctx workflow.Context) (State, error) { return decide(ctx, decision{name: name}) }
		options := workflow.UpdateHandlerOptions{Validator: func() error { return parked(name) }}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, name, handler, options); err != nil {
			return err
		}
	}
	amend := func(ctx workflow.Context, amendment activities.Amendment) (State, error) {
		return decide(ctx, decision{UpdateAmend, &amendment})
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateAmend, amend, workflow.UpdateHandlerOptions{
		Validator: func(amendment activities.Amendment) error {
			return cmp.Or(parked(UpdateAmend), amendment.Validate())
		},
	})
}

func (c *thread) timer(ctx workflow.Context, d time.Duration, summary string) workflow.Future {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary})
}

// enter moves the call to a phase, for the list of runs.
func (c *thread) enter(ctx workflow.Context, phase Phase, also ...temporal.SearchAttributeUpdate) error {
	c.state.Phase = phase
	return c.list(ctx, append(also, CallPhase.ValueSet(string(phase)))...)
}

// list gives the call attributes in the list of runs, once it begins to wait.
func (c *thread) list(ctx workflow.Context, attributes ...temporal.SearchAttributeUpdate) error {
	c.unlisted = append(c.unlisted, attributes...)
	if c.local {
		return nil
	}
	return c.publish(ctx) // as calls of earlier versions do
}

// publish hands over what is to be listed: once for all that happens in one
// workflow task, because each time costs Temporal a write.
func (c *thread) publish(ctx workflow.Context) error {
	if len(c.unlisted) == 0 {
		return nil
	}
	attributes := c.unlisted
	c.unlisted = nil
	return workflow.UpsertTypedSearchAttributes(ctx, attributes...)
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
	day, clock, _ := strings.Cut(at.UTC().Format(time.DateTime), " ")
	if day != c.logged { // a parked call may take days
		c.logged, clock = day, day+" "+clock+" UTC"
	}
	c.log = append(c.log, "- "+clock+" "+strings.Join(strings.Fields(what), " "))
	c.show(ctx)
}

// show puts the call's log where the Web UI shows it, and as its last line what
// the call waits for. It is called wherever the call begins to wait.
func (c *thread) show(ctx workflow.Context) {
	log := slices.Clone(c.log)
	switch {
	case c.state.Phase == Parked:
		log = append(log, fmt.Sprintf("- now: waits for an operator to decide: `starter retry %s`, or amend, or skip", c.state.CallID))
	case c.state.WaitsFor != "":
		log = append(log, "- now: waits for "+c.state.WaitsFor)
	}
	// The Web UI cuts off the last line of what it shows: let that be an empty one.
	workflow.SetCurrentDetails(ctx, strings.Join(log, "\n")+"\n\n\u00a0")
}
