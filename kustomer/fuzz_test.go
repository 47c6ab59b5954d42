package kustomer

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRefusalWithOddFieldsIsRead(t *testing.T) {
	const refusal = `{"errors":[{"status":400,"code":"badparam","title":"No","detail":"/x","message":"m","source":{"parameter":"p","pointer":"/p"},
		"meta":{"subErrors":[{"title":"Nested","source":{"pointer":"/q"}}]}}]}`
	for _, path := range paths(t, refusal) {
		for _, value := range oddValues {
			body := with(t, refusal, path, value)
			for status, kind := range map[int]Kind{400: Rejected, 409: Conflict, 429: RateLimited, 401: Credentials, 503: Unavailable} {
				err := create(t.Context(), clientAnswering(t, status, body))
				require.Equal(t, kind, KindOf(err), "%d %s", status, body)
			}
		}
	}
}

// clientAnswering returns a client of a Kustomer with a fixed answer and at most one header.
func clientAnswering(t *testing.T, status int, body string, header ...string) *Client {
	c, err := New(Config{BaseURL: "http://localhost", APIKey: apiKey, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		answer := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		if len(header) == 2 {
			answer.Header.Set(header[0], header[1])
		}
		return answer, nil
	})})
	require.NoError(t, err)
	return c
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func FuzzAnswers(f *testing.F) {
	calls := oddCalls()
	for _, o := range calls {
		f.Add(200, o.answer)
		f.Add(400, o.answer)
	}
	for status, body := range map[int]string{204: ``, 200: `{"data":null}`, 207: strings.Repeat(`{"data":[`, 20_000), 404: `{"errors":[{"source":"x"}]}`, 500: `<html>`} {
		f.Add(status, body)
	}
	kinds := []Kind{Unavailable, NotUnderstood, RateLimited, Credentials, NotFound, Conflict, Rejected}
	f.Fuzz(func(t *testing.T, status int, body string) {
		status = 200 + (status%400+400)%400
		for name, o := range calls {
			_, err := o.do(t.Context(), clientAnswering(t, status, body))
			if err != nil {
				require.Contains(t, kinds, KindOf(err), name)
			}
			if status/100 == 2 && err != nil {
				require.Contains(t, []Kind{Unavailable, NotUnderstood, NotFound}, KindOf(err), name)
			}
		}
	})
}
