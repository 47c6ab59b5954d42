// Package activities holds the steps of a call that touch Kustomer. Each may
// be carried out more than once: an attempt whose answer was lost, or whose
// worker died, is repeated, and a repeat finds what an earlier attempt has done
// instead of doing it again.
package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// Activities are the steps with what they need. It is registered whole; every
// exported method is an activity of the same name.
type Activities struct {
	kustomer    *kustomer.Client
	automations func() *automation.Set
	country     string
}

// New makes the activities. Each step asks anew which automations are in
// force. Country (ISO 3166, two letters) is where numbers written without a
// country code are at home; empty refuses to guess.
func New(client *kustomer.Client, automations func() *automation.Set, country string) *Activities {
	return &Activities{kustomer: client, automations: automations, country: country}
}

// externalIDPrefix marks what we made in Kustomer, so that we recognise it.
const externalIDPrefix = "babelforce:"

// repeated reports whether an earlier attempt of this step may have written
// something already. Only then is a look-up worth a request of the budget
// that the whole Kustomer org shares.
func repeated(ctx context.Context) bool {
	return tries(ctx) > 1
}

// tries counts the tries of this step, from 1. The check before the first
// call carries steps out by themselves, outside any workflow.
func tries(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return activity.GetInfo(ctx).Attempt
}
