package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/callthread/callthread/automation"
)

//go:embed article.yaml
var article []byte

// contestant is a way to do the job.
type contestant struct {
	name string
	// programs are command lines, the worker's first.
	programs [][]string
	// automations of Callthread; nil for what does not read any.
	automations []byte
	// finishes says that calls go on to their end, instead of ending with the update after the bridge.
	finishes bool
}

const (
	withWorker = "with-worker" // Callthread in one process
	apart      = "apart"       // receiver and worker, two processes
	baseline   = "baseline"    // the tutorial's
	full       = "full"        // Callthread in one process, with the built-in automations, calls played to their end
)

// contestants are all there are, in the order of the table.
var contestants = []contestant{
	{name: withWorker, programs: [][]string{{"starter", "--with-worker"}}, automations: article},
	{name: apart, programs: [][]string{{"worker"}, {"starter"}}, automations: article},
	{name: baseline, programs: [][]string{{"baseline", "worker"}, {"baseline", "starter"}}},
	{name: full, programs: [][]string{{"starter", "--with-worker"}}, automations: automation.DefaultFile, finishes: true},
}

// chosen are the contestants that were asked for, in the order of the table.
func chosen(names string) ([]contestant, error) {
	if names == "" {
		return contestants, nil
	}
	var found []contestant
	wanted := strings.Split(names, ",")
	for _, c := range contestants {
		for _, name := range wanted {
			if c.name == name {
				found = append(found, c)
			}
		}
	}
	if len(found) != len(wanted) {
		return nil, fmt.Errorf("-only %s: choose among %s, %s, %s and %s", names, withWorker, apart, baseline, full)
	}
	return found, nil
}

//go:embed profile.go.txt
var profiled []byte

const ours = "github.com/callthread/callthread/"

// build builds the programs of all contestants from the source beside us. With
// profiles, Callthread's serve net/http/pprof at the address in BENCH_PROFILE:
// a file is laid over their source for that, which does not become part of it.
func build(folder string, profiles bool) error {
	args := []string{"build", "-o", folder + string(filepath.Separator)}
	if profiles {
		overlay, err := overlay(folder)
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
	}
	args = append(args, ours+"starter", ours+"worker", ours+"testsuite/bench/baseline")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return nil
}

func overlay(folder string) (file string, err error) {
	source := filepath.Join(folder, "profile.go")
	if err := os.WriteFile(source, profiled, 0o600); err != nil {
		return "", err
	}
	var replaced []string
	for _, program := range []string{"starter", "worker"} {
		dir, err := sourceOf(program)
		if err != nil {
			return "", err
		}
		replaced = append(replaced, fmt.Sprintf("%q: %q", filepath.Join(dir, "profile.go"), source))
	}
	file = filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, []byte(`{"Replace": {`+strings.Join(replaced, ", ")+`}}`), 0o600)
}

// sourceOf is where a folder of the repository is on this machine.
func sourceOf(folder string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", strings.TrimSuffix(ours, "/")).Output()
	if err != nil {
		return "", fmt.Errorf("find the source of %s: %w", folder, err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), folder), nil
}
