package sandbox

import (
	"embed"
	"io/fs"
	"net/http"
	"slices"
	"time"
)

//go:embed page
var pageFiles embed.FS

// rowsShown limits what the page fetches every second.
const rowsShown = 200

// view is the content of the page: the newest conversations, and the selected one in full.
type view struct {
	Now             time.Time     `json:"now"`
	Conversations   int           `json:"conversations"`
	Customers       int           `json:"customers"`
	RequestTotal    int           `json:"requestTotal"`
	BudgetLimit     int           `json:"budgetLimit"`
	BudgetRemaining int           `json:"budgetRemaining"`
	KeyValid        bool          `json:"keyValid"`
	Faults          []listedFault `json:"faults"`
	Rows            []row         `json:"rows"`     // newest first, at most rowsShown
	Selected        *detail       `json:"selected"` // null if there is no such conversation
}

type row struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Status     string    `json:"status"`
	MergedInto string    `json:"mergedInto,omitempty"`
	Deleted    bool      `json:"deleted,omitempty"`
	Tags       []string  `json:"tags"`
	Assignees  []string  `json:"assignees"` // names
	CreatedAt  time.Time `json:"createdAt"`
	Rev        int       `json:"rev"`
}

type detail struct {
	Conversation
	Assignees []string `json:"assignees"` // names
	Customer  Customer `json:"customer"`
}

func (s *Server) addPage(mux *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // cannot happen: the folder is embedded above
	}
	static := http.FileServerFS(files)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		// Names and notes come from callers. If one became markup, the policy would still block scripts.
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Cache-Control", "no-cache")
		static.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /sandbox/view", func(w http.ResponseWriter, r *http.Request) {
		reply(http.StatusOK, s.view(r.URL.Query().Get("id"))).write(w)
	})
}

func (s *Server) view(selected string) view {
	faults := s.listFaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	v := view{
		Now:             now,
		Conversations:   len(s.store.conversations),
		Customers:       len(s.store.customers),
		RequestTotal:    s.requestTotal,
		BudgetLimit:     s.budget.limit,
		BudgetRemaining: s.budget.remaining(now),
		KeyValid:        s.keyValid,
		Faults:          faults,
		Rows:            []row{},
	}
	for _, c := range slices.Backward(s.store.conversations) {
		if len(v.Rows) == rowsShown {
			break
		}
		v.Rows = append(v.Rows, row{c.ID, c.Name, c.Status, c.MergedInto, c.Deleted, slices.Clone(c.Tags),
			s.assigneeNames(c.AssignedUsers, c.AssignedTeams), c.CreatedAt, c.Rev})
	}
	if c, found := s.store.byID[selected]; found {
		v.Selected = &detail{c.clone(), s.assigneeNames(c.AssignedUsers, c.AssignedTeams),
			s.store.customerByID[c.CustomerID].clone()}
	}
	return v
}
