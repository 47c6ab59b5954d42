package stories

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
)

// noon is when every call begins to ring: later than any machine's clock, so
// that no step takes what a story tells for older than the story.
var noon = time.Date(2036, 11, 24, 12, 0, 0, 0, time.UTC)

const callID = storyfile.CallID

// story is one call, with what is to be seen of it in the end.
type story struct {
	storyfile.Story
	Becomes picture
}

// told is one event of babelforce's.
type told = storyfile.Event

// signal is the event as the call's workflow gets it, from the webhook on.
func (s story) signal(t *testing.T, e told, receivedAt time.Time) call.Event {
	return s.signalOf(t, e, s.Body(e, noon), receivedAt)
}

// signalOf is the event in another body than the usual.
func (s story) signalOf(t *testing.T, e told, body map[string]string, receivedAt time.Time) call.Event {
	decoded, err := e.Decode(body)
	require.NoError(t, err, s.Title)
	return decoded.Report(receivedAt)
}
