package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"
)

// namespace is a Temporal client whose namespace has some search attributes.
type namespace struct {
	client.Client
	operatorservice.OperatorServiceClient
	has               []string
	hasAsText         string
	cannotList        error
	cannotAdd         error
	added             map[string]enumspb.IndexedValueType
	timesAsked, until int // asked fewer times than until, it cannot be reached
}

func (n *namespace) OperatorService() operatorservice.OperatorServiceClient { return n }

func (n *namespace) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	n.timesAsked++
	if n.timesAsked < n.until {
		return nil, serviceerror.NewUnavailable("connection refused")
	}
	known := make(map[string]enumspb.IndexedValueType)
	for _, name := range n.has {
		known[name] = typeOf(name)
	}
	if n.hasAsText != "" {
		known[n.hasAsText] = enumspb.INDEXED_VALUE_TYPE_TEXT
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: known}, n.cannotList
}

func (n *namespace) AddSearchAttributes(_ context.Context, r *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	n.added = r.GetSearchAttributes()
	return &operatorservice.AddSearchAttributesResponse{}, n.cannotAdd
}

func TestTemporalIsFoundWhereItsOwnConfigurationSays(t *testing.T) {
	profile := writeFile(t, "[profile.default]\naddress = \"from-the-file:7233\"\nnamespace = \"from-the-file\"\n")
	for name, c := range map[string]struct{ file, address, wantAddress, wantNamespace string }{
		"nothing":             {os.DevNull, "", "localhost:7233", "default"},
		"file":                {profile, "", "from-the-file:7233", "from-the-file"},
		"variable beats file": {profile, "from-the-variable:7233", "from-the-variable:7233", "from-the-file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEMPORAL_CONFIG_FILE", c.file)
			if c.address != "" {
				t.Setenv("TEMPORAL_ADDRESS", c.address)
			}
			var temporal Temporal
			client, err := temporal.Client(slog.New(slog.DiscardHandler))
			require.NoError(t, err, "nobody needs to be there yet")
			defer client.Close()
			require.Equal(t, c.wantAddress, temporal.Address())
			require.Regexp(t, `^app\.test/\S+ \d+@`, temporal.options.Identity)
			require.Equal(t, c.wantNamespace, temporal.Namespace())
		})
	}
}

// typeOf is the type of a search attribute of ours.
func typeOf(name string) enumspb.IndexedValueType {
	if name == "CallMarks" {
		return enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
	}
	return enumspb.INDEXED_VALUE_TYPE_KEYWORD
}

func TestOnlyMissingSearchAttributesAreRegistered(t *testing.T) {
	all := []string{"CallPhase", "WaitsFor", "CallOutcome", "CallDirection", "KustomerConversationId", "AgentId", "QueueName", "CallerHash", "ParkedBecause", "CallMarks"}
	for present := range all {
		n := &namespace{has: append([]string{"SomebodyElses"}, all[:present]...)}
		require.NoError(t, RegisterSearchAttributes(t.Context(), n, "default"))
		require.Len(t, n.added, len(all)-present)
		for _, name := range all[present:] {
			require.Equal(t, typeOf(name), n.added[name])
		}
	}
	n := &namespace{has: all}
	require.NoError(t, RegisterSearchAttributes(t.Context(), n, "default"))
	require.Nil(t, n.added)
}

func TestSearchAttributeOfAnotherTypeIsSaid(t *testing.T) {
	err := RegisterSearchAttributes(t.Context(), &namespace{hasAsText: "QueueName"}, "acme")
	for _, word := range []string{"acme", "QueueName", "Text", "Keyword"} {
		require.ErrorContains(t, err, word)
	}
}

func TestWorkerThatRegisteredFirstIsNoError(t *testing.T) {
	require.NoError(t, RegisterSearchAttributes(t.Context(), &namespace{cannotAdd: serviceerror.NewAlreadyExists("raced")}, "default"))
}

