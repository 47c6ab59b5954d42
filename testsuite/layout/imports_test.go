// Package layout proves that the packages import each other one way only, and
// that what documents name exists.
package layout

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/callthread/callthread/"

// mayImport says which of our packages each package may import, tests not
// counted: one way only, from the programs down to the words of a call. A
// package that is missing here fails the test.
var mayImport = map[string][]string{
	"call":               {},
	"kustomer":           {},
	"kustomer/sandbox":   {},
	"babelforce":         {},
	"phone":              {},
	"automation":         {"call", "phone"},
	"activities":         {"automation", "call", "kustomer", "phone"},
	"workflows":          {"activities", "call"},
	"starter/webhook":    {"babelforce", "call", "internal/source", "workflows"},
	"internal/child":     {},
	"internal/codec":     {"internal/source"},
	"internal/source":    {},
	"internal/devserver": {"internal/child"},
	"internal/metrics":   {"activities", "babelforce", "call", "kustomer", "workflows"},
	"internal/config":    {"activities", "automation", "internal/codec", "kustomer", "phone", "workflows"},
	"internal/tracing":   {"babelforce", "kustomer"},
	"internal/check":     {"activities", "automation", "call", "kustomer"},
	"internal/demo": {"activities", "automation", "babelforce", "call", "internal/child", "internal/codec", "internal/config", "internal/devserver", "kustomer",
		"kustomer/sandbox", "starter/webhook", "workflows"},
	"starter":                  {"automation", "babelforce", "call", "internal/check", "internal/codec", "internal/config", "internal/demo", "internal/metrics", "internal/source", "internal/tracing", "kustomer/sandbox", "phone", "starter/webhook", "workflows"},
	"worker":                   {"internal/config", "internal/metrics", "internal/tracing"},
	"testsuite/bench":          {"automation", "babelforce", "internal/child", "internal/devserver", "kustomer", "kustomer/sandbox", "testsuite/cluster", "workflows"},
	"testsuite/bench/baseline": {"kustomer"},
	"testsuite/cluster":        {"internal/child"},
	"testsuite/stage":          {"call", "internal/codec", "internal/demo", "internal/devserver", "kustomer/sandbox", "workflows"},
	"testsuite/openapi":        {},
	"testsuite/personal":       {"kustomer/sandbox", "testsuite/stage"},
	// Proofs may use everything; nobody uses them.
	"testsuite": {}, "testsuite/deploy": {}, "testsuite/faults": {}, "testsuite/histories": {}, "testsuite/layout": {}, "testsuite/privacy": {},
	"testsuite/rollout": {}, "testsuite/stories": {}, "testsuite/telemetry": {}, "testsuite/webui": {},
}

// mustNotImport are others' packages, with all below them, that would break a promise.
var mustNotImport = map[string][]string{
	"call":      {"go.temporal.io", "net"},
	"kustomer":  {"go.temporal.io"},
	"workflows": {"net", "os", "github.com/go-resty"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := mayImport[name]
		require.True(t, known, "say in mayImport what %s may import", name)
		for _, imported := range p.Imports {
			if own, isOurs := strings.CutPrefix(imported, module); isOurs {
				require.Contains(t, allowed, own, "%s must not import %s", name, own)
			}
			for _, forbidden := range mustNotImport[name] {
				require.False(t, strings.HasPrefix(imported+"/", forbidden+"/"), "%s must not import %s", name, imported)
			}
		}
	}
}

func packages(t *testing.T) (all []goPackage) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	require.NoError(t, err)
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all)
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}
