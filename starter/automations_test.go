package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callthread/callthread/automation/load"
	"github.com/stretchr/testify/require"
)

const secretFlag = "--webhook-secret-file"

// entered parses the printed automations. Each maps the names of its lines to their values.
func entered(t *testing.T, printed string) (entries []map[string]string) {
	t.Helper()
	line := regexp.MustCompile(`^(?:\d\.)? +(\S+) {2,}(.+)$`)
	for i, text := range strings.Split(strings.TrimSpace(printed), "\n\n") {
		entry := make(map[string]string)
		for _, row := range strings.Split(text, "\n") {
			if match := line.FindStringSubmatch(row); match != nil {
				entry[match[1]] = strings.TrimPrefix(entry[match[1]]+"\n"+match[2], "\n")
			}
		}
		if i > 0 {
			entries = append(entries, entry)
		}
	}
	return entries
}

// always are the variables that every automation sends.
var always = []string{"call.id = {call.id}", "call.parentId = {call.parentId}", "call.from = {call.from}", "call.anonymous = {call.anonymous}"}

func TestVariablesAreExplainedOnce(t *testing.T) {
	printed, err := starts(t, "automations")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(printed, "if a bucket does not contain these fields"))
}

func TestEveryEntryIsPrinted(t *testing.T) {
	var fields []string
	for _, field := range load.Default().Fields {
		fields = append(fields, field+" = {"+field+"}")
	}
	for _, url := range []string{"https://calls.example.com/in", "https://calls.example.com/in/"} {
		printed, err := starts(t, "automations", "--url", url)
		require.NoError(t, err)
		require.Contains(t, printed, "Global automations")
		entry := func(label, event, path, buckets string, variables ...string) map[string]string {
			return map[string]string{
				"Label": label, "Event": event, "Trigger": "Always  (conditions belong in the automations file)", "Action": "HTTP custom callback, POST",
				"URL":    "https://calls.example.com/in/webhooks/babelforce/" + path,
				"Header": "Authorization: Bearer <webhook secret>", "Buckets": buckets,
				"Variable": strings.Join(variables, "\n"),
			}
		}
		require.Equal(t, []map[string]string{
			entry("Callthread: it rings", "Inbound call", "call-inbound", "Call", slices.Concat(always, fields)...),
			entry("Callthread: an agent picked up", "Call bridged", "call-bridged", "Call, Agent, Queue", slices.Concat(always, []string{"agent.sourceId = {agent.sourceId}"}, fields)...),
			entry("Callthread: it is over", "Call finished", "call-finished", "Call",
				slices.Concat(always, []string{"agent.id = {agent.id}", "agent.name = {agent.name}", "queue.name = {queue.name}"}, fields)...),
		}, entered(t, printed))
	}
}

func TestEntriesFollowTheFile(t *testing.T) {
	printed, err := starts(t, "automations", "--automations", writeFile(t, `
fields: [vip, app.shop]
automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: "{app.shop}" } }
`))
	require.NoError(t, err)
	entries := entered(t, printed)
	require.Len(t, entries, 2, "nothing waits for the end of a call")
	for i, path := range []string{"call-inbound", "call-bridged"} {
		require.Equal(t, "https://<your host>/webhooks/babelforce/"+path, entries[i]["URL"])
		require.Regexp(t, `\napp\.shop = \{app\.shop\}\nvip = \{vip\}$`, entries[i]["Variable"])
	}
}

func TestExtraEventsOfTheFileArePrinted(t *testing.T) {
	printed, err := starts(t, "automations", "--automations", writeFile(t, `
automations:
  - { event: call.outbound, action: kustomer.conversation.create, options: {} }
  - { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }
  - { event: recording.finished, action: kustomer.conversation.update, options: { note: "{recording.url}" } }
`))
	require.NoError(t, err)
	var paths []string
	for _, entry := range entered(t, printed) {
		paths = append(paths, strings.TrimPrefix(entry["URL"], "https://<your host>/webhooks/babelforce/"))
		for _, telling := range []string{"call.to", "call.type", "call.source", "call.domain"} {
			require.Contains(t, entry["Variable"], telling+" = ", "whose leg it is must show on every event")
		}
	}
	require.Equal(t, []string{"call-outbound", "call-bridged", "call-finished", "recording-finished"}, paths, "wrap-up takes no event of its own")
	require.Regexp(t, `recording\.id = .*\n.*recording\.url = .*\n.*recording\.duration = `, printed)
}

func TestSecretIsPrintedOnRequestOnly(t *testing.T) {
	t.Setenv("CALLTHREAD_WEBHOOK_SECRET", "from-the-environment")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"not asked for":           {nil, "<webhook secret>"},
		"not asked for, its file": {[]string{secretFlag, writeFile(t, "from-the-file")}, "<webhook secret>"},
		"from the environment":    {[]string{"--show-secret"}, "from-the-environment"},
		"from its file":           {[]string{"--show-secret", secretFlag, writeFile(t, "from-the-file\n")}, "from-the-file"},
		"the first of several":    {[]string{"--show-secret", secretFlag, writeFile(t, "new-secret , old-secret")}, "new-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			printed, err := starts(t, append([]string{"automations"}, c.args...)...)
			require.NoError(t, err)
			require.Equal(t, 3, strings.Count(printed, "Authorization: Bearer "+c.want+"\n"))
			for _, secret := range []string{"from-the-environment", "from-the-file", "new-secret", "old-secret"} {
				require.Equal(t, secret == c.want, strings.Contains(printed, secret), secret)
			}
		})
	}
}

func TestDefaultPrintsAFileToBeginWith(t *testing.T) {
	printed, err := starts(t, "automations", "--default")
	require.NoError(t, err)
	set, _, err := load.Bytes("mine.yaml", []byte(printed))
	require.NoError(t, err)
	require.Equal(t, load.Default().Version, set.Version)
}
