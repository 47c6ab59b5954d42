package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// Users change rarely, and each look-up costs a request of the org's budget.
const userCacheSize = 1000

// It is a variable for tests.
var userCacheTime = 5 * time.Minute

// userOf returns the id of the Kustomer user who is a babelforce agent. It uses the
// sourceId, which babelforce imported from Kustomer; then the e-mail address; then the
// table of agents in the automations file. It returns "" if none of them is certain: no
// assignee is better than the wrong one. It does not return refused, the sourceId that
// Kustomer has rejected.
func (a *Activities) userOf(ctx context.Context, automations *automation.Set, agent call.Agent, refused string) (user string, err error) {
	if automation.IsObjectID(agent.SourceID) && agent.SourceID != refused {
		return agent.SourceID, nil
	}
	if agent.Email != "" {
		if user, err = a.userByEmail(ctx, agent.Email); user != "" || err != nil {
			return user, err
		}
	}
	return automations.UserOf(agent), nil
}

// userByEmail returns the id of the one user with the address, or "" if there is none or
// more than one. A key without the role to look up users must not fail the update.
func (a *Activities) userByEmail(ctx context.Context, address string) (user string, err error) {
	address = strings.ToLower(address)
	if user, known := a.users.Get(address); known {
		return user, nil
	}
	found, err := a.kustomer.UsersByEmail(ctx, address)
	if kustomer.IsKind(err, kustomer.Credentials) || refused(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	matches := 0
	for _, one := range found {
		if strings.EqualFold(one.Email, address) && one.Type != "machine" {
			user = one.ID
			matches++
		}
	}
	if matches > 1 {
		user = ""
	}
	a.users.Add(address, user)
	return user, nil
}

// resolve looks up the Kustomer users of the agents who picked up or were identified since
// the last step, if the automations assign them. Each agent is looked up once per call, and
// the result is stored.
func (a *Activities) resolve(ctx context.Context, file *automation.Set, in *StepInput) (map[string]call.Resolved, error) {
	agents := make(map[string]call.Resolved)
	in.Is.PickUps = slices.Clone(in.Is.PickUps)
	for i := range in.Is.PickUps {
		p := &in.Is.PickUps[i]
		if !in.IsToResolve(*p) || !file.AssignsAgent(call.Bridged, p.Facts) {
			continue
		}
		user, err := a.userOf(ctx, file, p.Facts.Agent, "")
		if err != nil {
			return nil, err
		}
		p.Resolved = call.Resolved{User: user, Unassigned: user == ""}
		agents[p.Note] = p.Resolved
	}
	return agents, a.resolvePlacer(ctx, file, in)
}

// resolvePlacer looks up the Kustomer user of the agent who placed the call.
func (a *Activities) resolvePlacer(ctx context.Context, file *automation.Set, in *StepInput) error {
	opening := in.Is.Opening
	isResolved := in.Is.Placer != (call.Resolved{}) || in.Was.Opening.Agent == opening.Agent
	if isResolved || !opening.Outgoing || opening.Agent == (call.Agent{}) || !file.AssignsAgent(call.Outbound, opening) {
		return nil
	}
	user, err := a.userOf(ctx, file, opening.Agent, "")
	in.Is.Placer = call.Resolved{User: user, Unassigned: user == ""}
	return err
}
