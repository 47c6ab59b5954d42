package webhook

import (
	"net/http"
	"slices"
	"strings"

	"github.com/callthread/callthread/babelforce"
)

// prefix is the path of webhooks before the name of the event.
const prefix = "/webhooks/babelforce/"

const noEvent = "there is no event at this path: post events to /webhooks/babelforce/call-inbound, /call-outbound, /call-bridged, /call-finished or /recording-finished"

// astray answers 404 to a path that names no event. If the path looks like a webhook, the
// request is counted and logged, so that an automation with a wrong URL is noticed. Other requests
// are noise from the internet.
func (h *Handler) astray(w http.ResponseWriter, r *http.Request) {
	if !looksLikeWebhook(r.URL.Path) {
		refuse(w, http.StatusNotFound, noEvent)
		return
	}
	d := h.arrived(w, r, "")
	defer h.observe(d)
	detail := noEvent
	if meant := babelforce.MeantEvent(r.URL.Path); meant != "" {
		detail += "; this one is probably " + prefix + string(meant)
	}
	h.refuse(d, http.StatusNotFound, detail)
}

func looksLikeWebhook(path string) bool {
	path = strings.ToLower(path)
	isIn := func(word string) bool { return strings.Contains(path, word) }
	return slices.ContainsFunc([]string{"webhook", "babelforce", "call-", "call_", "call.", "recording"}, isIn)
}

var knownFields = babelforce.KnownFields()

// publicNames replaces unknown field names by [babelforce.OtherField] for answers, logs and metrics.
// The sender chooses these names, so they may contain personal data.
func publicNames(fields []string) (names []string) {
	for _, field := range fields {
		if _, known := slices.BinarySearch(knownFields, field); !known {
			field = babelforce.OtherField
		}
		if !slices.Contains(names, field) {
			names = append(names, field)
		}
	}
	return names
}
