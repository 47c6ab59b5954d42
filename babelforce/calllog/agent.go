package calllog

import (
	"bytes"
	"context"
	"net/url"

	"github.com/callthread/callthread/babelforce"
)

// Agent reads one agent. In addition to the bridged agent of a row, it has the e-mail
// address and the id in the system from which the agent was imported (OpenAPI Agent).
// Fields that babelforce does not report are empty. If there is no such agent, Agent
// returns an Error of kind NotFound.
func (c *Client) Agent(ctx context.Context, id string) (babelforce.Agent, error) {
	const path = "/api/v2/agents/{id}"
	if id == "" { // the path would be the one of all agents
		return babelforce.Agent{}, &Error{Path: path, Kind: NotFound}
	}
	response, err := c.getFrom(ctx, path, "/api/v2/agents/"+url.PathEscape(id), nil)
	if err != nil {
		return babelforce.Agent{}, err
	}
	raw := bytes.TrimSpace(unwrap(response.Body()))
	if bytes.Equal(raw, []byte("null")) {
		return babelforce.Agent{}, &Error{Path: path, Kind: NotFound, Status: response.StatusCode()}
	}
	event, err := decode("agent", raw)
	agent := event.Agent
	if err == nil && (agent == babelforce.Agent{} || agent.ID != "" && agent.ID != id) {
		err = errOtherAgent
	}
	if err != nil {
		return babelforce.Agent{}, &Error{Path: path, Kind: NotUnderstood, Detail: err.Error()}
	}
	agent.ID = id
	return agent, nil
}
