package calllog_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	user     = "reader@example.com"
	password = "a-long-password"
)

// account starts a sandbox account with this number of calls, one per second from noon on.
func account(t *testing.T, calls int, change ...func(*sandbox.Config)) (*sandbox.Server, string) {
	t.Helper()
	config := sandbox.Config{User: user, Password: password, Now: func() time.Time { return noon.Add(6 * time.Hour) }}
	for _, f := range change {
		f(&config)
	}
	server := sandbox.New(config)
	for n := range calls {
		server.Log(sandbox.Row{
			ID: fmt.Sprintf("%032x", n+1), SessionID: fmt.Sprintf("%032x", n+1), Type: "inbound", Source: "queue", Domain: "external", State: "completed",
			From: "+493023125042", To: "+493023125001", Created: noon.Add(time.Duration(n) * time.Second), Logged: noon,
		})
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	return server, web.URL
}

func client(t *testing.T, url string, change ...func(*calllog.Config)) *calllog.Client {
	t.Helper()
	config := calllog.Config{BaseURL: url, Credentials: calllog.Credentials{User: user, Password: password}, Pace: time.Nanosecond}
	for _, f := range change {
		f(&config)
	}
	c, err := calllog.New(config)
	require.NoError(t, err)
	return c
}

var hour = calllog.Query{From: noon, To: noon.Add(time.Hour), Type: "inbound"}

// reads returns the calls of the hour after noon and requires that none comes twice.
func reads(t *testing.T, c *calllog.Client) (calllog.Reading, map[string]calllog.Row, error) {
	t.Helper()
	rows := make(map[string]calllog.Row)
	reading, err := c.Read(t.Context(), hour, func(row calllog.Row) error {
		_, twice := rows[row.Call.ID]
		require.False(t, twice, row.Call.ID)
		rows[row.Call.ID] = row
		return nil
	})
	return reading, rows, err
}

func TestEveryCallIsReadOnce(t *testing.T) {
	for name, faults := range map[string]sandbox.Faults{
		"as documented":                    {},
		"pages are not counted":            {NoPages: true},
		"pages are smaller than asked for": {PageSize: 30, NoPages: true},
		"dates are numbers":                {NumericDates: true},
		"fields are odd":                   {Odd: 3},
		"calls come in while reading":      {Shift: true},
		"a token ends halfway":             {EndTokensAfter: 3},
		"some answers are 503":             {Every: 3, Status: http.StatusServiceUnavailable},
		"some are 429 for a second":        {Every: 4, Status: http.StatusTooManyRequests, RetryAfter: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := account(t, 450)
			server.Misbehave(faults)
			reading, rows, err := reads(t, client(t, url))
			require.NoError(t, err)
			require.Equal(t, 450, len(rows))
			require.Zero(t, reading.Bad)
			require.True(t, reading.Complete())
		})
	}
}

