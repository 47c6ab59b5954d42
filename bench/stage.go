package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const (
	secret = "bench-secret"
	key    = "bench-key"
	// budget is more requests per minute than any contestant can send.
	budget = 10_000_000
	// settle is short, so that calls that are played to their end finish during the measurement.
	settle = time.Second
)

// stage is one contestant with a new Temporal server and a new Kustomer.
type stage struct {
	contestant
	settings
	temporal  *temporal
	witness   *witness
	player    *simulator.Player
	programs  []*child.Process
	listens   string // address of the webhook receiver
	profiles  string // address of the profiles, if enabled
	environ   []string
	customers *kustomer.Client // creates known callers
	calls     int              // played so far
	stop      []func()
}

func setStage(ctx context.Context, c contestant, with settings, folder string) (s *stage, err error) {
	s = &stage{contestant: c, settings: with}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if with.postgres {
		s.temporal, err = startOnPostgreSQL(ctx, with.binaries)
	} else {
		s.temporal, err = startInMemory(ctx, os.Stderr)
	}
	if err != nil {
		return s, err
	}
	s.stop = append(s.stop, s.temporal.Stop)
	url, err := s.startKustomer()
	if err != nil {
		return s, err
	}
	if err := s.configure(url, folder); err != nil {
		return s, err
	}
	for i := range c.programs {
		s.programs = append(s.programs, nil)
		if err := s.run(i, folder); err != nil {
			return s, err
		}
		s.stop = append(s.stop, func() { s.programs[i].Stop(20 * time.Second) })
	}
	return s, s.awaitReceiver(ctx)
}

// startKustomer serves the sandbox without a rate limit.
func (s *stage) startKustomer() (url string, err error) {
	s.witness = newWitness(sandbox.New(sandbox.Config{APIKey: key, Budget: budget}), s.latency)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: s.witness, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	s.stop = append(s.stop, func() { _ = server.Close() })
	url = "http://" + listener.Addr().String()
	s.customers, err = kustomer.New(kustomer.Config{BaseURL: url, APIKey: key})
	return url, err
}

// configure sets the environment variables of the programs.
func (s *stage) configure(kustomerURL, folder string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.listens = "127.0.0.1:" + strconv.Itoa(port)
	s.player = &simulator.Player{
		URL: "http://" + s.listens + "/webhooks/babelforce", Secret: secret,
		HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}},
	}
	file := filepath.Join(folder, s.name+".yaml")
	if err := os.WriteFile(file, s.automations, 0o600); err != nil {
		return err
	}
	s.environ = append(s.environ,
		"TEMPORAL_CONFIG_FILE="+os.DevNull,
		"TEMPORAL_ADDRESS="+s.temporal.address,
		"KUSTOMER_URL="+kustomerURL,
		"KUSTOMER_API_KEY="+key,
		"KUSTOMER_BUDGET="+strconv.Itoa(budget*8/10),
		"CALLTHREAD_WEBHOOK_SECRET="+secret,
		"CALLTHREAD_LISTEN="+s.listens,
		"CALLTHREAD_AUTOMATIONS="+file,
		"CALLTHREAD_SETTLE="+settle.String(),
		"CALLTHREAD_MAX_RATE=0",
		"CALLTHREAD_METRICS_LISTEN=", // no metrics
		"CALLTHREAD_LOG_LEVEL=error",
	)
	if s.profile != "" && s.automations != nil {
		if port, err = freePort(); err != nil {
			return err
		}
		s.profiles = "127.0.0.1:" + strconv.Itoa(port)
	}
	for _, setting := range os.Environ() {
		product, _, _ := strings.Cut(setting, "_")
		if product != "TEMPORAL" && product != "CALLTHREAD" && product != "KUSTOMER" {
			s.environ = append(s.environ, setting)
		}
	}
	return nil
}

// run starts or restarts the nth program.
func (s *stage) run(n int, folder string) (err error) {
	line := s.contestant.programs[n]
	command := exec.Command(filepath.Join(folder, line[0]), line[1:]...)
	command.Env = s.environ
	if n == 0 && s.profiles != "" {
		command.Env = append(command.Env, "BENCH_PROFILE="+s.profiles)
	}
	if s.programs[n], err = child.Start(command); err != nil {
		return fmt.Errorf("start %s: %w", line[0], err)
	}
	return nil
}

// awaitReceiver waits until the receiver accepts webhooks.
func (s *stage) awaitReceiver(ctx context.Context) error {
	for began := time.Now(); ; {
		connection, err := net.Dial("tcp", s.listens)
		if err == nil {
			return connection.Close()
		}
		for i, program := range s.programs {
			select {
			case <-program.Exited():
				return fmt.Errorf("%s: %v ended: %s\n%s", s.name, s.contestant.programs[i], program.End(), program.Output())
			default:
			}
		}
		if ctx.Err() != nil || time.Since(began) > time.Minute {
			return fmt.Errorf("%s: the receiver does not answer: %w", s.name, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// cpu returns the CPU time of Temporal and of the contestant's processes so far.
func (s *stage) cpu() (server, programs time.Duration) {
	var pids []int
	for _, program := range s.programs {
		pids = append(pids, program.PID())
	}
	return cpu(s.temporal.pids...), cpu(pids...)
}

func (s *stage) Stop() {
	for i := len(s.stop) - 1; i >= 0; i-- {
		s.stop[i]()
	}
}
