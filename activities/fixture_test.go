package activities

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/pipes"
)

const (
	apiKey = "eyJ-secret-key"
	orgURL = "http://localhost" // reached by org.wire alone
	caller = "+493066665555"
)

var amira, bastian = sandbox.DefaultUsers()[0], sandbox.DefaultUsers()[1]

// org is a Kustomer organisation with the activities that work on it.
type org struct {
	*sandbox.Server
	*Activities
	client  *kustomer.Client
	wire    *http.Transport // to the server
	inForce atomic.Pointer[automation.Set]
	handler http.Handler  // the server; the sandbox unless a test wraps it
	timeout time.Duration // of the clients' requests; the default unless a test changes it
}

func newOrg(t *testing.T, change ...func(*org)) *org {
	t.Helper()
	o := &org{Server: sandbox.New(sandbox.Config{APIKey: apiKey})}
	o.handler = o.Server
	for _, f := range change {
		f(o)
	}
	o.wire = pipes.Serve(t, o.handler)
	o.inForce.Store(load.Default())
	o.Activities = o.anotherWorker(t)
	o.client = o.kustomer
	return o
}

// anotherWorker returns a worker with none of the first one's state.
func (o *org) anotherWorker(t *testing.T) *Activities {
	t.Helper()
	client, err := kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: apiKey, Timeout: o.timeout, Transport: o.wire.Clone()})
	require.NoError(t, err)
	return New(client, o.inForce.Load, "")
}

// automate replaces the org's automations file.
func (o *org) automate(t *testing.T, file string) {
	t.Helper()
	set, _, err := load.Bytes("test.yaml", []byte(file))
	require.NoError(t, err)
	o.inForce.Store(set)
}

// creates is an automation that opens a conversation, for files of tests.
const creates = "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: {} }\n"

// spent returns the number of requests that a function sends.
func (o *org) spent(f func()) int {
	before := o.State().RequestTotal
	f()
	return o.State().RequestTotal - before
}

func (o *org) conversation(t *testing.T) sandbox.Conversation {
	t.Helper()
	require.Len(t, o.State().Conversations, 1)
	return o.State().Conversations[0]
}

// requireTheWholeCallOnce requires an answered call to have everything that the built-in
// file gives it, once.
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

// attempt runs the first attempt of a step.
func attempt[In, Out any](step func(context.Context, In) (Out, error), in In) (out Out, err error) {
	env := quiet().NewTestActivityEnvironment()
	env.RegisterActivity(step)
	value, err := env.ExecuteActivity(step, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

// repeat runs a step as Temporal does, but without waiting: until it succeeds or fails for
// good, ten times at most. It also returns the error of each failed attempt.
func repeat[In, Out any](t *testing.T, step func(context.Context, In) (Out, error), in In) (out Out, failed []*temporal.ApplicationError, err error) {
	t.Helper()
	env := quiet().NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		out, err := step(ctx, in)
		if failure := (*temporal.ApplicationError)(nil); errors.As(err, &failure) {
			failed = append(failed, failure)
		}
		return out, err
	}, activity.RegisterOptions{Name: "step"})
	env.ExecuteWorkflow(func(ctx workflow.Context) (out Out, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		err = workflow.ExecuteActivity(ctx, "step", in).Get(ctx, &out)
		return out, err
	})
	require.True(t, env.IsWorkflowCompleted())
	if err = env.GetWorkflowError(); err == nil {
		err = env.GetWorkflowResult(&out)
	}
	return out, failed, err
}

func quiet() *testsuite.WorkflowTestSuite {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return suite
}

// failureOf returns the application error of a failed step.
func failureOf(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	return failure
}
