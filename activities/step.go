package activities

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// StepInput is the input of [Activities.CreateConversation] and
// [Activities.UpdateConversation].
type StepInput struct {
	call.Step
	// Conversation is the call's conversation as the last step left it. It is zero before
	// the conversation is open.
	Conversation Conversation `json:"conversation,omitzero"`
	// MayBeDone says that the step may have been done before, in full or in part.
	MayBeDone bool `json:"mayBeDone,omitempty"`
	// EarlierRun says that an earlier run, which Temporal has reset or deleted, may have
	// done it.
	EarlierRun bool `json:"earlierRun,omitempty"`
	// Amend is an operator's change to the step.
	Amend *Amendment `json:"amend,omitempty"`
	// Shadow says that the step must only report what it would write.
	Shadow bool `json:"shadow,omitempty"`
}

// StepResult is the result of [Activities.CreateConversation] and
// [Activities.UpdateConversation].
type StepResult struct {
	// At is when the last change was completed, by the worker's clock.
	At time.Time `json:"at,omitzero"`
	// Conversation is the call's conversation as this step left it. Its ID is empty if no
	// automation opens one for this call.
	Conversation Conversation `json:"conversation,omitzero"`
	// Agents are the Kustomer users of the agents who picked up, by the names of the
	// pick-ups' notes. Placer is the user of the agent who placed the call.
	Agents map[string]call.Resolved `json:"agents,omitempty"`
	Placer call.Resolved            `json:"placer,omitzero"`
	// Expects says which later events the automations act on. Only CreateConversation sets
	// it.
	Expects call.Expects `json:"expects,omitzero"`
	// Joined says that the call joined an earlier call's conversation.
	Joined bool `json:"joined,omitempty"`
	// Ignored says that the automations file's "ignore" names the call.
	Ignored bool `json:"ignored,omitempty"`
	// Caller says why the conversation belongs to its customer, if this step decided it.
	Caller string `json:"caller,omitempty"`
	// CallerHash is the hash by which the caller's calls can be found. It is empty if there
	// is no number or no key.
	CallerHash string `json:"callerHash,omitempty"`
	// Automations is the version of the automations file that the step used.
	Automations string `json:"automations,omitempty"`
	// Resolved is the customer's earlier conversation that no longer has the tags of a lost call.
	Resolved string `json:"resolved,omitempty"`
	// Warnings say what was left out of the conversation, and why.
	Warnings []string `json:"warnings,omitempty"`
	// Withheld contains the requests that a shadow would have sent.
	Withheld []Withheld `json:"withheld,omitempty"`
}

// perform acquires a slot and runs a step with its context. In shadow, it withholds what
// the step writes.
func (a *Activities) perform(ctx context.Context, in StepInput, step func(context.Context, StepInput) (StepResult, error)) (StepResult, error) {
	if err := a.serves(in.Shadow); err != nil {
		return StepResult{}, err
	}
	leave, err := a.enter(ctx)
	if err != nil {
		return StepResult{}, err
	}
	defer leave()
	ctx, end := begin(ctx)
	defer end()
	if !in.Shadow {
		return step(ctx, in)
	}
	shadow := &kustomer.Shadow{Conversation: in.Conversation.theirs()}
	result, err := step(kustomer.WithShadow(ctx, shadow), in)
	result.Withheld = shadow.Withheld
	return result, err
}

// UpdateConversation brings the call's conversation up to date. It writes the difference
// between the call's story now and its story after the last completed step.
func (a *Activities) UpdateConversation(ctx context.Context, in StepInput) (StepResult, error) {
	return a.perform(ctx, in, a.update)
}

func (a *Activities) update(ctx context.Context, in StepInput) (StepResult, error) {
	file := a.automations().In(a.country)
	agents, err := a.resolve(ctx, file, &in)
	if err != nil {
		return StepResult{}, notStarted(ctx, err)
	}
	in.MayBeDone = in.MayBeDone || repeated(ctx)
	u := a.updateFor(file, in)
	if isLocal(ctx) && !u.isConditional() {
		return StepResult{}, notTried("the change is conditional on no revision, so it could be made twice")
	}
	err = u.apply(ctx)
	isDeleted := isGone(ctx, err) || in.Conversation.Deleted && errors.Is(err, errMissing) // an earlier step has tried several times
	switch {
	case err != nil && !isDeleted && !u.written:
		return StepResult{}, notStarted(ctx, err)
	case err != nil && !isDeleted:
		return StepResult{}, failure(ctx, err)
	}
	a.learnLostTags(file, in.Conversation, u.base)
	if err := a.settleLost(ctx, file, in, u); err != nil {
		return StepResult{}, failure(ctx, err)
	}
	if u.agent != nil {
		agents[in.Is.Latest().Note] = *u.agent
	}
	is := u.base
	is.Deleted, is.URL = isDeleted, a.kustomer.ConversationURL(is.CustomerID, is.ID)
	result := StepResult{
		At: time.Now().UTC(), Conversation: is, Agents: agents, Placer: in.Is.Placer, Caller: u.decided,
		Automations: file.Version, Warnings: u.warnings, Resolved: u.resolved,
	}
	if in.Has(call.CustomerIdentified) {
		result.CallerHash = a.callerHash(in.Is.Opening)
	}
	return result, nil
}

