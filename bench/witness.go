package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// witness is a proxy in front of the sandbox. It records which call a request is for, and when its
// effect was complete. The results of calls are thus measured in Kustomer, however many requests a
// contestant sends.
type witness struct {
	kustomer http.Handler
	latency  time.Duration // added to every answer

	mu            sync.Mutex
	seen          map[string]*seen  // by call
	numbers       map[string]string // the call by its number
	conversations map[string]string // the call by its conversation's id
}

// seen is what was recorded about one call.
type seen struct {
	opened, updated chan struct{} // closed at these times
	openedAt        time.Time     // the conversation existed
	updatedAt       time.Time     // the agent was assigned, the tags were right and the note was there

	tags                    []string // ids of the tags at creation
	lost                    string   // id of the tag call_lost
	assigned, tagged, noted bool     // tagged: a tag was added and call_lost removed

	untilUpdate, afterwards []string // requests, such as "POST notes"
}

func newWitness(kustomer http.Handler, latency time.Duration) *witness {
	return &witness{
		kustomer: kustomer, latency: latency,
		seen: make(map[string]*seen), numbers: make(map[string]string), conversations: make(map[string]string),
	}
}

// expect registers a call.
func (w *witness) expect(call, number string) *seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &seen{opened: make(chan struct{}), updated: make(chan struct{})}
	w.seen[call], w.numbers[number] = s, call
	return s
}

// answer records the response.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(part []byte) (int, error) {
	a.body.Write(part)
	return a.ResponseWriter.Write(part)
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	time.Sleep(w.latency)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a := &answer{ResponseWriter: rw, status: http.StatusOK}
	w.kustomer.ServeHTTP(a, r)
	w.note(r, body, a, time.Now())
}

// written are the fields of a request's body that identify its subject.
type written struct {
	ExternalID string                   `json:"externalId"`
	Phones     []struct{ Phone string } `json:"phones"`
	Tags       []string                 `json:"tags"` // by name
}

// conversation is Kustomer's answer to a write.
type conversation struct {
	Data struct {
		ID         string `json:"id"`
		Attributes struct {
			AssignedUsers []string `json:"assignedUsers"`
			Tags          []string `json:"tags"` // by id
		} `json:"attributes"`
	} `json:"data"`
}

func (w *witness) note(r *http.Request, body []byte, a *answer, at time.Time) {
	var in written
	_ = json.Unmarshal(body, &in) // tags alone are sent as a bare list
	w.mu.Lock()
	defer w.mu.Unlock()
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	call := w.callOf(path, in)
	s := w.seen[call]
	if s == nil {
		return // from the preparation, or not about a call
	}
	what := r.Method + " " + kind(path)
	if s.updatedAt.IsZero() {
		s.untilUpdate = append(s.untilUpdate, what)
	} else {
		s.afterwards = append(s.afterwards, what)
	}
	if a.status/100 == 2 {
		w.learn(s, call, what, in, a.body.Bytes(), at)
	}
}

// callOf returns the call that a request is for, or "" if the request does not identify it.
func (w *witness) callOf(path []string, in written) string {
	number, isLookUp := "", false
	if len(path) == 2 && path[0] == "customers" {
		number, isLookUp = strings.CutPrefix(path[1], "phone=")
	}
	switch {
	case isLookUp:
		return w.numbers[number]
	case len(path) == 1 && len(in.Phones) > 0:
		return w.numbers[in.Phones[0].Phone]
	case len(path) == 1:
		return strings.TrimPrefix(in.ExternalID, "babelforce:")
	case strings.HasPrefix(path[1], "externalId="):
		return strings.TrimPrefix(path[1], "externalId=babelforce:")
	}
	return w.conversations[path[1]]
}

// kind returns a path without ids.
func kind(path []string) string {
	if len(path) == 2 {
		if by, _, isLookUp := strings.Cut(path[1], "="); isLookUp {
			return path[0] + " by " + by
		}
		return strings.TrimSuffix(path[0], "s")
	}
	return path[len(path)-1]
}

// learn records the effect of a request as its answer shows it.
func (w *witness) learn(s *seen, call, what string, in written, answered []byte, at time.Time) {
	var is conversation
	if strings.HasPrefix(what, "GET ") || strings.HasSuffix(what, " customers") || json.Unmarshal(answered, &is) != nil {
		return
	}
	tags := is.Data.Attributes.Tags
	switch {
	case what == "POST conversations":
		if i := slices.Index(in.Tags, "call_lost"); s.openedAt.IsZero() && i >= 0 && i < len(tags) {
			w.conversations[is.Data.ID] = call
			s.openedAt, s.tags, s.lost = at, tags, tags[i]
			close(s.opened)
		}
		return
	case what == "POST notes":
		s.noted = true
	default:
		isNew := func(tag string) bool { return !slices.Contains(s.tags, tag) }
		s.assigned = len(is.Data.Attributes.AssignedUsers) > 0
		s.tagged = slices.ContainsFunc(tags, isNew) && !slices.Contains(tags, s.lost)
	}
	if s.assigned && s.tagged && s.noted && s.updatedAt.IsZero() {
		s.updatedAt = at
		close(s.updated)
	}
}

// limits bounds every wait for a call. A call that takes longer counts as lost.
const limits = 10 * time.Minute

// await waits until done is closed.
func await(ctx context.Context, done <-chan struct{}, call, what string) error {
	ctx, cancel := context.WithTimeout(ctx, limits)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("call %s: the conversation was not %s: %w", call, what, ctx.Err())
	}
}
