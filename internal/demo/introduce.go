package demo

import (
	"cmp"
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"
)

// introduce prints where to look, and commands to copy into another terminal. The lines
// fit into 100 columns.
func (s *show) introduce(keys string) {
	ui := s.stage.UI + "/namespaces/default/workflows"
	if s.stage.UI == "" {
		ui = fmt.Sprintf("that of %s, namespace %s, task queue %s", s.stage.TemporalAddress, s.stage.Namespace, s.stage.TaskQueue)
	}
	s.line("Temporal Web UI   %s", ui)
	if s.stage.CodecURL != "" {
		s.line("Codec server      %s   (the Web UI decrypts calls through it)", s.stage.CodecURL)
	}
	if s.stage.Sandbox != nil {
		s.line("Kustomer sandbox  %s", s.stage.KustomerURL)
	} else {
		s.line("Kustomer          the org of KUSTOMER_URL: the calls of this demo are written there")
	}
	if s.Own != nil {
		s.line("Automations       %s, version %s", s.Own.Name, s.set.Version)
	}
	if s.Existing != nil {
		s.line("Seed              %d: this Temporal takes the calls of a seed once", s.Seed)
	}
	for _, topic := range s.commands(keys) {
		s.line("\n%s", topic.title)
		for _, line := range topic.lines {
			s.line("  %s", line)
		}
	}
	s.line("")
}

func (s *show) line(format string, args ...any) { fmt.Fprintf(s.Out, format+"\n", args...) }

// topic is a group of commands to copy. Its title stands above the commands, because some
// shells do not accept a comment after a command.
type topic struct {
	title string
	lines []string
}

// commands returns the commands that list calls, show one, begin one, and make Kustomer
// refuse one, with the settings that they need.
func (s *show) commands(keys string) (topics []topic) {
	starter, call := cmp.Or(s.Starter, "go run ./starter"), fmt.Sprintf("my-call-%d", s.Seed)
	settings := []string{"export TEMPORAL_ADDRESS=" + s.stage.TemporalAddress}
	if s.stage.Namespace != client.DefaultNamespace {
		settings = append(settings, "export TEMPORAL_NAMESPACE="+s.stage.Namespace)
	}
	if keys != "" {
		settings = append(settings, "export CALLTHREAD_ENCRYPTION_KEYS="+keys)
	}
	webhooks := strings.Replace(s.stage.WebhookURL, "http://", "http://callthread:"+Secret+"@", 1)
	topics = []topic{
		{"In another terminal, list the calls (show takes an id from the table below):", append(settings, starter+" calls")},
		{"Begin a call of your own, and look at it:", []string{
			"curl " + webhooks + "/call-inbound \\", "  -d call.id=" + call + " -d call.from=%2B493023125042", starter + " show " + call,
		}},
	}
	if s.stage.Sandbox != nil && s.Faults == nil { // in a storm there is an operator already
		topics = append(topics, topic{"Make Kustomer refuse the next note, which parks the call, and retry the call:", []string{
			"curl " + s.stage.KustomerURL + "/sandbox/faults \\",
			`  -d '{"status":400,"route":"/v1/conversations/{id}/notes","times":1}'`,
			starter + " parked", starter + " retry --all",
		}})
	}
	return topics
}
