package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Faults are what the real API is known, or feared, to do.
type Faults struct {
	NoPages       bool // pagination does not count pages and rows
	IgnoresFilter bool // times are not filtered
	// Ignores are other parameters that are not applied, and Misses those that no row
	// fits, such as sessionId and parentId.
	Ignores, Misses []string
	// AgentStatus is how each request for an agent is answered, such as 404 or 500; 0 leaves it.
	AgentStatus  int
	Wrapped      bool      // a single call or agent comes as an "item"
	TimeFilter   [2]string // the parameters that filter times, instead of time.start and time.end
	PageSize     int       // no page has more rows, whatever is asked for
	NumericDates bool      // dates are UNIX seconds
	// Odd spoils every nth row: fields are null, empty, or of another type, but for its id and date.
	Odd int
	// Broken leaves every nth row without what tells which leg it is.
	Broken int
	Shift  bool // a call comes in with each page that is read
	// Late is how long after a row was logged it appears.
	Late        time.Duration
	ClockOffset time.Duration // of babelforce's clock
	// EndTokensAfter ends all tokens after so many requests.
	EndTokensAfter int
	// Every nth request is answered in this way instead.
	Every      int
	Status     int // such as 429 or 503; 0 is a page of HTML with 200
	RetryAfter string
}

// spoils answers a request wrongly, if it is its turn.
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
	return at.UTC().Format(time.RFC3339)
}

// item is a single object, in the envelope that some answers have.
func (f Faults) item(object map[string]any) map[string]any {
	if f.Wrapped {
		return map[string]any{"item": object}
	}
	return object
}

// odd is a row as it is at times.
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
