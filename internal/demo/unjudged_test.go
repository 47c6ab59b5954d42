package demo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// unfinished is a show with one call that has ended and two that have not, one of them parked.
func unfinished(temporal runs) *show {
	s := &show{judge: judgeUsual, stage: &Stage{Temporal: temporal, Sandbox: sandbox.New(sandbox.Config{APIKey: sandboxKey})}}
	s.calls.begin("over")
	s.calls.begin("open")
	s.calls.begin("parked")
	s.calls.end(played{Story: simulator.Story{Key: "over"}})
	return s
}

func TestOpenCallsAreCountedAndNotJudged(t *testing.T) {
	var report Report
	unfinished(runs{id: "call/parked", phase: workflows.Parked}).notJudged(t.Context(), &report)
	require.Equal(t, Report{UnderWay: 1, StillParked: 1}, report)

	report = Report{}
	unfinished(runs{err: errors.New("gone")}).notJudged(t.Context(), &report)
	require.Equal(t, Report{UnderWay: 2}, report, "which of them are parked is not known")
}

func TestConversationsOfOtherCallsAreCounted(t *testing.T) {
	s := unfinished(runs{id: "call/parked", phase: workflows.Parked})
	s.stage.Sandbox = sandbox.New(sandbox.Config{APIKey: sandboxKey, Conversations: []sandbox.Conversation{
		{ID: "1", ExternalID: "babelforce:over"}, {ID: "2", ExternalID: "babelforce:open"}, {ID: "3", ExternalID: "babelforce:parked"},
		{ID: "4", ExternalID: "babelforce:my-call"}, {ID: "5"},
	}})
	var report Report
	s.notJudged(t.Context(), &report)
	require.Equal(t, 2, report.Others)
}

func TestReportNamesWhatARealOrgHides(t *testing.T) {
	s := unfinished(runs{id: "call/parked", phase: workflows.Parked})
	s.stage.Sandbox = nil
	var report Report
	s.notJudged(t.Context(), &report)
	require.Len(t, report.NotJudged, 2)
}

func TestReportNamesUntriedAutomations(t *testing.T) {
	d := newDay(t, own(string(ownFile)), 20, true)
	d.stage.Temporal = runs{id: "call/other"}
	report := d.compare(t.Context(), d.played)
	d.notJudged(t.Context(), &report)
	require.Equal(t, "own.yaml", report.File)
	require.Contains(t, report.NotJudged, "line 61, call.finished, Never, which acted on none of these calls")
	require.Regexp(t, `late or out of order: [1-9]`, report.NotJudged[1])
}

func TestReportNamesUnmatchedEntriesOfIgnore(t *testing.T) {
	d := newDay(t, own("ignore: { callers: [\"+882*\", withheld] }\n"+string(ownFile)), 20, false)
	d.stage.Temporal = runs{}
	report := d.compare(t.Context(), d.played)
	d.notJudged(t.Context(), &report)
	require.Positive(t, report.Unopened)
	require.Contains(t, report.NotJudged, `entries of "ignore" that match none of these calls, at 1:21`)
}

func TestDemoReadsNationalNumbersInItsCountry(t *testing.T) {
	s, err := newShow(Options{Country: "DE", Own: own("ignore: { called: [030 23125001] }\n" + string(ownFile))})
	require.NoError(t, err)
	to := call.Facts{Leg: call.Leg{From: "+442079460123", To: "+493023125001"}}
	require.True(t, s.set.Ignores(to))
	s.renderer.marked.Match(to)
	require.Empty(t, s.renderer.marked.Unmatched())
	set, err := s.stageOptions()
	require.NoError(t, err)
	require.Equal(t, "DE", set.Country)
}

func TestWaitEndsWhenOnlyParkedCallsAreLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := unfinished(runs{id: "call/parked", phase: workflows.Parked})
		var cause error
		ctx, cancel := context.WithTimeout(t.Context(), 3*parkedRounds)
		defer cancel()
		s.untilParked(ctx, func(err error) { cause = err })
		require.NoError(t, cause, "one call goes on")
		s.calls.end(played{Story: simulator.Story{Key: "open"}})
		s.untilParked(t.Context(), func(err error) { cause = err })
		require.ErrorIs(t, cause, errParked)
	})
}
