package reconcile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDayHasTheHoursOfItsZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for day, hours := range map[string]float64{"2026-11-27": 24, "2026-03-29": 23, "2026-10-25": 25} {
		w, err := Day(day, berlin)
		require.NoError(t, err)
		require.Equal(t, day+" 00:00", w.From.Format("2006-01-02 15:04"))
		require.InDelta(t, hours, w.To.Sub(w.From).Hours(), 0)
	}
	_, err = Day("27.11.2026", berlin)
	require.Error(t, err)
}

func TestChunksCoverTheWindowOnce(t *testing.T) {
	w := Window{noon, noon.Add(5 * time.Hour)}
	chunks := w.Chunks(2 * time.Hour)
	require.Len(t, chunks, 3)
	require.Equal(t, w.From, chunks[0].From)
	require.Equal(t, chunks[0].To, chunks[1].From)
	require.Equal(t, chunks[1].To, chunks[2].From)
	require.Equal(t, w.To, chunks[2].To)
	require.Empty(t, Window{noon, noon}.Chunks(time.Hour))
}

func TestCountsAddUpToTheCallsOfTheLog(t *testing.T) {
	c := Comparison{Window: Window{noon, noon.Add(time.Hour)}}
	for i, result := range Results {
		for range i + 1 {
			c.Add(Verdict{CallID: string(result), Result: result})
		}
	}
	next := Comparison{Window: Window{noon.Add(time.Hour), noon.Add(2 * time.Hour)}}
	next.Add(Verdict{CallID: "later", Result: Missed})
	c.Join(next)
	total := 0
	for _, n := range c.Counts {
		total += n
	}
	require.Equal(t, c.Calls, total)
	require.Equal(t, noon.Add(2*time.Hour), c.To)
	for _, v := range c.Listed {
		require.False(t, v.Result.IsPlain())
	}
	require.Equal(t, "later", c.Listed[len(c.Listed)-1].CallID)
}

func TestListIsLimitedAndCountsAreNot(t *testing.T) {
	var c, next Comparison
	for range maxListed + 10 {
		c.Add(Verdict{Result: Missed})
		next.Add(Verdict{Result: Missed})
	}
	c.Join(next)
	require.Len(t, c.Listed, maxListed)
	require.Equal(t, 2*maxListed+20, c.Counts[Missed])
}

func TestOnlyCompleteStatementsClaimNoneMissing(t *testing.T) {
	c := Comparison{Calls: 1204, Counts: map[Result]int{Matched: 1180, Joined: 20, NotWanted: 4}}
	require.Equal(t, "1,204 calls in babelforce's log: 1,180 conversations, 20 joined to an earlier conversation, 4 not wanted; 0 missing", c.String())
	c.Gaps = []Gap{{Why: "1 row of the log could not be read"}}
	require.NotContains(t, c.String(), "0 missing")
	require.Contains(t, c.String(), "it is not known whether any is missing")
	c.Counts[Missed] = 2
	require.Contains(t, c.String(), "; at least 2 missing")
	c.WithoutRow = []string{"x"}
	require.Contains(t, c.String(), "1 in Temporal without a row in the log")
}
