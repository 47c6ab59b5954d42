package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// DefaultRetention is the retention of a namespace that Callthread creates: how long Temporal keeps
// a call after its end. Until then a late event does not start the call again, and the call can be
// found.
const DefaultRetention = 30 * 24 * time.Hour

const (
	// knownWithin limits the wait for a new namespace. All services of a Temporal server know it
	// after some ten seconds.
	knownWithin = 30 * time.Second
	askAgain    = time.Second
)

// Prepare prepares a namespace for calls: it creates the namespace if it does not exist, and
// registers missing search attributes. It returns the retention of the namespace, which it does not
// change if the namespace exists.
func Prepare(ctx context.Context, c client.Client, namespace string, retention time.Duration) (kept time.Duration, err error) {
	kept, err = retentionOf(ctx, c, namespace)
	if isNoNamespace(err) {
		if err := createNamespace(ctx, c, namespace, retention); err != nil {
			return 0, err
		}
		kept, err = retention, nil
	}
	if err != nil {
		return 0, fmt.Errorf("describe Temporal's namespace %s: %w", namespace, err)
	}
	return kept, registerOnceKnown(ctx, c, namespace)
}

func retentionOf(ctx context.Context, c client.Client, namespace string) (time.Duration, error) {
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	return described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), err
}

func createNamespace(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, Description: "Phone calls (Callthread)", WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	var raced *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &raced) {
		return fmt.Errorf("create Temporal's namespace %s: %w", namespace, err)
	}
	return nil
}

// registerOnceKnown registers the search attributes, and waits for that until the namespace is
// known.
func registerOnceKnown(ctx context.Context, c client.Client, namespace string) error {
	for until := time.Now().Add(knownWithin); ; {
		err := RegisterSearchAttributes(ctx, c, namespace)
		if !isNoNamespace(err) || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(askAgain):
		}
	}
}

func isNoNamespace(err error) bool {
	var none *serviceerror.NamespaceNotFound
	return errors.As(err, &none)
}
