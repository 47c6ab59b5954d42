package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/bench/job"
	"github.com/callthread/callthread/internal/metrics"
	"github.com/callthread/callthread/workflows"
)

// receiver is the receiver of bare with what the guarantees add.
func (g guarantees) receiver(counted *metrics.Metrics, next http.Handler) (http.Handler, error) {
	if g[job.Webhooks] {
		verifier, err := babelforce.NewVerifier([]string{os.Getenv("CALLTHREAD_WEBHOOK_SECRET")})
		if err != nil {
			return nil, err
		}
		next = verified(verifier, next)
	}
	if g[job.Metrics] {
		next = counting(counted, next)
	}
	return next, nil
}

// verified refuses unauthenticated webhooks and decodes all fields of the others.
func verified(verifier *babelforce.Verifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event := babelforce.EventName(path.Base(r.URL.Path))
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verifier.Verify(event, r.Header, body)
		}
		if err == nil {
			_, err = babelforce.Decode(event, r.Header.Get("Content-Type"), body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func counting(counted *metrics.Metrics, next http.Handler) http.Handler {
	count := counted.Webhooks()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		next.ServeHTTP(w, r)
		count(path.Base(r.URL.Path), http.StatusAccepted, false, time.Since(began))
	})
}

func (g guarantees) start(ctx context.Context, c client.Client, inbound job.Webhook) error {
	options := g.startOptions(inbound)
	options.WorkflowExecutionErrorWhenAlreadyStarted = g[job.Once]
	inbound.Kept = g.keep(keptOfWebhook)
	_, err := c.ExecuteWorkflow(ctx, options, workflowType, inbound)
	return err
}

// signal sends the event to the call's workflow. With the guarantee once, it starts the workflow if
// there is none.
func (g guarantees) signal(ctx context.Context, c client.Client, bridged job.Webhook) error {
	bridged.Kept = g.keep(keptOfWebhook)
	err := c.SignalWorkflow(ctx, bridged.WorkflowID(), "", job.SignalBridged, bridged)
	var unknown *serviceerror.NotFound
	if !g[job.Once] || !errors.As(err, &unknown) {
		return err
	}
	options := g.startOptions(bridged)
	options.EnableEagerStart = false // not available for signal-with-start
	_, err = c.SignalWithStartWorkflow(ctx, bridged.WorkflowID(), job.SignalBridged, bridged, options, workflowType, bridged)
	return err
}

func (g guarantees) startOptions(event job.Webhook) client.StartWorkflowOptions {
	options := startOptions(event)
	if g[job.Once] {
		options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	}
	if g[job.Attributes] {
		options.TypedSearchAttributes = temporal.NewSearchAttributes(workflows.CallPhase.ValueSet(string(workflows.Ringing)),
			workflows.WaitsFor.ValueSet("agent"), workflows.CallDirection.ValueSet("in"))
	}
	if g[job.Words] {
		options.StaticSummary, options.StaticDetails = "Inbound call of "+time.Now().UTC().Format(time.DateTime)+" UTC", howToRead
	}
	return options
}

const howToRead = `**Current Details** is the log of the call. Its last line says what the call waits for, or what became of it.

**Parked?** The log says what Kustomer has refused. Put that right, then decide: retry tries the step again, amend
tries it with other values, skip goes on without it.`
