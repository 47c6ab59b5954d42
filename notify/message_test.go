package notify

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestMessagesAreAboutWhatIsNew(t *testing.T) {
	for name, c := range map[string]struct {
		last  Seen
		found Found
		want  []Message // without the fields that all messages have
	}{
		"nothing needs an operator":         {Seen{}, Found{ComparedUntil: noon}, nil},
		"a call is parked":                  {Seen{}, Found{Parked: []string{"a"}, ParkedCount: 1}, []Message{{Kind: CallsParked, Count: 1, Total: 1, Calls: []string{"a"}}}},
		"it still is":                       {Seen{Parked: []string{"a"}, ParkedCount: 1}, Found{Parked: []string{"a"}, ParkedCount: 1}, nil},
		"another is parked in its place":    {Seen{Parked: []string{"a"}, ParkedCount: 1}, Found{Parked: []string{"b"}, ParkedCount: 1}, []Message{{Kind: CallsParked, Count: 1, Total: 1, Calls: []string{"b"}}}},
		"more are parked than are listed":   {Seen{Parked: []string{"a"}, ParkedCount: 200}, Found{Parked: []string{"a"}, ParkedCount: 207}, []Message{{Kind: CallsParked, Count: 7, Total: 207, Calls: []string{}}}},
		"an agent is unknown":               {Seen{Unassigned: 3}, Found{Unassigned: 5}, []Message{{Kind: AgentsUnassigned, Count: 2}}},
		"an agent became known":             {Seen{Unassigned: 3}, Found{Unassigned: 2}, nil},
		"the key is refused":                {Seen{}, Found{KeyRefused: true, Waiting: 4}, []Message{{Kind: KeyRefused, Total: 4}}},
		"the key is still refused":          {Seen{KeyRefused: true}, Found{KeyRefused: true, Waiting: 9}, nil},
		"calls are missing":                 {Seen{}, Found{Missed: 2, MissedCalls: []string{"x", "y"}}, []Message{{Kind: CallsMissed, Count: 2, Calls: []string{"x", "y"}}}},
		"repairs wait for an operator":      {Seen{}, Found{Repaired: 1, Held: 60}, []Message{{Kind: CallsMissed, Repaired: 1, Held: 60}}},
		"comparisons do not come to an end": {Seen{}, Found{Overdue: true, ComparedUntil: noon}, []Message{{Kind: ComparisonOverdue, Until: noon}}},
		"they still do not":                 {Seen{Overdue: true}, Found{Overdue: true, ComparedUntil: noon}, nil},
	} {
		messages := c.found.messages(c.last, "default")
		for i := range messages {
			require.Equal(t, "default", messages[i].Namespace, name)
			require.Contains(t, messages[i].Text, messages[i].Runbook, name)
			messages[i].Namespace, messages[i].Runbook, messages[i].Text = "", "", ""
		}
		require.Equal(t, c.want, messages, name)
	}
}

func TestMessageIsReadableInSlack(t *testing.T) {
	var ids []string
	for i := range 12 {
		ids = append(ids, fmt.Sprintf("<!channel> & %d", i))
	}
	message := Found{Parked: ids, ParkedCount: 12}.messages(Seen{}, "default")[0]
	require.Len(t, message.Calls, maxNamed)
	body, err := json.Marshal(Message{Text: message.Text})
	require.NoError(t, err)
	require.Contains(t, message.Text, "Callthread: 12 calls newly parked, 12 in all, waiting for a decision (`starter parked`): &lt;!channel&gt; &amp; 0, ")
	require.Less(t, len(body), 1000)

	repaired := Found{Missed: 3, Repaired: 3}.messages(Seen{}, "default")[0]
	require.Contains(t, repaired.Text, "3 calls newly found in babelforce's log but not in Callthread; 3 calls repaired from babelforce's log. https://")
	held := Found{Held: 60}.messages(Seen{}, "default")[0]
	require.Equal(t, "Callthread: 60 calls waiting for an operator to repair them from babelforce's log. "+held.Runbook, held.Text)
	one := Found{Missed: 1, MissedCalls: []string{"x"}}.messages(Seen{}, "default")[0]
	require.Equal(t, "Callthread: 1 call newly found in babelforce's log but not in Callthread: x. "+one.Runbook, one.Text)
}
