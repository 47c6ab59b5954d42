package codec

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBadKeysAreRefusedWithoutShowingThem(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789ABCDEF"))
	for name, c := range map[string]struct{ keys, says string }{
		"no id":             {secret, "key 1 of 1: it is not of the form id:base64"},
		"empty id":          {":" + secret, "key 1 of 1: it is not of the form id:base64"},
		"id and key turned": {secret + ":2026", "id:base64"},
		"raw key as id":     {strings.TrimRight(secret, "=") + ":2026", "id:base64"},
		"id with a space":   {"a key:" + secret, "key 1 of 2"},
		"no base64":         {older + ",2026:" + secret[:20] + "!" + secret[21:], `key 2 of 2: the key after the id "2026" is not base64`},
		"cut base64":        {"2026:" + secret[:43], "is not base64"},
		"key in hex":        {"2026:" + strings.Repeat("0f", 32), "48 bytes"},
		"AES-128":           {"2026:" + base64.StdEncoding.EncodeToString([]byte(secret[:16])), `"2026" has 16 bytes, and not the 32 of AES-256`},
		"no key at all":     {"2026:", "0 bytes"},
		"id given twice":    {"2026:" + secret + "\n2026:" + newer[5:], `key 2 of 2: "2026" is also the id of another key`},
		"commas alone":      {",", "but no keys"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseKeys(c.keys)
			require.ErrorContains(t, err, c.says)
			for i := range len(secret) - 6 {
				require.NotContains(t, err.Error(), secret[i:i+6])
			}
		})
	}
}

func TestKeysAreSeparatedByCommasOrLines(t *testing.T) {
	for _, text := range []string{older + "," + newer, older + ", " + newer, older + "\n" + newer + "\n", " " + older + "\r\n" + newer, older + ",\n" + newer + ","} {
		require.Len(t, keysOf(t, text).byID, 2)
	}
	for _, text := range []string{"", " \n"} {
		require.Empty(t, keysOf(t, text).byID)
	}
}

func TestANewKeyIsOneThatCanBeRead(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		key, err := NewKey("20261123T120000Z")
		require.NoError(t, err)
		require.Regexp(t, regexp.MustCompile(`^20261123T120000Z:[A-Za-z0-9+/]{43}=$`), key)
		require.Equal(t, "20261123T120000Z", keysOf(t, key).First())
		seen[key] = true
	}
	require.Len(t, seen, 100)
	for _, id := range []string{"", "a:b", "a,b", "a b", strings.Repeat("a", 33), "-a", "ä"} {
		_, err := NewKey(id)
		require.ErrorContains(t, err, "cannot be a key's id")
	}
}
