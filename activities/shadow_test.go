package activities

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// shadow makes the steps of an org write nothing.
func (o *org) shadow(t *testing.T) *org {
	t.Helper()
	client, err := kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: apiKey, Shadow: true, Transport: o.wire})
	require.NoError(t, err)
	o.Activities = New(client, o.inForce.Load, "")
	return o
}

func inShadow(in *StepInput) { in.Shadow = true }

// plays runs all steps of a call that the reports make due.
func (p *played) plays(change ...func(*StepInput)) (withheld []Withheld) {
	p.t.Helper()
	for p.record.Opened == nil || len(p.record.Unwritten()) > 0 {
		withheld = append(withheld, p.does(change...).Withheld...)
	}
	return withheld
}

// written returns the writes that the sandbox received, by method and route.
func (o *org) written() map[string]int {
	writes := make(map[string]int)
	for route, n := range o.State().Requests {
		if !strings.HasPrefix(route, http.MethodGet) {
			writes[route] = n
		}
	}
	return writes
}

// A shadow runs the same code as a live call, so its withheld requests are those that a
// live call sends.
func TestShadowWithholdsTheRequestsThatALiveCallMakes(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		reports []func(*played)
	}{
		"answered":  {"", []func(*played){func(p *played) { p.picksUp(12, agentAmira) }, func(p *played) { p.ends(90, "passive-hangup") }}},
		"abandoned": {"", []func(*played){func(p *played) { p.ends(20, "hangup") }}},
		"handed on": {"", []func(*played){
			func(p *played) { p.picksUp(12, agentAmira) }, func(p *played) { p.picksUp(40, agentBastian) }, func(p *played) { p.ends(90, "passive-hangup") },
		}},
		"by an unknown agent":   {"", []func(*played){func(p *played) { p.picksUp(12, call.Agent{Name: "Somebody"}) }}},
		"joining, if it could":  {string(automation.DefaultFile) + "callers: { returning: { policy: append } }\n", []func(*played){func(p *played) { p.picksUp(12, agentAmira) }}},
		"tags are set":          {creates + "- { event: call.bridged, action: kustomer.conversation.update, options: { status: done, tags: { set: [a, b] } } }\n", []func(*played){func(p *played) { p.picksUp(12, agentAmira) }}},
		"tags alone are taken":  {creates + "- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { add: [a], remove: [b] } } }\n", []func(*played){func(p *played) { p.picksUp(12, agentAmira) }}},
		"closed after the call": {creates + "- { event: call.finished, action: kustomer.conversation.update, options: { status: done, note: Over } }\n", []func(*played){func(p *played) { p.ends(20, "hangup") }}},
	} {
		t.Run(name, func(t *testing.T) {
			play := func(o *org, change ...func(*StepInput)) (withheld []Withheld) {
				if c.file != "" {
					o.automate(t, c.file)
				}
				p := o.rings(t, caller)
				withheld = p.plays(change...)
				for _, report := range c.reports {
					report(p)
					withheld = append(withheld, p.plays(change...)...)
				}
				return withheld
			}
			live, shadow := newOrg(t), newOrg(t).shadow(t)
			require.Empty(t, play(live))
			withheld := make(map[string]int)
			for _, request := range play(shadow, inShadow) {
				withheld[request.Method+" "+request.Route]++
			}
			require.Equal(t, live.written(), withheld)
			require.NotEmpty(t, withheld)
			require.Empty(t, shadow.written())
		})
	}
}

func TestStepOfTheOtherModeIsLeftToAnotherWorker(t *testing.T) {
	live, shadow := newOrg(t), newOrg(t).shadow(t)
	for _, c := range []struct {
		by     *org
		change func(*StepInput)
	}{{live, inShadow}, {shadow, func(*StepInput) {}}} {
		_, err := c.by.rings(t, caller).tries(c.change)
		var refused *temporal.ApplicationError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, OtherMode, refused.Type())
		require.False(t, refused.NonRetryable(), "a worker of its mode may take it")
		require.Zero(t, c.by.State().RequestTotal)
	}
	_, err := attempt(live.CompareWithVendor, VendorInput{})
	require.Error(t, err)
}

func TestRepeatedShadowStepFindsNothing(t *testing.T) {
	o := newOrg(t)
	live := o.opened(t).conversation.ID
	p := o.shadow(t).rings(t, caller)
	result := p.does(inShadow, mayBeDone, hasEarlierRun)
	require.NotEqual(t, live, result.Conversation.ID, "the live call's conversation has the external id")
	require.True(t, strings.HasPrefix(result.Conversation.ID, kustomer.ShadowID))
	require.False(t, result.Conversation.Adopted)
}
