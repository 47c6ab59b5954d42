package storyfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// Agent is an agent of the call centre, as babelforce reports the agent.
type Agent struct {
	Name     string
	sourceID string // id of the Kustomer user, for agents that babelforce has imported from Kustomer
	source   string
	email    string
}

// agents are the cast. The README of the format introduces them.
var agents = []Agent{
	{Name: "Amira", sourceID: UserOf("Amira"), source: "kustomer"},
	{Name: "Ben", sourceID: UserOf("Ben"), source: "kustomer"},
	{Name: "Clara", sourceID: UserOf("Clara"), source: "kustomer"},
	{Name: "Dario"}, // not in Kustomer
	{Name: "Emil", email: "emil@example.com"}, // created in babelforce; found by the e-mail address
	{Name: "Farah"}, // created in babelforce; found only by the file's table
	{Name: "Greta", sourceID: "360012345678", source: "zendesk", email: "Greta@example.com"},     // imported from another system
	{Name: "Henk", sourceID: "7f0c1a2b3c4d5e6f70819299", source: "kustomer"},                     // has left Kustomer
	{Name: "Ines", sourceID: "7f0c1a2b3c4d5e6f70819298", source: "x", email: "ines@example.com"}, // has an id that looks like one of Kustomer's
}

var (
	// Users are the names of the agents who are users in Kustomer.
	Users = []string{"Amira", "Ben", "Clara", "Emil", "Farah", "Greta", "Ines"}
	// Teams are the names of the teams in Kustomer.
	Teams = []string{"Support", "Billing"}
)

// UserOf returns the id of an agent's user in Kustomer.
func UserOf(name string) string { return objectID("11", slices.Index(Users, name)) }

// TeamOf returns a team's id in Kustomer.
func TeamOf(name string) string { return objectID("22", slices.Index(Teams, name)) }

// AgentNamed returns the agent of the cast with this name.
func AgentNamed(name string) (Agent, bool) {
	i := slices.IndexFunc(agents, func(a Agent) bool { return a.Name == name })
	if i < 0 {
		return Agent{}, false
	}
	return agents[i], true
}

func names() string {
	var all []string
	for _, a := range agents {
		all = append(all, a.Name)
	}
	return strings.Join(all, ", ")
}

func objectID(kind string, n int) string {
	return "5f0c1a2b3c4d5e6f7081" + kind + fmt.Sprintf("%02d", n)
}

// KustomerUsers returns the users of the org that stories use.
func KustomerUsers() (all []sandbox.User) {
	for _, name := range Users {
		all = append(all, sandbox.User{ID: UserOf(name), Name: name, Email: strings.ToLower(name) + "@example.com"})
	}
	return all
}

// KustomerTeams returns the teams of the org that stories use.
func KustomerTeams() (all []sandbox.Team) {
	for _, name := range Teams {
		all = append(all, sandbox.Team{ID: TeamOf(name), Name: name})
	}
	return all
}
