// Package app contains the settings of the starter and the worker, and builds their parts from them.
//
// Each group of settings is a struct that returns its flags. A flag takes precedence over its
// environment variable, and the variable over the default. The structs make the clients of Temporal,
// Kustomer and babelforce, the workers, the logger, the metrics and the traces.
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

// Temporal contains the settings for Temporal. The address, the namespace and the credentials come
// from Temporal's own client configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY,
// TEMPORAL_TLS_* or temporal.toml.
type Temporal struct {
	TaskQueue  string
	Encryption Encryption
	// Metrics, if set, receives the SDK's metrics.
	Metrics client.MetricsHandler
	// Interceptors apply to the client and its workers.
	Interceptors []interceptor.ClientInterceptor

	options client.Options
	problem atomic.Pointer[error] // last result of AwaitReady, nil before the first
}

// LackingError is returned if Temporal's namespace lacks search attributes. It would refuse to start
// calls.
type LackingError struct {
	namespace, names string
	cause            error // why they could not be added
}

func (e *LackingError) Error() string {
	return fmt.Sprintf("namespace %s lacks the search attributes %s, all of type Keyword, and they could not be added: %v", e.namespace, e.names, e.cause)
}

// Unwrap returns why the search attributes could not be added.
func (e *LackingError) Unwrap() error { return e.cause }

// Flags returns the flags that are not part of Temporal's client configuration.
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

// Client returns a client that connects on first use, so that a program can start and report that it
// is not ready while Temporal is unavailable.
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
	// Requests have a few kilobytes and stay within one data centre. Compression would take a
	// seventh of a worker's CPU time.
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

// identity is the name of this process in Temporal's histories and list of workers: the program and
// its version before the SDK's default, pid@host.
func identity() string {
	host, _ := os.Hostname() // on an error, the process id is enough
	return fmt.Sprintf("%s/%s %d@%s", filepath.Base(os.Args[0]), build.Current().Version, os.Getpid(), host)
}

// Address returns the address of Temporal. Client must be called first.
func (t *Temporal) Address() string {
	if t.options.HostPort == "" {
		return client.DefaultHostPort
	}
	return t.options.HostPort
}

// Namespace returns the Temporal namespace of the calls. Client must be called first.
func (t *Temporal) Namespace() string {
	if t.options.Namespace == "" {
		return client.DefaultNamespace
	}
	return t.options.Namespace
}

// AwaitReady waits until Temporal answers and has the search attributes of calls, which it registers
// if it may. It logs the reason every half minute, and first whether encryption is on. It fails only
// if the context ends.
func (t *Temporal) AwaitReady(ctx context.Context, c client.Client, log *slog.Logger) error {
	t.Encryption.announce(log)
	for waited := 0; ; waited++ {
		err := RegisterSearchAttributes(ctx, c, t.Namespace())
		if mayNotList(err) {
			log.Warn("these credentials may not list the search attributes: if one is missing, Temporal refuses calls", "problem", err)
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
		return "waiting for search attributes, without which Temporal refuses calls: an administrator can add them with `starter setup`"
	case isNoNamespace(problem):
		return "waiting for the namespace, which does not exist: an administrator can create it with `starter setup`"
	}
	return "waiting for Temporal"
}

// mayNotList reports whether the error is about a missing permission to list search attributes,
// which some hosts of Temporal give only to administrators.
func mayNotList(err error) bool {
	var (
		lacking       *LackingError
		denied        *serviceerror.PermissionDenied
		unimplemented *serviceerror.Unimplemented
	)
	return !errors.As(err, &lacking) && (errors.As(err, &denied) || errors.As(err, &unimplemented))
}

// Ready returns why Temporal cannot accept calls, or nil. [Temporal.AwaitReady] finds that out.
func (t *Temporal) Ready() error {
	problem := t.problem.Load()
	switch lacking := (*LackingError)(nil); {
	case problem == nil:
		return errors.New("Temporal has not been contacted yet")
	case errors.As(*problem, &lacking):
		return fmt.Errorf("namespace %s lacks search attributes: an administrator can add them with `starter setup`", lacking.namespace)
	case isNoNamespace(*problem):
		return fmt.Errorf("namespace %s does not exist: an administrator can create it with `starter setup`", t.Namespace())
	case *problem != nil:
		return errors.New("Temporal cannot be reached")
	}
	return nil
}

// RegisterSearchAttributes adds the search attributes of calls that the namespace lacks. It returns
// a [LackingError] if they cannot be added, and another error if one exists with a different type.
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
