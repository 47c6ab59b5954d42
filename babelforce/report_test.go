package babelforce

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestReportKeepsEveryField(t *testing.T) {
	var event Event
	fill(reflect.ValueOf(&event).Elem())
	event.Name = CallInbound
	report := event.Report(time.Now())
	require.False(t, report.FromLog)
	report.FromLog = true // set only for events that no webhook has reported
	translated := reflect.ValueOf(report)
	for _, part := range []reflect.Value{
		translated, translated.FieldByName("Leg"), translated.FieldByName("Agent"), translated.FieldByName("Queue"), translated.FieldByName("Recording"),
	} {
		for i := range part.NumField() {
			require.False(t, part.Field(i).IsZero(), "%s.%s", part.Type(), part.Type().Field(i).Name)
		}
	}
	require.Equal(t, reflect.TypeOf(event.Call).NumField(), translated.FieldByName("Leg").NumField())
	require.Equal(t, reflect.TypeOf(event.Agent).NumField(), translated.FieldByName("Agent").NumField())
	require.Equal(t, reflect.TypeOf(event.Queue).NumField(), translated.FieldByName("Queue").NumField())
	require.Equal(t, reflect.TypeOf(event.Recording).NumField(), translated.FieldByName("Recording").NumField())
}

// fill sets every field.
func fill(v reflect.Value) {
	switch into := v.Addr().Interface().(type) {
	case *time.Time:
		*into = time.Now()
	case **int:
		*into = new(7)
	case *[]string:
		*into = []string{"call.duration"}
	case *map[string]string:
		*into = map[string]string{"shop": "berlin"}
	case *bool:
		*into = true
	default:
		if v.Kind() == reflect.String {
			v.SetString("something")
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

func TestEveryEventHasItsOwnKind(t *testing.T) {
	for name, kind := range map[EventName]call.Kind{
		CallInbound: call.Inbound, CallOutbound: call.Outbound, CallBridged: call.Bridged,
		CallFinished: call.Finished, RecordingFinished: call.Recorded,
	} {
		require.Equal(t, kind, Event{Name: name}.Report(time.Now()).Kind)
	}
}
