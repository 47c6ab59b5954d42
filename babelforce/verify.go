package babelforce

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Why a request is refused, one sentinel per reason.
var (
	ErrNoCredentials    = errors.New("no webhook credentials")
	ErrTwiceCredentials = errors.New("webhook credentials given twice in one header")
	ErrWrongSecret      = errors.New("wrong webhook secret")
	ErrBadSignature     = errors.New("bad webhook signature")
	ErrStale            = errors.New("webhook timestamp more than five minutes off")
	ErrOtherEvent       = errors.New("webhook signed or sent before as another event")
)

// Verifier tells requests that know a secret from others. It is safe for
// concurrent use.
//
// babelforce documents no signature of its own for callbacks, so Callthread
// offers what an automation can be made to send (inferred), one of:
//
//   - Authorization: Bearer <secret>
//   - HTTP basic authentication with the secret as password, any user
//   - X-Webhook-Secret: <secret>
//   - a Standard-Webhooks signature (webhook-id, webhook-timestamp,
//     webhook-signature), at most five minutes old or early
//
// Of the first three one that is right is enough. A webhook-signature header
// decides alone: when it is there it must be right, and a right secret beside a
// wrong signature does not help, nor does a wrong secret harm beside a right one.
// It covers the id, the time and the body. Headers and query are not signed, so
// the receiver lets none of them say how a signed body is read; what was signed is
// bound to the event in the path when it is first received.
type Verifier struct {
	digests [][sha256.Size]byte
	signers []*standardwebhooks.Webhook
	sentAs  *lru.Cache[[sha256.Size]byte, EventName] // by what was signed
}

// NewVerifier accepts any of several secrets, so that they can be rotated.
// Space around a secret is dropped and at least one is needed. A secret of the
// form whsec_<base64> signs with its decoded bytes, any other with itself.
// Errors do not contain the secret.
func NewVerifier(secrets []string) (*Verifier, error) {
	if len(secrets) == 0 {
		return nil, errors.New("no webhook secret given")
	}
	sentAs, err := lru.New[[sha256.Size]byte, EventName](maxSigned)
	if err != nil {
		return nil, err
	}
	v := &Verifier{sentAs: sentAs}
	for i, secret := range secrets {
		secret = strings.TrimSpace(secret)
		if secret == "" {
			return nil, fmt.Errorf("webhook secret %d of %d is empty", i+1, len(secrets))
		}
		signer, err := newSigner(secret)
		if err != nil {
			return nil, fmt.Errorf("webhook secret %d of %d: %w", i+1, len(secrets), err)
		}
		v.digests = append(v.digests, sha256.Sum256([]byte(secret)))
		v.signers = append(v.signers, signer)
	}
	return v, nil
}

func newSigner(secret string) (*standardwebhooks.Webhook, error) {
	encoded, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return standardwebhooks.NewWebhookRaw([]byte(secret))
	}
	if encoded == "" {
		return nil, errors.New("empty after whsec_")
	}
	signer, err := standardwebhooks.NewWebhook(encoded)
	if err != nil {
		return nil, errors.New("not base64 after whsec_")
	}
	return signer, nil
}

// Verify checks a request's header and raw body, before anything parses it. It
// returns one of the errors above. The body counts only where [IsSigned].
func (v *Verifier) Verify(event EventName, h http.Header, body []byte) error {
	for _, name := range credentialHeaders {
		if len(h.Values(name)) > 1 { // what others take for the one that counts, we may not
			return ErrTwiceCredentials
		}
	}
	if IsSigned(h) {
		return v.verifySignature(event, h, body)
	}
	offered := offeredSecrets(h)
	if len(offered) == 0 {
		return ErrNoCredentials
	}
	match := 0
	for _, secret := range offered {
		// Digests have one length, so the comparison does not tell the secret's,
		// and it never stops early, so it does not tell which one matched.
		digest := sha256.Sum256([]byte(secret))
		for i := range v.digests {
			match |= subtle.ConstantTimeCompare(digest[:], v.digests[i][:])
		}
	}
	if match == 0 {
		return ErrWrongSecret
	}
	return nil
}

// credentialHeaders are all that Verify looks at.
var credentialHeaders = []string{
	"Authorization", "X-Webhook-Secret",
	standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature,
}

// offeredSecrets lists the secrets a header presents; empty ones do not count.
func offeredSecrets(h http.Header) []string {
	scheme, bearer, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		bearer = ""
	}
	_, password, _ := (&http.Request{Header: h}).BasicAuth()

	var offered []string
	for _, secret := range []string{bearer, password, h.Get("X-Webhook-Secret")} {
		if secret = strings.TrimSpace(secret); secret != "" {
			offered = append(offered, secret)
		}
	}
	return offered
}
