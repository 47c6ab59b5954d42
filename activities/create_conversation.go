package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// CreateConversationInput says which call rings.
type CreateConversationInput struct {
	Facts call.Facts `json:"facts"`
	// LookFirst says that the conversation may exist already: Temporal has
	// remembered or forgotten an earlier run of the call, or this step was refused before.
	LookFirst bool `json:"lookFirst,omitempty"`
	// Existing is the call's conversation, where it is only to be given what it
	// lacks, now that more is known.
	Existing string `json:"existing,omitempty"`
	// Rang is when the call began to ring.
	Rang time.Time `json:"rang,omitzero"`
	// Amend is what an operator has changed about the step.
	Amend *Amendment `json:"amend,omitempty"`
}

// CreateConversationResult names the call's conversation.
type CreateConversationResult struct {
	// ConversationID is empty where no automation opens a conversation for this call.
	ConversationID string `json:"conversationId"`
	// ConversationURL is where an agent opens the conversation.
	ConversationURL string `json:"conversationUrl"`
	CustomerID      string `json:"customerId"`
	// Caller says in words how it was decided whose the conversation is.
	Caller string `json:"caller,omitempty"`
	// NewCustomer says that the caller was not known to Kustomer before.
	NewCustomer bool `json:"newCustomer,omitempty"`
	// Unassigned says that the agent who has placed the call is nobody whom Kustomer knows.
	Unassigned bool `json:"unassigned,omitempty"`
	// Adopted says that the conversation was there already: an attempt whose
	// answer was lost, or an earlier run of this call, has opened it.
	Adopted bool `json:"adopted,omitempty"`
	// OpenedAt is when the conversation was known to exist, by the worker's clock.
	OpenedAt time.Time `json:"openedAt"`
	// Automations is the version of the automations file that was used.
	Automations string `json:"automations,omitempty"`
	// ExpectsFinish says that the automations act on the end of the call, so that it is worth waiting for.
	ExpectsFinish bool `json:"expectsFinish,omitempty"`
	// ExpectsRecording says that they act on recordings, which come after the end.
	ExpectsRecording bool `json:"expectsRecording,omitempty"`
	// WrapUpTime is how long after the end of an answered call they act again; 0 if they do not.
	WrapUpTime time.Duration `json:"wrapUpTime,omitempty"`
	// Joined says that the call has joined an earlier one's conversation.
	Joined bool `json:"joined,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
	// Left is the conversation as this step has left it.
	Left Conversation `json:"left,omitzero"`
}

// CreateConversation finds or creates the calling customer and opens the
// call's one conversation, as the automations of call.inbound say.
func (a *Activities) CreateConversation(ctx context.Context, in CreateConversationInput) (CreateConversationResult, error) {
	ctx, end := begin(ctx)
	defer end()
	automations := a.automations().In(a.country)
	if err := a.nameAgent(ctx, automations, &in.Facts); err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	opening, warnings := automations.Open(in.Facts)
	result := CreateConversationResult{
		Automations:      automations.Version,
		ExpectsRecording: automations.Handles(call.Recorded),
		WrapUpTime:       automations.WrapUpTime(),
		Warnings:         warnings,
	}
	result.ExpectsFinish = automations.Handles(call.Finished) || result.ExpectsRecording || result.WrapUpTime > 0
	if !opening.Wanted {
		return result, nil
	}
	in.Amend.opening(&opening, &in.Facts)
	if result.Unassigned = in.Facts.Agent != (call.Agent{}) && a.isNobody(automations, in.Facts); result.Unassigned {
		opening.Tags = append(opening.Tags, UnassignedTag)
	}
	if in.Existing != "" {
		return a.completeConversation(ctx, in.Existing, opening, result)
	}
	customer := owner{id: opening.Customer, catchesAll: true, decision: "the customer whom the automations file names"}
	if in.Amend != nil && in.Amend.Customer != nil {
		customer.decision = "the customer whom an operator has named"
	}
	if opening.Customer == "" {
		var err error
		if customer, err = a.callingCustomer(ctx, automations.Callers, in.Facts); err != nil {
			return CreateConversationResult{}, failure(ctx, err)
		}
	}
	o := &opened{opening: opening, key: in.Facts.Key, rang: in.Rang, edit: edit{Activities: a, warnings: warnings}}
	if err := o.open(ctx, customer, automations.Callers.Returning, repeated(ctx) || in.LookFirst); err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	result.ConversationID = o.id
	result.CustomerID = cmp.Or(o.owner, customer.id) // people may have moved one that was there already
	result.ConversationURL = a.kustomer.ConversationURL(result.CustomerID, o.id)
	result.NewCustomer, result.Caller = customer.isNew, customer.decision
	result.Adopted, result.Joined = o.adopted, o.joined
	result.OpenedAt = time.Now().UTC()
	result.Warnings = o.warnings
	result.Left = o.left
	return result, nil
}

// completeConversation gives a call's conversation what it lacks. One that
// people have deleted or merged is left to the step that comes next.
func (a *Activities) completeConversation(ctx context.Context, id string, opening automation.Opening, result CreateConversationResult) (CreateConversationResult, error) {
	result.ConversationID, result.OpenedAt, result.Warnings = id, time.Now().UTC(), nil // which were told before
	found, err := a.kustomer.Conversation(ctx, id)
	switch {
	case kustomer.IsKind(err, kustomer.NotFound):
		return result, nil
	case err != nil:
		return CreateConversationResult{}, failure(ctx, err)
	case found.Deleted || found.MergedTarget != "":
		return result, nil
	}
	o := &opened{opening: opening, edit: edit{Activities: a}}
	if err := o.adopt(ctx, found); err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	if result.Unassigned {
		o.change = automation.Change{AddTags: []string{UnassignedTag}}
		if err := o.addTags(ctx); err != nil {
			return CreateConversationResult{}, failure(ctx, err)
		}
	}
	result.CustomerID, result.Left, result.Warnings = found.CustomerID, o.left, o.warnings
	return result, nil
}

// opened is a call's conversation in the making.
type opened struct {
	edit
	opening automation.Opening
	key     string    // the call's
	rang    time.Time // when it began to
	adopted bool
	joined  bool
}

// open finds the conversation, joins an earlier one, or creates it, with its note if it is to have one.
func (o *opened) open(ctx context.Context, customer owner, returning automation.Returning, look bool) error {
	if look {
		found, err := o.kustomer.ConversationByExternalID(ctx, externalIDPrefix+o.key)
		switch {
		case err == nil:
			if err := o.adopt(ctx, found); err != nil {
				return err
			}
			return o.note(ctx)
		case !kustomer.IsKind(err, kustomer.NotFound):
			return err
		}
	}
	if returning.Append && !customer.isNew && !customer.catchesAll {
		if err := o.join(ctx, customer.id, returning.Within, look); err != nil || o.joined {
			return err
		}
	}
	if err := o.create(ctx, customer.id, externalIDPrefix+o.key); err != nil {
		if returning.Append { // or the next attempt joins another conversation, and this one comes after all
			err = mayComeLate(err)
		}
		return err
	}
	return o.note(ctx)
}

// note writes the note that the conversation is to begin with.
func (o *opened) note(ctx context.Context) error {
	note := note(o.key, string(call.Inbound), o.opening.Note)
	if o.adopted {
		if written, err := o.hasNote(ctx, o.id, note); written || err != nil {
			return err
		}
	}
	if note.Body != "" {
		o.left.Rev = 0
	}
	return o.writeNote(ctx, o.id, note)
}

// create creates the conversation. Kustomer has no idempotency key; the
// externalId, unique in an org, takes its place.
func (o *opened) create(ctx context.Context, customerID, externalID string) error {
	whole := kustomer.NewConversation{
		CustomerID:    customerID,
		ExternalID:    externalID,
		Name:          o.opening.Name,
		Status:        o.opening.Status,
		Direction:     o.opening.Direction,
		Priority:      o.opening.Priority,
		Tags:          o.opening.Tags,
		AssignedUsers: o.opening.AssignedUsers,
		AssignedTeams: o.opening.AssignedTeams,
		Custom:        o.opening.Custom,
	}
	created, err := o.kustomer.CreateConversation(ctx, whole)
	if refused(err) {
		// Which answer a duplicate externalId gets is not documented, so any refusal is checked.
		found, findErr := o.kustomer.ConversationByExternalID(ctx, externalID)
		if findErr == nil {
			return o.adopt(ctx, found)
		}
		if !kustomer.IsKind(findErr, kustomer.NotFound) {
			return findErr
		}
	}
	if kustomer.IsKind(err, kustomer.Rejected) {
		// Something about it is not taken. The call gets its conversation without, then all of it that is.
		bare := kustomer.NewConversation{CustomerID: customerID, ExternalID: externalID, Status: whole.Status, Direction: whole.Direction}
		if created, err = o.kustomer.CreateConversation(ctx, bare); err == nil {
			return o.complete(ctx, created)
		}
	}
	if err != nil {
		return err
	}
	o.id, o.left = created.ID, o.meant()
	return o.took(created, nil)
}

// meant is the conversation as it was to be opened.
func (o *opened) meant() Conversation {
	return Conversation{Known: true, Name: o.opening.Name, Status: o.opening.Status, AssignedUsers: o.opening.AssignedUsers, AssignedTeams: o.opening.AssignedTeams}
}

// adopt takes over the conversation that an earlier attempt has opened.
func (o *opened) adopt(ctx context.Context, found *kustomer.Conversation) error {
	o.adopted, o.owner = true, found.CustomerID
	if err := o.complete(ctx, found); err != nil {
		return err
	}
	is := o.left
	o.left = o.meant()
	o.left.written(is)
	return nil
}

// complete gives a conversation what it lacks. One that was created without
// what Kustomer refused, by an attempt that came no further, lacks the rest too.
func (o *opened) complete(ctx context.Context, found *kustomer.Conversation) error {
	o.id = found.ID
	o.left = conversationOf(found)
	if found.MergedTarget != "" {
		return nil // it is another conversation by now, and the next step finds it
	}
	o.change = lacking(o.opening, found)
	if err := o.fields(ctx); err != nil {
		return err
	}
	return o.addTags(ctx)
}

// lacking is what a conversation has nothing of, and was to be opened with.
func lacking(opening automation.Opening, found *kustomer.Conversation) automation.Change {
	change := automation.Change{Custom: make(map[string]any)}
	if found.Name == "" {
		change.Name = opening.Name
	}
	if found.Priority == 0 {
		change.Priority = opening.Priority
	}
	if len(found.AssignedUsers) == 0 {
		change.AssignedUsers = opening.AssignedUsers
	}
	if len(found.AssignedTeams) == 0 {
		change.AssignedTeams = opening.AssignedTeams
	}
	if len(found.Tags) == 0 {
		change.AddTags = opening.Tags
	}
	for name, value := range opening.Custom {
		if _, has := found.Custom[name]; !has {
			change.Custom[name] = value
		}
	}
	return change
}
