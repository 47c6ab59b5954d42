package kustomer

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHoldEndsAtAPlausibleReset(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{
		40 * time.Second:  40 * time.Second,
		time.Minute:       time.Minute,
		2 * time.Minute:   probeEvery, // no window is that long
		-30 * time.Second: probeEvery, // a wrong clock, perhaps ours
		0:                 probeEvery,
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(1000)
			c := o.client(t, 800)
			<-time.After(900 * time.Millisecond) // answered at a full second
			end := time.Now().Add(100*time.Millisecond + want)
			o.answers(200, "150", strconv.FormatInt(time.Now().Add(100*time.Millisecond+after).Unix(), 10))
			require.NoError(t, write(t.Context(), c, Now))
			requireHeld(t, o, c, Now, RateLimited, end, usedUp)
			<-time.After(want - time.Millisecond)
			requireHeld(t, o, c, Now, RateLimited, end, usedUp)
			<-time.After(time.Millisecond)
			require.NoError(t, write(t.Context(), c, Now))
		})
	}
}

func TestWithoutAResetOneProbeEveryFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		c := o.client(t, 800)
		o.answers(200, "150", "")
		require.NoError(t, write(t.Context(), c, Now))
		for probes := range 3 {
			<-time.After(probeEvery)
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() { _ = write(t.Context(), c, Now) })
			}
			all.Wait()
			require.Equal(t, 2+probes, o.sent())
		}
		o.answers(200, "900", "")
		<-time.After(probeEvery)
		require.NoError(t, write(t.Context(), c, Later))
		require.NoError(t, write(t.Context(), c, Later), "an answer with budget left ends the hold")
	})
}

func TestAfterAQuietWindowNoRequestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		c := o.client(t, 800)
		o.answers(200, "150", "")
		require.NoError(t, write(t.Context(), c, Now))
		<-time.After(window)
		var rings sync.WaitGroup
		for range 5 {
			rings.Go(func() { require.NoError(t, write(t.Context(), c, Now)) })
		}
		rings.Wait()
	})
}

func TestTooManyHoldsAllUntilTheReset(t *testing.T) {
	for reset, want := range map[time.Duration]time.Duration{
		20 * time.Second: 20 * time.Second,
		0:                time.Minute, // absent
		3 * time.Hour:    time.Minute, // not plausible
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(1000)
			c := o.client(t, 800)
			<-time.After(900 * time.Millisecond)
			answered := time.Now().Add(100 * time.Millisecond)
			o.answers(429, "700", "") // perhaps one customer's limit
			if reset > 0 {
				o.answers(429, "700", strconv.FormatInt(answered.Add(reset).Unix(), 10))
			}
			var first sync.WaitGroup
			first.Go(func() {
				<-time.After(50 * time.Millisecond)
				_ = write(t.Context(), c, Now) // under way: its answer has budget left, but does not end the hold
			})
			require.Equal(t, 429, asError(t, write(t.Context(), c, Later)).Status)
			o.answers(200, "700", "")
			first.Wait()
			for _, urgency := range []Urgency{Now, Soon, Later} {
				requireHeld(t, o, c, urgency, RateLimited, answered.Add(want), "has just answered 429")
			}
			<-time.After(time.Until(answered.Add(want)))
			require.NoError(t, write(t.Context(), c, Later))
		})
	}
}

func TestHoldThatBeginsDuringTheWaitApplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		c := o.client(t, 60)
		o.answers(429, "0", "")
		until := time.Now().Add(100*time.Millisecond + window)
		var all sync.WaitGroup
		for range limiterBurst + 10 {
			all.Go(func() { require.True(t, IsKind(write(t.Context(), c, Now), RateLimited)) })
		}
		all.Wait()
		require.Equal(t, limiterBurst, o.sent(), "only requests under way")
		requireHeld(t, o, c, Now, RateLimited, until, "has just answered 429") // without waiting for our own rate
	})
}

func TestRefusedKeyHoldsAllRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		c := o.client(t, 800)
		refusal := func() {
			o.answers(401, "999", "")
			require.Equal(t, 401, asError(t, write(t.Context(), c, Now)).Status)
			o.answers(200, "999", "")
			requireHeld(t, o, c, Now, Credentials, time.Now().Add(badKeyPause), "just refused the API key")
		}
		refusal()
		<-time.After(badKeyPause)
		require.NoError(t, write(t.Context(), c, Now), "corrected in Kustomer")

		refusal()
		require.Error(t, c.SetAPIKey("hunter2\n"))
		require.Error(t, c.SetAPIKey(""))
		requireHeld(t, o, c, Later, Credentials, time.Now().Add(badKeyPause), "just refused the API key")
		require.NoError(t, c.SetAPIKey("new-key"))
		require.NoError(t, write(t.Context(), c, Now))
		require.Equal(t, 1, o.used["new-key"])

		o.answers(403, "999", "")
		require.Equal(t, 403, asError(t, write(t.Context(), c, Now)).Status)
		require.Equal(t, 403, asError(t, write(t.Context(), c, Now)).Status, "sent: the role is another request's")
	})
}

func TestRefusalOfAReplacedKeyIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		c := o.client(t, 800)
		o.answers(401, "999", "")
		go func() { _ = write(t.Context(), c, Now) }()
		<-time.After(50 * time.Millisecond)
		require.NoError(t, c.SetAPIKey("new-key"))
		<-time.After(time.Second)
		o.answers(200, "999", "")
		require.NoError(t, write(t.Context(), c, Now))
	})
}

func TestClientIsSafeForConcurrentUse(t *testing.T) {
	statuses := []int{200, 401, 429, 200}
	o := newOrg(1000)
	var n int
	o.answer = func(int, http.Header) int { n++; return statuses[n%len(statuses)] }
	c := o.client(t, 100_000)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_ = write(t.Context(), c, Urgency(i%3))
			_ = c.SetAPIKey("key-" + strconv.Itoa(i))
			_ = write(t.Context(), c, Now)
		})
	}
	all.Wait()
}
