package webhook

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestEveryEncodingLeadsToTheSameEvent(t *testing.T) {
	want := call.Event{
		Kind: call.Bridged,
		Leg: call.Leg{
			ID: leg, Type: "inbound", Source: "queue", Domain: "external", State: "bridged", From: phone, To: "+493055500000",
			CreatedAt: time.Date(2026, 6, 24, 10, 15, 2, 0, time.UTC), Seconds: new(7),
		},
		Agent: call.Agent{ID: "a1", Name: person, Email: "agent@example.com", Number: "11", SourceID: "5f0c", Source: "kustomer"},
		Queue: call.Queue{ID: "q1", Name: "Support & Co"},
		Extra: map[string]string{"session.vip": "true", "call.score": "12.50", "shop": "berlin"},
	}
	const nested = `{"call":{"id":"7C3F9A2E-4B5D-6E8F-9A0B-1C2D3E4F5A6B","type":"inbound","source":"queue","domain":"external","state":"bridged",` +
		`"from":"` + phone + `","to":{"number":"+493055500000"},"dateCreated":1782296102,"dateFinished":null,"duration":7,"score":12.50},` +
		`"agent":{"id":"a1","name":"` + person + `","email":"agent@example.com","number":11,"sourceId":"5f0c","agentSource":"kustomer"},` +
		`"queue":{"id":"q1","name":"Support & Co"},"session":{"vip":true},"shop":"berlin"}`
	for name, sent := range map[string]struct{ contentType, body string }{
		"nested JSON":    {"application/json", nested},
		"no type at all": {"", nested},
		"flat JSON": {"application/json; charset=utf-8", `{"call.id":"` + leg + `","call.parentId":"{call.parentId}","call.type":"inbound","call.source":"queue","call.domain":"external",` +
			`"call.state":"bridged","call.from":"` + phone + `","call.to":"+493055500000","call.dateCreated":"1782296102000","call.duration":"7","call.score":"12.50",` +
			`"agent.id":"a1","agent.name":"` + person + `","agent.email":"agent@example.com","agent.number":"11","agent.sourceId":"5f0c","agent.agentSource":"kustomer",` +
			`"queue.id":"q1","queue.name":"Support & Co","session.vip":"true","shop":"berlin"}`},
		"form": {"application/x-www-form-urlencoded", "call.id=" + leg + "&call.type=inbound&call.source=queue&call.domain=external&call.state=bridged" +
			"&call.from=%2B493055512399&call.to=+493055500000&call.dateCreated=2026-06-24T12%3A15%3A02%2B02:00&call.duration=7&call.score=12.50" +
			"&agent.id=a1&agent.name=Marked+Person&agent.email=agent%40example.com&agent.number=11&agent.sourceId=5f0c&agent.agentSource=kustomer" +
			"&queue.id=q1&queue.name=Support+%26+Co&session.vip=true&shop=berlin"},
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			require.Equal(t, http.StatusAccepted, r.send(t, raw("POST", "/webhooks/babelforce/call-bridged", sent.contentType, sent.body)).status, name)
			got := r.temporal.runs[workflowID].events[0]
			want.ReceivedAt = time.Now().UTC()
			require.Equal(t, want, got, name)
		})
	}
}

// A repeated webhook may differ from the first: in a counter, in the buckets of another automation,
// or in the signature of a link.
func TestRepeatedWebhooksAreOneReport(t *testing.T) {
	const link = `"recording.url":"https://recordings.example.com/1?signature=`
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, sent := range []struct {
			event  string
			fields []string
		}{
			{"call-bridged", []string{`"call.duration":7`, `"deliveryAttempt":1`}},
			{"call-bridged", []string{`"call.duration":7`, `"deliveryAttempt":2`}},
			{"call-bridged", []string{`"call.duration":7`, `"queue.name":"Support"`}},
			{"call-bridged", []string{`"agent.name":""`}},
			{"call-finished", []string{`"call.id":"child","call.parentId":"` + leg + `","call.duration":48`, `"deliveryAttempt":1`}},
			{"call-finished", []string{`"call.id":"child","call.parentId":"` + leg + `","call.duration":48`, `"deliveryAttempt":2`}},
			{"recording-finished", []string{link + `1"`}},
			{"recording-finished", []string{link + `2"`}},
			{"recording-finished", []string{link + `3","recording.id":"r1"`}},
		} {
			require.Equal(t, http.StatusAccepted, r.post(t, sent.event, sent.fields...).status)
		}
		record := call.Record{Key: leg}
		require.Len(t, r.temporal.runs[workflowID].events, 9)
		for _, event := range r.temporal.runs[workflowID].events {
			record.Add(event, event.ReceivedAt)
		}
		var kinds []call.Kind
		for _, report := range record.Reports {
			kinds = append(kinds, report.Kind)
		}
		require.Equal(t, []call.Kind{call.Bridged, call.Finished, call.Recorded}, kinds)
		require.Len(t, record.Legs(), 1)
	})
}

func TestOutboundCallNeedsNoParent(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		outbound := r.post(t, "call-finished", `"call.type":"outbound","call.source":"api","call.domain":"external"`)
		require.Equal(t, http.StatusAccepted, outbound.status)
		require.Equal(t, leg, outbound.CallID)
	})
}
