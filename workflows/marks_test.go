package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/workflows"
)

func TestMarksDescribeTheCall(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)
	skips := func(step string) func(c *callUnderTest) {
		return func(c *callUnderTest) {
			c.fails[step] = []error{refused}
			c.at(30*time.Second, func() { c.decides(workflows.UpdateSkip) })
		}
	}
	for name, c := range map[string]struct {
		change func(c *callUnderTest)
		marks  []workflows.Mark
	}{
		"nothing":    {func(*callUnderTest) {}, nil},
		"joined":     {func(c *callUnderTest) { c.opened.Joined = true }, []workflows.Mark{workflows.MarkJoined}},
		"not wanted": {func(c *callUnderTest) { c.opened.Conversation = activities.Conversation{} }, []workflows.Mark{workflows.MarkNotWanted}},
		"ignored": {func(c *callUnderTest) {
			c.opened.Conversation, c.opened.Ignored = activities.Conversation{}, true
		}, []workflows.Mark{workflows.MarkIgnored}},
		"a test": {func(c *callUnderTest) {
			test := inbound
			test.Leg.Source = "test"
			c.starts(test)
		}, []workflows.Mark{workflows.MarkTest}},
		"an unknown agent": {func(c *callUnderTest) { c.answers["bridged"] = isNotKnown("bridged") }, []workflows.Mark{workflows.MarkUnassigned}},
		"a step left out":  {skips("bridged"), []workflows.Mark{workflows.MarkSkipped}},
		"its opening":      {skips("create"), []workflows.Mark{workflows.MarkSkipped}},
	} {
		t.Run(name, func(t *testing.T) {
			played := newCall(t)
			c.change(played)
			if played.input.First == nil {
				played.starts(inbound)
			}
			played.receives(10*time.Second, bridged)
			played.receives(60*time.Second, finished)
			played.plays()
			require.Equal(t, c.marks, played.marks)
		})
	}
}

// A mark of the last step is set too, although no other search attribute changes.
func TestMarksOfTheLastStepAreSet(t *testing.T) {
	played := newCall(t)
	played.answers["bridged"] = isNotKnown("bridged")
	played.env.SetCurrentHistoryLength(signalled)
	played.away = 5 * time.Second // the call is over before it has a conversation
	played.starts(inbound)
	played.receives(time.Second, bridged)
	played.receives(2*time.Second, finished)
	played.plays()
	require.Equal(t, []workflows.Mark{workflows.MarkUnassigned}, played.marks)
}
