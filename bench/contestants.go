package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/bench/job"
)

//go:embed article.yaml
var article []byte

// contestant is one implementation of the job.
type contestant struct {
	name string
	// programs are command lines. The worker's is the first.
	programs [][]string
	// automations is Callthread's file; nil for contestants that do not read one.
	automations []byte
	// finishes is set if calls are played to their end, and not only to the update after the
	// bridge.
	finishes bool
}

const (
	withWorker = "with-worker" // Callthread in one process
	apart      = "apart"       // Callthread's receiver and worker in two processes
	bare       = "bare"        // as fast as Temporal allows, without guarantees
	baseline   = "baseline"    // as in Temporal's tutorials
	full       = "full"        // Callthread in one process, with the built-in automations, and calls played to their end
)

// contestants are all contestants in the order of the table.
var contestants = []contestant{
	{name: withWorker, programs: [][]string{{"starter", "--with-worker"}}, automations: article},
	{name: apart, programs: [][]string{{"worker"}, {"starter"}}, automations: article},
	{name: bare, programs: [][]string{{"bare"}}},
	{name: baseline, programs: [][]string{{"baseline", "worker"}, {"baseline", "starter"}}},
	{name: full, programs: [][]string{{"starter", "--with-worker"}}, automations: automation.DefaultFile, finishes: true},
}

// priced returns bare, bare with each guarantee of Callthread, bare with all of them, and
// Callthread.
func priced() []contestant {
	all := []contestant{{name: bare, programs: [][]string{{"bare"}}}}
	add := func(name, with string) {
		all = append(all, contestant{name: bare + "+" + name, programs: [][]string{{"bare", "-with", with}}})
	}
	for _, g := range job.Guarantees {
		add(g.Name, g.Name)
	}
	add(allGuarantees, job.All())
	return append(all, contestants[0])
}

// allGuarantees is bare with everything that Callthread guarantees without further settings.
const allGuarantees = "all"

// chosen returns the requested contestants in the order of the table.
func chosen(names string, prices bool) ([]contestant, error) {
	field := contestants
	if prices {
		field = priced()
	}
	if names == "" {
		return field, nil
	}
	var found []contestant
	wanted := strings.Split(names, ",")
	for _, c := range field {
		if slices.Contains(wanted, c.name) {
			found = append(found, c)
		}
	}
	if len(found) != len(wanted) {
		var all []string
		for _, c := range field {
			all = append(all, c.name)
		}
		return nil, fmt.Errorf("-only %s: choose among %s", names, strings.Join(all, ", "))
	}
	return found, nil
}

//go:embed profile.go.txt
var profiled []byte

const ours = "github.com/callthread/callthread"

// build builds the programs of all contestants from the source: Callthread's with the versions that
// it is shipped with, and the others with this module's. With profiles, each program serves
// net/http/pprof at the address in BENCH_PROFILE. A build overlay adds the code for that, so it is
// not part of the source.
func build(folder string, profiles bool) error {
	root, err := sourceOf("")
	if err != nil {
		return err
	}
	for dir, programs := range map[string][]string{root: {"starter", "worker"}, filepath.Join(root, "bench"): {"bare", "baseline"}} {
		args := []string{"build", "-o", folder + string(filepath.Separator)}
		if profiles {
			overlay, err := overlay(folder, dir, programs)
			if err != nil {
				return err
			}
			args = append(args, "-overlay", overlay)
		}
		for _, program := range programs {
			args = append(args, "./"+program)
		}
		command := exec.Command("go", args...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("build the programs in %s: %w\n%s", dir, err, out)
		}
	}
	return nil
}

// overlay writes the build overlay that adds profiles to the programs of a module.
func overlay(folder, module string, programs []string) (file string, err error) {
	source := filepath.Join(folder, "profile.go")
	if err := os.WriteFile(source, profiled, 0o600); err != nil {
		return "", err
	}
	replaced := make(map[string]string)
	for _, program := range programs {
		replaced[filepath.Join(module, program, "profile.go")] = source
	}
	text, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	file = filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// sourceOf returns the path of a folder of the repository on this machine.
func sourceOf(folder string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", ours).Output()
	if err != nil {
		return "", fmt.Errorf("find the source of Callthread: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), folder), nil
}
