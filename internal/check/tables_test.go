package check

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/internal/storyfile"
)

// twoBrands is the example of a call centre with two brands.
func twoBrands(t *testing.T) Sampler {
	t.Helper()
	content, err := os.ReadFile("../../docs/examples/two-brands.yaml")
	require.NoError(t, err)
	set, warnings, err := load.Bytes("two-brands.yaml", content)
	require.NoError(t, err)
	require.Empty(t, warnings)
	return Sampler{Set: set, Content: content}
}

// tagsOf returns the last tags that the sample sets on a conversation, and those that it adds or
// removes.
func tagsOf(t *testing.T, sample Sample) (tags []string) {
	t.Helper()
	for _, event := range sample.Events {
		for _, request := range event.Requests {
			if strings.HasSuffix(request.Path, "/tags") {
				var some []string
				require.NoError(t, json.Unmarshal(request.Body, &some))
				tags = append(tags, request.Method+" "+strings.Join(some, " "))
				continue
			}
			var body struct{ Tags []string }
			if _ = json.Unmarshal(request.Body, &body); body.Tags != nil {
				tags = append(tags, strings.Join(body.Tags, " "))
			}
		}
	}
	return tags
}

func TestExampleOfTwoBrandsWorks(t *testing.T) {
	s := twoBrands(t)
	samples, marked, err := s.Samples(t.Context(), append(UsualCalls(s.Set), Call{Waited: 130 * time.Second}.lost()))
	require.NoError(t, err)
	require.Empty(t, marked.Unreached())
	tags := make(map[string][]string)
	for _, sample := range samples {
		tags[sample.Call] = tagsOf(t, sample)
		require.Equal(t, strings.HasSuffix(sample.Call, ", which the file ignores"), sample.Ignored)
		require.Equal(t, !sample.Ignored, sample.Writes())
	}
	const answered = "answered after 7 s, ended after 95 s"
	require.Equal(t, map[string][]string{
		answered: {"inbound_call call_lost alpha", "inbound_call alpha call_answered within_service_level"},
		"not answered, the caller hangs up after 20 s": {"inbound_call call_lost alpha", "POST call_after_hours", "DELETE call_lost"},
		"not answered, the caller hangs up after 20 s, without your own fields": {
			"inbound_call call_lost alpha", "POST call_abandoned_in_queue outside_service_level",
		},
		"from a withheld number, " + answered: {"inbound_call call_lost alpha", "inbound_call alpha call_answered within_service_level"},
		"outbound, " + answered:               {"outbound_call alpha", "outbound_call alpha call_answered"},
		answered + ", on the number Beta":     {"inbound_call call_lost beta", "inbound_call beta call_answered within_service_level"},
		answered + ", which the file ignores": nil,
		answered + ", and has an earlier lost call": {
			"inbound_call call_lost alpha", "inbound_call alpha call_answered within_service_level", "DELETE call_lost",
		},
		"not answered, the caller hangs up after 130 s": {"inbound_call call_lost alpha", "inbound_call call_lost alpha call_abandoned_in_queue outside_service_level"},
	}, tags)
}

func TestIgnoredNumbersHaveSamples(t *testing.T) {
	for ignore, want := range map[string]Call{
		`callers: ["+493023125666", internal]`: {From: "+493023125666"},
		`callers: ["+49900*"]`:                 {From: "+499001"},
		`callers: [withheld, internal]`:        {From: "101"},
		`called: ["+493023125099"]`:            {To: "+493023125099"},
	} {
		set, _, err := load.Bytes("f.yaml", []byte("ignore: { "+ignore+" }\nautomations: [{ event: call.inbound, action: kustomer.conversation.create, options: {} }]"))
		require.NoError(t, err)
		is, ok := Call{}.ignored(set)
		require.True(t, ok)
		require.Equal(t, want, is)
	}
	_, ok := Call{}.ignored(load.Default())
	require.False(t, ok)
	require.Equal(t, storyfile.Withheld, UsualCalls(load.Default())[2].CallersNumber(), "which the usual calls have anyway")
}
