// Package job is the shared part of the contestants other than Callthread: the webhooks that they
// receive, and the requests that they send to Kustomer.
package job

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/callthread/callthread/kustomer"
)

// SignalBridged is the name of the signal that is sent when an agent picks up.
const SignalBridged = "bridged"

// Webhook contains the fields of babelforce's webhooks that the contestants use.
type Webhook struct {
	Call struct {
		ID       string `json:"id"`
		From     string `json:"from"`
		Duration int    `json:"duration"`
	} `json:"call"`
	Agent struct {
		Name     string `json:"name"`
		SourceID string `json:"sourceId"`
	} `json:"agent"`
	Queue struct {
		Name string `json:"name"`
	} `json:"queue"`
	// Kept has the size of what Callthread stores in addition, if the size is measured.
	Kept string `json:"kept,omitempty"`
}

// WorkflowID returns the id of the call's workflow, in Callthread's form.
func (w Webhook) WorkflowID() string { return "call/" + w.Call.ID }

// NewActivities returns the activities for the Kustomer in the environment variables. The client
// calls observe, if it is not nil, for each request.
func NewActivities(observe func(context.Context, kustomer.Exchange)) (*Activities, error) {
	crm, err := kustomer.New(kustomer.Config{
		BaseURL: os.Getenv("KUSTOMER_URL"), APIKey: os.Getenv("KUSTOMER_API_KEY"), Observe: observe,
	})
	return &Activities{Kustomer: crm}, err
}

// Receiver returns a handler that answers each of the two webhooks once Temporal has stored it.
func Receiver(rings, answered func(context.Context, Webhook) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/babelforce/call-inbound", accept(rings))
	mux.HandleFunc("POST /webhooks/babelforce/call-bridged", accept(answered))
	return mux
}

func accept(deliver func(context.Context, Webhook) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var event Webhook
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := deliver(r.Context(), event); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// Serve serves at the address in the environment variable CALLTHREAD_LISTEN.
func Serve(handler http.Handler) error {
	return http.ListenAndServe(os.Getenv("CALLTHREAD_LISTEN"), handler)
}
