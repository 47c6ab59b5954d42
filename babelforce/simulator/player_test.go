package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/stretchr/testify/require"
)

const secret = "demo-secret"

func TestPlayerDeliversEveryStepInOrder(t *testing.T) {
	verifier, err := babelforce.NewVerifier([]string{secret})
	require.NoError(t, err)
	var got []babelforce.Event
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		name, ok := babelforce.ParseEventName(strings.TrimPrefix(r.URL.Path, "/webhooks/babelforce/"))
		event, err := babelforce.Decode(name, r.Header.Get("Content-Type"), body)
		if !ok || err != nil || verifier.Verify(name, r.Header, body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		got = append(got, event)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()

	for _, story := range someStories(t, 8, agents, 30) {
		got = nil
		player := Player{URL: server.URL + "/webhooks/babelforce/", Secret: secret}
		answers, err := player.Play(t.Context(), story, 0)
		require.NoError(t, err)
		require.Equal(t, decodeSteps(t, story), got)
		require.Len(t, answers, len(story.Steps))
		for _, answer := range answers {
			require.Equal(t, Answer{Status: 202, Attempts: 1, Took: answer.Took}, answer)
		}
	}
}

// receiver replaces the network, so that a test can control the clock.
type receiver func(*http.Request) (int, error)

func (f receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	status, err := f(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

func playInBubble(t *testing.T, story Story, speed float64, f receiver) ([]Answer, error) {
	player := Player{URL: "http://callthread.test", HTTP: &http.Client{Transport: f}}
	return player.Play(t.Context(), story, speed)
}

func TestPlayerKeepsTheTimesOfTheStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		story := someStories(t, 9, agents, 1)[0]
		began, i := time.Now(), 0
		_, err := playInBubble(t, story, 2, func(r *http.Request) (int, error) {
			require.Equal(t, story.Steps[i].After/2, time.Since(began))
			require.Empty(t, r.Header.Get("Authorization"), "no secret, no header")
			i++
			return 202, nil
		})
		require.NoError(t, err)
		require.Equal(t, len(story.Steps), i)
	})
}

func TestPlayerRetriesUntilAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		answers, err := playInBubble(t, someStories(t, 9, agents, 1)[0], 1, func(*http.Request) (int, error) {
			tries++
			return []int{0, 503, 429, 202}[min(tries, 4)-1], map[bool]error{true: errors.New("connection refused")}[tries == 1]
		})
		require.NoError(t, err)
		require.Equal(t, Answer{Status: 202, Attempts: 4, Took: 1750 * time.Millisecond}, answers[0])
		require.Equal(t, 1, answers[1].Attempts)
	})
}

func TestPlayerGivesUpWithoutNamingTheCaller(t *testing.T) {
	for status, attempts := range map[int]int{0: maxAttempts, 503: maxAttempts, 429: maxAttempts, 400: 1, 401: 1, 304: 1} {
		synctest.Test(t, func(t *testing.T) {
			story := someStories(t, 9, agents, 1)[0]
			answers, err := playInBubble(t, story, 1, func(*http.Request) (int, error) {
				return status, map[bool]error{true: errors.New("connection refused")}[status == 0]
			})
			require.ErrorContains(t, err, "step 1 of")
			require.NotContains(t, err.Error(), story.Want.Customer)
			require.Len(t, answers, 1)
			require.Equal(t, attempts, answers[0].Attempts)
			require.Equal(t, status, answers[0].Status)
		})
	}
}

func TestPlayerStopsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		story := someStories(t, 9, agents, 1)[0]
		player := Player{URL: "http://callthread.test", HTTP: &http.Client{Transport: receiver(func(*http.Request) (int, error) {
			cancel()
			return 202, nil
		})}}
		answers, err := player.Play(ctx, story, 1)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, answers, 1)
	})
}
