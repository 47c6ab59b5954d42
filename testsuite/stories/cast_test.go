package stories

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// agent is somebody in the call centre, as babelforce knows them.
type agent struct {
	name     string
	sourceID string // the Kustomer user, for agents that babelforce has imported from there
	source   string
	email    string
}

// agents are the cast; README.md introduces them to readers.
var agents = []agent{
	{name: "Amira", sourceID: userOf("Amira"), source: "kustomer"},
	{name: "Ben", sourceID: userOf("Ben"), source: "kustomer"},
	{name: "Clara", sourceID: userOf("Clara"), source: "kustomer"},
	{name: "Dario"}, // whom Kustomer does not know
	{name: "Emil", email: "emil@example.com"}, // made in babelforce, and known by the address
	{name: "Farah"}, // made in babelforce, and known by nothing but a table
	{name: "Greta", sourceID: "360012345678", source: "zendesk", email: "Greta@example.com"},     // imported from elsewhere
	{name: "Henk", sourceID: "7f0c1a2b3c4d5e6f70819299", source: "kustomer"},                     // who has left Kustomer
	{name: "Ines", sourceID: "7f0c1a2b3c4d5e6f70819298", source: "x", email: "ines@example.com"}, // whose id looks like one of Kustomer's
}

// users are those of the agents who work in Kustomer.
var users = []string{"Amira", "Ben", "Clara", "Emil", "Farah", "Greta", "Ines"}

var teams = []string{"Support", "Billing"}

func userOf(name string) string { return objectID("11", slices.Index(users, name)) }
func teamOf(name string) string { return objectID("22", slices.Index(teams, name)) }

// agentNamed finds one of the cast; nobody is none.
func agentNamed(name string) (agent, bool) {
	i := slices.IndexFunc(agents, func(a agent) bool { return a.name == name })
	if i < 0 {
		return agent{}, false
	}
	return agents[i], true
}

func objectID(kind string, n int) string {
	return "5f0c1a2b3c4d5e6f7081" + kind + fmt.Sprintf("%02d", n)
}

func kustomerUsers() (all []sandbox.User) {
	for _, name := range users {
		all = append(all, sandbox.User{ID: userOf(name), Name: name, Email: strings.ToLower(name) + "@example.com"})
	}
	return all
}

func kustomerTeams() (all []sandbox.Team) {
	for _, name := range teams {
		all = append(all, sandbox.Team{ID: teamOf(name), Name: name})
	}
	return all
}
