package telemetry

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/testsuite/document"
)

const (
	dashboardFile = "../../deploy/grafana/callthread.json"
	rulesFile     = "../../deploy/prometheus/rules.yaml"
	runbookFile   = "../../docs/operations.md"
	referenceFile = "../../docs/reference.md"
	// runbookURL is where alerts link to; the heading of an entry is the name of its alert.
	runbookURL = "https://github.com/callthread/callthread/blob/main/docs/operations.md#"
)

var (
	metricName = regexp.MustCompile(`\b(?:callthread|temporal|process|go)_[a-z0-9_]+`)
	ownFamily  = regexp.MustCompile(`(?m)^# TYPE (callthread_\w+) `)
)

// requireNamedMetricsAreAmong checks that panels, alerts and documents name only metrics on the
// pages of the programs, and that the product's metrics are documented.
func requireNamedMetricsAreAmong(t *testing.T, pages string) {
	t.Helper()
	existing := make(map[string]bool)
	for _, name := range metricName.FindAllString(pages, -1) {
		existing[name] = true
		if of, isOurs := strings.CutPrefix(name, "callthread_"); isOurs {
			existing["callthread_shadow_"+of] = true // the same program in shadow
		}
	}
	for _, file := range []string{dashboardFile, rulesFile, "../../deploy/prometheus/rules_test.yaml", runbookFile, referenceFile} {
		named := metricName.FindAllString(document.Read(t, file).Text, -1)
		require.NotEmpty(t, named, file)
		for _, name := range named {
			require.True(t, existing[name], "%s, named in %s", name, file)
		}
	}
	reference := document.Read(t, referenceFile)
	for _, family := range ownFamily.FindAllStringSubmatch(pages, -1) {
		reference.Has(t, "`"+family[1]+"`")
	}
}

func TestAlertsMatchRunbookEntries(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations map[string]string
				Labels      map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(document.Read(t, rulesFile).Text), &rules))
	runbook, tested := document.Read(t, runbookFile), document.Read(t, "../../deploy/prometheus/rules_test.yaml")
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			alerts++
			runbook.Has(t, "\n### "+rule.Alert+"\n")
			require.Equal(t, runbookURL+strings.ToLower(rule.Alert), rule.Annotations["runbook_url"])
			require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
			require.Contains(t, []string{"critical", "warning"}, rule.Labels["severity"], rule.Alert)
			tested.Has(t, "alertname: "+rule.Alert+"\n")
		}
	}
	require.Positive(t, alerts)
	optional := 1 // commented out in the rules
	require.Len(t, regexp.MustCompile(`(?m)^### Callthread`).FindAllString(runbook.Text, -1), alerts+optional)
}

// panel is the part of a dashboard's panel that the test reads.
type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               struct{ UID string }
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []struct{ Expr string }
}

func TestPanelsHaveDescriptions(t *testing.T) {
	var dashboard struct {
		UID, Title string
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []panel
	}
	require.NoError(t, json.Unmarshal([]byte(document.Read(t, dashboardFile).Text), &dashboard))
	require.Equal(t, "datasource", dashboard.Templating.List[0].Type)
	ids, taken := make(map[int]bool), make(map[[2]int]string)
	for _, p := range dashboard.Panels {
		require.False(t, ids[p.ID], "two panels with the id %d", p.ID)
		ids[p.ID] = true
		require.NotEmpty(t, p.Title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Empty(t, taken[[2]int{x, y}], "%s lies on it", p.Title)
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		require.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		require.Greater(t, len(strings.Fields(p.Description)), 5, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			require.Regexp(t, metricName, target.Expr, p.Title)
		}
	}
}
