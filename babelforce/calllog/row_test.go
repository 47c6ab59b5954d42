package calllog

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
)

// realistic are rows as in the OpenAPI's example and in other programs that read the log.
var realistic = []string{
	`{"id":"7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b","sessionId":"1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d","dateCreated":"2026-06-24T10:15:02Z","dateEstablished":"2026-06-24T10:15:09Z","state":"completed","type":"inbound","from":"+493000000000","to":"+493000000001","source":"queue","domain":"external","duration":42,"anonymous":false,"bridged":{"id":"4b5c","name":"Support Agent","number":"+493000000099","queueId":null,"agent":{"id":"4b5c","name":"Support Agent","number":"+493000000099"}},"recordings":[{"id":"r1","url":"https://recordings.example.com/1.mp3","duration":30,"state":"stored","file":{"size":6},"tags":[null]}]}`,
	`{"id":"7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6c","parentId":"7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b","dateCreated":1782296102,"type":"outbound","source":"queue","domain":"internal","state":"completed","finishReason":"unreachable","duration":0,"bridged":{},"recordings":null}`,
}

func TestRecordingsWithoutAudioAreOmitted(t *testing.T) {
	for list, want := range map[string][]babelforce.Recording{
		`[{"id":"r1","url":"https://x/1"},{"url":"https://x/2","duration":"12"}]`: {{ID: "r1", URL: "https://x/1"}, {URL: "https://x/2", Duration: new(12)}},
		`[null,7,"x",[],{},{"id":"r1"},{"id":"r2","url":null}]`:                   nil,
		`[{"id":"r1","url":"https://x/1","state":"deleted"},{"id":"r2","url":"https://x/2","state":"stored"},{"id":"r3","url":"https://x/3","state":"recording"}]`: {
			{ID: "r2", URL: "https://x/2"}},
		`{"id":"r1","url":"https://x/1"}`: nil,
		`"n/a"`:                           nil,
		`null`:                            nil,
		`[]`:                              nil,
	} {
		row, err := decodeRow(json.RawMessage(`{"id":"a","dateCreated":1,"recordings":` + list + `}`))
		require.NoError(t, err, list)
		require.Equal(t, want, row.Recordings, list)
	}
}

func FuzzRowIsReadOrRefused(f *testing.F) {
	for _, row := range realistic {
		f.Add([]byte(row))
	}
	f.Add([]byte(`{"id":"a","dateCreated":1,"recordings":[null,"n/a",{"url":7},[[[[[[[[[[1]]]]]]]]]]],"bridged":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // the page with the row was refused
		}
		row, err := decodeRow(raw)
		if err != nil {
			var refused *babelforce.DecodeError
			require.True(t, errors.Is(err, errNoDate) || errors.As(err, &refused))
			return
		}
		require.NotEmpty(t, row.Call.ID)
		require.False(t, row.Call.DateCreated.IsZero())
		for _, recording := range row.Recordings {
			require.NotEmpty(t, recording.URL)
		}
	})
}
