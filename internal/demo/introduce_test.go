package demo

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// introduced returns what a demo prints first.
func introduced(t *testing.T, keys string, change func(*show)) string {
	t.Helper()
	var out bytes.Buffer
	s := &show{Options: Options{Out: &out, Seed: 7}, stage: &Stage{
		TemporalAddress: "127.0.0.1:7233", UI: "http://127.0.0.1:8233", Namespace: "default", TaskQueue: "calls",
		WebhookURL: "http://127.0.0.1:8080/webhooks/babelforce", KustomerURL: "http://127.0.0.1:8090", Sandbox: sandbox.New(sandbox.Config{APIKey: sandboxKey}),
	}}
	change(s)
	s.introduce(keys)
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, len([]rune(line)), 101, line)
	}
	return out.String()
}

func TestDemoPrintsWhereToLookAndWhatToCopy(t *testing.T) {
	require.Equal(t, `Temporal Web UI   http://127.0.0.1:8233/namespaces/default/workflows
Kustomer sandbox  http://127.0.0.1:8090

In another terminal, list the calls (show takes an id from the table below):
  export TEMPORAL_ADDRESS=127.0.0.1:7233
  go run ./starter calls

Begin a call of your own, and look at it:
  curl http://callthread:demo-secret@127.0.0.1:8080/webhooks/babelforce/call-inbound \
    -d call.id=my-call-7 -d call.from=%2B493023125042
  go run ./starter show my-call-7

Make Kustomer refuse the next note, which parks the call, and retry the call:
  curl http://127.0.0.1:8090/sandbox/faults \
    -d '{"status":400,"route":"/v1/conversations/{id}/notes","times":1}'
  go run ./starter parked
  go run ./starter retry --all

`, introduced(t, "", func(*show) {}))
}

func TestDemoSaysThatItWritesToAnOrg(t *testing.T) {
	printed := introduced(t, "", func(s *show) { s.stage.Sandbox = nil })
	require.Contains(t, printed, "\nKustomer          the org of KUSTOMER_URL: the calls of this demo are written there\n")
}

func TestDemoPrintsKeyAndNamespace(t *testing.T) {
	const key = "demo:UfSexgyO4FbESPalCs5HrcNhbFPS6T09h0BFjH93myU="
	printed := introduced(t, key, func(s *show) {
		s.Faults, s.stage.CodecURL, s.Starter = &Faults{}, "http://127.0.0.1:8091", "/starter"
	})
	require.Contains(t, printed, "\n  export CALLTHREAD_ENCRYPTION_KEYS="+key+"\n  /starter calls\n")
	require.Contains(t, printed, "\nCodec server      http://127.0.0.1:8091 ")
	require.NotContains(t, printed, "/sandbox/faults", "Kustomer fails anyway")

	printed = introduced(t, "", func(s *show) {
		s.Existing, s.stage.Sandbox, s.stage.UI, s.stage.Namespace = &Existing{}, nil, "", "calls.acme"
	})
	require.Contains(t, printed, "\n  export TEMPORAL_NAMESPACE=calls.acme\n")
	require.Contains(t, printed, "Temporal Web UI   that of 127.0.0.1:7233, namespace calls.acme, task queue calls\n")
	require.NotContains(t, printed, "sandbox")
}
