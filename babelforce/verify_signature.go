package babelforce

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxSigned is how many signed requests are remembered: some minutes of a very
// busy call centre, in a few megabytes. Only who knows a secret adds to them.
const maxSigned = 1 << 16

// IsSigned reports whether a signature decides about a request, for which its body is needed.
func IsSigned(h http.Header) bool {
	return len(h.Values(standardwebhooks.HeaderWebhookSignature)) > 0
}

func (v *Verifier) verifySignature(event EventName, h http.Header, body []byte) error {
	id, timestamp := h.Get(standardwebhooks.HeaderWebhookID), h.Get(standardwebhooks.HeaderWebhookTimestamp)
	// What is signed is id, timestamp and body, joined by full stops. With one in the id,
	// the same text could be cut elsewhere, into a body that nobody sent.
	if strings.Contains(id, ".") {
		return ErrBadSignature
	}
	// What is signed is the number. Written in another way, it would pass for another request below.
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

// bind refuses a request that was heard before as another event: the event is
// in the path, which the signature does not cover, and the end of a call looks
// much like its beginning. As the same event it may come again: that has no effect.
func (v *Verifier) bind(event EventName, signed string) error {
	before, known, _ := v.sentAs.PeekOrAdd(sha256.Sum256([]byte(signed)), event)
	if known && before != event {
		return ErrOtherEvent
	}
	return nil
}
