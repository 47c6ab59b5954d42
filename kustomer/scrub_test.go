package kustomer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBothErrorShapesAreRead(t *testing.T) {
	for body, want := range map[string][]Reason{
		`{"errors":[{"code":"bad_request","message":"Invalid request body or parameters.","meta":{}}]}`: {
			{Code: "bad_request", Text: "Invalid request body or parameters."}},
		`{"errors":[{"status":400,"source":{"parameter":"notAnActualAttribute"},"code":"badparam","title":"Additional properties not allowed","detail":"/properties/custom/additionalProperties"}]}`: {
			{Code: "badparam", Text: "Additional properties not allowed: /properties/custom/additionalProperties", Field: "notAnActualAttribute"}},
		`{"errors":[{"status":"400","source":{"parameters":"name"},"title":"Too long","detail":"Too long"}]}`: {
			{Text: "Too long", Field: "name"}},
		`{"errors":[{"title":"No match","meta":{"subErrors":[{"title":"Wrong type","source":{"pointer":"/priority"}},{"title":"Missing","source":{"pointer":"/customer"}}]}}]}`: {
			{Text: "No match"}, {Text: "Wrong type", Field: "/priority"}, {Text: "Missing", Field: "/customer"}},
		`{"errors":[{"title":{"en":"odd"},"source":"odd","meta":[],"detail":"still read"}]}`: {{Text: "still read"}},
		`{"error":"bad"}`: nil,
		`bad request`:     nil,
		``:                nil,
	} {
		e := asError(t, create(t.Context(), clientFor(t, answering(400, body))))
		require.Equal(t, want, e.Reasons, body)
		require.Equal(t, Rejected, e.Kind)
	}
}

func TestPageIsNoRefusal(t *testing.T) {
	for _, status := range []int{400, 405, 409, 413, 451} {
		e := asError(t, create(t.Context(), clientFor(t, answering(status, "\n<!DOCTYPE html><html>"))))
		require.Equal(t, Unavailable, e.Kind, status)
		require.True(t, e.Ambiguous(), status)
	}
}

func TestBriefQuotesNothingFromKustomer(t *testing.T) {
	e := asError(t, create(t.Context(), clientFor(t, answering(409, `{"errors":[{"code":"conflict","message":"In use by Erika Mustermann","source":{"pointer":"/phones/0"}}]}`))))
	require.Equal(t, "cannot create conversation: conflict (HTTP 409) [/phones/0]", e.Brief())
}

func TestErrorIsOneSentence(t *testing.T) {
	c := clientFor(t, answering(400, `{"errors":[{"status":400,"source":{"parameter":"callIdStr"},"code":"badparam","title":"Additional properties not allowed","detail":"/properties/custom/additionalProperties"}]}`))
	_, err := c.CreateConversation(t.Context(), NewConversation{
		CustomerID: customerID, Name: "additional properties of callIdStr", Custom: map[string]any{"callIdStr": "custom"},
	})
	require.EqualError(t, err, "kustomer: cannot create conversation: rejected (HTTP 400): "+
		"Additional properties not allowed: /properties/custom/additionalProperties [callIdStr]")
}

// personal lists the values below that must not appear in an error.
var personal = []string{
	"+4930901820", "4930901820", "030/90 18 20", "901820", "Alice", "Müller", "Li Na", "李娜", "alice@example.org", "example",
	"alice", "ALICE", "divorce", "c0ffee", apiKey,
}

func requireNothingPersonal(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotEmpty(t, KindOf(err))
	texts := fmt.Sprintf("%v %+v %#v", err, err, asError(t, err).Reasons)
	for e := err; e != nil; e = errors.Unwrap(e) {
		texts += e.Error()
	}
	for _, secret := range personal {
		require.NotContains(t, texts, secret)
	}
}

