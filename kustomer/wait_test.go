package kustomer

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWaitIsReadFromAnyHeader(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	reset := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	date := func(d time.Duration) string { return now.Add(d).UTC().Format(http.TimeFormat) }
	for name, x := range map[string]struct {
		status            int
		retryAfter, reset string
		want              time.Duration
	}{
		"seconds win":          {429, "7", reset(30 * time.Second), 7 * time.Second},
		"a date":               {429, date(9 * time.Second), "", 9 * time.Second},
		"the window's reset":   {429, "", reset(42 * time.Second), 42 * time.Second},
		"junk falls back":      {429, "soon", reset(42 * time.Second), 42 * time.Second},
		"so does a fraction":   {429, "7.5", reset(42 * time.Second), 42 * time.Second},
		"and a negative one":   {429, "-7", reset(42 * time.Second), 42 * time.Second},
		"maintenance":          {503, "60", reset(42 * time.Second), time.Minute},
		"an hour":              {429, "3599", "", 3599 * time.Second},
		"milliseconds":         {429, "3600000", "", 1000 * time.Hour},
		"a clock that is fast": {429, "", reset(3 * time.Hour), 3 * time.Hour},
		"503 ends no window":   {503, "", reset(42 * time.Second), 0},
		"the past":             {429, "", reset(-time.Minute), 0},
		"a date in the past":   {429, date(-time.Minute), reset(42 * time.Second), 0},
		"no time at all":       {429, "0", "", 0},
		"a negative reset":     {429, "", "-1", 0},
		"no header":            {429, "", "", 0},
		"other failures":       {500, "5", "", 0},
		"a success":            {200, "5", reset(42 * time.Second), 0},
	} {
		header := http.Header{}
		header.Set("Retry-After", x.retryAfter)
		header.Set("x-ratelimit-reset", x.reset)
		require.Equal(t, x.want, waitOf(x.status, header, now), name)
	}
	absurd := http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.UnixMicro(), 10)}}
	require.Greater(t, waitOf(429, absurd, now), 24*time.Hour)
}

func TestRetryAtIsWithinAMinute(t *testing.T) {
	for after, want := range map[string]struct {
		in   time.Duration
		text string
	}{
		"20":   {20 * time.Second, ""},
		"60":   {time.Minute, ""},
		"3599": {time.Minute, ": Kustomer asks for a wait of 59m59s, and is asked again after a minute"},
	} {
		for status, kind := range map[int]string{429: "rate limited", 503: "unavailable"} {
			synctest.Test(t, func(t *testing.T) {
				c := clientAnswering(t, status, ``, "Retry-After", after)
				e := asError(t, create(t.Context(), c))
				require.Equal(t, time.Now().Add(want.in), e.RetryAt)
				require.EqualError(t, e, fmt.Sprintf("kustomer: cannot create conversation: %s (HTTP %d)%s", kind, status, want.text))
			})
		}
	}
}

func TestLongWaitProbesOnceAMinute(t *testing.T) {
	for name, wait := range map[string]func(*fakeOrg){
		"Retry-After":               func(o *fakeOrg) { o.asksToWait("3599") },
		"a reset that is far away":  func(o *fakeOrg) { o.answers(429, "0", strconv.FormatInt(time.Now().Add(3*time.Hour).Unix(), 10)) },
		"a reset in milliseconds":   func(o *fakeOrg) { o.answers(429, "0", strconv.FormatInt(time.Now().UnixMilli(), 10)) },
		"a gateway that has a date": func(o *fakeOrg) { o.asksToWait(time.Now().AddDate(1, 0, 0).UTC().Format(http.TimeFormat)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrg(10_000)
				wait(o)
				c := o.client(t, 0)
				_ = write(t.Context(), c, Now)
				ctx := during(t, time.Hour-30*time.Second)
				var all sync.WaitGroup
				worker(ctx, c, 50, &all)
				all.Wait()
				require.InDelta(t, 60, o.sent(), 3)
			})
		})
	}
}

func TestAnsweredProbeEndsALongWait(t *testing.T) {
	for _, status := range []int{200, 404, 503} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(1000)
			c := o.client(t, 800)
			o.asksToWait("3599")
			require.True(t, IsKind(write(t.Context(), c, Now), RateLimited))
			refused := time.Now()
			require.True(t, refused.Add(3599*time.Second).Equal(c.WaitsUntil()))
			<-time.After(30 * time.Second)
			requireHeld(t, o, c, Now, RateLimited, refused.Add(time.Minute), "asks for a wait until 2000-01-01 00:59:59 UTC: one request a minute asks again")

			<-time.After(time.Minute)
			o.answers(status, "900", "")
			var probe sync.WaitGroup
			probe.Go(func() { _ = write(t.Context(), c, Later) })
			synctest.Wait()
			requireHeld(t, o, c, Now, RateLimited, time.Now().Add(probeEvery), "one request a minute asks again")
			probe.Wait()
			require.Zero(t, c.WaitsUntil())
			sent := o.sent()
			for range 3 {
				_ = write(t.Context(), c, Now)
			}
			require.Equal(t, sent+3, o.sent())
		})
	}
}

func TestUnansweredProbeIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		c := o.client(t, 800)
		o.asksToWait("3599")
		require.Error(t, write(t.Context(), c, Now))
		<-time.After(longestWait)
		probed := time.Now()
		require.ErrorIs(t, write(during(t, 50*time.Millisecond), c, Now), context.Canceled)
		o.isWell()
		requireHeld(t, o, c, Now, RateLimited, probed.Add(longestWait), "one request a minute asks again")
		<-time.After(time.Until(probed.Add(longestWait)))
		require.NoError(t, write(t.Context(), c, Now))
	})
}

// A 429 without a time, or with a past one, holds for the documented window, and no probe follows.
func TestWaitOfUnknownLengthIsAMinute(t *testing.T) {
	for _, after := range []string{"", "0", "-5", "soon", "Sat, 01 Jan 2000 00:00:00 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(1000)
			c := o.client(t, 800)
			<-time.After(time.Minute)
			o.asksToWait(after)
			require.Error(t, write(t.Context(), c, Now))
			refused := time.Now()
			require.Zero(t, c.WaitsUntil())
			o.isWell()
			requireHeld(t, o, c, Now, RateLimited, refused.Add(window), "has just answered 429")
			<-time.After(window)
			var rings sync.WaitGroup
			for range 5 {
				rings.Go(func() { require.NoError(t, write(t.Context(), c, Now)) })
			}
			rings.Wait()
		})
	}
}
