package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/call"
)

// signalNames returns the names of all signals.
func signalNames() []string {
	names := []string{SignalLog}
	for _, kind := range call.Kinds {
		names = append(names, string(kind))
	}
	return names
}

// receive adds all reports that have arrived to the record.
func (r *run) receive(ctx workflow.Context) {
	for _, kind := range call.Kinds {
		channel := workflow.GetSignalChannel(ctx, string(kind))
		for {
			var event call.Event
			if !channel.ReceiveAsync(&event) {
				break
			}
			r.add(ctx, kind, event)
		}
	}
	r.receiveCallLog(ctx)
}

// add adds a report. The webhook receiver sends complete events. A signal that someone sends by
// hand needs only what it reports: its name is the kind, and it belongs to this call.
func (r *run) add(ctx workflow.Context, kind call.Kind, event call.Event) {
	now, key := workflow.Now(ctx), r.record.Key
	event.Kind = kind
	if event.ReceivedAt.IsZero() {
		event.ReceivedAt = now
	}
	switch {
	case event.Leg.Key() == key:
	case event.Leg.ID == "":
		event.Leg.ID = key
	default:
		event.Leg.ParentID = key
	}
	r.record.Add(event, now)
}

// receiveCallLog adds the content of babelforce's call log, which arrives as a whole.
func (r *run) receiveCallLog(ctx workflow.Context) {
	channel := workflow.GetSignalChannel(ctx, SignalLog)
	for {
		var log call.FromLog
		if !channel.ReceiveAsync(&log) {
			return
		}
		if r.record.AddFromLog(log, workflow.Now(ctx)) {
			r.log(workflow.Now(ctx), addedFromLog)
		}
	}
}

// next waits for one thing: a report, an operator's decision, or one of the futures.
func (r *run) next(ctx workflow.Context, futures ...workflow.Future) error {
	selector := workflow.NewSelector(ctx)
	for _, name := range signalNames() {
		selector.AddReceive(workflow.GetSignalChannel(ctx, name), func(workflow.ReceiveChannel, bool) { r.receive(ctx) })
	}
	selector.AddReceive(r.decided, func(decided workflow.ReceiveChannel, _ bool) { decided.ReceiveAsync(nil) })
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	for _, future := range futures {
		selector.AddFuture(future, func(workflow.Future) {})
	}
	selector.Select(ctx)
	return ctx.Err()
}
