package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// newControl serves the page and the control API. Neither asks for credentials, because
// the sandbox listens on loopback. Requests from other sites' pages are refused.
func (s *Server) newControl() http.Handler {
	mux := http.NewServeMux()
	s.addPage(mux)
	mux.HandleFunc("GET /sandbox/state", func(w http.ResponseWriter, _ *http.Request) {
		reply(http.StatusOK, s.State()).write(w)
	})
	mux.HandleFunc("GET /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		reply(http.StatusOK, object{"faults": s.listFaults()}).write(w)
	})
	mux.HandleFunc("POST /sandbox/faults", s.postFault)
	mux.HandleFunc("DELETE /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /sandbox/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !s.clearFault(r.PathValue("id")) {
			refuse(w, http.StatusNotFound, errors.New("there is no fault with this id"))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sandbox/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sandbox/key", s.postKey)
	mux.HandleFunc("POST /sandbox/merge", s.postMerge)
	return http.NewCrossOriginProtection().Handler(mux)
}

// faultJSON is a Fault in a request of the control API.
type faultJSON struct {
	Method      string    `json:"method"`
	Route       string    `json:"route"`
	ExternalID  string    `json:"externalId"`
	Kind        FaultKind `json:"kind"`
	Status      int       `json:"status"`
	LatencyMs   int64     `json:"latencyMs"`
	Probability float64   `json:"probability"`
	Times       int       `json:"times"`
	Skip        int       `json:"skip"`
	Says        string    `json:"says"`
	RetryAfter  string    `json:"retryAfter"`
}

// listedFault is a Fault in an answer of the control API.
type listedFault struct {
	ID string `json:"id"`
	faultJSON
	Struck int  `json:"struck"` // how often it has applied so far
	Active bool `json:"active"` // false once it has applied Times times
}

func (s *Server) listFaults() []listedFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []listedFault{}
	for _, f := range s.faults {
		list = append(list, listedFault{
			ID: f.id, Struck: f.struck, Active: !f.spent(),
			faultJSON: faultJSON{f.Method, f.Route, f.ExternalID, f.Kind, f.Status, f.Latency.Milliseconds(), f.Probability,
				f.Times, f.Skip, f.Says, f.RetryAfter},
		})
	}
	return list
}

func (s *Server) postFault(w http.ResponseWriter, r *http.Request) {
	var in faultJSON
	if err := decodeControl(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if in.Kind == "" && in.Status != 0 { // a status implies the kind
		in.Kind = FaultStatus
	}
	f := Fault{Method: in.Method, Route: in.Route, ExternalID: in.ExternalID, Kind: in.Kind, Status: in.Status,
		Latency: time.Duration(in.LatencyMs) * time.Millisecond, Probability: in.Probability,
		Times: in.Times, Skip: in.Skip, Says: in.Says, RetryAfter: in.RetryAfter}
	if err := s.checkFault(f); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	reply(http.StatusCreated, object{"id": s.Inject(f)}).write(w)
}

func (s *Server) postKey(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Valid *bool `json:"valid"`
	}
	err := decodeControl(r, &in)
	if err == nil && in.Valid == nil {
		err = errors.New("valid must be true or false")
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	s.keyValid = *in.Valid
	s.mu.Unlock()
	reply(http.StatusOK, object{"valid": *in.Valid}).write(w)
}

// decodeControl reads exactly one JSON object. A field that v lacks is an error.
func decodeControl(r *http.Request, v any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return fmt.Errorf("the body cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body has more than one JSON value")
	}
	return nil
}

func refuse(w http.ResponseWriter, status int, err error) {
	reply(status, object{"error": err.Error()}).write(w)
}
