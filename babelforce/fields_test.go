package babelforce

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

// whole returns an event of an agent's leg in which every field of every bucket has a value, also the
// fields that are added later.
func whole(t *testing.T) Event {
	t.Helper()
	e := Event{Name: CallBridged, Extra: map[string]string{"shop": "berlin"}}
	for _, bucket := range []any{&e.Call, &e.Agent, &e.Queue, &e.Recording} {
		fields := reflect.ValueOf(bucket).Elem()
		for i := range fields.NumField() {
			switch field := fields.Field(i).Addr().Interface().(type) {
			case *string:
				*field = "value"
			case *bool:
				*field = true
			case *time.Time:
				*field = time.Date(2026, 6, 24, 10, 15, 2, 0, time.UTC)
			case **int:
				*field = new(7)
			default:
				require.Fail(t, "give the new type of field a value", "%T", field)
			}
		}
	}
	e.Call.ID, e.Call.Type = "child", "outbound"
	return e
}

func TestEveryFieldIsEncodedAndDecoded(t *testing.T) {
	want := whole(t)
	for _, shape := range []Encoding{NestedJSON, FlatJSON, FormFields} {
		contentType, body := Encode(want, shape, UnixSeconds)
		require.Equal(t, want, mustDecode(t, contentType, string(body)), shape)
	}
}

func TestEveryFieldReachesTheCall(t *testing.T) {
	event := whole(t).Report(time.Now())
	for _, part := range []any{event.Leg, event.Agent, event.Queue, event.Recording} {
		requireWhole(t, part)
	}
	record := call.Record{Key: event.Leg.Key()}
	record.Add(event, time.Now())
	again := whole(t)
	again.Call, again.Agent, again.Queue = Call{ID: again.Call.ID, ParentID: again.Call.ParentID}, Agent{ID: again.Agent.ID}, Queue{}
	record.Add(again.Report(time.Now()), time.Now())
	require.Len(t, record.Reports, 1, "the second report repeats the first with fewer fields")
	for _, part := range []any{record.Reports[0].Leg, record.Reports[0].Agent, record.Reports[0].Queue} {
		requireWhole(t, part)
	}
}

func requireWhole(t *testing.T, part any) {
	t.Helper()
	fields := reflect.ValueOf(part)
	for i := range fields.NumField() {
		require.False(t, fields.Field(i).IsZero(), "%T.%s", part, fields.Type().Field(i).Name)
	}
}