func TestWindowIsHalfOpen(t *testing.T) {
	_, url := account(t, 10)
	c := client(t, url)
	n := 0
	_, err := c.Read(t.Context(), calllog.Query{From: noon.Add(2 * time.Second), To: noon.Add(5 * time.Second)}, func(calllog.Row) error { n++; return nil })
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

// Whether the filter compares the fractions of a time is unknown. The sandbox's does.
func TestCallInTheLastFractionOfAWindowIsRead(t *testing.T) {
	server, url := account(t, 0)
	rang := noon.Add(59*time.Minute + 59*time.Second + 700*time.Millisecond)
	server.Log(sandbox.Row{ID: "a", SessionID: "a", Type: "inbound", Created: rang, Logged: noon})
	c := client(t, url)
	for _, w := range []struct {
		from, to time.Duration
		has      int
	}{
		{0, time.Hour, 1},
		{time.Hour, 2 * time.Hour, 0},
		{0, time.Hour - 200*time.Millisecond, 1},
		{time.Hour - 200*time.Millisecond, 2 * time.Hour, 0},
	} {
		n := 0
		reading, err := c.Read(t.Context(), calllog.Query{From: noon.Add(w.from), To: noon.Add(w.to)}, func(calllog.Row) error { n++; return nil })
		require.NoError(t, err)
		require.Equal(t, w.has, n, "%s to %s", w.from, w.to)
		require.True(t, reading.Complete())
	}
}

// Rows appear late, also within the window, and shift the pages.
func TestRowsThatAppearWhileReadingAreNoGap(t *testing.T) {
	server, url := account(t, 250)
	n := 0
	reading, err := client(t, url).Read(t.Context(), hour, func(calllog.Row) error {
		if n++; n%50 == 1 {
			server.Log(sandbox.Row{ID: fmt.Sprint("late-", n), SessionID: "s", Type: "inbound", Created: noon.Add(30 * time.Minute), Logged: noon})
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 250, n)
	require.True(t, reading.Complete(), "%d of %d", reading.Rows, reading.Total)
}

func TestBadRowIsSkippedAndCounted(t *testing.T) {
	server, url := account(t, 120)
	server.Misbehave(sandbox.Faults{Broken: 40})
	reading, rows, err := reads(t, client(t, url))
	require.NoError(t, err)
	require.Equal(t, 117, len(rows))
	require.Equal(t, 3, reading.Bad)
	require.False(t, reading.Complete())
}

func TestIgnoredFilterIsDetected(t *testing.T) {
	server, url := account(t, 10)
	server.Log(sandbox.Row{ID: "0123456789abcdef0123456789abcdef", Type: "inbound", Created: noon.Add(-time.Hour), Logged: noon})
	server.Misbehave(sandbox.Faults{IgnoresFilter: true})
	_, _, err := reads(t, client(t, url))
	require.Equal(t, calllog.FilterIgnored, calllog.KindOf(err))
	require.ErrorContains(t, err, "starter probe")

	other := calllog.TimeFilters[1]
	server.Misbehave(sandbox.Faults{TimeFilter: [2]string{"dateCreated.start", "dateCreated.end"}})
	_, _, err = reads(t, client(t, url))
	require.Equal(t, calllog.FilterIgnored, calllog.KindOf(err))
	_, rows, err := reads(t, client(t, url, func(c *calllog.Config) { c.TimeFilter = other }))
	require.NoError(t, err)
	require.Equal(t, 10, len(rows))
}

func TestOtherAnswerIsNotAnEmptyLog(t *testing.T) {
	server, url := account(t, 10)
	server.Misbehave(sandbox.Faults{Every: 1})
	_, rows, err := reads(t, client(t, url))
	require.Equal(t, calllog.NotUnderstood, calllog.KindOf(err))
	require.Empty(t, rows)
}

func TestLongRetryAfterIsLeftToTheCaller(t *testing.T) {
	server, url := account(t, 10)
	server.Misbehave(sandbox.Faults{Every: 1, Status: http.StatusTooManyRequests, RetryAfter: "600"})
	began := time.Now()
	_, _, err := reads(t, client(t, url))
	var failed *calllog.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, calllog.RateLimited, failed.Kind)
	require.Equal(t, 10*time.Minute, failed.RetryAfter)
	require.Less(t, time.Since(began), time.Minute)
}

func TestEveryGrantIsAccepted(t *testing.T) {
	for name, c := range map[string]struct {
		account     func(*sandbox.Config)
		credentials calllog.Credentials
	}{
		"password":           {func(c *sandbox.Config) { c.Grant = "password" }, calllog.Credentials{User: user, Password: password}},
		"client credentials": {func(c *sandbox.Config) { c.Grant = "client_credentials" }, calllog.Credentials{User: user, Password: password}},
		"a token":            {func(c *sandbox.Config) { c.Token = "static" }, calllog.Credentials{Token: "static"}},
	} {
		_, url := account(t, 3, c.account)
		_, rows, err := reads(t, client(t, url, func(config *calllog.Config) { config.Credentials = c.credentials }))
		require.NoError(t, err, name)
		require.Equal(t, 3, len(rows), name)
	}
}

func TestWrongCredentialsAreNotQuoted(t *testing.T) {
	_, url := account(t, 3)
	for _, credentials := range []calllog.Credentials{{User: user, Password: "wrong-password"}, {Token: "wrong-token"}} {
		_, _, err := reads(t, client(t, url, func(config *calllog.Config) { config.Credentials = credentials }))
		require.Equal(t, calllog.Unauthorized, calllog.KindOf(err))
		require.NotContains(t, err.Error(), "wrong-")
		require.NotContains(t, err.Error(), user)
	}
	_, err := calllog.New(calllog.Config{BaseURL: url, Credentials: calllog.Credentials{User: user}})
	require.ErrorContains(t, err, "password")
}

func TestOneCallIsReadByItsID(t *testing.T) {
	_, url := account(t, 3)
	c := client(t, url)
	row, err := c.Call(t.Context(), fmt.Sprintf("%032x", 2))
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Second), row.Call.DateCreated)
	_, err = c.Call(t.Context(), "nosuch")
	require.Equal(t, calllog.NotFound, calllog.KindOf(err))
	require.NotContains(t, err.Error(), "nosuch")
}

func TestClockIsBabelforces(t *testing.T) {
	server, url := account(t, 0)
	server.Misbehave(sandbox.Faults{ClockOffset: time.Hour})
	now, err := client(t, url).ServerTime(t.Context())
	require.NoError(t, err)
	require.Equal(t, noon.Add(7*time.Hour), now)
}

func TestRetentionIsReadIfReported(t *testing.T) {
	for days, keeps := range map[int]time.Duration{0: 0, 90: 90 * 24 * time.Hour} {
		_, url := account(t, 0, func(c *sandbox.Config) { c.RetentionDays = days })
		is, err := client(t, url).Retention(t.Context())
		require.NoError(t, err)
		require.Equal(t, keeps, is)
	}
}

func TestTokenIsNotSentToOtherHosts(t *testing.T) {
	seen := make(chan string, 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("Authorization") }))
	defer elsewhere.Close()
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer moved.Close()
	_, _, err := reads(t, client(t, moved.URL, func(config *calllog.Config) { config.Credentials = calllog.Credentials{Token: "static"} }))
	require.Equal(t, calllog.NotUnderstood, calllog.KindOf(err))
	require.ErrorContains(t, err, "redirect")
	require.Empty(t, seen)
}