// personalCalls are requests with personal data.
var personalCalls = map[string]func(context.Context, *Client) error{
	"find by phone": func(ctx context.Context, c *Client) error {
		_, err := c.CustomersByPhone(ctx, "+4930901820")
		return err
	},
	"find message": func(ctx context.Context, c *Client) error {
		_, err := c.MessageByExternalID(ctx, "babelforce:c0ffee")
		return err
	},
	"create message": func(ctx context.Context, c *Client) error {
		return c.CreateMessage(ctx, conversationID, NewMessage{
			App: "babelforce", ExternalID: "babelforce:c0ffee", Subject: "Call from Alice Müller", Preview: "Li Na and 李娜",
			Meta: map[string]any{"from": "+4930901820", "externalRecordingUrl": "https://example.org/alice/c0ffee"},
		})
	},
	"find by e-mail": func(ctx context.Context, c *Client) error {
		_, err := c.UsersByEmail(ctx, "alice@example.org")
		return err
	},
	"find by external id": func(ctx context.Context, c *Client) error {
		_, err := c.ConversationByExternalID(ctx, "babelforce:c0ffee")
		return err
	},
	"create customer": func(ctx context.Context, c *Client) error {
		_, err := c.CreateCustomer(ctx, NewCustomer{
			Name: "Alice Müller", ExternalID: "babelforce:c0ffee", Phones: []Phone{{Type: "mobile", Phone: "+4930901820"}},
		})
		return err
	},
	"create note": func(ctx context.Context, c *Client) error {
		return c.CreateNote(ctx, conversationID, NewNote{Body: "Alice Müller, Li Na and 李娜 called about the divorce."})
	},
}

func TestErrorsHaveNoPersonalDataFromKustomer(t *testing.T) {
	for name, do := range personalCalls {
		echo := func(w http.ResponseWriter, r *http.Request) {
			var body any
			_ = json.NewDecoder(r.Body).Decode(&body)
			quote := fmt.Sprintf("bad value %v in %s or %v by %s", body, r.RequestURI, r.URL, r.Header["Authorization"])
			if body != nil && name == "create note" {
				quote += ` — 'Müller' of "Li Na" (ALICE, 李娜) … about the divorce`
			}
			reason := map[string]any{
				"code": quote, "title": quote, "message": quote, "detail": quote + " tel. 030/90 18 20 or bob.smith+x@example.org",
				"source": map[string]any{"pointer": quote}, "meta": map[string]any{"subErrors": []any{map[string]any{"title": quote}}},
			}
			text, _ := json.Marshal(map[string]any{"errors": []any{reason}})
			answering(422, string(text))(w, r)
		}
		err := do(t.Context(), clientFor(t, echo))
		requireNothingPersonal(t, err)
		require.NotContains(t, err.Error(), "bob.smith", name)
		require.Contains(t, err.Error(), "bad value", name)
	}
}

func TestWordThatIsCutOffIsMasked(t *testing.T) {
	for _, cut := range []string{"…", "..."} {
		body, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"title": "bad value 'Alice Mül" + cut + "' here"}}})
		err := personalCalls["create customer"](t.Context(), clientFor(t, answering(400, string(body))))
		require.ErrorContains(t, err, "bad value '…' here")
	}
}

func TestErrorsHaveNoPersonalDataFromTheNetwork(t *testing.T) {
	dead := httptest.NewServer(nil)
	dead.Close()
	deadClient, err := New(Config{BaseURL: dead.URL, APIKey: apiKey})
	require.NoError(t, err)
	quick := func(cfg *Config) { cfg.Timeout = 20 * time.Millisecond }
	for _, do := range personalCalls {
		requireNothingPersonal(t, do(t.Context(), deadClient))
		requireNothingPersonal(t, do(t.Context(), clientFor(t, hang, quick)))
		requireNothingPersonal(t, do(t.Context(), clientFor(t, answering(200, `<html>Alice Müller +4930901820</html>`))))
		requireNothingPersonal(t, do(t.Context(), clientFor(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })))

		ctx, cancel := context.WithCancel(t.Context())
		requireNothingPersonal(t, do(ctx, clientFor(t, func(w http.ResponseWriter, r *http.Request) {
			cancel()
			hang(w, r)
		})))
		requireNothingPersonal(t, do(ctx, deadClient)) // cancelled before it is sent
	}
}

func TestLongReasonIsCut(t *testing.T) {
	long, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"title": string(make([]byte, 10_000))}}})
	e := asError(t, create(t.Context(), clientFor(t, answering(400, string(long)))))
	require.Len(t, []rune(e.Reasons[0].Text), maxReasonRunes+1)
}
