package operator

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// rang is a call that rang some seconds after noon and found conversations. Each conversation is
// named after the second in which it was created.
func rang(after int, created ...string) ShadowCall {
	c := ShadowCall{CallID: "shadow/" + time.Duration(after).String()}
	c.Rang = noon.Add(time.Duration(after) * time.Second)
	for _, name := range created {
		at, err := time.ParseDuration(name)
		if err != nil {
			panic(err)
		}
		c.Found = append(c.Found, activities.Found{ConversationID: name, CreatedAt: noon.Add(at)})
	}
	c.Verdict = activities.VerdictOf(c.Found)
	return c
}

func TestEachConversationBelongsToTheNearestRing(t *testing.T) {
	for name, c := range map[string]struct {
		calls []ShadowCall
		want  []string // verdicts
	}{
		"one each":                  {[]ShadowCall{rang(0, "1s", "61s"), rang(60, "61s")}, []string{"one", "one"}},
		"both the second's":         {[]ShadowCall{rang(0, "61s", "62s"), rang(60, "61s", "62s")}, []string{"none", "several"}},
		"three calls":               {[]ShadowCall{rang(0, "1s", "61s", "121s"), rang(60, "61s", "121s"), rang(120, "121s")}, []string{"one", "one", "one"}},
		"made before the ring":      {[]ShadowCall{rang(0, "1s", "50s"), rang(60, "50s")}, []string{"one", "one"}},
		"two rings at once":         {[]ShadowCall{rang(0, "1s", "8s"), rang(7, "1s", "8s")}, []string{"ambiguous", "ambiguous"}},
		"and a third call":          {[]ShadowCall{rang(0, "1s", "8s", "91s"), rang(7, "1s", "8s", "91s"), rang(90, "91s")}, []string{"ambiguous", "ambiguous", "one"}},
		"customers of their own":    {[]ShadowCall{rang(0, "1s"), rang(1, "2s"), rang(2)}, []string{"one", "one", "none"}},
		"all of them another's now": {[]ShadowCall{rang(0, "90s"), rang(91, "90s")}, []string{"none", "one"}},
	} {
		t.Run(name, func(t *testing.T) {
			settle(c.calls)
			var verdicts []string
			for _, call := range c.calls {
				verdicts = append(verdicts, string(call.Verdict))
			}
			require.Equal(t, c.want, verdicts)
		})
	}
}

func TestOneRemainingConversationIsSettled(t *testing.T) {
	first, second := rang(0, "1s", "61s"), rang(60, "61s")
	first.Verdict, first.Reason = activities.VerdictAmbiguous, activities.ReasonCreators
	calls := []ShadowCall{first, second}
	settle(calls)
	require.Equal(t, []any{activities.VerdictOne, activities.Reason("")}, []any{calls[0].Verdict, calls[0].Reason})
}

func TestShadowReportIsPrinted(t *testing.T) {
	alike := rang(0, "1s")
	other := rang(60, "61s")
	other.Notes, other.Found[0] = 2, activities.Found{ConversationID: "61s", Assignees: activities.Different, OtherAgent: true, Tags: activities.Same, Status: activities.Unknown, Notes: 2}
	twice, none, shared := rang(120, "121s", "122s"), rang(180), rang(240)
	shared.Verdict, shared.Reason = activities.VerdictAmbiguous, activities.ReasonShared
	r := ShadowReport{Calls: []ShadowCall{alike, other, twice, none, shared}, Totals: ShadowTotals{UnderWay: 3}}
	for _, c := range r.Calls {
		r.Totals.add(c)
	}
	var printed strings.Builder
	require.NoError(t, r.Print(&printed))
	require.Contains(t, printed.String(), "4 calls: the vendor's automation made 4 conversations, 1 calls have two or more, 1 have none; 1 are assigned to an agent who did not pick up\n"+
		"Of the 2 calls with one conversation, 1 differ in assignees, 0 in tags, 0 in status, 0 in the number of notes\n1 more are ambiguous\n3 more are under way\n")
	require.NotContains(t, printed.String(), alike.CallID+" ")
	require.Regexp(t, `shadow/60ns +2026-11-28T12:01:00Z +one +other agent +same +unknown +2 for 2 +61s\n`, printed.String())
	require.Regexp(t, `shadow/120ns .+ several .+ 121s/122s\n`, printed.String())
	require.Regexp(t, `shadow/240ns .+ ambiguous: shared_number `, printed.String())
}
