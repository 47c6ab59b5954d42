// Package check reports whether an automations file and a Kustomer org fit together
// before the first call is made.
//
// It checks the file itself, the roles of the API key, and that everything the file names
// exists in the org. It also shows the requests that sample calls would send. It writes
// nothing to Kustomer.
package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer"
)

// Finding is the result of one check.
type Finding struct {
	// Level is "ok", "warning" or "problem". A warning does not fail the check.
	Level string `json:"level"`
	Text  string `json:"text"`
	// File, Line and Column are the position of a problem in the automations file, as far as
	// it is known, so that scripts need not parse Text.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`   // starts at 1
	Column int    `json:"column,omitempty"` // starts at 1, in characters
	// Excerpt is the line with a mark below it, if Text cannot name the mistake.
	Excerpt string `json:"excerpt,omitempty"`
}

// The levels of findings.
const (
	OK      = "ok"
	Warning = "warning"
	Bad     = "problem"
)

// Report contains the findings in the order of the checks.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Fails reports whether a finding is a problem, so that calls would fail.
func (r *Report) Fails() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Bad })
}

func (r *Report) add(level, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{Level: level, Text: fmt.Sprintf(format, args...)})
}

// File adds the findings about the file itself. The arguments set and err are the results of
// loading it.
func (r *Report) File(name string, set *automation.Set, warnings load.Problems, err error) {
	var problems load.Problems
	switch {
	case errors.As(err, &problems):
		r.places(Bad, problems)
	case err != nil:
		r.Findings = append(r.Findings, Finding{Level: Bad, Text: err.Error(), File: name})
	default:
		r.add(OK, "automations of %s, version %s: no mistakes", name, set.Version)
	}
	r.places(Warning, warnings)
}

func (r *Report) places(level string, problems load.Problems) {
	for _, p := range problems {
		r.Findings = append(r.Findings, Finding{
			Level: level, Text: p.String(), File: p.File, Line: p.Line, Column: p.Column, Excerpt: p.Excerpt,
		})
	}
}

// Settings adds an invalid setting of the org as a finding, so that the findings about the
// file are still reported.
func (r *Report) Settings(err error) { r.add(Bad, "%v", err) }

// Org checks a file against a Kustomer org: the API key, its roles, and that everything the
// file names exists.
func (r *Report) Org(ctx context.Context, client *kustomer.Client, set *automation.Set) {
	needs := set.Needs()
	token, err := client.CurrentToken(ctx)
	if err != nil {
		r.add(Bad, "the API key: %v", err)
		return
	}
	r.add(OK, "the API key is accepted")
	r.roles(token.Roles, rolesFor(needs))
	r.attributes(ctx, client, needs.Attributes)
	r.exist(ctx, "team", readTeams, needs.Teams, func(ctx context.Context) (ids []string, err error) {
		teams, err := client.Teams(ctx)
		for _, team := range teams {
			ids = append(ids, team.ID)
		}
		return ids, err
	})
	r.exist(ctx, "user", readUsers, needs.Users, func(ctx context.Context) (ids []string, err error) {
		users, err := client.Users(ctx)
		for _, user := range users {
			ids = append(ids, user.ID)
		}
		return ids, err
	})
	customers := slices.Clone(needs.Customers)
	if needs.CatchAll != "" {
		customers = append(customers, needs.CatchAll)
	}
	for _, id := range customers {
		switch _, err := client.Customer(ctx, id); {
		case err == nil:
			r.add(OK, "customer %s exists", id)
		case kustomer.IsKind(err, kustomer.NotFound):
			r.add(Bad, "there is no customer %s, which the file names", id)
		default:
			r.unseen("customers", readCustomers, err)
		}
	}
}

// exist checks that the org has the ids that the file names. Listing them needs the role.
func (r *Report) exist(ctx context.Context, what, role string, ids []string, list func(context.Context) ([]string, error)) {
	if len(ids) == 0 {
		return
	}
	known, err := list(ctx)
	if err != nil {
		r.unseen(what+"s", role, err)
		return
	}
	for _, id := range ids {
		if slices.Contains(known, id) {
			r.add(OK, "%s %s exists", what, id)
		} else {
			r.add(Bad, "there is no %s %s, which the file names", what, id)
		}
	}
}

// unseen adds a finding about something that could not be checked. A missing role is only a
// warning, because calls do not need to list these objects either.
func (r *Report) unseen(what, role string, err error) {
	if kustomer.IsKind(err, kustomer.Credentials) {
		r.add(Warning, "the org's %s cannot be checked: the API key lacks the role %s: %v", what, role, err)
		return
	}
	r.add(Bad, "the org's %s could not be checked: %v", what, err)
}

// suffixTypes are the metadata types that an attribute with each suffix can have
// (OpenAPI, GET /metadata/conversation; the names beyond its examples are inferred).
var suffixTypes = map[string][]string{
	"Num": {"number", "integer"}, "At": {"date", "datetime", "date-time", "string"}, "Bool": {"boolean"},
	"Str": {"string"}, "Txt": {"string", "text"}, "Url": {"url", "string"},
}

func (r *Report) attributes(ctx context.Context, client *kustomer.Client, needed map[string]string) {
	if len(needed) == 0 {
		return
	}
	defined, err := client.ConversationMetadata(ctx)
	if err != nil {
		r.unseen("custom attributes", readMetadata, err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		attribute, ok := defined[name]
		types := suffixTypes[needed[name]]
		switch {
		case !ok:
			r.add(Bad, "conversations have no custom attribute %s: Kustomer would refuse every conversation that sets it", name)
		case types != nil && attribute.Type != "" && !slices.Contains(types, attribute.Type):
			r.add(Bad, "custom attribute %s is of type %s in Kustomer, but its name says %s", name, attribute.Type, types[0])
		default:
			r.add(OK, "custom attribute %s exists", name)
		}
	}
}
