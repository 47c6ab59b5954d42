package testsuite

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/stage"
)

// playedWith runs a demo with the given automations file.
func playedWith(t *testing.T, file string) (demo.Report, error) {
	t.Helper()
	stage.NeedsTemporal(t)
	return demo.Run(t.Context(), demo.Options{
		Calls: 4, Rate: 20, Seed: 1, NewReceiver: stage.Receiver, Out: io.Discard, Log: slog.New(slog.DiscardHandler),
		Own: &demo.Own{Name: "own.yaml", Content: []byte(file)},
	})
}

func TestDemoJudgesCallsByAFileOfOnesOwn(t *testing.T) {
	t.Parallel()
	report, err := playedWith(t, `automations:
  - event: call.inbound
    action: kustomer.conversation.create
    options: { name: "Ring {call.from:last4|?}", assignedTeams: [5f0c1a2b3c4d5e6f708192ff], custom: { ownAttributeNum: 7 }, tags: [mine] }
  - { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], note: "{agent.name}, {call.duration}" } }
  - { label: Never, event: call.bridged, trigger: { conditions: [{ expression: agent.name, operator: NOT_GIVEN }] },
      action: kustomer.conversation.update, options: { priority: 1 } }
`)
	require.NoError(t, err)
	require.Contains(t, report.String(), "4 of 4 calls right; 0 lost, 0 doubled, 0 wrong.\nEach has exactly one conversation, as own.yaml renders it;")
	require.Contains(t, report.String(), "\n  line 6, call.bridged, Never, which acted on none of these calls")
}

func TestDemoEndsWhenOnlyParkedCallsAreLeft(t *testing.T) {
	t.Parallel()
	report, err := playedWith(t, "callers: { unknown: park, withheld: park }\n"+
		"automations: [{ event: call.inbound, action: kustomer.conversation.create, options: {} }]")
	require.EqualError(t, err, "stopped before 4 of 4 calls had ended")
	require.Equal(t, 4, report.StillParked)
	require.Contains(t, report.String(), "0 of 0 calls right, and 4 parked: not judged;")
}

// spoken is what a demo has printed so far.
type spoken struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *spoken) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestPrintedCommandsWork(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	program := stage.Programs(t).Receiver[0]
	var out spoken
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := demo.Run(ctx, demo.Options{
			Rate: 5, Seed: 1, Encrypt: true, NewReceiver: stage.Receiver, Out: &out, Log: slog.New(slog.DiscardHandler), Starter: program,
		})
		ended <- err
	}()
	t.Cleanup(interrupt)
	eventually(t, func() bool { return strings.Contains(out.String(), "\nCALL ") })
	terminal := newTerminal(out.String())
	require.Contains(t, terminal.settings[1], "CALLTHREAD_ENCRYPTION_KEYS=demo:")
	for _, line := range terminal.requests {
		terminal.curl(t, line)
	}
	require.Len(t, terminal.requests, 2)
	terminal.prints(t, "a new customer, because", program, "show", "my-call-1") // so it is decrypted
	terminal.prints(t, "could not", program, "parked")
	row := regexp.MustCompile(`(?m)^([0-9a-f]{8})  in `)
	eventually(t, func() bool { return row.MatchString(out.String()) })
	id := row.FindStringSubmatch(out.String())[1]
	terminal.prints(t, "Call          "+id, program, "show", id) // so an id can be copied from the table
	interrupt()
	require.NoError(t, <-ended)
	require.Regexp(t, `calls right, and [1-9]\d* under way, [1-9]\d* parked: not judged;`, out.String())
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	require.Eventually(t, is, stage.WaitLimit, 100*time.Millisecond)
}

// terminal is a terminal into which the lines that a demo has printed are copied.
type terminal struct{ settings, requests []string }

func newTerminal(printed string) (t terminal) {
	printed = strings.ReplaceAll(printed, " \\\n", "")
	for _, line := range regexp.MustCompile(`(?m)^  export (.+)$`).FindAllStringSubmatch(printed, -1) {
		t.settings = append(t.settings, line[1])
	}
	for _, line := range regexp.MustCompile(`(?m)^  curl (.+)$`).FindAllStringSubmatch(printed, -1) {
		t.requests = append(t.requests, line[1])
	}
	return t
}

// curl sends the request of a curl command, because some machines have no curl.
func (terminal) curl(t *testing.T, line string) {
	t.Helper()
	url, data, _ := strings.Cut(line, " ")
	var fields []string
	for _, field := range strings.Split(data, "-d ")[1:] {
		fields = append(fields, strings.Trim(strings.TrimSpace(field), "'"))
	}
	answer, err := http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(strings.Join(fields, "&")))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Less(t, answer.StatusCode, 300, line)
}

// prints runs a command of the starter with only the settings that the demo has printed, until it succeeds and prints
// the text. On a busy machine, a query of a call may take too long.
func (t terminal) prints(test *testing.T, text, program string, args ...string) {
	test.Helper()
	home := test.TempDir()
	eventually(test, func() bool {
		command := exec.CommandContext(test.Context(), program, args...)
		command.Env = append([]string{"PATH=/nowhere", "HOME=" + home}, t.settings...)
		printed, err := command.CombinedOutput()
		return err == nil && strings.Contains(string(printed), text)
	})
}
