package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

const (
	keySize = 32 // AES-256
	// maxID is below the length of any key in base64 or hex. A key in the place of its id is
	// therefore rejected and never shown.
	maxID = 32
)

var wellFormedID = regexp.MustCompile(fmt.Sprintf(`^[A-Za-z0-9][A-Za-z0-9._-]{0,%d}$`, maxID-1))

// Keys are the encryption keys of a deployment, by id. The first key encrypts, and every key
// decrypts. Without keys, payloads are plain.
type Keys struct {
	first string
	byID  map[string]*key
}

// key is one key and the key derived from it.
type key struct {
	cipher.AEAD
	callers []byte // hashes callers' numbers
}

// ParseKeys reads keys of the form id:base64, separated by commas or line ends. An empty text
// has no keys. Errors never contain a part of a key.
func ParseKeys(text string) (*Keys, error) {
	separates := func(r rune) bool { return r == ',' || unicode.IsSpace(r) }
	written := strings.FieldsFunc(text, separates)
	keys := &Keys{byID: make(map[string]*key, len(written))}
	for i, one := range written {
		id, parsed, err := parseKey(one)
		if err == nil && keys.byID[id] != nil {
			err = fmt.Errorf("%q is also the id of another key", id)
		}
		if err != nil {
			return nil, fmt.Errorf("key %d of %d: %w", i+1, len(written), err)
		}
		keys.byID[id] = parsed
		if keys.first == "" {
			keys.first = id
		}
	}
	if len(written) == 0 && strings.TrimSpace(text) != "" {
		return nil, errors.New("there are commas but no keys")
	}
	return keys, nil
}

func parseKey(written string) (id string, _ *key, err error) {
	id, encoded, found := strings.Cut(written, ":")
	if !found || !wellFormedID.MatchString(id) {
		return "", nil, fmt.Errorf("it is not of the form id:base64 (an id is up to %d letters, digits, dots, dashes and underscores), as `starter keygen` prints one", maxID)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", nil, fmt.Errorf("the key after the id %q is not base64", id) // the cause quotes the position and nothing of the key
	}
	if len(secret) != keySize {
		return "", nil, fmt.Errorf("%q has %d bytes, and not the %d of AES-256", id, len(secret), keySize)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return "", nil, err
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return "", nil, err
	}
	callers, err := callersKey(secret)
	return id, &key{sealer, callers}, err
}

// NewKey makes a random key with an id, in the form that [ParseKeys] reads.
func NewKey(id string) (string, error) {
	if !wellFormedID.MatchString(id) {
		return "", fmt.Errorf("%q cannot be a key's id: use up to %d letters, digits, dots, dashes and underscores", id, maxID)
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return id + ":" + base64.StdEncoding.EncodeToString(key), nil
}

// First returns the id of the key that encrypts, or "" without keys.
func (k *Keys) First() string { return k.first }
