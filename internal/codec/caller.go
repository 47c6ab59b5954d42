package codec

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// hashSize is half of SHA-256's: enough that no two numbers ever have one hash.
const hashSize = 16

// callersKey derives the key that hashes callers' numbers, so that one key is
// never used for two things.
func callersKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "callthread: hash of a caller's number", sha256.Size)
}

// CallerHash is what a caller's number is found by in Temporal's list of runs,
// where nothing is encrypted. Numbers are few enough to try them all, so it is
// of no use to whoever lacks the key. Without keys, or a number, it is "".
func (k *Keys) CallerHash(number string) string {
	if k.first == "" || number == "" {
		return ""
	}
	return CallerHashPrefix(k.first) + k.byID[k.first].callerHash(number)
}

// CallerHashPrefix is how hashes with the key of this id begin.
func CallerHashPrefix(id string) string { return id + ":" }

// IDs are those of all keys.
func (k *Keys) IDs() []string { return slices.Sorted(maps.Keys(k.byID)) }

// CallerHashes are those of a number with each of the keys: calls have that of
// the key that was the first in their time.
func (k *Keys) CallerHashes(number string) (hashes []string) {
	for _, id := range k.IDs() {
		hashes = append(hashes, CallerHashPrefix(id)+k.byID[id].callerHash(number))
	}
	return hashes
}

func (k *key) callerHash(number string) string {
	hash := hmac.New(sha256.New, k.callers)
	hash.Write([]byte(number))
	return hex.EncodeToString(hash.Sum(nil)[:hashSize])
}
