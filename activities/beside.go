package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/phone"
)

// Around a ring others' conversations count as the call's: an automation may open its
// own when the phone rings, or only when an agent has picked up.
const (
	besideBefore = clockSkew
	besideAfter  = 10 * time.Minute
)

// BesideInput is the input of CompareWithVendor.
type BesideInput struct {
	// Story is the call's, as the conversation would show it.
	Story call.Story `json:"story"`
	// Conversation is the one that would be there.
	Conversation Conversation `json:"conversation,omitzero"`
}

// Beside says which conversations others created in Kustomer around the ring of a call,
// and how they differ from the one that would be there. It names no caller and no agent.
type Beside struct {
	Verdict Verdict `json:"verdict"`
	Because Because `json:"because,omitempty"`
	// Rang is when the call began to ring.
	Rang time.Time `json:"rang,omitzero"`
	// Notes is how many notes the call's own conversation would have.
	Notes int `json:"notes,omitempty"`
	// Found are others' conversations, the oldest first.
	Found []Found `json:"found,omitempty"`
}

// Verdict is how many conversations of the vendor's a call has.
type Verdict string

// The verdicts.
const (
	BesideNone        Verdict = "none"
	BesideOne         Verdict = "one"
	BesideSeveral     Verdict = "several" // duplicates
	BesideAmbiguous   Verdict = "ambiguous"
	BesideNotCompared Verdict = "not_compared"
)

// Because is why a call is ambiguous, or was not compared.
type Because string

// The reasons. The first three are of calls that were not compared.
const (
	BecauseNotWanted Because = "not_wanted" // no conversation would be opened
	BecauseCatchAll  Because = "catch_all"  // its customer has the calls of many callers
	BecauseNoAnswer  Because = "no_answer"  // Kustomer could not be asked

	BecauseShared    Because = "shared_number"     // several customers have the number
	BecauseCreators  Because = "several_creators"  // and the vendor's user is not known
	BecauseNoCreator Because = "creator_unknown"   // Kustomer does not say who created a conversation
	BecauseClose     Because = "another_call_near" // two calls of the customer rang at nearly the same time
)

// Found is a conversation that others created around the ring of a call.
type Found struct {
	ConversationID string    `json:"conversationId"`
	CreatedAt      time.Time `json:"createdAt"`
	// Assignees, Tags and Status say whether they are as they would be.
	Assignees Likeness `json:"assignees"`
	Tags      Likeness `json:"tags"`
	Status    Likeness `json:"status"`
	// OtherAgent says that it is assigned to a user who did not pick up.
	OtherAgent bool `json:"otherAgent,omitempty"`
	// Notes is how many notes it has, -1 if that is not known.
	Notes int `json:"notes,omitempty"`
}

// Likeness is whether something of two conversations is the same.
type Likeness string

// What Likeness can be.
const (
	Same      Likeness = "same"
	Different Likeness = "different"
	Unknown   Likeness = "unknown"
)

func likeness(isSame bool) Likeness {
	if isSame {
		return Same
	}
	return Different
}

// CompareWithVendor says what others created in Kustomer for a call of a shadow: at most
// two reads, and now and then one of all tags. The customer is looked up again, because
// the vendor may have created them after we looked.
func (a *Activities) CompareWithVendor(ctx context.Context, in BesideInput) (Beside, error) {
	if err := a.serves(true); err != nil {
		return Beside{}, err
	}
	ctx, end := begin(ctx)
	defer end()
	file := a.automations().In(a.country)
	would := wouldBe(file, in)
	b := Beside{Verdict: BesideNotCompared, Rang: in.Story.RangAt, Notes: would.notes}
	if in.Conversation.ID == "" {
		b.Because = BecauseNotWanted
		return b, nil
	}
	known, isOne, err := a.customersNow(ctx, file, in.Story.Opening)
	switch {
	case err != nil:
		return Beside{}, failure(ctx, err)
	case !isOne:
		b.Because = BecauseCatchAll
		return b, nil
	case len(known) == 0:
		b.Verdict = BesideNone
		return b, nil
	case len(known) > 1:
		b.Verdict, b.Because = BesideAmbiguous, BecauseShared
		return b, nil
	}
	if err := a.lookBeside(ctx, &b, known[0].ID, would); err != nil {
		return Beside{}, failure(ctx, err)
	}
	return b, nil
}

// customersNow are those who have the number of the call's customer by now. It returns
// false if the conversation would belong to a customer who has the calls of many callers.
func (a *Activities) customersNow(ctx context.Context, file *automation.Set, facts call.Facts) (known []kustomer.Customer, isOne bool, err error) {
	opening, _ := file.Open(facts)
	number, unusable := phone.Parse(facts.CustomersNumber(), a.country)
	if opening.Customer != "" || unusable != nil {
		return nil, false, nil
	}
	known, err = a.kustomer.CustomersByPhone(ctx, number.E164())
	if kustomer.IsKind(err, kustomer.Rejected) {
		return nil, false, nil
	}
	isCatchAll := len(known) == 1 && known[0].ID == file.Callers.CatchAll
	return known, !isCatchAll, err
}

// lookBeside compares with what others created around the ring for a customer.
func (a *Activities) lookBeside(ctx context.Context, b *Beside, customerID string, would would) error {
	ours, err := a.ownUser(ctx)
	if err != nil {
		return err
	}
	from, until := b.Rang.Add(-besideBefore), b.Rang.Add(besideAfter)
	all, err := a.kustomer.CustomerConversations(ctx, customerID, from)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(x, y kustomer.Conversation) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), strings.Compare(x.ID, y.ID))
	})
	creators, isUncertain := make(map[string]bool), false
	for _, c := range all {
		isOwn := strings.HasPrefix(c.ExternalID, externalIDPrefix) // of live calls, beside us
		isOthers := c.CreatedBy == a.Vendor || a.Vendor == "" && c.CreatedBy != ours
		switch {
		case c.CreatedAt.Before(from) || c.CreatedAt.After(until) || isOwn:
		case c.CreatedBy == "":
			isUncertain = true
		case isOthers:
			names, err := a.tagNames(ctx, c.Tags)
			if err != nil {
				return err
			}
			creators[c.CreatedBy] = true
			b.Found = append(b.Found, would.compare(c, names))
		}
	}
	switch b.Verdict = VerdictOf(b.Found); {
	case len(creators) > 1:
		b.Verdict, b.Because = BesideAmbiguous, BecauseCreators
	case isUncertain && len(b.Found) == 0:
		b.Verdict, b.Because = BesideAmbiguous, BecauseNoCreator
	}
	return nil
}

// VerdictOf is the verdict for a call that these conversations belong to.
func VerdictOf(found []Found) Verdict {
	switch len(found) {
	case 0:
		return BesideNone
	case 1:
		return BesideOne
	}
	return BesideSeveral
}
