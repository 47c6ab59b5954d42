package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/internal/trial"
	"github.com/callthread/callthread/workflows"
)

// lookTimeout bounds the last query to Temporal, which may be unavailable.
const lookTimeout = 5 * time.Second

// notJudged adds to the report what it does not judge.
func (s *show) notJudged(ctx context.Context, report *Report) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	parked, err := s.parked(ctx)
	if err != nil {
		parked = nil // it is not known which calls are parked
	}
	left := s.calls.left()
	report.StillParked = len(parked)
	report.UnderWay = len(slices.DeleteFunc(left, func(key string) bool { return slices.Contains(parked, key) }))
	if s.stage.Sandbox != nil {
		report.Others = s.others(parked)
	} else {
		report.NotJudged = append(report.NotJudged, "what others may change in this org: names, statuses, tags, teams, attributes, the timeline",
			"whether a call has a second conversation or customer, which the API does not show")
	}
	if s.renderer == nil {
		return
	}
	report.File = s.Own.Name
	report.NotJudged = append(report.NotJudged, "whether the file says what you mean")
	if n := s.renderer.handedOn; n > 0 {
		report.NotJudged = append(report.NotJudged, fmt.Sprintf("transferred calls, because the file does not act on their end: %d", n))
	}
	if n := s.renderer.textless; n > 0 {
		report.NotJudged = append(report.NotJudged, fmt.Sprintf("the texts of the notes of calls whose reports came late or out of order: %d", n))
	}
	if n := s.renderer.resolvable; n > 0 {
		report.NotJudged = append(report.NotJudged, fmt.Sprintf("whether the tags %s are right on calls without an agent, because \"resolves\" removes them if the customer is reached later: %d",
			strings.Join(s.set.LostTags(), ", "), n))
	}
	for _, a := range s.renderer.marked.Unreached() {
		report.NotJudged = append(report.NotJudged, fmt.Sprintf("%s, which acted on none of these calls", a))
	}
	if unmatched := s.renderer.marked.Unmatched(); len(unmatched) > 0 {
		report.NotJudged = append(report.NotJudged, fmt.Sprintf(`entries of "ignore" that match none of these calls, at %s`, trial.Positions(unmatched)))
	}
}

// parked returns the keys of the calls on this run's task queue that wait for an operator.
func (s *show) parked(ctx context.Context) (keys []string, err error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("%s AND TaskQueue = '%s'", workflows.ParkedCalls, s.stage.TaskQueue),
	}
	for {
		listed, err := s.stage.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, run := range listed.GetExecutions() {
			keys = append(keys, workflows.CallKey(run.GetExecution().GetWorkflowId()))
		}
		if request.NextPageToken = listed.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return keys, nil
		}
	}
}

// others counts the conversations of calls that the demo did not play and that are not parked.
func (s *show) others(parked []string) (n int) {
	known := append(s.calls.left(), parked...)
	for _, one := range s.calls.ended {
		known = append(append(known, one.Key), legs(one.Story)...)
	}
	for _, c := range s.stage.Sandbox.State().Conversations {
		if !slices.Contains(known, strings.TrimPrefix(c.ExternalID, externalIDPrefix)) {
			n++
		}
	}
	return n
}

func areAllIn(some, all []string) bool {
	return !slices.ContainsFunc(some, func(key string) bool { return !slices.Contains(all, key) })
}
