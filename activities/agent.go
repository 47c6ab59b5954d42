package activities

import (
	"context"
	"strings"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// UnassignedTag is on conversations of calls that were answered by an agent
// whom Kustomer does not know, as far as can be told for sure.
const UnassignedTag = "call_unassigned"

const (
	// Users change rarely, and each look-up is a request of the org's budget.
	userCacheSize = 1000
	userCacheTime = 5 * time.Minute
)

// userOf is the Kustomer user who a babelforce agent is: by the sourceId, which
// babelforce has from Kustomer; by the e-mail address; or by the file's table of
// agents. It is empty where none of them tells for sure: nobody is better than
// the wrong person. A sourceId that Kustomer has refused is not given again.
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

// userByEmail is the one user with an address; empty where there is none, or
// more than one. A key that may not look for users costs no call its update.
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

// nameAgent finds the Kustomer user who has placed a call, before the
// conversation is rendered, where the automations assign it. It reports whether
// that is nobody whom Kustomer knows.
func (a *Activities) nameAgent(ctx context.Context, automations *automation.Set, facts *call.Facts) (isNobody bool, err error) {
	if !facts.Outgoing || facts.Agent == (call.Agent{}) || !automations.AssignsAgent(call.Outbound, *facts) {
		return false, nil
	}
	facts.Agent.SourceID, err = a.userOf(ctx, automations, facts.Agent, "")
	return facts.Agent.SourceID == "", err
}

// assignment finds whom to assign, before the change is rendered with it.
func (e *edit) assignment(ctx context.Context, automations *automation.Set, in *updateInput) (err error) {
	if !automations.AssignsAgent(in.Event, in.Facts) || in.KeepAssignee {
		return nil
	}
	agent := in.Facts.Agent
	e.otherUser = func(ctx context.Context, refused string) (string, error) {
		return e.userOf(ctx, automations, agent, refused)
	}
	if e.agentUser, err = e.otherUser(ctx, ""); err != nil {
		return err
	}
	if e.agentUser != "" {
		in.Facts.Agent.SourceID = e.agentUser
	}
	e.agents = in.Agents
	e.takeFromEarlier()
	return nil
}

// takeFromEarlier has the agent who had the call before unassigned, where the
// one who has it now is nobody whom Kustomer knows: nobody is better than the
// wrong person.
func (e *edit) takeFromEarlier() {
	e.unassigns = e.isUnassigned() && len(e.left.AssignedUsers) > 0 && !hasOthers(e.left.AssignedUsers, e.agents)
}

// assignOther assigns the agent by what else is known of him or her, where
// Kustomer has refused the user that was given.
func (e *edit) assignOther(ctx context.Context) error {
	other, err := e.otherUser(ctx, e.agentUser)
	if err != nil {
		return err
	}
	if other != "" && other != e.agentUser {
		e.agentUser, e.change.AssignedUsers = other, []string{other}
		e.ours.users = append(e.ours.users, other)
		err := e.put(ctx, partsOf(automation.Change{AssignedUsers: e.change.AssignedUsers}))
		if !refused(err) {
			return err
		}
	}
	e.agentUser, e.change.AssignedUsers = "", nil
	if e.takeFromEarlier(); e.unassigns {
		return e.put(ctx, []part{unassigning})
	}
	return nil
}

// isUnassigned reports whether an agent was to be assigned, and is nobody whom Kustomer knows.
func (e *edit) isUnassigned() bool { return e.otherUser != nil && e.agentUser == "" }

// tagUnassigned marks the conversation where that is so.
func (e *edit) tagUnassigned() {
	if e.isUnassigned() {
		e.change.Tag([]string{UnassignedTag})
	}
}
