// Package layout checks that the packages import each other in one direction only, and that tests,
// links and messages that the documents name exist.
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

// mayImport is the layout: the packages of this module that each package may import, except in
// tests.
// Imports lead from the programs to the package call and never back. A missing package and an
// unused entry fail the test.
var mayImport = map[string][]string{
	// What a call is, and what is written about it. Of these, only workflows and activities import
	// Temporal.
	"call":            {},
	"phone":           {},
	"automation":      {"call", "phone"},
	"automation/load": {"automation", "call", "phone"},
	"activities":      {"automation", "call", "kustomer", "phone"},
	"workflows":       {"activities", "call"},

	// The two external systems. Each sandbox imports nothing that it is there to test.
	"kustomer":             {},
	"kustomer/sandbox":     {},
	"babelforce":           {"call"},
	"babelforce/calllog":   {"babelforce"},
	"babelforce/simulator": {"babelforce"},
	"babelforce/sandbox":   {"babelforce", "babelforce/simulator"},

	// Comparison with babelforce's log.
	"reconcile": {"babelforce", "babelforce/calllog", "call", "workflows"},

	// Messages to operators.
	"notify": {"activities", "internal/build", "reconcile", "workflows"},

	// The programs and their parts.
	"starter":            {"automation", "automation/load", "babelforce", "call", "internal/against", "internal/app", "internal/check", "internal/codec", "internal/demo", "internal/operator", "internal/source", "internal/storyfile", "internal/trial", "kustomer/sandbox", "notify", "phone", "reconcile", "starter/webhook", "workflows"},
	"starter/webhook":    {"babelforce", "call", "internal/source", "workflows"},
	"worker":             {"internal/app"},
	"internal/app":       {"activities", "automation", "automation/load", "babelforce", "babelforce/calllog", "call", "internal/build", "internal/codec", "internal/metrics", "internal/tracing", "kustomer", "notify", "phone", "reconcile", "workflows"},
	"internal/against":   {"activities", "automation", "call", "internal/operator", "phone"},
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

	// Tests across packages may import everything, and only their helpers are imported.
	"testsuite": {}, "testsuite/composed": {}, "testsuite/deploy": {}, "testsuite/document": {}, "testsuite/faults": {}, "testsuite/histories": {}, "testsuite/layout": {}, "testsuite/privacy": {}, "testsuite/reconcile": {}, "testsuite/shadow": {},
	"testsuite/rollout": {}, "testsuite/stories": {}, "testsuite/telemetry": {}, "testsuite/webui": {},
	"testsuite/cluster":  {"internal/app", "internal/child"},
	"testsuite/openapi":  {},
	"testsuite/pipes":    {},
	"testsuite/personal": {"kustomer/sandbox", "testsuite/stage"},
	"testsuite/stage":    {"babelforce", "call", "internal/codec", "internal/demo", "internal/devserver", "kustomer/sandbox", "starter/webhook", "workflows"},

	// The benchmark, which is a separate module.
	"bench":          {"automation", "babelforce", "babelforce/simulator", "bench/job", "internal/child", "internal/devserver", "kustomer", "kustomer/sandbox", "testsuite/cluster", "workflows"},
	"bench/bare":     {"babelforce", "bench/job", "internal/codec", "internal/metrics", "kustomer", "workflows"},
	"bench/baseline": {"bench/job"},
	"bench/job":      {"kustomer"},
}

// mustNotImport are external packages, with everything below them, whose import would break a
// promise.
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

// packages returns the packages of the module in a folder.
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
