package sandbox

import (
	"net/http"

	"github.com/callthread/callthread/babelforce"
)

// Agents adds agents to the account. An agent with the same id is replaced.
func (s *Server) Agents(agents ...babelforce.Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, agent := range agents {
		s.agents[agent.ID] = agent
	}
}

// agent answers with one agent (OpenAPI Agent).
func (s *Server) agent(w http.ResponseWriter, r *http.Request) {
	if s.faults.AgentStatus != 0 {
		refuse(w, s.faults.AgentStatus, "unavailable")
		return
	}
	agent, known := s.agents[r.PathValue("id")]
	if !known {
		refuse(w, http.StatusNotFound, "not_found")
		return
	}
	answer(w, s.faults.item(map[string]any{
		"id": agent.ID, "name": agent.Name, "number": orNull(agent.Number), "email": orNull(agent.Email),
		"sourceId": orNull(agent.SourceID), "agentSource": orNull(agent.Source),
		"enabled": true, "available": false, "groups": []any{}, "tags": []any{}, "presence": map[string]any{"available": true, "name": "available"},
	}))
}
