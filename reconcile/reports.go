package reconcile

import (
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
)

// isAnswered reports whether an agent picked up an inbound call on this leg.
func isAnswered(leg calllog.Row) bool {
	isAgents := leg.Call.Source == "queue" || leg.Call.Source == "transfer"
	return !leg.IsRoot() && isAgents && leg.Call.Domain != "external" && !leg.Call.DateEstablished.IsZero()
}

// isLasting reports whether a leg to an agent has not ended.
func isLasting(leg calllog.Row) bool { return !leg.IsRoot() && !leg.IsFinal() }

// isByQueue reports whether a queue rang an agent on this leg.
func isByQueue(leg calllog.Row) bool { return !leg.IsRoot() && leg.Call.Source == "queue" }

// answered returns the legs on which agents picked up, in the order of the pick-ups.
func answered(legs []calllog.Row) []calllog.Row {
	all := slices.DeleteFunc(slices.Clone(legs), func(leg calllog.Row) bool { return !isAnswered(leg) })
	slices.SortStableFunc(all, func(a, b calllog.Row) int { return a.Call.DateEstablished.Compare(b.Call.DateEstablished) })
	return all
}

// fromLog returns the reports that webhooks would have sent for a call, given its rows in the log.
// A call in a final state has an end even if its row lacks the end's fields.
func fromLog(root calllog.Row, legs []calllog.Row, agentOf func(babelforce.Agent) babelforce.Agent, now time.Time) call.FromLog {
	var log call.FromLog
	add := func(event babelforce.Event) {
		event.Agent = agentOf(event.Agent)
		report := event.Report(now)
		report.FromLog = true
		log.Reports = append(log.Reports, report)
	}
	rings := babelforce.Event{Name: babelforce.CallInbound, Call: begun(root.Call)}
	if root.Call.Type == "outbound" { // only then is the agent known while the call rings
		rings.Name, rings.Agent, rings.Queue = babelforce.CallOutbound, root.Agent, root.Queue
	}
	add(rings)
	for _, row := range pickUps(root, legs) {
		leg := begun(row.Call)
		leg.DateEstablished = row.Call.DateEstablished
		add(babelforce.Event{Name: babelforce.CallBridged, Call: leg, Agent: row.Agent, Queue: row.Queue})
	}
	for _, row := range legs {
		if !row.IsRoot() && row.IsFinal() {
			add(babelforce.Event{Name: babelforce.CallFinished, Call: row.Call, Agent: row.Agent, Queue: row.Queue})
		}
	}
	if root.IsFinal() {
		add(babelforce.Event{Name: babelforce.CallFinished, Call: root.Call})
	}
	for _, row := range legs {
		for _, recording := range row.Recordings {
			add(babelforce.Event{Name: babelforce.RecordingFinished, Call: row.Call, Recording: recording})
		}
	}
	return log
}

// pickUps returns the rows of the legs with a pick-up. If no agent's leg has one, the row of the
// caller's leg counts if it names an agent. It contains no time of the pick-up.
func pickUps(root calllog.Row, legs []calllog.Row) []calllog.Row {
	if root.Call.Type == "outbound" {
		return customersLeg(root, legs)
	}
	if all := answered(legs); len(all) > 0 {
		return all
	}
	if root.Agent.ID == "" {
		return nil
	}
	root.Call.DateEstablished = time.Time{} // the time at which the call flow answered
	return []calllog.Row{root}
}

// customersLeg returns the external leg of an outbound call if the customer picked up.
func customersLeg(root calllog.Row, legs []calllog.Row) []calllog.Row {
	for _, row := range legs {
		if row.Call.Domain != "external" || row.Call.DateEstablished.IsZero() {
			continue
		}
		if row.Agent.ID == "" {
			row.Agent = root.Agent
		}
		return []calllog.Row{row}
	}
	return nil
}

// begun returns a leg without the fields that are set when it is established or ends.
func begun(leg babelforce.Call) babelforce.Call {
	leg.State, leg.FinishReason, leg.Duration = "", "", nil
	leg.DateEstablished, leg.DateFinished = time.Time{}, time.Time{}
	return leg
}
