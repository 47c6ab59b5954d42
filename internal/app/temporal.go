// Package app has the settings of the programs, and builds their parts from them:
// option structs that own their flags. A flag wins over its environment
// variable, and that over the default.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"

	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/workflows"
)

// Temporal says where calls are kept. The address, namespace and credentials
// are those of Temporal's own client configuration: TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_* or a temporal.toml.
type Temporal struct {
	TaskQueue  string
	Encryption Encryption
	// Metrics, if set, is where the SDK counts what it does.
	Metrics client.MetricsHandler
	// Interceptors are the client's, and those of its workers.
	Interceptors []interceptor.ClientInterceptor

	options client.Options
	problem atomic.Pointer[error] // that keeps it from being ready, once it was looked for
}

// LackingError says that Temporal's namespace lacks search attributes, so that it would take no call.
type LackingError struct {
	namespace, names string
	cause            error // why they could not be added
}

func (e *LackingError) Error() string {
	return fmt.Sprintf("namespace %s lacks the search attributes %s, all of type Keyword, and they could not be added: %v", e.namespace, e.names, e.cause)
}

func (e *LackingError) Unwrap() error { return e.cause }

// Flags are the settings that are ours.
func (t *Temporal) Flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{
			Name: "task-queue", EnvVars: []string{"CALLTHREAD_TASK_QUEUE"},
			Usage: "Temporal task queue of the calls", Value: workflows.DefaultTaskQueue, Destination: &t.TaskQueue,
			Action: func(_ *cli.Context, name string) error {
				if name == "" {
					return errors.New("--task-queue (CALLTHREAD_TASK_QUEUE) must not be empty")
				}
				return nil
			},
		},
	}, t.Encryption.Flags()...)
}

// Client makes a client that connects when first used, so that a program can
// start, and say that it is not ready, while Temporal is away.
func (t *Temporal) Client(log *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read Temporal's client configuration (TEMPORAL_* or temporal.toml): %w", err)
	}
	keys, err := t.Encryption.Keys()
	if err != nil {
		return nil, err
	}
	keys.Protect(&options)
	options.Logger = sdklog.NewStructuredLogger(log)
	options.MetricsHandler = t.Metrics
	// Requests are of a few kilobytes, and stay within one data centre: to
	// compress them would be a seventh of a worker's CPU time.
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	options.Interceptors = t.Interceptors
	options.Identity = identity()
	c, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("make a Temporal client: %w", err)
	}
	t.options = options
	return c, nil
}

// identity is the name under which a run's events and the list of workers show
// this process: the program and its version beside what the SDK writes there.
func identity() string {
	host, _ := os.Hostname() // without a name the process id remains
	return fmt.Sprintf("%s/%s %d@%s", filepath.Base(os.Args[0]), build.Current().Version, os.Getpid(), host)
}

// Address is where Temporal is looked for.
func (t *Temporal) Address() string {
	if t.options.HostPort == "" {
		return client.DefaultHostPort
	}
	return t.options.HostPort
}

// Namespace is the Temporal namespace of the calls.
func (t *Temporal) Namespace() string {
	if t.options.Namespace == "" {
		return client.DefaultNamespace
	}
	return t.options.Namespace
}

// AwaitReady waits until Temporal answers and knows our search attributes, saying once in a while why it waits.
// Before that it says whether what Temporal will keep of calls is encrypted.
func (t *Temporal) AwaitReady(ctx context.Context, c client.Client, log *slog.Logger) error {
	t.Encryption.announce(log)
	for waited := 0; ; waited++ {
		err := RegisterSearchAttributes(ctx, c, t.Namespace())
		if mayNotList(err) {
			log.Warn("these credentials may not look which search attributes there are: if any is missing, Temporal takes no call", "problem", err)
			err = nil
		}
		t.problem.Store(&err)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if waited%15 == 0 {
			log.Warn(waitsFor(err), "address", t.Address(), "namespace", t.Namespace(), "problem", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

func waitsFor(problem error) string {
	switch lacking := (*LackingError)(nil); {
	case errors.As(problem, &lacking):
		return "waiting for search attributes, without which Temporal takes no call: an administrator adds them with `starter setup`"
	case isNoNamespace(problem):
		return "waiting for the namespace, which does not exist: an administrator creates it with `starter setup`"
	}
	return "waiting for Temporal"
}

// mayNotList: whoever hosts Temporal leaves that to its administrators.
func mayNotList(err error) bool {
	var (
		lacking       *LackingError
		denied        *serviceerror.PermissionDenied
		unimplemented *serviceerror.Unimplemented
	)
	return !errors.As(err, &lacking) && (errors.As(err, &denied) || errors.As(err, &unimplemented))
}

// Ready says what keeps Temporal from taking calls, as far as [Temporal.AwaitReady] has found out.
func (t *Temporal) Ready() error {
	problem := t.problem.Load()
	switch lacking := (*LackingError)(nil); {
	case problem == nil:
		return errors.New("nobody has looked for Temporal yet")
	case errors.As(*problem, &lacking):
		return fmt.Errorf("namespace %s lacks search attributes: an administrator adds them with `starter setup`", lacking.namespace)
	case isNoNamespace(*problem):
		return fmt.Errorf("namespace %s does not exist: an administrator creates it with `starter setup`", t.Namespace())
	case *problem != nil:
		return errors.New("Temporal cannot be reached")
	}
	return nil
}

// RegisterSearchAttributes adds those of our search attributes that the
// namespace does not have. It fails where they are missing and the
// credentials do not allow adding them.
func RegisterSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list Temporal's search attributes: %w", err)
	}
	missing := make(map[string]enumspb.IndexedValueType)
	var names []string
	for _, attribute := range workflows.SearchAttributes {
		held, ok := known.GetCustomAttributes()[attribute.GetName()]
		if ok && held != attribute.GetValueType() {
			return fmt.Errorf("namespace %s has a search attribute %s of type %s, but calls need it as %s: remove it with `temporal operator search-attribute remove`",
				namespace, attribute.GetName(), held, attribute.GetValueType())
		}
		if !ok {
			missing[attribute.GetName()] = attribute.GetValueType()
			names = append(names, attribute.GetName())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	var raced *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &raced) {
		return &LackingError{namespace, strings.Join(names, ", "), err}
	}
	return nil
}
