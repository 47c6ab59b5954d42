// Command baseline is what Callthread is measured against: the two automations
// of the article as Temporal's tutorials would have them written, with default
// options throughout. `baseline worker` and `baseline starter` are two processes.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/kustomer"
)

func main() {
	c, err := client.Dial(client.Options{
		HostPort: os.Getenv("TEMPORAL_ADDRESS"),
		// The default writes every step to the terminal, which Callthread does not do either.
		Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	})
	if err != nil {
		log.Fatalln("cannot connect to Temporal:", err)
	}
	defer c.Close()
	if len(os.Args) != 2 {
		log.Fatalln("usage: baseline starter | worker")
	}
	switch os.Args[1] {
	case "worker":
		err = runWorker(c)
	case "starter":
		err = runStarter(c)
	default:
		err = fmt.Errorf("there is no %s: use starter or worker", os.Args[1])
	}
	if err != nil {
		log.Fatalln(err)
	}
}

func runWorker(c client.Client) error {
	crm, err := kustomer.New(kustomer.Config{BaseURL: os.Getenv("KUSTOMER_URL"), APIKey: os.Getenv("KUSTOMER_API_KEY")})
	if err != nil {
		return err
	}
	w := worker.New(c, TaskQueue, worker.Options{})
	w.RegisterWorkflow(CallWorkflow)
	w.RegisterActivity(&Activities{Kustomer: crm})
	return w.Run(worker.InterruptCh())
}

func runStarter(c client.Client) error {
	http.HandleFunc("POST /webhooks/babelforce/call-inbound", func(w http.ResponseWriter, r *http.Request) {
		accept(w, r, func(event Webhook) error {
			_, err := c.ExecuteWorkflow(r.Context(), client.StartWorkflowOptions{ID: workflowID(event), TaskQueue: TaskQueue}, CallWorkflow, event)
			return err
		})
	})
	http.HandleFunc("POST /webhooks/babelforce/call-bridged", func(w http.ResponseWriter, r *http.Request) {
		accept(w, r, func(event Webhook) error {
			return c.SignalWorkflow(r.Context(), workflowID(event), "", signalBridged, event)
		})
	})
	return http.ListenAndServe(os.Getenv("CALLTHREAD_LISTEN"), nil)
}

func workflowID(event Webhook) string { return "call/" + event.Call.ID }

// accept answers once Temporal has the event.
func accept(w http.ResponseWriter, r *http.Request, deliver func(Webhook) error) {
	var event Webhook
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := deliver(event); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
