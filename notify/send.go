package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
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

// Unsent is the error of a message that the webhook did not accept. It contains neither the address
// nor the body of the answer.
type Unsent struct {
	Reason string
	// IsFinal reports whether sending the message again does not help.
	IsFinal bool
}

func (u *Unsent) Error() string { return u.Reason }

// CheckAddress returns an error if no message can be posted to an address. The error does not
// contain the address.
func CheckAddress(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" {
		return errors.New("it is not an address such as https://hooks.example.com/…")
	}
	return nil
}

// Send posts a message, and fails as [Post] does.
func (a *Activities) Send(ctx context.Context, message Message) error {
	_, err := Post(ctx, a.Address, message)
	var unsent *Unsent
	if errors.As(err, &unsent) {
		return temporal.NewApplicationErrorWithOptions(unsent.Reason, notTaken, temporal.ApplicationErrorOptions{NonRetryable: unsent.IsFinal})
	}
	return err
}

// Post posts a message to an address and returns the HTTP status of the answer. It waits ten
// seconds at most. Its error is an [Unsent] if the webhook does not accept the message.
func Post(ctx context.Context, address string, message Message) (status int, err error) {
	body, err := json.Marshal(message)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, &Unsent{Reason: "the notification's address cannot be used", IsFinal: true}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", build.UserAgent())
	answer, err := poster.Do(request)
	if err != nil {
		return 0, &Unsent{Reason: "the notification's receiver does not answer: " + why(err)}
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 == 2 {
		return answer.StatusCode, nil
	}
	return answer.StatusCode, &Unsent{
		Reason: fmt.Sprintf("the notification's receiver answers %d", answer.StatusCode), IsFinal: answer.StatusCode/100 != 5,
	}
}

// why returns the reason of an error in Callthread's own words, because the error's text contains
// the address.
func why(err error) string {
	var timeout net.Error
	var unresolved *net.DNSError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unresolved):
		return "its name cannot be resolved"
	case errors.As(err, &untrusted):
		return "its certificate is not trusted"
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no answer within %.0f seconds", postTimeout.Seconds())
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses the connection"
	}
	return "the connection failed"
}
