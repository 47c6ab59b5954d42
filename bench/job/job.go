// Package job is what the contestants that are not Callthread have in common: the
// webhooks that they receive, and the requests that they make to Kustomer.
package job

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/callthread/callthread/kustomer"
)

// SignalBridged is sent when an agent picks up.
const SignalBridged = "bridged"

// Webhook is what babelforce sends, as far as it is used here.
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
	// Kept stands for what Callthread keeps beyond that, where its size is measured.
	Kept string `json:"kept,omitempty"`
}

// WorkflowID is the id of the call's workflow, as Callthread forms it.
func (w Webhook) WorkflowID() string { return "call/" + w.Call.ID }

// NewActivities makes the activities for the Kustomer that the environment names.
// The client tells observe, if that is set, about its requests.
func NewActivities(observe func(context.Context, kustomer.Exchange)) (*Activities, error) {
	crm, err := kustomer.New(kustomer.Config{
		BaseURL: os.Getenv("KUSTOMER_URL"), APIKey: os.Getenv("KUSTOMER_API_KEY"), Observe: observe,
	})
	return &Activities{Kustomer: crm}, err
}

// Receiver answers each of the two webhooks once Temporal has it.
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

// Serve serves at the address that the environment names.
func Serve(handler http.Handler) error {
	return http.ListenAndServe(os.Getenv("CALLTHREAD_LISTEN"), handler)
}
