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

// mayImport is the layout: which of our packages each package may import, tests
// not counted. Arrows point one way, from the programs down to the words of a
// call. A package that is missing here, or an import that nobody needs any more,
// fails the test.
var mayImport = map[string][]string{
	// What a call is, and what is written about it. None of it imports Temporal but workflows and activities.
	"call":            {},
	"phone":           {},
	"automation":      {"call", "phone"},
	"automation/load": {"automation", "call", "phone"},
	"activities":      {"automation", "call", "kustomer", "phone"},
	"workflows":       {"activities", "call"},

	// The two systems around us, each with a stand-in that imports nothing of ours that it is there to test.
	"kustomer":             {},
	"kustomer/sandbox":     {},
	"babelforce":           {"call"},
	"babelforce/calllog":   {"babelforce"},
	"babelforce/simulator": {"babelforce"},
	"babelforce/sandbox":   {"babelforce", "babelforce/simulator"},

	// Comparison with babelforce's log.
	"reconcile": {"babelforce", "babelforce/calllog", "call", "workflows"},

	// Messages about what needs somebody.
	"notify": {"activities", "internal/build", "reconcile", "workflows"},

	// The programs, and what they are built from.
	"starter":            {"automation", "automation/load", "babelforce", "call", "internal/against", "internal/app", "internal/check", "internal/codec", "internal/demo", "internal/operator", "internal/source", "internal/storyfile", "internal/trial", "kustomer/sandbox", "notify", "phone", "reconcile", "starter/webhook", "workflows"},
	"starter/webhook":    {"babelforce", "call", "internal/source", "workflows"},
	"worker":             {"internal/app"},
	"internal/app":       {"activities", "automation", "automation/load", "babelforce", "babelforce/calllog", "call", "internal/build", "internal/codec", "internal/metrics", "internal/tracing", "kustomer", "notify", "phone", "reconcile", "workflows"},
	"internal/against":   {"activities", "automation", "call", "internal/operator"},
	"internal/build":     {},
	"internal/check":     {"activities", "automation", "automation/load", "call", "internal/storyfile", "internal/trial", "kustomer", "kustomer/sandbox"},
	"internal/child":     {},
	"internal/codec":     {"internal/source"},
	"internal/demo":      {"activities", "automation", "automation/load", "babelforce", "babelforce/calllog", "babelforce/sandbox", "babelforce/simulator", "call", "internal/app", "internal/child", "internal/codec", "internal/devserver", "internal/trial", "kustomer", "kustomer/sandbox", "reconcile", "workflows"},
	"internal/devserver": {"internal/child"},
	"internal/metrics":   {"activities", "babelforce", "call", "internal/build", "kustomer", "reconcile", "workflows"},
	"internal/storyfile": {"babelforce", "kustomer/sandbox"},
	"internal/operator":  {"activities", "automation", "call", "internal/codec", "phone", "workflows"},
	"internal/source":    {},
	"internal/tracing":   {"babelforce", "internal/build", "kustomer"},
	"internal/trial":     {"automation", "automation/load", "call", "kustomer/sandbox"},

	// Proofs across packages may use everything; nothing uses them but their own helpers.
	"testsuite": {}, "testsuite/composed": {}, "testsuite/deploy": {}, "testsuite/document": {}, "testsuite/faults": {}, "testsuite/histories": {}, "testsuite/layout": {}, "testsuite/privacy": {}, "testsuite/reconcile": {}, "testsuite/shadow": {},
	"testsuite/rollout": {}, "testsuite/stories": {}, "testsuite/telemetry": {}, "testsuite/webui": {},
	"testsuite/cluster":  {"internal/app", "internal/child"},
	"testsuite/openapi":  {},
	"testsuite/personal": {"kustomer/sandbox", "testsuite/stage"},
	"testsuite/stage":    {"babelforce", "call", "internal/codec", "internal/demo", "internal/devserver", "kustomer/sandbox", "starter/webhook", "workflows"},

	// The benchmark, a module of its own.
	"bench":          {"automation", "babelforce", "babelforce/simulator", "bench/job", "internal/child", "internal/devserver", "kustomer", "kustomer/sandbox", "testsuite/cluster", "workflows"},
	"bench/bare":     {"babelforce", "bench/job", "internal/codec", "internal/metrics", "kustomer", "workflows"},
	"bench/baseline": {"bench/job"},
	"bench/job":      {"kustomer"},
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
	for _, p := range append(packages(t, "../.."), packages(t, "../../bench")...) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := mayImport[name]
		require.True(t, known, "say in mayImport what %s may import", name)
		var ours []string
		for _, imported := range p.Imports {
			if own, isOurs := strings.CutPrefix(imported, module); isOurs {
				ours = append(ours, own)
			}
			for _, forbidden := range mustNotImport[name] {
				require.False(t, strings.HasPrefix(imported+"/", forbidden+"/"), "%s must not import %s", name, imported)
			}
		}
		require.ElementsMatch(t, allowed, ours, "%s imports (second) what mayImport does not list (first), or no longer what it lists", name)
	}
}

// packages are those of the module in a folder.
func packages(t *testing.T, folder string) (all []goPackage) {
	out, err := exec.Command("go", "list", "-C", folder, "-json=ImportPath,Imports", "./...").Output()
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
