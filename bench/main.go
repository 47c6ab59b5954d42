// Command bench measures Callthread as it is shipped, and the same job written as in Temporal's
// tutorials. It builds and starts everything itself. docs/performance.md describes what is
// measured and how.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/callthread/callthread/testsuite/cluster"
)

// settings are the flags.
type settings struct {
	calls, warmup, closed, rounds int
	rate                          float64
	ringing, latency              time.Duration
	waiting, takeover             int
	postgres, prices              bool
	binaries                      cluster.Binaries // used with postgres
	only, json, profile           string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	with, err := parse(args)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "callthread-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	fmt.Fprintln(os.Stderr, "building the programs")
	if err := build(folder, with.profile != ""); err != nil {
		return err
	}
	measured, err := measure(ctx, with, folder)
	if err != nil {
		return err
	}
	if with.json != "" {
		text, err := json.MarshalIndent(measured, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(with.json, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if err := measured.print(out); err != nil || !with.prices {
		return err
	}
	return measured.printPrices(out)
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&s.calls, "calls", 500, "calls in the closed loop and in the open loop")
	flags.IntVar(&s.warmup, "warmup", 100, "calls before the measurement")
	flags.IntVar(&s.closed, "closed", 64, "simultaneous calls in the closed loop; 0 skips it")
	flags.Float64Var(&s.rate, "rate", 20, "calls per second in the open loop; 0 skips it")
	flags.DurationVar(&s.ringing, "ringing", 2*time.Second, "how long calls of the open loop ring before an agent picks up")
	flags.DurationVar(&s.latency, "kustomer-latency", 0, "latency of every answer from Kustomer; the real one takes some 150ms")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds for every contestant; the table shows medians")
	flags.IntVar(&s.waiting, "waiting", 0, "calls that wait for an agent while the worker's memory is read, in the last round; 0 skips it")
	flags.IntVar(&s.takeover, "takeover", 0, "how many of these are answered at once after the worker was killed; 0 skips it")
	flags.StringVar(&s.only, "only", "", "contestants to run instead of all, separated by commas: with-worker, apart, bare, baseline, full")
	flags.BoolVar(&s.prices, "prices", false, "bare with each guarantee of Callthread, instead of the usual contestants: what each costs")
	flags.BoolVar(&s.postgres, "postgres", false, "a Temporal server on PostgreSQL instead of one in memory")
	flags.StringVar(&s.json, "json", "", "`file` for all figures of all rounds")
	flags.StringVar(&s.profile, "profile", "", "`folder` for CPU profiles of Callthread's worker in the closed loop")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: only flags are accepted", flags.Arg(0))
	}
	if s.calls < 1 || s.rounds < 1 || min(s.warmup, s.closed, s.waiting, s.takeover) < 0 || s.rate < 0 {
		return s, fmt.Errorf("-calls and -rounds must be 1 or more, and no value may be negative")
	}
	if s.postgres {
		if s.binaries, err = cluster.Find(); err != nil {
			return s, fmt.Errorf("-postgres: %w (docs/operations.md says how to get it)", err)
		}
	}
	return s, nil
}

// report contains all results.
type report struct {
	Machine  machine              `json:"machine"`
	Settings shownSettings        `json:"settings"`
	Medians  map[string]figures   `json:"medians"` // by contestant
	Rounds   map[string][]figures `json:"rounds"`
	Marks    []mark               `json:"marks"`
	Prices   map[string]figures   `json:"prices,omitempty"` // by contestant, relative to bare
}

type machine struct {
	OS       string    `json:"os"`
	Cores    int       `json:"cores"`
	Go       string    `json:"go"`
	Revision string    `json:"revision"`
	At       time.Time `json:"at"`
}

type shownSettings struct {
	Calls    int     `json:"calls"`
	Closed   int     `json:"closed"`
	Rate     float64 `json:"rate"`
	Ringing  string  `json:"ringing"`
	Latency  string  `json:"kustomerLatency"`
	Rounds   int     `json:"rounds"`
	Waiting  int     `json:"waiting"`
	Takeover int     `json:"takeover"`
	Temporal string  `json:"temporal"`
}

func describe(with settings) report {
	r := report{
		Machine: machine{OS: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), At: time.Now().UTC()},
		Settings: shownSettings{with.calls, with.closed, with.rate, with.ringing.String(), with.latency.String(), with.rounds, with.waiting, with.takeover,
			map[bool]string{true: "on PostgreSQL", false: "in memory"}[with.postgres]},
		Medians: make(map[string]figures), Rounds: make(map[string][]figures),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				r.Machine.Revision = setting.Value
			}
		}
	}
	return r
}
