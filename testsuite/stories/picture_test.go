package stories

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// picture is the result of a call.
type picture storyfile.Picture

// withWhatGoesWithoutSaying adds the usual values that a story omits.
func (p picture) withWhatGoesWithoutSaying(s story) picture {
	if p.Conversation != "none" {
		p.Direction, p.Status = cmp.Or(p.Direction, "in"), cmp.Or(p.Status, "open")
		if p.Name == "" {
			p.Name = "Call from " + strings.Replace(s.CallersNumber(), storyfile.Withheld, "a withheld number", 1)
		}
	}
	if p.Phase == "" {
		p.Phase = string(workflows.Missed)
		if p.Outcome == "answered" {
			p.Phase = string(workflows.Finished)
		}
	}
	if p.LastAgent == "" && len(p.Agents) > 0 {
		p.LastAgent = p.Agents[len(p.Agents)-1]
	}
	return p.sorted()
}

// sorted sorts the lists whose order has no meaning.
func (p picture) sorted() picture {
	for _, list := range []*[]string{&p.Tags, &p.Assigned, &p.Teams, &p.Notes, &p.Legs, &p.Warnings} {
		*list = slices.Sorted(slices.Values(*list))
	}
	p.Warnings = slices.Compact(p.Warnings) // every step adds its warning
	return p
}

// see returns the result after the call.
func (p playing) see(t *testing.T, kustomer *org, state workflows.State) picture {
	seen := picture{
		Conversation: "none", Phase: string(state.Phase), Outcome: string(state.Outcome), Agents: state.Summary.Agents,
		LastAgent: strings.TrimPrefix(state.AgentID, storyfile.AgentID("")), Parked: state.ParkedBecause,
	}
	for _, warning := range state.Warnings {
		if p.manner != asItHappens {
			break
		}
		brief, _, _ := strings.Cut(warning, ": kustomer: ") // the rest is Kustomer's message
		seen.Warnings = append(seen.Warnings, brief)
	}
	if p.Becomes.Because != "" {
		seen.Because = state.Caller
	}
	if p.Becomes.Queue != "" {
		seen.Queue = state.QueueName
	}
	for _, leg := range state.Legs {
		seen.Legs = append(seen.Legs, inWords(leg))
	}
	if state.ConversationID != "" {
		p.seeConversation(t, &seen, kustomer, state)
	}
	seen.Settled = requireNothingElse(t, kustomer, state)
	return seen.sorted()
}

func (p playing) seeConversation(t *testing.T, seen *picture, kustomer *org, state workflows.State) {
	now := kustomer.State()
	i := slices.IndexFunc(now.Conversations, func(c sandbox.Conversation) bool { return c.ID == state.ConversationID })
	require.GreaterOrEqual(t, i, 0, "the run names a conversation that Kustomer does not have")
	c := now.Conversations[i]
	seen.Conversation, seen.Name, seen.Direction, seen.Status, seen.Tags = "", c.Name, c.Direction, c.Status, c.Tags
	if i < len(kustomer.before.Conversations) {
		seen.Conversation = "joins " + kustomer.before.Conversations[i].Name
	}
	require.Equal(t, c.CustomerID, state.CustomerID, "the run names another customer than the conversation has")
	for _, one := range now.Customers {
		if one.ID == c.CustomerID {
			seen.Customer = displayName(one)
		}
	}
	for _, id := range c.AssignedUsers {
		seen.Assigned = append(seen.Assigned, nameOf(id, storyfile.Users, storyfile.UserOf))
	}
	for _, id := range c.AssignedTeams {
		seen.Teams = append(seen.Teams, nameOf(id, storyfile.Teams, storyfile.TeamOf))
	}
	for name, value := range c.Custom {
		if seen.Custom == nil {
			seen.Custom = make(map[string]string)
		}
		seen.Custom[name] = fmt.Sprint(value)
	}
	marks := make(map[string]bool)
	for _, note := range c.Notes {
		require.False(t, marks[note.ExternalID], "two notes are marked %s", note.ExternalID)
		require.True(t, strings.HasPrefix(note.ExternalID, "babelforce:"+callID+":"), note.ExternalID)
		marks[note.ExternalID] = true
		seen.Notes = append(seen.Notes, inOneLine(note.Body))
	}
	for _, m := range c.Messages {
		seen.Voice = append(seen.Voice, entry(m))
	}
}

// requireNothingElse requires that the call made no second conversation and no unneeded customer,
// and that earlier conversations are unchanged except for tags of lost calls. It returns the
// conversations that lost such a tag.
func requireNothingElse(t *testing.T, kustomer *org, state workflows.State) (settled []string) {
	now, owner := kustomer.State(), ""
	for i, c := range now.Conversations {
		switch {
		case c.ID == state.ConversationID:
			owner = c.CustomerID
		case i < len(kustomer.before.Conversations):
			before := kustomer.before.Conversations[i]
			if isLost(before) && !isLost(c) {
				settled = append(settled, c.Name)
				c.Tags = append(c.Tags, lostTag)
				c.Rev, c.UpdatedAt, c.Log = before.Rev, before.UpdatedAt, before.Log
				require.ElementsMatch(t, before.Tags, c.Tags)
				c.Tags = before.Tags
			}
			require.Equal(t, before, c, "an earlier conversation was changed")
		default:
			require.Fail(t, "the call has a conversation too many", c.ExternalID)
		}
	}
	for _, one := range now.Customers[len(kustomer.before.Customers):] {
		// Kustomer requires a customer for each conversation, even if the caller is unknown.
		if name := displayName(one); one.ID != owner && name != "Unknown caller" {
			require.Fail(t, "an unneeded customer was created", name)
		}
	}
	return settled
}

// lostTag is the tag of lost calls in the built-in file.
const lostTag = "call_lost"

func isLost(c sandbox.Conversation) bool { return slices.Contains(c.Tags, lostTag) }

// inWords describes a leg as stories do.
func inWords(leg call.LegSummary) string {
	words := strings.TrimPrefix(leg.AgentID, storyfile.AgentID(""))
	if words == "" {
		words, _, _ = strings.Cut(strings.TrimPrefix(leg.LegID, "leg of "), " at ")
	}
	if leg.RangSeconds != nil {
		words += fmt.Sprint(" rang ", seconds(*leg.RangSeconds))
	}
	if leg.Answered {
		return words + fmt.Sprint(" talked ", seconds(*leg.TalkedSeconds))
	}
	return words + " in vain"
}

// entry describes a voice entry as stories do, with its times since noon.
func entry(m sandbox.Message) string {
	text := fmt.Sprintf("%s %s: %s", m.Channel, m.Direction, m.Subject)
	if m.Preview != "" {
		text += ", " + inOneLine(m.Preview)
	}
	for _, name := range []string{"from", "to"} {
		if number, exists := m.Meta[name]; exists {
			text += fmt.Sprintf(", %s %s", name, number)
		}
	}
	for _, name := range []string{"placed", "answered", "ended"} {
		if at, err := time.Parse(time.RFC3339, fmt.Sprint(m.Meta[name+"At"])); err == nil {
			since := at.Sub(noon)
			text += fmt.Sprintf(", %s %d:%02d", name, since/time.Minute, since%time.Minute/time.Second)
		}
	}
	return text
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// displayName is the customer's name, or the number of a customer that a call has created.
func displayName(one sandbox.Customer) string {
	return cmp.Or(one.Name, strings.Join(append(one.Phones, one.SharedPhones...), " "))
}

func nameOf(id string, names []string, idOf func(string) string) string {
	for _, name := range names {
		if idOf(name) == id {
			return name
		}
	}
	return id
}
