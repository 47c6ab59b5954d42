package metrics

import (
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
)

var (
	selector = regexp.MustCompile(`\b(callthread_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)=~?\\?"([^"\\]*)\\?"`)
)

// notAtZero are a setting, and metrics that exist only after Kustomer has answered.
var notAtZero = regexp.MustCompile(`^callthread_(?:shadow_)?kustomer_(budget|request_seconds|wait_seconds)`)

// Prometheus sees no increase in a counter whose first value is 1, so an alert would not fire.
func TestNewProcessStartsQueriedMetricsAtZero(t *testing.T) {
	live, inShadow := New(), New()
	inShadow.InShadow()
	var shown []string
	for _, m := range []*Metrics{live, inShadow} {
		m.Webhooks()
		m.IgnoredFields(babelforce.KnownFields())
		m.Steps(800)
		m.CountsRunning(&list{}, slog.New(slog.DiscardHandler))
		shown = append(shown, strings.Split(scrape(t, m), "\n")...)
	}
	for _, file := range []string{"../../deploy/prometheus/rules.yaml", "../../deploy/grafana/callthread.json"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		asked := selector.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, asked, file)
		for _, one := range asked {
			if notAtZero.MatchString(one[1]) {
				continue
			}
			require.True(t, slices.ContainsFunc(shown, regexp.MustCompile(`^`+one[1]+`(\{.*\})? 0$`).MatchString), "%s: %s", file, one[0])
			for _, label := range matcher.FindAllStringSubmatch(one[2], -1) {
				for value := range strings.SplitSeq(label[2], "|") {
					series := regexp.MustCompile(`^` + one[1] + `\{.*\b` + label[1] + `="` + value + `".*\} 0$`)
					require.True(t, slices.ContainsFunc(shown, series.MatchString), "%s: %s", file, one[0])
				}
			}
		}
	}
}
