package stories

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
)

// noon is when every call begins to ring. It is later than the clock of any machine, so that no
// step treats what a story contains as older than the story.
var noon = time.Date(2036, 11, 24, 12, 0, 0, 0, time.UTC)

const callID = storyfile.CallID

// story is one call with its expected result.
type story struct {
	storyfile.Story
	Becomes picture
}

// event is one event from babelforce.
type event = storyfile.Event

// signal is the event as the call's workflow receives it, decoded from its webhook.
func (s story) signal(t *testing.T, e event, receivedAt time.Time) call.Event {
	return s.signalOf(t, e, s.Body(e, noon), receivedAt)
}

// signalOf is the event with another body than the usual one.
func (s story) signalOf(t *testing.T, e event, body map[string]string, receivedAt time.Time) call.Event {
	decoded, err := e.Decode(body)
	require.NoError(t, err, s.Title)
	return decoded.Report(receivedAt)
}
