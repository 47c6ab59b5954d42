package activities

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// Package phone tests how numbers are parsed.
func TestNumberIsSentInE164(t *testing.T) {
	for name, tc := range map[string]struct{ country, from, want string }{
		"as babelforce writes it":    {"", "+493066665555", "+493066665555"},
		"without the plus":           {"", "493066665555", "+493066665555"},
		"national, at home":          {"DE", "030 66665555", "+493066665555"},
		"with a name":                {"", "+49 89 123456 (Anna)", "+4989123456"},
		"as a floating-point":        {"", "493023125042.0", "+493023125042"},
		"in a SIP address":           {"", "sip:+493023125042@pbx.example.net", "+493023125042"},
		"between direction marks":    {"", "\u2066+493023125042\u2069", "+493023125042"},
		"an old Mexican mobile":      {"", "+5215512345678", "+525512345678"},
		"the same, seen from abroad": {"DE", "5215512345678", "+525512345678"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.country = tc.country
			o.rings(t, tc.from).does()
			require.Len(t, o.State().Customers, 1)
			require.Equal(t, []string{tc.want}, o.State().Customers[0].Phones)
		})
	}
}

const (
	isWithheld   = "the catch-all customer, because the number is withheld"
	isInternal   = "the catch-all customer, because the number is internal"
	isUnreadable = "the catch-all customer, because the number cannot be read"
)

func TestCallersWithoutANumberOfTheirOwnAreOneUnknownCaller(t *testing.T) {
	o := newOrg(t)
	const noCountry = "the catch-all customer, because the number has no country code"
	calls := []struct {
		country, from string
		anonymous     bool
		decision      string
		warns         string
	}{
		{from: caller, anonymous: true, decision: isWithheld}, // a number that is sent must not be used
		{from: "", decision: "the catch-all customer, because no report contains the number so far"},
		{from: "anonymous", decision: isWithheld},
		{from: "anonymous", country: "DE", decision: isWithheld},
		{from: "101", decision: isInternal},
		{from: "2001", country: "DE", decision: isInternal},
		{from: "+101", decision: isInternal},
		{from: "sip:101@pbx.example.com", decision: isInternal},
		{from: "030 66665555", decision: noCountry, warns: "has no country code: start the workers with --country"},
		{from: "client:user_2089123456", country: "DE", decision: isUnreadable, warns: "cannot be read as a number"},
		{from: "+49 89 123456 Anna", decision: isUnreadable, warns: "cannot be read as a number"},
	}
	for i, leg := range calls {
		o.country = leg.country
		opened := o.ringsAs(t, func(e *call.Event) {
			e.Leg.ID, e.Leg.From, e.Leg.Anonymous = string(rune('a'+i)), leg.from, leg.anonymous
		}).does()
		require.Len(t, o.State().Customers, 1, "%+v", leg)
		require.Equal(t, leg.decision, opened.Caller, "%+v", leg)
		require.Equal(t, leg.warns != "", len(opened.Warnings) == 1, "%+v", leg)
		require.Contains(t, strings.Join(opened.Warnings, ""), leg.warns)
		require.NotContains(t, strings.Join(opened.Warnings, ""), "withheld")
	}

	state := o.State()
	require.Len(t, state.Customers, 1)
	require.Equal(t, "Unknown caller", state.Customers[0].Name)
	require.Equal(t, "babelforce:unknown-caller", state.Customers[0].ExternalID)
	require.Empty(t, state.Customers[0].Phones)
	require.Zero(t, state.Requests["GET /v1/customers/phone={phone}"])
	require.Len(t, state.Conversations, len(calls))
	require.Equal(t, "Call from a withheld number", state.Conversations[0].Name)
	require.Equal(t, "Call from client:user_2089123456", state.Conversations[9].Name)
}

func TestRefusedNumberGetsAConversation(t *testing.T) {
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
	opened := o.rings(t, caller).does()
	require.Equal(t, "the catch-all customer, because Kustomer does not take the caller's number", opened.Caller)
	require.Equal(t, "Unknown caller", o.State().Customers[0].Name)
	require.Equal(t, o.State().Customers[0].ID, o.conversation(t).CustomerID)
}