func TestProgramThatWaitsForSearchAttributesSaysWhatAnAdministratorCanDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		server := new(Temporal)
		require.ErrorContains(t, server.Ready(), "nobody has looked for Temporal yet")
		without := &namespace{cannotAdd: serviceerror.NewPermissionDenied("no", "")}
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		require.Error(t, server.AwaitReady(ctx, without, slog.New(slog.NewTextHandler(&logs, nil))))
		require.Contains(t, logs.String(), "an administrator adds them with `starter setup`")
		require.ErrorContains(t, server.Ready(), "namespace default lacks search attributes: an administrator adds them with `starter setup`")
		without.cannotAdd = nil
		require.NoError(t, server.AwaitReady(t.Context(), without, slog.New(slog.DiscardHandler)))
		require.NoError(t, server.Ready())
	})
}

func TestProgramThatMayNotLookForSearchAttributesGoesOn(t *testing.T) {
	for _, refusal := range []error{serviceerror.NewPermissionDenied("no", ""), serviceerror.NewUnimplemented("no")} {
		var logs bytes.Buffer
		server := new(Temporal)
		require.NoError(t, server.AwaitReady(t.Context(), &namespace{cannotList: refusal}, slog.New(slog.NewTextHandler(&logs, nil))))
		require.NoError(t, server.Ready())
		require.Contains(t, logs.String(), "may not look which search attributes there are")
	}
}

func TestMissingRightToRegisterSaysWhatIsLacking(t *testing.T) {
	err := RegisterSearchAttributes(t.Context(), &namespace{has: []string{"CallPhase"}, cannotAdd: serviceerror.NewPermissionDenied("no", "")}, "acme")
	for _, word := range []string{"acme", "CallOutcome, ", "Keyword"} {
		require.ErrorContains(t, err, word)
	}
	require.NotContains(t, err.Error(), "CallPhase")
	require.ErrorContains(t, RegisterSearchAttributes(t.Context(), &namespace{cannotList: errors.New("down")}, "acme"), "down")
}

func TestProgramWaitsForTemporalAndSaysSoOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		began := time.Now()
		require.NoError(t, new(Temporal).AwaitReady(t.Context(), &namespace{until: 32}, slog.New(slog.NewTextHandler(&logs, nil))))
		require.Equal(t, 62*time.Second, time.Since(began))
		require.Equal(t, 3, strings.Count(logs.String(), "waiting for Temporal"))
		require.Contains(t, logs.String(), "connection refused")
		require.Contains(t, logs.String(), "localhost:7233")
	})
}

// runner is a worker that says what was done with it.
type runner struct {
	worker.Worker
	cannotStart error
	did         []string
}

func (r *runner) Start() error { r.did = append(r.did, "start"); return r.cannotStart }
func (r *runner) Stop()        { r.did = append(r.did, "stop") }

func TestWorkerServesUntilToldToStop(t *testing.T) {
	key := writeFile(t, "key")
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			temporal *namespace
			runner   runner
			after    []string
			says     string
		}{
			"Temporal is there":    {&namespace{}, runner{}, []string{"start", "stop"}, ""},
			"Temporal never comes": {&namespace{until: 1000}, runner{}, nil, ""},
			"Temporal refuses":     {&namespace{}, runner{cannotStart: errors.New("namespace gone")}, []string{"start"}, "namespace gone"},
		} {
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			w := &Worker{Temporal: new(Temporal), Kustomer: Kustomer{URL: "https://acme.api.kustomerapp.com", APIKeyFile: key, Budget: 1}}
			_, err := w.Kustomer.Client(nil)
			require.NoError(t, err)
			err = w.Run(ctx, c.temporal, &c.runner, slog.New(slog.DiscardHandler))
			stop()
			require.Equal(t, c.after, c.runner.did, name)
			if c.says == "" {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorContains(t, err, c.says, name)
		}
	})
}
