package babelforce

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxSigned is the number of signed requests that are remembered: some minutes of a very
// busy call centre, in a few megabytes. Only senders who know a secret add entries.
const maxSigned = 1 << 16

// IsSigned reports whether a request has a signature. If so, [Verifier.Verify] needs its body.
func IsSigned(h http.Header) bool {
	return len(h.Values(standardwebhooks.HeaderWebhookSignature)) > 0
}

func (v *Verifier) verifySignature(event EventName, h http.Header, body []byte) error {
	id, timestamp := h.Get(standardwebhooks.HeaderWebhookID), h.Get(standardwebhooks.HeaderWebhookTimestamp)
	// The signed text is id, timestamp and body, joined by full stops. With a full stop in
	// the id, the same text could be split into another body.
	if strings.Contains(id, ".") {
		return ErrBadSignature
	}
	// The number is signed. In another notation, bind would take the text for another request.
	if seconds, err := strconv.ParseInt(timestamp, 10, 64); err != nil || strconv.FormatInt(seconds, 10) != timestamp {
		return ErrBadSignature
	}
	verified, stale := false, false
	for _, signer := range v.signers {
		err := signer.Verify(body, h)
		verified = verified || err == nil
		stale = stale || errors.Is(err, standardwebhooks.ErrMessageTooOld) || errors.Is(err, standardwebhooks.ErrMessageTooNew)
	}
	switch {
	case verified:
		return v.bind(event, id+"."+timestamp+"."+string(body))
	case stale:
		return ErrStale
	default:
		return ErrBadSignature
	}
}

// bind refuses a request that was received before as another event. The signature does not
// cover the path, which names the event, and a call's end looks similar to its beginning.
// A repeated request for the same event has no effect and is accepted.
func (v *Verifier) bind(event EventName, signed string) error {
	before, known, _ := v.sentAs.PeekOrAdd(sha256.Sum256([]byte(signed)), event)
	if known && before != event {
		return ErrOtherEvent
	}
	return nil
}
