package babelforce

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// header returns a header with these pairs of name and value.
func header(pairs ...string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// inEveryForm returns headers that present a secret in each supported way.
func inEveryForm(t *testing.T, secret string) map[string]http.Header {
	return map[string]http.Header{
		"bearer":    header("Authorization", "Bearer "+secret),
		"basic":     header("Authorization", basic("babelforce", secret)),
		"header":    header("X-Webhook-Secret", secret),
		"signature": signed(t, secret, time.Now()),
	}
}

func TestSecretIsRotatedWithoutAGap(t *testing.T) {
	const before, after = "the secret before", "the secret after"
	for _, c := range []struct{ good, accepted, refused []string }{
		{[]string{before}, []string{before}, []string{after}},
		{[]string{before, after}, []string{before, after}, []string{before + "," + after}},
		{[]string{after, before}, []string{before, after}, []string{before + after}},
		{[]string{after}, []string{after}, []string{before}},
	} {
		v, err := NewVerifier(c.good)
		require.NoError(t, err)
		for _, secret := range c.accepted {
			for form, h := range inEveryForm(t, secret) {
				require.NoError(t, v.Verify(CallInbound, h, signedBody), "%s as %s of %s", secret, form, c.good)
			}
		}
		for _, secret := range c.refused {
			for form, h := range inEveryForm(t, secret) {
				require.Error(t, v.Verify(CallInbound, h, signedBody), "%s as %s of %s", secret, form, c.good)
			}
		}
	}
}

func TestRepeatedCredentialsAreRefused(t *testing.T) {
	v := newTestVerifier(t)
	for _, h := range []http.Header{
		header("Authorization", "Bearer "+oldSecret, "Authorization", "Bearer "+oldSecret),
		header("Authorization", "Bearer "+oldSecret, "Authorization", basic("", "wrong-secret")),
		header("X-Webhook-Secret", oldSecret, "X-Webhook-Secret", "wrong-secret"),
		header("X-Webhook-Secret", "", "X-Webhook-Secret", oldSecret),
	} {
		require.ErrorIs(t, v.Verify(CallInbound, h, signedBody), ErrTwiceCredentials, h)
	}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		h := signed(t, oldSecret, time.Now())
		h.Add(name, h.Get(name))
		require.ErrorIs(t, v.Verify(CallInbound, h, signedBody), ErrTwiceCredentials, name)
	}
}

func TestUnknownSignatureVersionIsIgnored(t *testing.T) {
	v := newTestVerifier(t)
	right := signed(t, oldSecret, time.Now()).Get("webhook-signature")
	_, mac, _ := strings.Cut(right, ",")
	for list, want := range map[string]error{
		right:                                 nil,
		"v2,AAAA " + right + " v1a,AAAA":      nil,
		"v1,AAAA " + right:                    nil,
		"v2," + mac:                           ErrBadSignature,
		"v1a," + mac:                          ErrBadSignature,
		"V1," + mac:                           ErrBadSignature,
		"," + mac:                             ErrBadSignature,
		mac:                                   ErrBadSignature,
		"v1":                                  ErrBadSignature,
		"v1,":                                 ErrBadSignature,
		"v1,," + mac:                          ErrBadSignature,
		strings.Repeat("v1,AAAA ", 2000):      ErrBadSignature,
		"v1," + strings.Repeat("A", len(mac)): ErrBadSignature,
	} {
		h := signed(t, oldSecret, time.Now())
		h.Set("webhook-signature", list)
		require.ErrorIs(t, v.Verify(CallInbound, h, signedBody), want, list)
	}
}

func TestEmptySigningKeyIsRefused(t *testing.T) {
	h := signed(t, "", time.Now())
	require.ErrorIs(t, newTestVerifier(t).Verify(CallInbound, h, signedBody), ErrBadSignature)
	for _, secret := range []string{"whsec_", "whsec_ ", " whsec_\n", "whsec_=", "whsec_===="} {
		_, err := NewVerifier([]string{secret})
		require.Error(t, err, "%q", secret)
	}
}

// The signed text is "<id>.<timestamp>.<body>". With full stops in the id, it could be split
// elsewhere.
func TestIDWithAFullStopIsRefused(t *testing.T) {
	signer, err := standardwebhooks.NewWebhookRaw([]byte(oldSecret))
	require.NoError(t, err)
	for id, want := range map[string]error{"msg_1": nil, "msg 1:~": nil, "msg.1": ErrBadSignature, ".": ErrBadSignature} {
		signature, err := signer.Sign(id, time.Now(), signedBody)
		require.NoError(t, err)
		h := header("webhook-id", id, "webhook-timestamp", strconv.FormatInt(time.Now().Unix(), 10), "webhook-signature", signature)
		require.ErrorIs(t, newTestVerifier(t).Verify(CallInbound, h, signedBody), want, id)
	}
}