func TestFileChoosesTheCustomer(t *testing.T) {
	const callers = "callers: { %s }\n" + creates
	for name, tc := range map[string]struct {
		policies, from string
		known          bool
		want           string // the customer: known, new, catch-all, unknown caller, or parked
		decision       string
	}{
		"a known number":                     {"unknown: park", caller, true, "known", "the customer with the caller's number"},
		"an unknown number":                  {"", caller, false, "new", "a new customer, because none had the caller's number"},
		"an unknown number, to create":       {"unknown: create", caller, false, "new", "a new customer, because none had the caller's number"},
		"an unknown number, for a catch-all": {"unknown: catchAll, catchAll: %s", caller, false, "catch-all", "the catch-all customer, because no customer has the caller's number"},
		"an unknown number, for one of ours": {"unknown: catchAll", caller, false, "unknown caller", "the catch-all customer, because no customer has the caller's number"},
		"an unknown number, to park":         {"unknown: park", caller, false, "parked", "no customer has the caller's number"},
		"a withheld number":                  {"", "anonymous", false, "unknown caller", isWithheld},
		"a withheld number, for a catch-all": {"catchAll: %s", "anonymous", false, "catch-all", isWithheld},
		"a withheld number, to park":         {"withheld: park", "anonymous", false, "parked", "the number is withheld, and the automations file parks such calls: amend the customer"},
		"an unreadable number, to park":      {"withheld: park", "user_30", false, "parked", "the number cannot be read, and the automations file parks such calls: amend the customer"},
		"an internal number":                 {"unknown: park", "101", false, "unknown caller", isInternal},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			catchAll, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
			require.NoError(t, err)
			if tc.known {
				_, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Ada", Phones: []kustomer.Phone{{Phone: tc.from}}})
				require.NoError(t, err)
			}
			o.automate(t, fmt.Sprintf(callers, strings.ReplaceAll(tc.policies, "%s", catchAll.ID)))
			before := len(o.State().Customers)
			opened, err := o.rings(t, tc.from).tries()
			if tc.want == "parked" {
				require.Equal(t, CallerUnknown, failureOf(t, err).Type())
				require.True(t, failureOf(t, err).NonRetryable())
				require.ErrorContains(t, err, tc.decision)
				require.NotContains(t, err.Error(), tc.from)
				require.Empty(t, o.State().Conversations)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.decision, opened.Caller)
			customers := o.State().Customers
			require.Equal(t, tc.want == "new" || tc.want == "unknown caller", len(customers) > before)
			owner := customers[slices.IndexFunc(customers, func(c sandbox.Customer) bool { return c.ID == o.conversation(t).CustomerID })]
			require.Equal(t, map[string]string{"known": "Ada", "new": "", "catch-all": "Hotline", "unknown caller": "Unknown caller"}[tc.want], owner.Name)
		})
	}
}

// An operator chooses the customer of a parked call with an amendment.
func TestOperatorChoosesTheCustomer(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "callers: { unknown: park, withheld: park }\n"+creates)
	ada, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Ada"})
	require.NoError(t, err)
	p := o.rings(t, "anonymous")
	_, err = p.tries()
	require.Equal(t, CallerUnknown, failureOf(t, err).Type())
	opened := p.does(mayBeDone, amended(t, `{"customer": "`+ada.ID+`"}`))
	require.Equal(t, ada.ID, o.conversation(t).CustomerID)
	require.Equal(t, "the customer that an operator named", opened.Caller)
}

// Otherwise an unreadable number would give the call to the catch-all customer.
func TestInvalidAmendedNumberParksAgain(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "callers: { withheld: park }\n"+creates)
	p := o.rings(t, "anonymous")
	for country, because := range map[string]string{"": "the number has no country code", "FR": "the number cannot be read"} {
		o.country = country
		_, err := p.tries(mayBeDone, amended(t, `{"customer": "030 66665555"}`))
		failure := failureOf(t, err)
		require.Equal(t, CallerUnknown, failure.Type())
		require.Equal(t, "an operator named the customer's number, but "+because+": amend the customer", failure.Message())
	}
	require.Empty(t, o.State().Conversations)
	o.country = "DE"
	require.Equal(t, "a new customer, because none had the caller's number", p.does(mayBeDone, amended(t, `{"customer": "030 66665555"}`)).Caller)
}

