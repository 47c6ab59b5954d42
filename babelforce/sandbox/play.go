package sandbox

import (
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
)

// Rows returns the legs of a simulated call as the log has them after the last event, with
// the times stated in the events. A leg that has not ended is in progress. The leg of an
// agent who is still connected is missing, because no event reports it.
func Rows(story simulator.Story) ([]Row, error) {
	all, err := read(story)
	if err != nil {
		return nil, err
	}
	return all.rows(), nil
}

// Play adds the legs of a simulated call to the log, and its agents to the account. A story
// is delivered within seconds although its events state minutes. The log has the times of
// the deliveries, starting at began. For the stated times, see [Rows].
func (s *Server) Play(story simulator.Story, began time.Time) error {
	all, err := read(story)
	if err != nil {
		return err
	}
	for _, moment := range all {
		if moment.event.Agent.ID != "" {
			s.Agents(moment.event.Agent)
		}
	}
	played := all.clock()
	for _, row := range all.rows() {
		for _, at := range []*time.Time{&row.Created, &row.Established, &row.Finished} {
			if !at.IsZero() {
				*at = began.Add(played.at(*at))
			}
		}
		s.Log(row)
	}
	return nil
}

// events are the events of one call, in chronological order.
type events []moment

// moment is an event with its times.
type moment struct {
	event babelforce.Event
	at    time.Time     // when it happened, as stated
	after time.Duration // from the first delivery to its own
}

func read(story simulator.Story) (all events, err error) {
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, moment{event: event, at: happened(event), after: step.After})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return all, nil
}

// happened returns the time of the event: the end of the leg, the connection of an agent, or
// otherwise the beginning of the leg.
func happened(event babelforce.Event) time.Time {
	leg := event.Call
	switch {
	case !leg.DateFinished.IsZero():
		return leg.DateFinished
	case event.Name == babelforce.CallBridged && leg.Duration != nil: // the duration is the waiting time
		return leg.DateCreated.Add(time.Duration(*leg.Duration) * time.Second)
	}
	return leg.DateCreated
}

// rows returns the legs in the order in which they are first mentioned.
func (all events) rows() (rows []Row) {
	agents := make(map[string]string) // leg id → agent id
	for _, moment := range all {
		leg := moment.event.Call
		i := slices.IndexFunc(rows, func(row Row) bool { return row.ID == leg.ID })
		if i < 0 {
			i, rows = len(rows), append(rows, Row{})
		}
		rows[i] = rows[i].after(moment.event)
		if moment.event.Name == babelforce.CallFinished {
			agents[leg.ID] = moment.event.Agent.ID
		}
	}
	for i := range rows {
		rows[i].Bridged = all.bridged(rows[i], agents[rows[i].ID])
	}
	return rows
}

// after returns the row as it is after an event of its leg.
func (r Row) after(event babelforce.Event) Row {
	leg := event.Call
	recordings := r.Recordings
	if recording := event.Recording; recording.ID != "" && !slices.ContainsFunc(recordings, func(r Recording) bool { return r.ID == recording.ID }) {
		recordings = append(recordings, Recording{ID: recording.ID, URL: recording.URL, Duration: recording.Duration})
	}
	duration := leg.Duration
	if leg.DateFinished.IsZero() { // before the end, the duration is the waiting time
		duration = nil
	}
	return Row{
		ID: leg.ID, ParentID: leg.ParentID, SessionID: leg.SessionID, ConversationID: leg.ConversationID,
		Type: leg.Type, Source: leg.Source, Domain: leg.Domain, State: leg.State, FinishReason: leg.FinishReason,
		From: leg.From, To: leg.To, Anonymous: leg.Anonymous,
		Created: leg.DateCreated, Established: leg.DateEstablished, Finished: leg.DateFinished, Duration: duration, Recordings: recordings,
	}
}

// bridged returns the last agent who was connected to a leg: any agent for a root leg, the
// leg's agent for an agent's leg, and nil if the leg was not answered.
func (all events) bridged(row Row, agentID string) (last *Bridged) {
	isRoot := row.ParentID == ""
	if !isRoot && row.Established.IsZero() {
		return nil
	}
	for _, moment := range all {
		agent, queue := moment.event.Agent, moment.event.Queue
		if moment.event.Name == babelforce.CallBridged && (isRoot || agentID == "" || agentID == agent.ID) {
			last = &Bridged{ID: agent.ID, Name: agent.Name, Number: agent.Number, QueueID: queue.ID, QueueName: queue.Name}
		}
	}
	return last
}
