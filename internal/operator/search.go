package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/workflows"
)

// maxQueues limits the queues that are listed: each takes one query.
const maxQueues = 100

// Search returns the calls that match a query, newest first and at most limit of them, and the
// total number of matches. If there is none, the text none describes the query.
//
// Temporal compares queue names exactly. If no call has the given name, Search takes names that
// differ only in case.
func (o *Operator) Search(ctx context.Context, q Query, limit int) (those []Call, total int, none string, err error) {
	those, total, err = o.List(ctx, q.String(), limit)
	if err != nil || len(those) > 0 {
		return those, total, "", err
	}
	var queues []string
	if q.queue != "" {
		if queues, err = o.queues(ctx); err != nil {
			return nil, 0, "", err
		}
		isOther := func(name string) bool { return !strings.EqualFold(name, q.queue) }
		if q.queues = slices.DeleteFunc(slices.Clone(queues), isOther); len(q.queues) > 0 {
			if those, total, err = o.List(ctx, q.String(), limit); err != nil {
				return nil, 0, "", err
			}
		}
	}
	return those, total, o.none(q, queues), nil
}

// none is the message for a query without a match.
func (o *Operator) none(q Query, queues []string) string {
	none := fmt.Sprintf("Temporal at %s, namespace %s, knows no call", o.Address, o.Namespace)
	if len(q.sought) > 0 {
		none += " with " + strings.Join(q.sought, ", ")
	}
	switch {
	case q.queue == "" || len(q.queues) > 0:
		return none
	case len(queues) == 0:
		return none + ", and none that went through a queue"
	}
	return none + ". The queues of all calls are " + strings.Join(queues, ", ")
}

// queues returns the names of the queues in all calls. Temporal does not list the values of a
// search attribute, so each query excludes the names that are already known.
func (o *Operator) queues(ctx context.Context) (names []string, err error) {
	name := workflows.QueueName.GetName()
	query := allCalls + " AND " + name + " IS NOT NULL"
	for len(names) < maxQueues {
		another := query
		if len(names) > 0 {
			another += " AND " + name + " NOT IN " + quotedList(names)
		}
		runs, err := o.listRuns(ctx, another, 1)
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			break
		}
		queue := workflows.Attribute[string](runs[0], workflows.QueueName)
		if slices.Contains(names, queue) || strings.ContainsFunc(queue, unfindable) {
			break // the name cannot be excluded, and the query would find the same call again
		}
		names = append(names, queue)
	}
	slices.Sort(names)
	return names, nil
}
