// Package activities contains the Temporal activities that write a phone call to Kustomer.
// [Activities.CreateConversation] opens the call's conversation,
// [Activities.UpdateConversation] brings it up to date, and [Activities.CompareWithVendor]
// compares it with the conversations that another integration created.
//
// Every activity is idempotent. Temporal repeats an attempt if its answer was lost or its
// worker died. The next attempt looks up what earlier attempts wrote, and writes only what
// is missing.
package activities

import (
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/semaphore"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// Activities holds the activities and their dependencies. Register the whole struct: each
// exported method is an activity of the same name.
type Activities struct {
	// CallerHash returns the value of the search attribute CallerHash for a phone number.
	// It returns "" if calls cannot be found by number.
	CallerHash func(number string) string
	// LocalSlots limits how many local activities run at the same time. Nil means no limit.
	LocalSlots *semaphore.Weighted
	// Vendor is the id of the Kustomer user who creates the vendor's conversations, with
	// which a shadow compares its own. If it is empty, every user except the user of our
	// API key counts as the vendor.
	Vendor string

	kustomer    *kustomer.Client
	automations func() *automation.Set
	country     string
	users       *expirable.LRU[string, string]   // by e-mail address
	tags        *expirable.LRU[string, string]   // tag names by id
	own         atomic.Pointer[string]           // the user of the API key, nil until it is looked up
	tagIDs      *expirable.LRU[string, []string] // tag ids by the key of their names
}

// New returns Activities that write with the client. Each step calls automations to get the
// automations file that is in force. Country is the ISO 3166 code (two letters) for numbers
// without a country code. If it is empty, such numbers are not resolved.
func New(client *kustomer.Client, automations func() *automation.Set, country string) *Activities {
	return &Activities{
		CallerHash: func(string) string { return "" },
		kustomer:   client, automations: automations, country: country,
		users:  expirable.NewLRU[string, string](userCacheSize, nil, userCacheTime),
		tags:   expirable.NewLRU[string, string](tagCacheSize, nil, userCacheTime),
		tagIDs: expirable.NewLRU[string, []string](lostTagsCacheSize, nil, lostTagsCacheTime),
	}
}

// externalIDPrefix begins the external id of every object that Callthread creates in
// Kustomer.
const externalIDPrefix = "babelforce:"

// The priorities of steps, as Temporal task priorities. A worker takes tasks with a lower
// number first, and Kustomer's budget serves requests in the same order.
const (
	// PriorityRing is for a ringing call: the agent's screen is still empty.
	PriorityRing = 1
	// PriorityHandOver is for a call that an agent has picked up.
	PriorityHandOver = 2
	// PriorityOutcome is for a call that has ended: people may read about it at any moment.
	PriorityOutcome = 3
	// PriorityCatchUp is for a call that had ended before the step was due.
	PriorityCatchUp = 4
)

// overdue is the age at which no agent waits for a step any longer. The step then yields to
// calls that ring now.
const overdue = 2 * time.Minute

// urgencyOf returns the urgency of a step's requests by its priority and its age.
func urgencyOf(priority int, age time.Duration) kustomer.Urgency {
	switch {
	case priority >= PriorityCatchUp || age > overdue:
		return kustomer.Later
	case priority >= PriorityOutcome:
		return kustomer.Soon
	}
	return kustomer.Now
}
