// Package codec encrypts what Temporal stores about calls.
//
// The inputs and results of nearly every step contain phone numbers, names and notes. The
// package encrypts these payloads in the clients and workers with AES-256, so that they are
// readable only with the key. It also serves the codec server, which decrypts them for Temporal's
// Web UI and CLI, and hashes callers' numbers for search attributes.
package codec

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// The metadata of an encrypted payload. It is stored as long as the history.
const (
	encoding      = "binary/encrypted"
	metadataKeyID = "encryption-key-id"
)

// Encode encrypts whole payloads with their metadata, so that the type is secret too.
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

// Decode decrypts encrypted payloads and leaves others unchanged, because calls that began
// before encryption was enabled have plain payloads. It returns an [UnknownKeyError] if the key
// of a payload is not set.
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
		return nil, fmt.Errorf("a payload cannot be decrypted with the key %q: it was changed, or encrypted with another key of the same id", id)
	}
	opened := &commonpb.Payload{}
	if err := proto.Unmarshal(plain, opened); err != nil {
		return nil, fmt.Errorf("decode a payload that was encrypted with the key %q: %w", id, err)
	}
	return opened, nil
}

// authenticated is the metadata that cannot be changed without the key.
func authenticated(id string) []byte { return []byte(encoding + " " + id) }

// UnknownKeyError is returned for a payload that was encrypted with a key that is not set.
type UnknownKeyError struct {
	ID   string
	none bool
}

// Error names the key and the settings with which keys are set.
func (e *UnknownKeyError) Error() string {
	if e.none {
		return fmt.Sprintf("encrypted with the key %q, and no key is set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)", e.ID)
	}
	return fmt.Sprintf("encrypted with the key %q, which is not among those set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)", e.ID)
}
