package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Player delivers stories to a webhook. It is safe for concurrent use.
type Player struct {
	URL    string       // base, such as http://localhost:8080/webhooks/babelforce
	Secret string       // sent as bearer token; none is sent when empty
	HTTP   *http.Client // nil means http.DefaultClient
}

// Answer says how one step was taken.
type Answer struct {
	Status   int           // of the last attempt, 0 if that got no answer
	Attempts int           // 1 or more
	Took     time.Duration // from the first attempt to the last answer
}

// Whether, and how, babelforce repeats a delivery that failed is unknown. The
// player waits some eighteen seconds altogether, which outlasts a restart of the
// receiver: a call that is missing afterwards was lost by the receiver.
const (
	maxAttempts  = 8
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 5 * time.Second

	// babelforce's own default for an action (OpenAPI, dispatch: timeout 10000 ms).
	answerTimeout = 10 * time.Second
)

// Play delivers each step at its time and returns the answers, one per step
// tried. Steps are delivered one after the other; one that is held up delays
// the next. Speed 2 plays twice as fast; 0 and less, without any pause.
//
// No answer, a 429 and a 5xx are tried again, eight times at most. After that,
// and at once on any other answer than 2xx, Play gives up on the whole story.
// The error contains nothing about the caller.
func (p *Player) Play(ctx context.Context, story Story, speed float64) ([]Answer, error) {
	began := time.Now()
	var answers []Answer
	for i, step := range story.Steps {
		if speed > 0 {
			due := began.Add(time.Duration(float64(step.After) / speed))
			if err := pause(ctx, time.Until(due)); err != nil {
				return answers, err
			}
		}
		answer, err := p.deliver(ctx, step)
		answers = append(answers, answer)
		if err != nil {
			return answers, fmt.Errorf("step %d of %d (%s) of call %s: %w", i+1, len(story.Steps), step.Event, story.Key, err)
		}
	}
	return answers, nil
}

func (p *Player) deliver(ctx context.Context, step Step) (Answer, error) {
	began, backoff := time.Now(), firstBackoff
	for attempt := 1; ; attempt++ {
		status, err := p.post(ctx, step)
		answer := Answer{Status: status, Attempts: attempt, Took: time.Since(began)}
		if err == nil && status/100 == 2 {
			return answer, nil
		}
		if err == nil {
			err = fmt.Errorf("answered %d", status)
		}
		final := status != 0 && status != http.StatusTooManyRequests && status < 500
		if final || attempt == maxAttempts {
			return answer, fmt.Errorf("gave up after attempt %d: %w", attempt, err)
		}
		if err := pause(ctx, backoff); err != nil {
			return answer, err
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// post makes one attempt; the status is 0 when there was no answer.
func (p *Player) post(ctx context.Context, step Step) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	address, err := url.JoinPath(p.URL, string(step.Event))
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(step.Body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", step.ContentType)
	if p.Secret != "" {
		request.Header.Set("Authorization", "Bearer "+p.Secret)
	}
	client := p.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	// Read to the end, or the connection cannot be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, nil
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil || d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
