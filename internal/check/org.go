package check

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/storyfile"
	"github.com/callthread/callthread/internal/trial"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// org replaces Kustomer: a sandbox that contains everything the file and the call name. It
// records the requests and sends none to Kustomer.
type org struct {
	*sandbox.Server
	now      time.Time
	requests []Request
}

// operators is the customer that the operator names for a parked sample call.
const operators = "5f0c1a2b3c4d5e6f708155ff"

func newOrg(needs automation.Needs, story storyfile.Story, agents []string) *org {
	o := &org{now: began}
	config := trial.Org(needs)
	customers, conversations := story.Held(began)
	config.Customers = append(append(config.Customers, customers...), sandbox.Customer{ID: operators, Name: "Named by an operator"})
	config.Conversations = conversations
	config.Users, config.Teams = append(config.Users, storyfile.KustomerUsers()...), append(config.Teams, storyfile.KustomerTeams()...)
	for _, id := range agents {
		config.Users = append(config.Users, sandbox.User{ID: id, Name: "Agent of the call"})
	}
	config.APIKey, config.Budget, config.Now = sampleKey, sampleBudget, func() time.Time { return o.now }
	o.Server = sandbox.New(config)
	return o
}

const (
	sampleKey    = "sample"
	sampleBudget = 1_000_000 // the rate limit is not under test
)

func (o *org) client() (*kustomer.Client, error) {
	return kustomer.New(kustomer.Config{BaseURL: "https://sample.api.kustomerapp.com", APIKey: sampleKey, Transport: o})
}

// RoundTrip lets the sandbox answer a request.
func (o *org) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	o.requests = append(o.requests, Request{Method: request.Method, Path: request.URL.RequestURI(), Body: bytes.TrimSpace(body)})
	received := request.Clone(request.Context())
	received.Body = io.NopCloser(bytes.NewReader(body))
	answer := &answer{header: make(http.Header), status: http.StatusOK}
	o.ServeHTTP(answer, received)
	return &http.Response{
		Status: strconv.Itoa(answer.status), StatusCode: answer.status, Header: answer.header,
		Body: io.NopCloser(&answer.body), Request: request,
	}, nil
}

// sent returns the requests since the last call of sent.
func (o *org) sent() (requests []Request) {
	requests, o.requests = append([]Request{}, o.requests...), nil
	return requests
}

// Request is one request to Kustomer.
type Request struct {
	Method string `json:"method"`
	// Path is escaped as in the request.
	Path string          `json:"path"`
	Body json.RawMessage `json:"body,omitempty"`
}

// answer records the sandbox's response.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header               { return a.header }
func (a *answer) WriteHeader(status int)            { a.status = status }
func (a *answer) Write(content []byte) (int, error) { return a.body.Write(content) }
