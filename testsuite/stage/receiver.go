package stage

import (
	"net/http"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/starter/webhook"
)

// Receiver returns the product's webhook receiver, for stages and demos that run in the test's
// process.
func Receiver(options demo.ReceiverOptions) (http.Handler, error) {
	verifier, err := babelforce.NewVerifier([]string{options.Secret})
	if err != nil {
		return nil, err
	}
	return webhook.New(webhook.Config{
		Temporal: options.Temporal, TaskQueue: options.TaskQueue, Eager: true, Verifier: verifier, Limits: options.Limits,
		Outgoing: func() bool { return options.WantsOutbound }, Log: options.Log,
	}), nil
}
