package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/build"
)

// postTimeout is how long the webhook's receiver may take.
const postTimeout = 10 * time.Second

// poster does not follow redirects: only the configured address may receive the message.
var poster = &http.Client{
	Timeout:       postTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// notTaken is the type of the failures of Send.
const notTaken = "NotTaken"

// CheckAddress returns an error if no message can be posted to an address. The error does not
// contain the address.
func CheckAddress(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" {
		return errors.New("it is not an address such as https://hooks.example.com/…")
	}
	return nil
}

// Send posts a message. Its failures contain neither the address nor the body of the answer.
func (a *Activities) Send(ctx context.Context, message Message) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Address, bytes.NewReader(body))
	if err != nil {
		return temporal.NewNonRetryableApplicationError("the notification's address cannot be used", notTaken, nil)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", build.UserAgent())
	answer, err := poster.Do(request)
	if err != nil {
		return temporal.NewApplicationError("the notification's receiver does not answer: "+why(err), notTaken)
	}
	defer func() { _ = answer.Body.Close() }()
	switch refusal := fmt.Sprintf("the notification's receiver answers %d", answer.StatusCode); {
	case answer.StatusCode/100 == 2:
		return nil
	case answer.StatusCode/100 == 5:
		return temporal.NewApplicationError(refusal, notTaken)
	default:
		return temporal.NewNonRetryableApplicationError(refusal, notTaken, nil)
	}
}

// why returns the reason of an error in Callthread's own words, because the error's text contains
// the address.
func why(err error) string {
	var timeout net.Error
	var unresolved *net.DNSError
	switch {
	case errors.As(err, &unresolved):
		return "its name cannot be resolved"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "the connection failed"
}
