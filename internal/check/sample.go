package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// Sample is a made-up call and the requests that it would lead to.
type Sample struct {
	Call     string    `json:"call"`
	Requests []Request `json:"requests"`
	// Warnings are what operators would see on its run.
	Warnings []string `json:"warnings,omitempty"`
}

// Request is one request to Kustomer.
type Request struct {
	Method string `json:"method"`
	// Path is escaped, as it is sent.
	Path string          `json:"path"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Samples carries out the very steps of a few made-up calls, with a stand-in
// that takes each request and sends it nowhere.
func Samples(ctx context.Context, set *automation.Set, country string) ([]Sample, error) {
	var samples []Sample
	for _, story := range stories(set.Fields()) {
		sample, err := play(ctx, story, set, country)
		if err != nil {
			return nil, fmt.Errorf("sample call %q: %w", story.title, err)
		}
		samples = append(samples, sample)
	}
	return samples, nil
}

// story is a made-up call: the events that change its conversation.
type story struct {
	title  string
	events []call.Event
}

// stories are the calls as they come with a file's own fields. Flows send many
// of those for some calls only, as after hours: so one call goes without.
func stories(fields []string) []story {
	stories := bareStories()
	if len(fields) == 0 {
		return stories
	}
	for _, story := range stories {
		for i := range story.events {
			story.events[i].Extra = dummies(fields)
		}
	}
	without := bareStories()[1]
	without.title += ", and no field of your own is sent"
	return append(stories, without)
}

// dummies are values for fields whose meaning only the file's author knows.
func dummies(fields []string) map[string]string {
	values := make(map[string]string, len(fields))
	for _, field := range fields {
		values[field] = "sample"
	}
	return values
}

// bareStories are a call that is answered and one that nobody picks up, from a
// caller who is new, and one from a withheld number. The numbers are reserved
// for fiction.
func bareStories() []story {
	created := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	leg := func(seconds int, reason string) call.Leg {
		return call.Leg{
			ID: "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b", SessionID: "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", Type: "inbound", Source: "queue", Domain: "external",
			From: "+493023125042", To: "+493023125001", CreatedAt: created, Seconds: &seconds, FinishReason: reason,
		}
	}
	agent := call.Agent{ID: "4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e", Name: "Amira Haddad", Email: "amira.haddad@example.com", SourceID: "5f0c1a2b3c4d5e6f70819210", Source: "kustomer"}
	queue := call.Queue{ID: "2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a", Name: "Support"}
	answered := func(leg func(seconds int, reason string) call.Leg) []call.Event {
		return []call.Event{
			{Kind: call.Inbound, Leg: leg(0, "")},
			{Kind: call.Bridged, Leg: leg(7, ""), Agent: agent, Queue: queue},
			{Kind: call.Finished, Leg: leg(95, "passive-hangup")},
		}
	}
	withheld := func(seconds int, reason string) call.Leg {
		leg := leg(seconds, reason)
		leg.From, leg.Anonymous = "anonymous", true
		return leg
	}
	return []story{
		{"answered after 7 s, over after 95 s", answered(leg)},
		{"nobody picks up, the caller gives up after 20 s", []call.Event{
			{Kind: call.Inbound, Leg: leg(0, "")}, {Kind: call.Finished, Leg: leg(20, "hangup")},
		}},
		{"from a withheld number, answered after 7 s, over after 95 s", answered(withheld)},
	}
}

func play(ctx context.Context, story story, set *automation.Set, country string) (Sample, error) {
	recorder := &recorder{requests: []Request{}, conversation: map[string]any{"rev": 1}}
	client, err := kustomer.New(kustomer.Config{BaseURL: "https://sample.api.kustomerapp.com", APIKey: "none", Transport: recorder})
	if err != nil {
		return Sample{}, err
	}
	steps := activities.New(client, func() *automation.Set { return set }, country)
	sample := Sample{Call: story.title}
	facts := call.Facts{Key: story.events[0].Leg.ID}
	var left activities.Conversation
	for _, event := range story.events {
		facts = facts.Learn(event)
		if event.Kind == call.Inbound {
			opened, err := steps.CreateConversation(ctx, activities.CreateConversationInput{Facts: facts})
			if err != nil {
				return Sample{}, err
			}
			sample.Warnings = append(sample.Warnings, opened.Warnings...)
			left = opened.Left
			facts.Kustomer = call.Kustomer{CustomerID: opened.CustomerID, ConversationID: opened.ConversationID, ConversationURL: opened.ConversationURL}
			if opened.ConversationID == "" {
				break
			}
			continue
		}
		if event.Kind == call.Finished {
			facts.Outcome = call.Over{Facts: facts, Bridged: facts.Agent.ID != "", Ended: true}.Outcome()
		}
		updated, err := steps.UpdateConversation(ctx, activities.UpdateConversationInput{
			Event: event.Kind, Facts: facts.AsOf(event), ConversationID: facts.Kustomer.ConversationID, Note: string(event.Kind), Left: left,
		})
		if err != nil {
			return Sample{}, err
		}
		left = updated.Left
		sample.Warnings = append(sample.Warnings, updated.Warnings...)
	}
	sample.Requests = recorder.requests
	return sample, nil
}

// sampleID is the id of whatever is created.
const sampleID = "000000000000000000000001"

// recorder takes requests in Kustomer's place. It knows no customer, remembers
// what the conversation was told, and agrees to everything.
type recorder struct {
	requests     []Request
	conversation map[string]any
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	r.requests = append(r.requests, Request{Method: request.Method, Path: request.URL.RequestURI(), Body: bytes.TrimSpace(body)})
	if strings.HasPrefix(request.URL.Path, "/v1/conversations") && !strings.HasSuffix(request.URL.Path, "/notes") {
		_ = json.Unmarshal(body, &r.conversation) // a list of tags tells it nothing that is asked for
		return answer(request, http.StatusOK, object{"data": object{"type": "conversation", "id": sampleID, "attributes": r.conversation}})
	}
	if request.Method == http.MethodGet {
		return answer(request, http.StatusNotFound, object{"errors": []object{{"code": "notfound", "message": "no such thing"}}})
	}
	return answer(request, http.StatusCreated, object{"data": object{"type": "sample", "id": sampleID, "attributes": object{}}})
}

type object map[string]any

func answer(to *http.Request, status int, with object) (*http.Response, error) {
	body, err := json.Marshal(with)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)), Request: to,
	}, err
}
