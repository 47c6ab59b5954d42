package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Faults are deviations that the real API is known or suspected to have.
type Faults struct {
	NoPages       bool // pagination lacks the numbers of pages and rows
	IgnoresFilter bool // the time filter is not applied
	// Ignores lists other parameters that are not applied. Misses lists parameters that
	// match no row, such as sessionId and parentId.
	Ignores, Misses []string
	// AgentStatus is the status of every answer to a request for an agent, such as 404 or
	// 500; 0 disables the fault.
	AgentStatus  int
	Wrapped      bool      // a single call or agent is in an "item" envelope
	TimeFilter   [2]string // the parameters of the time filter, instead of time.start and time.end
	PageSize     int       // the largest number of rows per page, even if more are requested
	NumericDates bool      // dates are UNIX seconds
	// Odd changes every nth row: fields other than id and date are null, empty or of another type.
	Odd int
	// Broken removes the id of every nth row.
	Broken int
	Shift  bool // a call arrives with each page that is read
	// Late is the delay after which a logged row appears.
	Late        time.Duration
	ClockOffset time.Duration // of babelforce's clock
	// EndTokensAfter invalidates all tokens after this number of requests.
	EndTokensAfter int
	// Every nth request is answered with Status and RetryAfter instead.
	Every      int
	Status     int // such as 429 or 503; 0 is an HTML page with status 200
	RetryAfter string
}

// spoils answers every nth request with the fault. It reports whether it has answered.
func (f Faults) spoils(w http.ResponseWriter, request int) bool {
	if f.Every == 0 || request%f.Every != 0 {
		return false
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	w.Header().Set("Content-Type", "text/html")
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = fmt.Fprintln(w, "<html><body>Please try again later.</body></html>")
	return true
}

func (f Faults) date(at time.Time) any {
	if f.NumericDates {
		return at.Unix()
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// item returns a single object, in the envelope that some answers have.
func (f Faults) item(object map[string]any) map[string]any {
	if f.Wrapped {
		return map[string]any{"item": object}
	}
	return object
}

// odd returns a row with the faults Odd and Broken applied.
func (f Faults) odd(n int, row map[string]any) map[string]any {
	isTurn := func(every int) bool { return every > 0 && n%every == every-1 }
	if !isTurn(f.Odd) && !isTurn(f.Broken) {
		return row
	}
	row = maps.Clone(row)
	if isTurn(f.Broken) {
		row["id"] = ""
		return row
	}
	maps.Copy(row, map[string]any{"from": nil, "to": nil, "duration": "n/a", "anonymous": nil, "conversationId": "", "bridged": row["bridged"]})
	recordings, _ := row["recordings"].([]any)
	row["recordings"] = append([]any{nil, "n/a", map[string]any{"id": nil, "url": nil, "duration": "n/a"}}, recordings...)
	if len(recordings) == 0 {
		row["recordings"] = nil
	}
	return row
}
