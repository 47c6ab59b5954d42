package sandbox

import "slices"

// User is a Kustomer user: an agent who can be assigned to conversations.
type User struct {
	ID    string // object id, 24 hexadecimal digits
	Name  string
	Email string
}

// Team is a Kustomer team. Members are user ids.
type Team struct {
	ID      string // object id, 24 hexadecimal digits
	Name    string
	Members []string
}

// orgID appears in the relationships of every resource.
const orgID = "5f0c1a2b3c4d5e6f70819200"

// machineUser is the user of an API key. It is the author of everything that the key
// writes.
var machineUser = User{ID: "5f0c1a2b3c4d5e6f70819201", Name: "Callthread API key", Email: "api-key@example.com"}

// DefaultUsers returns invented agents, for a Config without Users.
func DefaultUsers() []User {
	return []User{
		{ID: "5f0c1a2b3c4d5e6f70819210", Name: "Amira Haddad", Email: "amira.haddad@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819211", Name: "Bastian Vogel", Email: "bastian.vogel@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819212", Name: "Chiara Rinaldi", Email: "chiara.rinaldi@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819213", Name: "Daniel Okafor", Email: "daniel.okafor@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819214", Name: "Elin Sandström", Email: "elin.sandstrom@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819215", Name: "Farid Rahimi", Email: "farid.rahimi@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819216", Name: "Grace Whitfield", Email: "grace.whitfield@example.com"},
		{ID: "5f0c1a2b3c4d5e6f70819217", Name: "Hanna Lewandowska", Email: "hanna.lewandowska@example.com"},
	}
}

// DefaultTeams returns the teams of the DefaultUsers.
func DefaultTeams() []Team {
	return []Team{
		{ID: "5f0c1a2b3c4d5e6f70819220", Name: "Support", Members: []string{
			"5f0c1a2b3c4d5e6f70819210", "5f0c1a2b3c4d5e6f70819211", "5f0c1a2b3c4d5e6f70819212", "5f0c1a2b3c4d5e6f70819213"}},
		{ID: "5f0c1a2b3c4d5e6f70819221", Name: "Billing", Members: []string{
			"5f0c1a2b3c4d5e6f70819214", "5f0c1a2b3c4d5e6f70819215"}},
		{ID: "5f0c1a2b3c4d5e6f70819222", Name: "Sales", Members: []string{
			"5f0c1a2b3c4d5e6f70819216", "5f0c1a2b3c4d5e6f70819217"}},
	}
}

// DefaultAttributes returns the custom attributes of conversations for a Config without
// Attributes: name → metadata type. The types "string" and "number" are in the vendor's
// OpenAPI; "date", "boolean" and "url" are inferred.
func DefaultAttributes() map[string]string {
	return map[string]string{
		"callIdStr":       "string",
		"calledNumberStr": "string",
		"ringingAt":       "date",
		"waitSecondsNum":  "number",
		"durationNum":     "number",
		"outcomeStr":      "string",
		"recordingUrl":    "url",
		"answeredBool":    "boolean",
		"storyTxt":        "string",
	}
}

func cloneTeams(teams []Team) []Team {
	out := slices.Clone(teams)
	for i := range out {
		out[i].Members = slices.Clone(out[i].Members)
	}
	return out
}

func (s *Server) userByID(id string) (User, bool) {
	i := slices.IndexFunc(s.users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.users[i], true
}

func (s *Server) teamByID(id string) (Team, bool) {
	i := slices.IndexFunc(s.teams, func(t Team) bool { return t.ID == id })
	if i < 0 {
		return Team{}, false
	}
	return s.teams[i], true
}

// assigneeNames converts ids of users and teams to the names that an agent sees.
func (s *Server) assigneeNames(users, teams []string) []string {
	names := []string{}
	for _, id := range users {
		if u, ok := s.userByID(id); ok {
			names = append(names, u.Name)
		}
	}
	for _, id := range teams {
		if t, ok := s.teamByID(id); ok {
			names = append(names, t.Name+" (team)")
		}
	}
	return names
}
