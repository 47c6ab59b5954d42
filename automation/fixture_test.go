package automation

import (
	"time"

	"github.com/callthread/callthread/call"
)

const userID = "5f0c1a2b3c4d5e6f70819210"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600))

// answered is a call of which everything is known.
func answered() call.Facts {
	return call.Facts{
		Key: "k-1",
		Leg: call.Leg{
			ID: "k-1", SessionID: "s-1", ConversationID: "c-1", Type: "inbound", Source: "queue", Domain: "external",
			State: "completed", FinishReason: "passive-hangup", From: "+493066665555", To: "+493020002000",
			CreatedAt: noon, EstablishedAt: noon.Add(time.Second), FinishedAt: noon.Add(time.Minute), Seconds: new(60),
		},
		Agent:   call.Agent{ID: "7", Name: "Amira Haddad", Email: "amira@example.com", Number: "201", SourceID: userID},
		Queue:   call.Queue{ID: "9", Name: "Support"},
		Extra:   map[string]string{"app.shop": "Berlin"},
		Outcome: call.Answered,
	}
}

// unknown is a call of which nothing is known but that it exists.
func unknown() call.Facts { return call.Facts{Key: "k-1", Leg: call.Leg{ID: "k-1"}} }
