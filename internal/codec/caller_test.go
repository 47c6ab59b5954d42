package codec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const number = "+493023125042"

func TestCallerHashDependsOnNumberAndKey(t *testing.T) {
	hash := keysOf(t, newer).CallerHash(number)
	require.Regexp(t, `^2026:[0-9a-f]{32}$`, hash)
	require.Equal(t, hash, keysOf(t, newer+","+older).CallerHash(number))
	require.NotEqual(t, hash, keysOf(t, older+","+newer).CallerHash(number), "the first key hashes")
	require.NotEqual(t, hash, keysOf(t, newer).CallerHash(number+"0"))
}

func TestHashesOfAllKeysFindCalls(t *testing.T) {
	rotated := keysOf(t, newer+","+older)
	require.ElementsMatch(t, []string{keysOf(t, newer).CallerHash(number), keysOf(t, older).CallerHash(number)}, rotated.CallerHashes(number))
}

func TestWithoutAKeyOrANumberThereIsNoHash(t *testing.T) {
	require.Empty(t, keysOf(t, "").CallerHash(number))
	require.Empty(t, keysOf(t, "").CallerHashes(number))
	require.Empty(t, keysOf(t, newer).CallerHash(""))
}

// A hash is stored as long as its call. If it changed, operators could not find callers any more.
func TestCallersHashStaysAsItIs(t *testing.T) {
	require.Equal(t, "2026:df9ee35a664340fbdb6a98f9bc41d0aa", keysOf(t, newer).CallerHash(number))
}
