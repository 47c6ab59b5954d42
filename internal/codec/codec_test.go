package codec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	older = "2025:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	newer = "2026:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
)

func keysOf(t *testing.T, text string) *Keys {
	t.Helper()
	keys, err := ParseKeys(text)
	require.NoError(t, err)
	return keys
}

func payload(data string) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain"), "messageType": []byte("Caller")}, Data: []byte(data),
	}
}

func encrypt(t *testing.T, keys *Keys, data string) *commonpb.Payload {
	t.Helper()
	sealed, err := keys.Encode([]*commonpb.Payload{payload(data)})
	require.NoError(t, err)
	require.Len(t, sealed, 1)
	return sealed[0]
}

func decrypt(keys *Keys, sealed *commonpb.Payload) (*commonpb.Payload, error) {
	opened, err := keys.Decode([]*commonpb.Payload{sealed})
	if err != nil {
		return nil, err
	}
	return opened[0], nil
}

func TestEncryptedPayloadsRoundTrip(t *testing.T) {
	keys := keysOf(t, newer)
	for _, data := range []string{"", `"+493023125042"`, strings.Repeat("long ", 100_000)} {
		opened, err := decrypt(keys, encrypt(t, keys, data))
		require.NoError(t, err)
		require.True(t, proto.Equal(payload(data), opened))
	}
	several := []*commonpb.Payload{payload("1"), payload("2"), payload("3")}
	sealed, err := keys.Encode(several)
	require.NoError(t, err)
	opened, err := keys.Decode(sealed)
	require.NoError(t, err)
	require.Len(t, opened, 3)
	for i := range several {
		require.True(t, proto.Equal(several[i], opened[i]), i)
	}
}

func TestOnlyTheKeysIDIsLegible(t *testing.T) {
	sealed := encrypt(t, keysOf(t, newer), `"+493023125042"`)
	require.Equal(t, map[string][]byte{"encoding": []byte("binary/encrypted"), "encryption-key-id": []byte("2026")}, sealed.GetMetadata())
	for _, secret := range []string{"4930", "json/plain", "messageType", "Caller"} {
		require.NotContains(t, string(sealed.GetData()), secret)
	}
}

func TestSamePayloadLooksDifferentEachTime(t *testing.T) {
	keys, seen := keysOf(t, newer), make(map[string]bool)
	for range 1000 {
		seen[string(encrypt(t, keys, "same").GetData())] = true
	}
	require.Len(t, seen, 1000)
}

func TestTheFirstKeyEncryptsAndEveryKeyDecrypts(t *testing.T) {
	before, announced, replaced := keysOf(t, older), keysOf(t, older+"\n"+newer+"\n"), keysOf(t, newer+", "+older)
	require.Equal(t, "2025", announced.First())
	require.Equal(t, "2026", replaced.First())
	for _, writer := range []*Keys{before, announced, replaced} {
		for _, reader := range []*Keys{announced, replaced} {
			opened, err := decrypt(reader, encrypt(t, writer, "words"))
			require.NoError(t, err)
			require.Equal(t, "words", string(opened.GetData()))
		}
	}
}

func TestPlainPayloadsAreUnchanged(t *testing.T) {
	for _, keys := range []*Keys{keysOf(t, newer), keysOf(t, "")} {
		for _, clear := range []*commonpb.Payload{payload("words"), {}, {Metadata: map[string][]byte{"encoding": []byte("binary/null")}}} {
			opened, err := decrypt(keys, clear)
			require.NoError(t, err)
			require.True(t, proto.Equal(clear, opened))
		}
	}
	require.True(t, proto.Equal(payload("words"), encrypt(t, keysOf(t, ""), "words")), "nothing encrypts without a key")
}

func TestKeyThatIsNotSetIsNamed(t *testing.T) {
	sealed := encrypt(t, keysOf(t, newer), "words")
	for keys, says := range map[string]string{older: "not among those set", "": "no key is set"} {
		_, err := decrypt(keysOf(t, keys), sealed)
		var unknown *UnknownKeyError
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, "2026", unknown.ID)
		for _, word := range []string{`"2026"`, says, "--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS"} {
			require.ErrorContains(t, err, word)
		}
	}
}

func TestChangedPayloadIsRefused(t *testing.T) {
	twoNames := keysOf(t, newer+",other"+strings.TrimPrefix(newer, "2026"))
	sealed := encrypt(t, twoNames, "words")
	for i := range sealed.GetData() {
		changed := proto.CloneOf(sealed)
		changed.Data[i] ^= 1
		_, err := decrypt(twoNames, changed)
		require.ErrorContains(t, err, `"2026"`)
		require.NotContains(t, err.Error(), "words")
	}
	for _, length := range []int{0, 11, 27, len(sealed.GetData()) - 1} {
		cut := proto.CloneOf(sealed)
		cut.Data = cut.Data[:length]
		_, err := decrypt(twoNames, cut)
		require.Error(t, err)
	}
	renamed := proto.CloneOf(sealed)
	renamed.Metadata[metadataKeyID] = []byte("other")
	_, err := decrypt(twoNames, renamed)
	require.Error(t, err, "the id is authenticated, even where the key is the same")
}
