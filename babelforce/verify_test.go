package babelforce

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

const (
	oldSecret = "demo-secret"
	newSecret = "whsec_bmV3LXNlY3JldC1mb3ItdGhlLWRlbW8="
)

var signedBody = []byte(`{"call":{"id":"x"}}`)

func newTestVerifier(t *testing.T) *Verifier {
	t.Helper()
	v, err := NewVerifier([]string{" " + oldSecret + "\n", newSecret})
	require.NoError(t, err)
	return v
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// signed returns the header of signedBody, signed with key at the given time.
func signed(t *testing.T, key string, at time.Time) http.Header {
	t.Helper()
	signer, err := standardwebhooks.NewWebhookRaw([]byte(key))
	require.NoError(t, err)
	signature, err := signer.Sign("msg_1", at, signedBody)
	require.NoError(t, err)
	h := make(http.Header)
	h.Set("webhook-id", "msg_1")
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return h
}

func TestSecretIsCheckedInEachPlace(t *testing.T) {
	for name, c := range map[string]struct {
		header, value string
		want          error
	}{
		"bearer":                 {"Authorization", "Bearer " + oldSecret, nil},
		"bearer, any case":       {"Authorization", "bEARER  " + oldSecret, nil},
		"bearer, rotated":        {"Authorization", "Bearer " + newSecret, nil},
		"basic":                  {"Authorization", basic("anyone", oldSecret), nil},
		"basic, no user":         {"Authorization", basic("", newSecret), nil},
		"header":                 {"X-Webhook-Secret", oldSecret, nil},
		"header, rotated":        {"X-Webhook-Secret", newSecret, nil},
		"nothing":                {"X-Other", oldSecret, ErrNoCredentials},
		"bearer of nothing":      {"Authorization", "Bearer ", ErrNoCredentials},
		"bearer without a space": {"Authorization", "Bearer", ErrNoCredentials},
		"no scheme":              {"Authorization", oldSecret, ErrNoCredentials},
		"another scheme":         {"Authorization", "Digest " + oldSecret, ErrNoCredentials},
		"basic of nothing":       {"Authorization", "Basic ", ErrNoCredentials},
		"basic, not base64":      {"Authorization", "Basic " + oldSecret, ErrNoCredentials},
		"basic, no password":     {"Authorization", basic(oldSecret, ""), ErrNoCredentials},
		"empty header":           {"X-Webhook-Secret", " ", ErrNoCredentials},
		"wrong bearer":           {"Authorization", "Bearer wrong-secret", ErrWrongSecret},
		"wrong basic":            {"Authorization", basic(oldSecret, "wrong-secret"), ErrWrongSecret},
		"wrong header":           {"X-Webhook-Secret", "wrong-secret", ErrWrongSecret},
		"longer":                 {"X-Webhook-Secret", oldSecret + "x", ErrWrongSecret},
		"shorter":                {"X-Webhook-Secret", oldSecret[:10], ErrWrongSecret},
		"decoded signing secret": {"X-Webhook-Secret", "new-secret-for-the-demo", ErrWrongSecret},
		"both secrets at once":   {"X-Webhook-Secret", oldSecret + "," + newSecret, ErrWrongSecret},
	} {
		t.Run(name, func(t *testing.T) {
			h := make(http.Header)
			h.Set(c.header, c.value)
			require.ErrorIs(t, newTestVerifier(t).Verify(CallInbound, h, signedBody), c.want)
		})
	}
}

func TestRightSecretCountsBesideAWrongOne(t *testing.T) {
	h := make(http.Header)
	h.Set("Authorization", "Bearer a-proxy-of-its-own")
	h.Set("X-Webhook-Secret", oldSecret)
	require.NoError(t, newTestVerifier(t).Verify(CallInbound, h, nil))
}

func TestAnySecretMaySign(t *testing.T) {
	v := newTestVerifier(t)
	require.NoError(t, v.Verify(CallInbound, signed(t, oldSecret, time.Now()), signedBody))
	require.NoError(t, v.Verify(CallInbound, signed(t, "new-secret-for-the-demo", time.Now()), signedBody), "whsec_ is decoded")
	require.ErrorIs(t, v.Verify(CallInbound, signed(t, newSecret, time.Now()), signedBody), ErrBadSignature, "whsec_ secrets do not sign undecoded")
	require.ErrorIs(t, v.Verify(CallInbound, signed(t, "wrong-secret", time.Now()), signedBody), ErrBadSignature)
}

func TestSignatureCoversBodyIDAndTime(t *testing.T) {
	v := newTestVerifier(t)
	require.ErrorIs(t, v.Verify(CallInbound, signed(t, oldSecret, time.Now()), append([]byte(" "), signedBody...)), ErrBadSignature)
	for header, value := range map[string]string{
		"webhook-id":        "msg_2",
		"webhook-timestamp": strconv.FormatInt(time.Now().Unix()-1, 10),
		"webhook-signature": "v1,AAAA",
	} {
		for _, value := range []string{value, "", "nonsense"} {
			h := signed(t, oldSecret, time.Now())
			h.Set(header, value)
			require.ErrorIs(t, v.Verify(CallInbound, h, signedBody), ErrBadSignature, "%s: %q", header, value)
		}
	}
}

func TestSignatureIsValidForFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // stops the clock that the library reads
		v := newTestVerifier(t)
		for offset, want := range map[time.Duration]error{
			-5 * time.Minute:                nil,
			-5*time.Minute - time.Second:    ErrStale,
			5 * time.Minute:                 nil,
			5*time.Minute + time.Second:     ErrStale,
			-10 * 365 * 24 * time.Hour:      ErrStale,
			1_000_000 * time.Hour:           ErrStale,
			-4*time.Minute - 59*time.Second: nil,
		} {
			require.ErrorIs(t, v.Verify(CallInbound, signed(t, oldSecret, time.Now().Add(offset)), signedBody), want, offset)
		}
	})
}

func TestSecretDoesNotSaveABadSignature(t *testing.T) {
	for _, signature := range []string{"v1,AAAA", "", "v2,x"} {
		h := signed(t, oldSecret, time.Now())
		h.Set("webhook-signature", signature)
		h.Set("Authorization", "Bearer "+oldSecret)
		require.ErrorIs(t, newTestVerifier(t).Verify(CallInbound, h, signedBody), ErrBadSignature)
	}
}

func TestUnusableSecretsAreRefusedUnquoted(t *testing.T) {
	for _, secrets := range [][]string{
		nil, {""}, {"  "}, {oldSecret, ""}, {"whsec_"}, {"whsec_not base64 at all"},
	} {
		_, err := NewVerifier(secrets)
		require.Error(t, err, secrets)
		for _, secret := range secrets {
			if len(secret) > len("whsec_") {
				require.NotContains(t, err.Error(), secret)
			}
		}
	}
}