// updateFor returns the update that a step makes.
func (a *Activities) updateFor(file *automation.Set, in StepInput) *update {
	was, is := want(file, in.Was, in.names()), want(file, in.Is, in.names())
	u := &update{
		Activities: a, base: in.Conversation, want: differ(was, is), looks: in.MayBeDone || in.EarlierRun || in.Conversation.Adopted,
		ended: in.Is.Closing != nil,
	}
	in.Amend.change(&u.want.Change)
	u.on = terms{
		agentWins: in.isHandOver() && !u.looks && isPrompt(in.Since()), earlierRun: in.EarlierRun,
		ours: slices.Concat(in.users(), fold(was).users.value, u.want.AssignedUsers),
	}
	for _, one := range slices.Concat(was, is) {
		u.on.names, u.on.teams = append(u.on.names, one.Name), append(u.on.teams, one.AssignedTeams...)
	}
	for _, one := range is {
		if slices.ContainsFunc(was, func(c contribution) bool { return c.event == one.event }) {
			continue
		}
		u.warnings = append(u.warnings, one.warnings...)
		u.notes = append(u.notes, note(in.Is.Opening.Key, one.event, one.Note))
		if one.Message != nil && in.Was.Closing == nil {
			message := a.voiceMessage(*one.Message, one.facts)
			u.voice = &message
		}
	}
	in.Amend.note(u.notes)
	u.notes = slices.DeleteFunc(u.notes, func(n kustomer.NewNote) bool { return n.Body == "" })
	if file.Callers.Returning.Append {
		u.sharedBy = in.Is.Opening.Key
	}
	a.prepare(file, in, u)
	return u
}

// prepare adds the functions that ask Kustomer only if the update needs the answer.
func (a *Activities) prepare(file *automation.Set, in StepInput, u *update) {
	opening, _ := openingOf(file, in.Is, in.Is.Opening)
	if in.Has(call.CustomerIdentified) && opening.Customer == "" {
		facts := in.Is.Opening
		in.Amend.opening(&opening, &facts)
		u.customer = func(ctx context.Context) (owner, error) { return a.customerOf(ctx, file, opening, facts, in.Amend) }
	}
	isAmended := in.Amend != nil && in.Amend.AssignedUsers != nil
	if latest := in.Is.Latest(); latest != nil && in.isHandOver() && !isAmended && len(u.want.AssignedUsers) > 0 && latest.User != "" {
		agent := latest.Facts.Agent
		u.agent = &call.Resolved{User: latest.User}
		u.otherUser = func(ctx context.Context, refused string) (string, error) { return a.userOf(ctx, file, agent, refused) }
	}
}

// isHandOver reports whether an agent who has the caller on the line waits for the step.
func (in StepInput) isHandOver() bool { return in.Has(call.PickedUp) || in.Has(call.AgentIdentified) }

// names returns the ids and the URL of the call's conversation for placeholders.
func (in StepInput) names() call.Kustomer {
	return call.Kustomer{CustomerID: in.Conversation.CustomerID, ConversationID: in.Conversation.ID, ConversationURL: in.Conversation.URL}
}

// Since returns when the pick-up of the agent who has the call was reported, or when the
// conversation was opened if that was later.
func (in StepInput) Since() time.Time {
	since := in.Conversation.OpenedAt
	if latest := in.Is.Latest(); latest != nil && latest.ReceivedAt.After(since) {
		return latest.ReceivedAt
	}
	return since
}

// users returns the Kustomer users of all agents who had the call so far. The call's steps
// may have assigned them.
func (in StepInput) users() (users []string) {
	for _, p := range in.Is.PickUps {
		users = append(users, cmp.Or(p.User, p.Facts.Agent.SourceID))
	}
	users = append(users, in.Is.Placer.User)
	return slices.DeleteFunc(users, func(user string) bool { return user == "" })
}
