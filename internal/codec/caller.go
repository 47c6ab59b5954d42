package codec

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// hashSize is half the size of SHA-256, enough to rule out collisions of numbers.
const hashSize = 16

// callersKey derives the key that hashes callers' numbers, so that no key has two uses.
func callersKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "callthread: hash of a caller's number", sha256.Size)
}

// CallerHash returns a keyed hash of a caller's number, with which operators find calls in
// Temporal's workflow list, where nothing is encrypted. The key is needed because all phone
// numbers could be hashed by trial. Without keys or without a number, CallerHash returns "".
func (k *Keys) CallerHash(number string) string {
	if k.first == "" || number == "" {
		return ""
	}
	return CallerHashPrefix(k.first) + k.byID[k.first].callerHash(number)
}

// CallerHashPrefix returns the prefix of hashes that were made with the key of this id.
func CallerHashPrefix(id string) string { return id + ":" }

// IDs returns the sorted ids of all keys.
func (k *Keys) IDs() []string { return slices.Sorted(maps.Keys(k.byID)) }

// CallerHashes returns the hashes of a number with every key. A call has the hash made with
// the key that was the first at the time.
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
