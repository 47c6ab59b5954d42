package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"go.temporal.io/sdk/temporal"
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
	recorder := &recorder{requests: []Request{}, conversation: map[string]any{"rev": 1, "noteCount": 0}}
	client, err := kustomer.New(kustomer.Config{BaseURL: "https://sample.api.kustomerapp.com", APIKey: "none", Transport: recorder})
	if err != nil {
		return Sample{}, err
	}
	p := player{
		steps:  activities.New(client, func() *automation.Set { return set }, country),
		record: call.Record{Key: story.events[0].Leg.ID, Started: story.events[0].At(), Limits: call.DefaultLimits},
		sample: Sample{Call: story.title},
	}
	for _, event := range story.events {
		now := event.At()
		p.record.Add(event, now)
		if err := p.catchUp(ctx, now); err != nil {
			return Sample{}, err
		}
	}
	err = p.finish(ctx)
	p.sample.Requests = recorder.requests
	return p.sample, err
}

// player plays a call against the steps, with no Temporal: the record decides what is due.
type player struct {
	steps        *activities.Activities
	record       call.Record
	conversation activities.Conversation
	sample       Sample
}

// catchUp does everything that is due at a time.
func (p *player) catchUp(ctx context.Context, now time.Time) error {
	for step := p.record.Next(now).Step; step != nil; step = p.record.Next(now).Step {
		do := p.steps.UpdateConversation
		if p.record.Opened == nil {
			do = p.steps.CreateConversation
		}
		result, err := do(ctx, activities.StepInput{Step: *step, Conversation: p.conversation})
		var refused *temporal.ApplicationError
		if errors.As(err, &refused) && refused.Type() == activities.CallerUnknown {
			p.sample.Warnings = append(p.sample.Warnings, "the call is parked until an operator amends it: "+refused.Message())
			result, err = activities.StepResult{}, nil // as if the operator skipped the step
		}
		if err != nil {
			return err
		}
		p.conversation = result.Conversation
		p.record.Done(*step, call.Done{Conversation: result.Conversation.ID != "", Expects: result.Expects, Agents: result.Agents, Placer: result.Placer})
		p.sample.Warnings = append(p.sample.Warnings, result.Warnings...)
	}
	return nil
}

// finish lets time pass until the call is over.
func (p *player) finish(ctx context.Context) error {
	for next := p.record.Next(time.Time{}); next.Wait.For != ""; {
		now := next.Wait.Until
		if err := p.catchUp(ctx, now); err != nil {
			return err
		}
		next = p.record.Next(now)
	}
	return nil
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

// isList tells requests for what is said in a conversation: nothing is.
var isList = regexp.MustCompile(`^/v1/conversations/[^/]+/(notes|messages)$`)

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
	if request.Method == http.MethodGet && isList.MatchString(request.URL.Path) {
		return answer(request, http.StatusOK, object{"data": []object{}})
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
