package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// measure runs every contestant in each round. The folder contains their programs.
func measure(ctx context.Context, with settings, folder string) (report, error) {
	r := describe(with)
	field, err := chosen(with.only, with.prices)
	if err != nil {
		return r, err
	}
	for round := range with.rounds {
		for _, c := range field {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, with.rounds, c.name)
			turn, err := takeTurn(ctx, c, with, folder, round+1 == with.rounds)
			if err != nil {
				return r, err
			}
			r.Rounds[c.name] = append(r.Rounds[c.name], turn)
		}
	}
	for name, rounds := range r.Rounds {
		r.Medians[name] = medians(rounds)
	}
	r.Marks = marks(r.Medians, with)
	if with.prices {
		r.Prices = prices(r.Rounds)
	}
	return r, nil
}

// takeTurn measures one contestant with newly started servers and programs.
func takeTurn(ctx context.Context, c contestant, with settings, folder string, isLast bool) (figures, error) {
	s, err := setStage(ctx, c, with, folder)
	if err != nil {
		return nil, err
	}
	defer s.Stop()
	into := make(figures)
	calls, err := s.newCalls(ctx, with.warmup)
	if err != nil {
		return nil, err
	}
	if _, err := s.closedLoop(ctx, calls, max(with.closed, 1)); err != nil {
		return nil, err
	}
	if with.closed > 0 {
		if err := s.measureClosed(ctx, into); err != nil {
			return nil, err
		}
	}
	if with.rate > 0 {
		if err := s.measureOpen(ctx, into); err != nil {
			return nil, err
		}
	}
	if with.waiting > 0 && isLast {
		return into, s.wait(ctx, folder, into)
	}
	return into, nil
}

// measureClosed measures throughput, and the cost of a call without idle time between calls.
func (s *stage) measureClosed(ctx context.Context, into figures) error {
	calls, err := s.newCalls(ctx, s.settings.calls)
	if err != nil {
		return err
	}
	if err := s.rest(ctx); err != nil {
		return err
	}
	profiled := s.profileWorker(ctx)
	server, programs := s.cpu()
	began, others := time.Now(), busy()-cpu(os.Getpid())
	took, err := s.closedLoop(ctx, calls, s.closed)
	if err != nil {
		return err
	}
	if err := s.rest(ctx); err != nil { // the remaining work for completed calls is part of the cost
		return err
	}
	serverNow, programsNow := s.cpu()
	others = busy() - cpu(os.Getpid()) - others
	into["closed.others"] = 100 * others.Seconds() / time.Since(began).Seconds() / float64(runtime.NumCPU())
	per := 1000 / float64(len(calls))
	into["closed.calls_per_s"] = float64(len(calls)) / took.Seconds()
	into["closed.cpu_temporal"] = (serverNow - server).Seconds() * per
	into["closed.cpu_programs"] = (programsNow - programs).Seconds() * per
	into["closed.cpu"] = into["closed.cpu_temporal"] + into["closed.cpu_programs"]
	if s.rate == 0 { // otherwise the open loop measures it, which depends less on the machine
		if err := s.histories(ctx, calls[:min(len(calls), 50)], into); err != nil {
			return err
		}
	}
	return <-profiled
}

// measureOpen measures latencies and the contents of histories.
func (s *stage) measureOpen(ctx context.Context, into figures) error {
	calls, err := s.newCalls(ctx, s.settings.calls)
	if err != nil {
		return err
	}
	if err := s.openLoop(ctx, calls, s.rate, s.ringing); err != nil {
		return err
	}
	if err := s.rest(ctx); err != nil {
		return err
	}
	var acknowledged, opened, updated []time.Duration
	for _, c := range calls {
		acknowledged = append(acknowledged, c.ringTook, c.bridgeTook)
		opened = append(opened, c.untilOpen)
		updated = append(updated, c.untilUpdated)
	}
	for name, of := range map[string][]time.Duration{"open.ack": acknowledged, "open.ring": opened, "open.bridge": updated} {
		into[name+"_p50"], into[name+"_p99"] = milliseconds(percentile(of, 0.5)), milliseconds(percentile(of, 0.99))
	}
	requests(calls, into)
	return s.histories(ctx, calls[:min(len(calls), 50)], into)
}

// profileTime is the longest time that a profile covers.
const profileTime = 10 * time.Second

// profileWorker starts a profile of the worker, if requested.
func (s *stage) profileWorker(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	if s.profiles == "" {
		done <- nil
		return done
	}
	go func() {
		url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%.0f", s.profiles, profileTime.Seconds())
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			done <- err
			return
		}
		done <- s.keepProfile(request)
	}()
	return done
}

func (s *stage) keepProfile(request *http.Request) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.profile, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.profile, s.name+".pprof"), text, 0o644)
}
