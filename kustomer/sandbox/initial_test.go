package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

func TestInitialDataSurvivesAReset(t *testing.T) {
	const dora, earlier = "5f0c1a2b3c4d5e6f70813300", "5f0c1a2b3c4d5e6f70814400"
	morning := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	s := sandbox.New(sandbox.Config{
		APIKey: apiKey, Now: newClock().Now,
		Customers: []sandbox.Customer{{ID: dora, Name: "Dora Lind", Phones: []string{"+493023125042"}, CreatedAt: morning}},
		Conversations: []sandbox.Conversation{{
			ID: earlier, CustomerID: dora, ExternalID: "babelforce:earlier", Name: "This morning", Tags: []string{"inbound_call"}, CreatedAt: morning,
		}},
	})
	began := s.State()
	for range 2 {
		found := call(s, http.MethodGet, "/v1/customers/phone=%2B493023125042", "")
		require.Equal(t, dora, found.get(t, "data", "id"))
		found = call(s, http.MethodGet, "/v1/conversations/externalId=babelforce:earlier", "")
		require.Equal(t, earlier, found.get(t, "data", "id"))
		require.Equal(t, "open", found.get(t, "data", "attributes", "status"))
		require.Equal(t, []any{}, found.get(t, "data", "attributes", "assignedUsers"), "no list is null")

		changed := call(s, http.MethodPut, "/v1/conversations/"+earlier, `{"status":"done","custom":{"outcomeStr":"answered"}}`)
		require.Equal(t, http.StatusOK, changed.status)
		require.Equal(t, "done", s.State().Conversations[0].Status)
		require.Equal(t, http.StatusNoContent, call(s, http.MethodPost, "/sandbox/reset", "").status)
		after := s.State()
		require.Equal(t, began.Customers, after.Customers)
		require.Equal(t, began.Conversations, after.Conversations)
	}
}
