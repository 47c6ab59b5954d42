package activities

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
)

func TestPriorityAndAgeDecideTheUrgency(t *testing.T) {
	require.Equal(t, kustomer.Now, urgencyOf(PriorityRing, time.Second))
	require.Equal(t, kustomer.Now, urgencyOf(PriorityHandOver, time.Second))
	require.Equal(t, kustomer.Soon, urgencyOf(PriorityOutcome, time.Second))
	require.Equal(t, kustomer.Later, urgencyOf(PriorityCatchUp, 0))
	require.Equal(t, kustomer.Later, urgencyOf(PriorityRing, overdue+time.Second), "no agent waits for it any more")
	require.Equal(t, kustomer.Now, urgencyOf(0, 0), "steps of earlier versions have no priority")
}

// The rest of a budget that is nearly used up is for rings and assignments.
func TestAssignmentGoesBeforeTheNote(t *testing.T) {
	o := newOrg(t)
	client, err := kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: apiKey, RequestsPerMinute: 800, Transport: nearlyUsedUp{o.wire}})
	require.NoError(t, err)
	o.Activities = New(client, o.inForce.Load, "")
	_, err = o.answered(t).tries()
	require.Equal(t, RateLimited, failureOf(t, err).Type())
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
	require.Empty(t, o.conversation(t).Notes)
}

// nearlyUsedUp is an org with a budget of 1,000 requests, of which 150 are left for
// Callthread and 200 for others.
type nearlyUsedUp struct{ http.RoundTripper }

func (n nearlyUsedUp) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := n.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Header.Set("X-Ratelimit-Limit", "1000")
		response.Header.Set("X-Ratelimit-Remaining", "350")
	}
	return response, err
}