// family creates customers who share the caller's number, and returns their ids, the oldest
// first.
func (o *org) family(t *testing.T, members int) (ids []string) {
	t.Helper()
	for range members {
		body := strings.NewReader(`{"sharedPhones":[{"type":"home","phone":"` + caller + `"}]}`)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, orgURL+"/v1/customers", body)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+apiKey)
		r.Header.Set("Content-Type", "application/json")
		answer, err := o.wire.RoundTrip(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusCreated, answer.StatusCode)
	}
	for _, customer := range o.State().Customers {
		ids = append(ids, customer.ID)
	}
	return ids
}

func TestFileDecidesSharedNumbers(t *testing.T) {
	for policy, decision := range map[string]string{
		"":         "the catch-all customer, because several customers share the caller's number",
		"catchAll": "the catch-all customer, because several customers share the caller's number",
		"oldest":   "the oldest of the customers who share the caller's number",
	} {
		t.Run(policy, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, "callers: { shared: "+policy+" }\n"+creates)
			family := o.family(t, 2)
			opened := o.rings(t, caller).does()
			require.Equal(t, decision, opened.Caller)
			require.Equal(t, policy == "oldest", opened.Conversation.CustomerID == family[0])
			require.NotEqual(t, family[1], opened.Conversation.CustomerID)
		})
	}
}

func TestFileParksCallsFromASharedNumber(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "callers: { shared: park }\n"+creates)
	family := o.family(t, 2)
	p := o.rings(t, caller)
	_, err := p.tries()
	failure := failureOf(t, err)
	require.Equal(t, CallerUnknown, failure.Type())
	require.True(t, failure.NonRetryable())
	opened := p.does(func(in *StepInput) { in.Amend = &Amendment{Customer: &family[1]} })
	require.Equal(t, family[1], opened.Conversation.CustomerID)
}

func TestSharedNumberOfOneCustomerIsTheirs(t *testing.T) {
	o := newOrg(t)
	require.Equal(t, o.family(t, 1)[0], o.opened(t).conversation.CustomerID)
}

func TestAnyNotationOfANumberHasOneHash(t *testing.T) {
	o := newOrg(t)
	o.CallerHash = func(number string) string { return "hash of " + number }
	o.country = "DE"
	for from, want := range map[string]string{
		"+493066665555": "hash of +493066665555", "030 66665555": "hash of +493066665555", " 2001": "hash of 2001", "": "hash of ",
		"sip:+493066665555@pbx.example.net": "hash of +493066665555", "sip:2001@pbx.example.net": "hash of 2001", "client:user_2089123456": "hash of ",
	} {
		require.Equal(t, want, o.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.From = "of "+from, from }).does().CallerHash)
	}
	withheld := o.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.Anonymous = "withheld", true }).does()
	require.Equal(t, "hash of ", withheld.CallerHash, "a number that is withheld is not used")
	require.Equal(t, "hash of "+caller, o.identifiedLater(t).does().CallerHash)
}

// The OpenAPI's examples have numbers without the plus. Whether a look-up with it finds
// them is not documented.
func TestNumberWithoutPlusIsFoundOnceItIsTaken(t *testing.T) {
	o := newOrg(t, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/phone="+caller) {
				http.Error(w, `{"errors":[{"status":404,"source":{"parameter":"phone"},"code":"notfound","title":"Not Found"}]}`, http.StatusNotFound)
				return
			}
			o.ServeHTTP(w, r)
		})
	})
	known, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: strings.TrimPrefix(caller, "+")}}})
	require.NoError(t, err)
	opened := o.rings(t, caller).does()
	require.Equal(t, known.ID, opened.Conversation.CustomerID)
	require.Len(t, o.State().Customers, 1)
}