func TestReplayAsAnotherEventIsRefused(t *testing.T) {
	v, h := newTestVerifier(t), signed(t, oldSecret, time.Now())
	require.NoError(t, v.Verify(CallInbound, h, signedBody))
	require.NoError(t, v.Verify(CallInbound, h, signedBody), "the same event again, as after a lost answer")
	require.ErrorIs(t, v.Verify(CallFinished, h, signedBody), ErrOtherEvent)

	// Another notation of the same time or signature does not make it another request.
	for name, alter := range map[string]func(http.Header){
		"plus":      func(h http.Header) { h.Set("webhook-timestamp", "+"+h.Get("webhook-timestamp")) },
		"zero":      func(h http.Header) { h.Set("webhook-timestamp", "0"+h.Get("webhook-timestamp")) },
		"signature": func(h http.Header) { h.Set("webhook-signature", "v2,x "+h.Get("webhook-signature")+",x") },
	} {
		altered := h.Clone()
		alter(altered)
		require.Error(t, v.Verify(CallFinished, altered, signedBody), name)
	}

	// A sender may use the call's id for all events of the call.
	signer, err := standardwebhooks.NewWebhookRaw([]byte(oldSecret))
	require.NoError(t, err)
	at, other := time.Now(), []byte(`{"call":{"id":"x","duration":1}}`)
	signature, err := signer.Sign("msg_1", at, other)
	require.NoError(t, err)
	h = header("webhook-id", "msg_1", "webhook-timestamp", strconv.FormatInt(at.Unix(), 10), "webhook-signature", signature)
	require.NoError(t, v.Verify(CallFinished, h, other))
}

func TestInvalidTimestampIsRefused(t *testing.T) {
	v := newTestVerifier(t)
	for _, timestamp := range []string{
		"0", "-1", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1e9", "0x5f5e100", "١٧٠٠", " ", "now",
		strconv.FormatInt(time.Now().UnixMilli(), 10), time.Now().Format(time.RFC3339),
	} {
		h := signed(t, oldSecret, time.Now())
		h.Set("webhook-timestamp", timestamp)
		require.Error(t, v.Verify(CallInbound, h, signedBody), timestamp)
		if seconds, err := strconv.ParseInt(timestamp, 10, 64); err == nil { // and correctly signed
			require.ErrorIs(t, v.Verify(CallInbound, signed(t, oldSecret, time.Unix(seconds, 0)), signedBody), ErrStale, timestamp)
		}
	}
}

// takeAsLong requires that the shortest times of many runs differ by less than factor. A
// busy machine slows single runs, so the comparison is repeated before it fails.
func takeAsLong(t *testing.T, factor int, runs ...func()) {
	t.Helper()
	shortest := slices.Repeat([]time.Duration{time.Hour}, len(runs))
	for round := 1; round <= 200; round++ {
		for i, run := range runs {
			began := time.Now()
			run()
			shortest[i] = min(shortest[i], time.Since(began))
		}
		if round >= 10 && slices.Max(shortest) < time.Duration(factor)*slices.Min(shortest) {
			return
		}
	}
	require.FailNow(t, "the times differ", "%v", shortest)
}

// The inputs are so large that a comparison which stops early would differ by a factor of
// a hundred instead of some nanoseconds.
func TestTimingDoesNotRevealTheSecret(t *testing.T) {
	const long, many, margin = 1 << 18, 4000, 4
	same := func(t *testing.T, v *Verifier, headers ...http.Header) {
		var runs []func()
		for _, h := range headers {
			runs = append(runs, func() { _ = v.Verify(CallInbound, h, signedBody) })
		}
		takeAsLong(t, margin, runs...)
	}
	secret := strings.Repeat("s", long)
	one, err := NewVerifier([]string{secret})
	require.NoError(t, err)
	var secrets []string
	for i := range many {
		secrets = append(secrets, "secret number "+strconv.Itoa(1000+i))
	}
	several, err := NewVerifier(secrets)
	require.NoError(t, err)

	t.Run("how much of it was guessed", func(t *testing.T) {
		same(t, one,
			header("X-Webhook-Secret", secret),
			header("X-Webhook-Secret", "x"+secret[1:]),
			header("X-Webhook-Secret", secret[1:]+"x"),
			header("Authorization", "Bearer x"+secret[1:]))
	})
	t.Run("how long it is", func(t *testing.T) {
		short, err := NewVerifier([]string{"short"})
		require.NoError(t, err)
		guess := header("X-Webhook-Secret", "guess")
		guesses := func(v *Verifier) func() {
			return func() {
				for range 1000 {
					_ = v.Verify(CallInbound, guess, nil)
				}
			}
		}
		takeAsLong(t, margin, guesses(one), guesses(short))
	})
	t.Run("which of several", func(t *testing.T) {
		same(t, several,
			header("X-Webhook-Secret", secrets[0]), header("X-Webhook-Secret", secrets[many-1]), header("X-Webhook-Secret", "of no sender"))
	})
	t.Run("with which of several it is signed", func(t *testing.T) {
		same(t, several,
			signed(t, secrets[0], time.Now()), signed(t, secrets[many-1], time.Now()), signed(t, "of no sender", time.Now()))
	})
}
