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
	vendorBefore = clockSkew
	vendorAfter  = 10 * time.Minute
)

// VendorInput is the input of CompareWithVendor.
type VendorInput struct {
	// Story is the call's, as the conversation would show it.
	Story call.Story `json:"story"`
	// Conversation is the one that would be there.
	Conversation Conversation `json:"conversation,omitzero"`
}

// VendorComparison says which conversations others created in Kustomer around the ring of
// a call, and how they differ from the one that would be there. It names no caller and no agent.
type VendorComparison struct {
	Verdict Verdict `json:"verdict"`
	Reason  Reason  `json:"reason,omitempty"`
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
	VerdictNone        Verdict = "none"
	VerdictOne         Verdict = "one"
	VerdictSeveral     Verdict = "several" // duplicates
	VerdictAmbiguous   Verdict = "ambiguous"
	VerdictNotCompared Verdict = "not_compared"
)

// Reason is why a call is ambiguous, or was not compared.
type Reason string

// The reasons. The first three are of calls that were not compared.
const (
	ReasonNotWanted Reason = "not_wanted" // no conversation would be opened
	ReasonCatchAll  Reason = "catch_all"  // its customer has the calls of many callers
	ReasonNoAnswer  Reason = "no_answer"  // Kustomer could not be asked

	ReasonShared    Reason = "shared_number"     // several customers have the number
	ReasonCreators  Reason = "several_creators"  // and the vendor's user is not known
	ReasonNoCreator Reason = "creator_unknown"   // Kustomer does not say who created a conversation
	ReasonClose     Reason = "another_call_near" // two calls of the customer rang at nearly the same time
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
func (a *Activities) CompareWithVendor(ctx context.Context, in VendorInput) (VendorComparison, error) {
	if err := a.serves(true); err != nil {
		return VendorComparison{}, err
	}
	ctx, end := begin(ctx)
	defer end()
	c, err := a.compareWithVendor(ctx, in)
	if err != nil {
		return VendorComparison{}, failure(ctx, err)
	}
	return c, nil
}

func (a *Activities) compareWithVendor(ctx context.Context, in VendorInput) (VendorComparison, error) {
	file := a.automations().In(a.country)
	would := wouldBe(file, in)
	c := VendorComparison{Verdict: VerdictNotCompared, Rang: in.Story.RangAt, Notes: would.notes}
	if in.Conversation.ID == "" {
		c.Reason = ReasonNotWanted
		return c, nil
	}
	customers, isOne, err := a.customersNow(ctx, file, in.Story.Opening)
	switch {
	case err != nil:
		return c, err
	case !isOne:
		c.Reason = ReasonCatchAll
		return c, nil
	case len(customers) == 0:
		c.Verdict = VerdictNone
		return c, nil
	case len(customers) > 1:
		c.Verdict, c.Reason = VerdictAmbiguous, ReasonShared
		return c, nil
	}
	others, err := a.othersConversations(ctx, customers[0].ID, in.Story.RangAt)
	if err != nil {
		return c, err
	}
	err = a.compare(ctx, &c, would, others)
	return c, err
}

// customersNow are those who have the number of the call's customer by now. It returns
// false if the conversation would belong to a customer who has the calls of many callers.
func (a *Activities) customersNow(ctx context.Context, file *automation.Set, facts call.Facts) (customers []kustomer.Customer, isOne bool, err error) {
	opening, _ := file.Open(facts)
	number, unusable := phone.Parse(facts.CustomersNumber(), a.country)
	if opening.Customer != "" || unusable != nil {
		return nil, false, nil
	}
	customers, err = a.kustomer.CustomersByPhone(ctx, number.E164())
	if kustomer.IsKind(err, kustomer.Rejected) {
		return nil, false, nil
	}
	isCatchAll := len(customers) == 1 && customers[0].ID == file.Callers.CatchAll
	return customers, !isCatchAll, err
}

// othersConversations are a customer's that the vendor created around a ring, the oldest
// first, and those of which Kustomer does not say who created them.
func (a *Activities) othersConversations(ctx context.Context, customerID string, rang time.Time) ([]kustomer.Conversation, error) {
	ours, err := a.ownUser(ctx)
	if err != nil {
		return nil, err
	}
	from, until := rang.Add(-vendorBefore), rang.Add(vendorAfter)
	all, err := a.kustomer.CustomerConversations(ctx, customerID, from)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(x, y kustomer.Conversation) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), strings.Compare(x.ID, y.ID))
	})
	return slices.DeleteFunc(all, func(c kustomer.Conversation) bool {
		isOwn := strings.HasPrefix(c.ExternalID, externalIDPrefix) // of live calls
		isOthers := c.CreatedBy == "" || c.CreatedBy == a.Vendor || a.Vendor == "" && c.CreatedBy != ours
		return isOwn || !isOthers || c.CreatedAt.Before(from) || c.CreatedAt.After(until)
	}), nil
}

// compare says how others' conversations differ from the one that would be there.
func (a *Activities) compare(ctx context.Context, c *VendorComparison, would would, others []kustomer.Conversation) error {
	creators, isUncertain := make(map[string]bool), false
	for _, other := range others {
		if other.CreatedBy == "" {
			isUncertain = true
			continue
		}
		tags, err := a.tagNames(ctx, other.Tags)
		if err != nil {
			return err
		}
		creators[other.CreatedBy] = true
		c.Found = append(c.Found, would.compare(other, tags))
	}
	switch c.Verdict = VerdictOf(c.Found); {
	case len(creators) > 1:
		c.Verdict, c.Reason = VerdictAmbiguous, ReasonCreators
	case isUncertain && len(c.Found) == 0:
		c.Verdict, c.Reason = VerdictAmbiguous, ReasonNoCreator
	}
	return nil
}

// VerdictOf is the verdict for a call that these conversations belong to.
func VerdictOf(found []Found) Verdict {
	switch len(found) {
	case 0:
		return VerdictNone
	case 1:
		return VerdictOne
	}
	return VerdictSeveral
}
