package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"

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
	for _, story := range stories(set) {
		sample, err := play(ctx, story, set, country)
		if err != nil {
			return nil, fmt.Errorf("sample call %q: %w", story.title, err)
		}
		samples = append(samples, sample)
	}
	return samples, nil
}

func play(ctx context.Context, story story, set *automation.Set, country string) (Sample, error) {
	recorder := &recorder{requests: []Request{}, conversation: map[string]any{"rev": 1}}
	client, err := kustomer.New(kustomer.Config{BaseURL: "https://sample.api.kustomerapp.com", APIKey: "none", Transport: recorder})
	if err != nil {
		return Sample{}, err
	}
	steps := activities.New(client, func() *automation.Set { return set }, country)
	sample := Sample{Call: story.title}
	facts := call.Facts{Key: story.events[0].Leg.ID}.Learn(story.events[0])
	opened, err := steps.CreateConversation(ctx, activities.CreateConversationInput{Facts: facts})
	if err != nil {
		return Sample{}, err
	}
	sample.Warnings = opened.Warnings
	left := opened.Left
	facts.Kustomer = call.Kustomer{CustomerID: opened.CustomerID, ConversationID: opened.ConversationID, ConversationURL: opened.ConversationURL}
	var bridges []call.Event
	for _, event := range story.events[1:] {
		if opened.ConversationID == "" {
			break
		}
		facts = facts.Learn(event)
		facts.Recording = event.Recording
		switch event.Kind {
		case call.Bridged:
			bridges = append(bridges, event)
		case call.Finished:
			over := call.Over{Facts: facts, Bridged: len(bridges) > 0, Ended: true}
			facts.Outcome, facts.Summary = over.Outcome(), over.Summary(bridges)
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

// isConversation tells requests about a conversation itself from those about what is said in it.
var isConversation = regexp.MustCompile(`^/v1/conversations(/[^/]+(/tags)?)?$`)

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	r.requests = append(r.requests, Request{Method: request.Method, Path: request.URL.RequestURI(), Body: bytes.TrimSpace(body)})
	if isConversation.MatchString(request.URL.Path) {
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
