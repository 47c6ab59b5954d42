package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// Merge merges conversation from into conversation into, as an agent can: from becomes
// done and points to into. The API has no such operation; its effect is inferred. Writes
// to from still succeed and change from alone. This is the harder case for a client,
// because agents no longer look there.
func (s *Server) Merge(from, into string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, found := s.store.conversation(from)
	if !found {
		return fmt.Errorf("there is no conversation %q", from)
	}
	target, found := s.store.conversation(into)
	switch {
	case !found:
		return fmt.Errorf("there is no conversation %q", into)
	case target == c:
		return errors.New("a conversation cannot be merged into itself")
	case target.MergedInto != "":
		return fmt.Errorf("conversation %q is itself merged into another", into)
	}
	next := *c
	next.Status, next.MergedInto = "done", into
	s.commit(c, next)
	return nil
}

func (s *Server) postMerge(w http.ResponseWriter, r *http.Request) {
	var in struct {
		From string `json:"from"`
		Into string `json:"into"`
	}
	err := decodeControl(r, &in)
	if err == nil {
		err = s.Merge(in.From, in.Into)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// deleteConversation keeps the conversation in State, so that a test can distinguish a
// deleted conversation from a lost one. That its externalId can be used again is inferred.
func (s *Server) deleteConversation(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	next := *c
	next.Deleted = true
	s.commit(c, next)
	return answer{status: http.StatusNoContent}
}
