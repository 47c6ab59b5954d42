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

// The conversations of others count as the call's from vendorBefore to vendorAfter its
// ring. An automation may open one when the phone rings, or only when an agent picks up.
const (
	vendorBefore = clockSkew
	vendorAfter  = 10 * time.Minute
)

// VendorInput is the input of [Activities.CompareWithVendor].
type VendorInput struct {
	// Story is the call's story.
	Story call.Story `json:"story"`
	// Conversation is the conversation that a live call would have.
	Conversation Conversation `json:"conversation,omitzero"`
}

// VendorComparison lists the conversations that others created in Kustomer around the ring
// of a call, and how they differ from the conversation that Callthread would have created.
// It contains no caller and no agent.
type VendorComparison struct {
	Verdict Verdict `json:"verdict"`
	Reason  Reason  `json:"reason,omitempty"`
	// Rang is when the call began to ring.
	Rang time.Time `json:"rang,omitzero"`
	// Notes is how many notes the call's own conversation would have.
	Notes int `json:"notes,omitempty"`
	// Found are the conversations of others, the oldest first.
	Found []Found `json:"found,omitempty"`
}

// Verdict says how many of the vendor's conversations a call has.
type Verdict string

// The verdicts of a comparison.
const (
	VerdictNone        Verdict = "none"
	VerdictOne         Verdict = "one"
	VerdictSeveral     Verdict = "several" // the vendor created duplicates
	VerdictAmbiguous   Verdict = "ambiguous"
	VerdictNotCompared Verdict = "not_compared"
)

// Verdicts are all verdicts.
var Verdicts = []Verdict{VerdictNone, VerdictOne, VerdictSeveral, VerdictAmbiguous, VerdictNotCompared}

// Reason says why a call is ambiguous, or why it was not compared.
type Reason string

// The reasons. The first three apply to calls that were not compared.
const (
	ReasonNotWanted Reason = "not_wanted" // Callthread would open no conversation
	ReasonCatchAll  Reason = "catch_all"  // its customer stands for many callers
	ReasonNoAnswer  Reason = "no_answer"  // Kustomer did not answer

	ReasonShared    Reason = "shared_number"     // several customers have the number
	ReasonCreators  Reason = "several_creators"  // several users created conversations, and the vendor's user is not known
	ReasonNoCreator Reason = "creator_unknown"   // Kustomer does not return who created a conversation
	ReasonClose     Reason = "another_call_near" // two calls of the customer rang at nearly the same time
)

// Found is a conversation that others created around the ring of a call.
type Found struct {
	ConversationID string    `json:"conversationId"`
	CreatedAt      time.Time `json:"createdAt"`
	// Assignees, Tags and Status compare the conversation with Callthread's.
	Assignees Likeness `json:"assignees"`
	Tags      Likeness `json:"tags"`
	Status    Likeness `json:"status"`
	// OtherAgent says that the conversation is assigned to a user who did not pick up.
	OtherAgent bool `json:"otherAgent,omitempty"`
	// Notes is how many notes it has, -1 if that is not known.
	Notes int `json:"notes,omitempty"`
}

// Likeness says whether a property of two conversations is the same.
type Likeness string

// The values of Likeness.
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

// CompareWithVendor compares a call in shadow with the conversations that others created
// for it in Kustomer. It costs at most two reads, and sometimes one of all tags. It looks
// the customer up again, because the vendor may have created the customer after
// Callthread's look-up.
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
	ours := simulate(file, in)
	c := VendorComparison{Verdict: VerdictNotCompared, Rang: in.Story.RangAt, Notes: ours.notes}
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
	err = a.compare(ctx, &c, ours, others)
	return c, err
}

// customersNow returns the customers who have the number now. It returns false if the
// conversation would belong to a customer who stands for many callers.
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

// othersConversations returns the conversations of a customer that the vendor created
// around the ring, the oldest first. It includes those without a creator.
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
		isOwn := strings.HasPrefix(c.ExternalID, externalIDPrefix) // of a live call
		isOthers := c.CreatedBy == "" || c.CreatedBy == a.Vendor || a.Vendor == "" && c.CreatedBy != ours
		return isOwn || !isOthers || c.CreatedAt.Before(from) || c.CreatedAt.After(until)
	}), nil
}

// compare records how the conversations of others differ from Callthread's.
func (a *Activities) compare(ctx context.Context, c *VendorComparison, ours simulated, others []kustomer.Conversation) error {
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
		c.Found = append(c.Found, ours.compare(other, tags))
	}
	switch c.Verdict = VerdictOf(c.Found); {
	case len(creators) > 1:
		c.Verdict, c.Reason = VerdictAmbiguous, ReasonCreators
	case isUncertain && len(c.Found) == 0:
		c.Verdict, c.Reason = VerdictAmbiguous, ReasonNoCreator
	}
	return nil
}

// VerdictOf returns the verdict for a call with these conversations.
func VerdictOf(found []Found) Verdict {
	switch len(found) {
	case 0:
		return VerdictNone
	case 1:
		return VerdictOne
	}
	return VerdictSeveral
}
