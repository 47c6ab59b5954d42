// Package codec keeps what Temporal stores of calls from being read by those
// who do not have the key: phone numbers, names and notes are in the inputs and
// results of nearly every step.
package codec

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// What an encrypted payload says of itself. Stored for as long as a history is.
const (
	encoding      = "binary/encrypted"
	metadataKeyID = "encryption-key-id"
)

// Encode encrypts payloads whole: what their metadata says of the type stays secret too.
func (k *Keys) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if k.first == "" {
		return payloads, nil
	}
	sealed := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encrypt a payload: %w", err)
		}
		sealed[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), metadataKeyID: []byte(k.first)},
			Data:     k.byID[k.first].Seal(nil, nil, plain, authenticated(k.first)),
		}
	}
	return sealed, nil
}

// Decode decrypts what is encrypted, and leaves the rest as it is: calls that
// began before encryption was switched on are in the clear.
func (k *Keys) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != encoding {
			opened[i] = payload
			continue
		}
		var err error
		if opened[i], err = k.open(payload); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

func (k *Keys) open(payload *commonpb.Payload) (*commonpb.Payload, error) {
	id := string(payload.GetMetadata()[metadataKeyID])
	sealer := k.byID[id]
	if sealer == nil {
		return nil, &UnknownKeyError{ID: id, none: k.first == ""}
	}
	plain, err := sealer.Open(nil, nil, payload.GetData(), authenticated(id))
	if err != nil {
		return nil, fmt.Errorf("a payload cannot be decrypted with the key %q: it was changed since, or another key had this id", id)
	}
	opened := &commonpb.Payload{}
	if err := proto.Unmarshal(plain, opened); err != nil {
		return nil, fmt.Errorf("a payload that was encrypted with the key %q holds none: %w", id, err)
	}
	return opened, nil
}

// authenticated is what nobody can change in a payload's metadata without the key.
func authenticated(id string) []byte { return []byte(encoding + " " + id) }

// UnknownKeyError says that a payload was encrypted with a key that is not set here.
type UnknownKeyError struct {
	ID   string
	none bool
}

func (e *UnknownKeyError) Error() string {
	if e.none {
		return fmt.Sprintf("encrypted with the key %q, and no key is set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)", e.ID)
	}
	return fmt.Sprintf("encrypted with the key %q, which is not among those set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)", e.ID)
}
