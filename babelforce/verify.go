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

// The reasons why a request is refused.
var (
	ErrNoCredentials    = errors.New("no webhook credentials")
	ErrTwiceCredentials = errors.New("webhook credentials given twice in one header")
	ErrWrongSecret      = errors.New("wrong webhook secret")
	ErrBadSignature     = errors.New("bad webhook signature")
	ErrStale            = errors.New("webhook timestamp more than five minutes off")
	ErrOtherEvent       = errors.New("webhook signed or sent before as another event")
)

// Verifier accepts requests whose sender knows a secret. It is safe for concurrent use.
//
// babelforce documents no signature for callbacks, so Verifier accepts credentials that an
// automation can be configured to send (inferred), one of:
//
//   - Authorization: Bearer <secret>
//   - HTTP basic authentication with the secret as password and any user
//   - X-Webhook-Secret: <secret>
//   - a Standard-Webhooks signature (webhook-id, webhook-timestamp,
//     webhook-signature) with a timestamp within five minutes of now
//
// Of the first three, one valid secret is enough. If there is a webhook-signature header,
// only the signature counts: a valid secret does not help beside an invalid signature, and
// an invalid secret does not harm beside a valid one.
//
// The signature covers the id, the time and the body. It does not cover headers and query,
// so the receiver must not let them change how a signed body is read. A signed text is
// bound to the event in the path of its first request.
type Verifier struct {
	digests [][sha256.Size]byte
	signers []*standardwebhooks.Webhook
	sentAs  *lru.Cache[[sha256.Size]byte, EventName] // by digest of the signed text
}

// NewVerifier returns a Verifier that accepts any of the secrets, so that secrets can be
// rotated. At least one is required. Space around a secret is removed. A secret of the form
// whsec_<base64> signs with its decoded bytes, any other secret with its own bytes. Errors
// do not contain secrets.
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

// Verify checks a request's header and raw body, before the body is parsed. It returns one
// of the errors above. The body is needed only if [IsSigned].
func (v *Verifier) Verify(event EventName, h http.Header, body []byte) error {
	for _, name := range credentialHeaders {
		if len(h.Values(name)) > 1 { // it is ambiguous which value counts
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
		// Digests have equal lengths, so the comparison does not reveal the secret's length.
		// It never stops early, so it does not reveal which secret matched.
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

// credentialHeaders are all headers that Verify reads.
var credentialHeaders = []string{
	"Authorization", "X-Webhook-Secret",
	standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature,
}

// offeredSecrets returns the secrets in a header. Empty secrets are ignored.
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
