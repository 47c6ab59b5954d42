package call

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestKeyIsTheParentLeg(t *testing.T) {
	require.Equal(t, "p", Leg{ID: "p"}.Key())
	require.Equal(t, "p", Leg{ID: "c", ParentID: "p"}.Key())
}

func TestChildLegsAreRecognised(t *testing.T) {
	for name, tc := range map[string]struct {
		leg  Leg
		want bool
	}{
		"caller":                      {Leg{ID: "p", Type: "inbound", Source: "queue", Domain: "external"}, false},
		"caller naming itself parent": {Leg{ID: "p", ParentID: "p"}, false},
		"agent attempt":               {Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal"}, true},
		"attempt without its parent":  {Leg{ID: "c", Type: "outbound", Source: "queue", Domain: "internal"}, true},
		"transfer leg":                {Leg{ID: "c", ParentID: "p", Source: "transfer"}, true},
		"outbound consumer leg":       {Leg{ID: "p", Type: "outbound", Source: "api", Domain: "external"}, false},
	} {
		require.Equal(t, tc.want, tc.leg.IsChild(), name)
	}
}

func TestAgentsCallsAreOutbound(t *testing.T) {
	for name, tc := range map[string]struct {
		leg  Leg
		want bool
	}{
		"caller":                  {Leg{Type: "inbound", Source: "queue", Domain: "external"}, false},
		"attempt to reach agents": {Leg{Type: "outbound", Source: "queue", Domain: "internal"}, false},
		"transfer":                {Leg{Type: "outbound", Source: "transfer", Domain: "internal"}, false},
		"click to call":           {Leg{Type: "outbound", Source: "api", Domain: "internal"}, true},
		"browser phone":           {Leg{Type: "outbound", Source: "webrtc", Domain: "external"}, true},
		"dialer":                  {Leg{Type: "outbound", Source: "dialer", Domain: "external"}, true},
		"callback of a queue":     {Leg{ID: "p", Type: "outbound", Source: "queue", Domain: "external"}, true},
		"source of the future":    {Leg{ID: "p", Type: "outbound", Source: "robot", Domain: "external"}, true},
		"test call":               {Leg{ID: "p", Type: "outbound", Source: "test", Domain: "external"}, false},
		"agent at another number": {Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "external"}, false},
	} {
		require.Equal(t, tc.want, tc.leg.IsOutgoing(), name)
	}
}
