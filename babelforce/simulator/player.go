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
	URL    string       // base URL, such as http://localhost:8080/webhooks/babelforce
	Secret string       // sent as bearer token; if empty, none is sent
	HTTP   *http.Client // http.DefaultClient if nil
}

// Answer is the result of one step.
type Answer struct {
	Status   int           // of the last attempt, 0 if no answer came
	Attempts int           // 1 or more
	Took     time.Duration // from the first attempt to the last answer
}

// Whether and how babelforce repeats a failed delivery is unknown. The player retries for
// about eighteen seconds, which is longer than a restart of the receiver. A call that is
// missing afterwards was lost by the receiver.
const (
	maxAttempts  = 8
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 5 * time.Second

	// babelforce's default for an action (OpenAPI, dispatch: timeout 10000 ms).
	answerTimeout = 10 * time.Second
)

// Play delivers each step at its time and returns one answer per attempted step. Steps are
// delivered one after the other, so a delayed step delays the next. With speed 2, Play is
// twice as fast; with 0 or less, it does not pause.
//
// A step without an answer, or answered with 429 or 5xx, is repeated, with at most eight
// attempts. After that, or at once after any other status than 2xx, Play stops the story
// with an error. The error contains no data about the caller.
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

// post makes one attempt. The status is 0 if no answer came.
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
	// The connection is reused only if the body is read to the end.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, nil
}

// pause waits for d or until the context ends.
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
