package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// object is a JSON object under construction.
type object = map[string]any

// answer is what a route returns. The body is encoded while the store is locked. It is
// written, lost or truncated afterwards.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

func reply(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: an answer cannot be encoded: %v", err))
	}
	return answer{status: status, body: body}
}

func (a *answer) setHeader(name, value string) {
	if a.header == nil {
		a.header = make(map[string]string)
	}
	a.header[name] = value
}

func (a answer) write(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.body != nil { // a 204 has no body
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may have left
}

// failure is an error in the shape of the vendor's error page, plus the fields that the
// OpenAPI requires. Recorded traffic has a third shape (see invalid and lookupMissed), and
// a client must read all of them. about names the parameter at fault, if any.
func failure(status int, code, message, about string) answer {
	return reply(status, object{"errors": []object{{
		"status": strconv.Itoa(status), // a string in the OpenAPI
		"code":   code, "title": message, "message": message, "meta": object{},
		"source": object{"parameters": about},
	}}})
}

func unauthorized() answer {
	return failure(http.StatusUnauthorized, "unauthorized", "Authentication failed.", "")
}

func notFound() answer {
	return failure(http.StatusNotFound, "not_found", "Resource not found.", "id")
}

// conflict answers a duplicate of a unique value and a stale rev. The vendor documents 409
// for "optimistic locking or other conflict"; the body is inferred.
func conflict(message, about string) answer {
	return failure(http.StatusConflict, "conflict", message, about)
}

// invalid answers a refused body or parameter, in the recorded shape of a 400.
func invalid(v violation) answer {
	return reply(http.StatusBadRequest, object{"errors": []object{recordedError(v)}})
}

func recordedError(v violation) object {
	return object{
		"status": http.StatusBadRequest, // a JSON number in real traffic
		"source": object{"parameter": v.parameter},
		"code":   "badparam",
		"title":  v.title,
		"detail": v.path,
	}
}

// invalidUpdate answers a refused update. The schema of an update has two branches, so the
// reason is one level deeper. Third-party code shows one sub-error per branch.
func invalidUpdate(branches ...violation) answer {
	outer := recordedError(branches[0])
	outer["title"] = `Data does not match exactly one schema from "oneOf"`
	var nested []object
	for _, v := range branches {
		nested = append(nested, object{"title": v.title, "source": object{"pointer": v.path, "parameter": v.parameter}})
	}
	outer["meta"] = object{"subErrors": nested}
	return reply(http.StatusBadRequest, object{"errors": []object{outer}})
}

// lookupMissed answers a look-up by phone, e-mail or externalId that found nothing. The
// shape is recorded for externalId and inferred for the others.
func lookupMissed(parameter string) answer {
	return reply(http.StatusNotFound, object{"errors": []object{{
		"status": http.StatusNotFound,
		"source": object{"parameter": parameter},
		"code":   "notfound",
		"title":  "Not Found",
	}}})
}

// one wraps a single resource.
func one(status int, resource object) answer {
	return reply(status, object{"data": resource})
}

// stamp formats a time as Kustomer does: RFC 3339, milliseconds, Z.
func stamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// self is the links object of a resource.
func self(path string) object {
	return object{"self": path}
}

// related is one entry of a resource's relationships.
func related(kind, path, id string) object {
	return object{"links": self(path + id), "data": object{"type": kind, "id": id}}
}
