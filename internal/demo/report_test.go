package demo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerdictCountsOpenCalls(t *testing.T) {
	for want, report := range map[string]Report{
		"207 of 207 calls right, and 12 under way, 1 parked: not judged; 0 lost, 0 doubled, 0 wrong.": {Calls: 207, UnderWay: 12, StillParked: 1},
		"2 of 3 calls right, and 1 parked: not judged; 0 lost, 0 doubled, 1 wrong.":                   {Calls: 3, StillParked: 1, Wrong: []string{"call k"}},
		"3 of 3 calls right; 0 lost, 0 doubled, 0 wrong.":                                             {Calls: 3},
		"0 of 0 calls right, and 2 under way: not judged; 0 lost, 0 doubled, 0 wrong.":                {UnderWay: 2},
	} {
		first, _, _ := strings.Cut(report.String(), "\n")
		require.Equal(t, want, first)
	}
}

func TestRequestsPerCallNeedAllCallsToHaveEnded(t *testing.T) {
	require.Contains(t, Report{Calls: 2, Requests: 14, StillParked: 1}.String(), "\n7.0 Kustomer requests per call.")
	require.NotContains(t, Report{Calls: 2, Requests: 14, UnderWay: 1}.String(), "requests per call")
}

func TestVerdictNamesWhatItDidNotJudge(t *testing.T) {
	report := Report{
		Calls: 20, Notes: 37, Requests: 140, File: "mine.yaml", Unopened: 3, Shared: 2, Others: 1,
		NotJudged: []string{"whether the file says what you mean"}, Doubled: []string{"call k has 2 conversations"},
	}
	require.Equal(t, `19 of 20 calls right; 0 lost, 1 doubled, 0 wrong.
17 have exactly one conversation each, as mine.yaml renders it,
and 3 have none, because it opens none for them; 37 notes, none twice.
7.0 Kustomer requests per call.
Not judged:
  whether the file says what you mean
  all but the notes of calls that share a conversation with another: 2
  conversations of calls that the demo did not play: 1
Problems:
  call k has 2 conversations`, report.String())
	require.NotContains(t, Report{Calls: 20, Notes: 37}.String(), "Not judged", "all was judged")
}

func TestVerdictFitsIntoAHundredColumns(t *testing.T) {
	report := Report{
		Calls: 2000, Answered: 1500, Notes: 4000, Requests: 39192, Disturbed: 16000, UnderWay: 100, StillParked: 10, Parked: 12, Seed: 20261124,
		Kills: map[Part]int{Receiver: 7, Worker: 8, Temporal: 7, Receiver.nth(2): 5, Worker.nth(2): 5},
	}
	for line := range strings.Lines(report.String()) {
		require.LessOrEqual(t, len([]rune(line)), 101, line)
	}
}
