package activities

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// How numbers are read is proven in package phone.
func TestTheCallersNumberIsSentInE164(t *testing.T) {
	for name, tc := range map[string]struct{ country, from, want string }{
		"as babelforce writes it": {"", "+493066665555", "+493066665555"},
		"without the plus":        {"", "493066665555", "+493066665555"},
		"national, at home":       {"DE", "030 66665555", "+493066665555"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.country = tc.country
			_, err := attempt(o.CreateConversation, ringing(tc.from))
			require.NoError(t, err)
			require.Len(t, o.State().Customers, 1)
			require.Equal(t, []string{tc.want}, o.State().Customers[0].Phones)
		})
	}
}

func TestCallersWithoutANumberOfTheirOwnAreOneUnknownCaller(t *testing.T) {
	o := newOrg(t)
	calls := []struct {
		country, from string
		anonymous     bool
	}{
		{from: caller, anonymous: true}, // the number may be there and must not be used
		{from: ""},
		{from: "anonymous"},
		{from: "anonymous", country: "DE"},
		{from: "101"},
		{from: "2001", country: "DE"},
		{from: "+101"},
		{from: "sip:101@pbx.example.com"},
	}
	for i, leg := range calls {
		o.country = leg.country
		in := ringing(leg.from)
		in.Facts.Key, in.Facts.Leg.Anonymous = string(rune('a'+i)), leg.anonymous
		opened, err := attempt(o.CreateConversation, in)
		require.NoError(t, err)
		require.Equal(t, i == 0, opened.NewCustomer, "%+v", leg)
	}

	state := o.State()
	require.Len(t, state.Customers, 1)
	require.Equal(t, "Unknown caller", state.Customers[0].Name)
	require.Equal(t, "babelforce:unknown-caller", state.Customers[0].ExternalID)
	require.Empty(t, state.Customers[0].Phones)
	require.Zero(t, state.Requests["GET /v1/customers/phone={phone}"])
	require.Len(t, state.Conversations, len(calls))
	require.Equal(t, "Call from a withheld number", state.Conversations[0].Name)
}

func TestANumberThatKustomerDoesNotTakeCostsNoConversation(t *testing.T) {
	o := newOrg(t, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil && r.Method == http.MethodPost && bytes.Contains(body, []byte("phones")) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			o.Server.ServeHTTP(w, r)
		})
	})
	opened := o.open(t)
	require.Equal(t, []string{`Kustomer does not take the caller's number: the conversation belongs to "Unknown caller"`}, opened.Warnings)
	require.Equal(t, "Unknown caller", o.State().Customers[0].Name)
	require.Equal(t, o.State().Customers[0].ID, o.conversation(t).CustomerID)
}
