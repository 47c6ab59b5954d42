package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/reconcile"
)

func TestNoCredentialsMeanNoComparison(t *testing.T) {
	var b Babelforce
	client, err := b.Client()
	require.NoError(t, err)
	require.Nil(t, client)
}

func TestIncompleteCredentialsAreRefused(t *testing.T) {
	for _, b := range []Babelforce{{User: "reader"}, {User: "reader", TimeFilter: "time.start"}} {
		_, err := b.Client()
		require.Error(t, err)
	}
	t.Setenv("BABELFORCE_PASSWORD", "secret-password")
	for says, b := range map[string]Babelforce{
		"BABELFORCE_USER":        {TimeFilter: "time.start"},
		"BABELFORCE_URL":         {User: "reader", TimeFilter: "time.start", URL: "babelforce"},
		"BABELFORCE_TIME_FILTER": {User: "reader", TimeFilter: "date"},
	} {
		_, err := b.Client()
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "secret-password")
	}
	b := Babelforce{User: "reader", TimeFilter: "time.start"}
	client, err := b.Client()
	require.NoError(t, err)
	require.NotNil(t, client)
}

func TestPlanIsReadFromItsSettings(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	r := Reconciler{Every: time.Minute, Late: time.Second, Zone: "Europe/Berlin", Since: "2026-11-23"}
	plan, err := r.Plan("calls")
	require.NoError(t, err)
	require.Equal(t, "calls", plan.Calls)
	require.True(t, time.Date(2026, 11, 23, 0, 0, 0, 0, berlin).Equal(plan.Since))
	for says, bad := range map[string]Reconciler{
		"CALLTHREAD_ZONE":            {Every: time.Minute, Zone: "Berlin"},
		"--reconcile-every":          {Zone: "UTC"},
		"CALLTHREAD_RECONCILE_SINCE": {Every: time.Minute, Zone: "UTC", Since: "Monday"},
	} {
		_, err := bad.Plan("calls")
		require.ErrorContains(t, err, says)
	}
}

func TestOnlyTheSetNumbersAreCompared(t *testing.T) {
	all, err := (&Reconciler{}).compares("DE")
	require.NoError(t, err)
	require.Nil(t, all)
	ours, err := (&Reconciler{Only: "+49 30 23125001, 030 23125002"}).compares("DE")
	require.NoError(t, err)
	for number, isOurs := range map[string]bool{"+493023125001": true, "493023125002": true, "030 23125001": true, "+493023125003": false, "": false} {
		require.Equal(t, isOurs, ours(babelforce.Call{To: number}), number)
	}
	_, err = (&Reconciler{Only: "Support"}).compares("DE")
	require.ErrorContains(t, err, "CALLTHREAD_RECONCILE_ONLY")
}

func TestLogCallIsWantedAsInTheFile(t *testing.T) {
	inbound := babelforce.Event{Name: babelforce.CallInbound, Call: babelforce.Call{ID: "a", Type: "inbound", From: "+493023125042", DateCreated: time.Now()}}
	require.Equal(t, reconcile.Wants, wanted(load.Default(), inbound))
	outbound := babelforce.Event{Name: babelforce.CallOutbound, Call: babelforce.Call{ID: "a", Type: "outbound", Source: "api", To: "+493023125042", DateCreated: time.Now()}}
	require.Equal(t, reconcile.WantsNot, wanted(load.Default(), outbound))
}
