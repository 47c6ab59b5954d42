package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/workflows"
)

// maxQueues bounds how many queues are looked for: each takes a question to Temporal.
const maxQueues = 100

// Search lists the calls that a query finds, newest first, and how many there are in
// all. If there are none it says what was looked for. Temporal compares names of queues
// exactly: if no call has the name as it was given, those that differ in case alone count.
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

// none says that no call was found, and what was looked for.
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

// queues are the names of the queues that calls went through. Temporal does not list
// the values of a search attribute: each question asks for a name that is not known yet.
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
		queue := attribute(runs[0], workflows.QueueName)
		if slices.Contains(names, queue) || strings.ContainsFunc(queue, unfindable) {
			break // it cannot be excluded, and the same call would be found again
		}
		names = append(names, queue)
	}
	slices.Sort(names)
	return names, nil
}
