package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// The vendor's largest pages: 100 items for most lists, 500 for users and teams. That a
// larger pageSize is reduced and not refused is inferred.
const (
	pageLimit       = 100
	peoplePageLimit = 500
)

// page answers with one page of a list, oldest first (the vendor's order is unknown). Its
// links are relative and keep the other query parameters.
func page(r request, all []object, most int) answer {
	number, ok := positive(r.query, "page", 1)
	if !ok {
		return invalid(violation{parameter: "page", title: "Invalid type (expected number)"})
	}
	size, ok := positive(r.query, "pageSize", 100)
	if !ok {
		return invalid(violation{parameter: "pageSize", title: "Invalid type (expected number)"})
	}
	size = min(size, most)
	pages := max(1, (len(all)+size-1)/size)
	href := func(number int) string {
		query := maps.Clone(r.query)
		query.Set("page", strconv.Itoa(number))
		query.Set("pageSize", strconv.Itoa(size))
		return r.path + "?" + query.Encode()
	}
	links := object{"self": href(number), "first": href(1), "prev": nil, "next": nil}
	if number > 1 {
		links["prev"] = href(number - 1)
	}
	if number < pages {
		links["next"] = href(number + 1)
	}
	shown := []object{}
	if number <= pages {
		shown = append(shown, all[(number-1)*size:min(number*size, len(all))]...)
	}
	return reply(http.StatusOK, object{
		"meta": object{"page": number, "pageSize": size}, "data": shown, "links": links,
	})
}

func positive(query url.Values, name string, fallback int) (int, bool) {
	if !query.Has(name) {
		return fallback, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n >= 1
}

// onlyKnows refuses a filter that the sandbox does not implement, because ignoring it would
// give a wrong list. deleted=false is the behaviour of all lists.
func onlyKnows(r request, filters ...string) *violation {
	for name := range r.query {
		known := name == "page" || name == "pageSize" || slices.Contains(filters, name) ||
			name == "deleted" && r.query.Get(name) == "false"
		if !known {
			return &violation{parameter: name, title: "Not modelled by the sandbox"}
		}
	}
	return nil
}

// listUsers omits the machine user of the API key (inferred).
func (s *Server) listUsers(r request) answer {
	if unknown := onlyKnows(r, "email"); unknown != nil {
		return invalid(*unknown)
	}
	var users []object
	for _, u := range s.users {
		if u.ID != machineUser.ID && (!r.query.Has("email") || r.query.Get("email") == u.Email) {
			users = append(users, userResource(u))
		}
	}
	return page(r, users, peoplePageLimit)
}

func (s *Server) getUser(r request) answer {
	u, found := s.userByID(r.arg)
	if !found {
		return notFound()
	}
	return one(http.StatusOK, userResource(u))
}

func (s *Server) currentUser(request) answer {
	return one(http.StatusOK, userResource(machineUser))
}

func userResource(u User) object {
	userType := "user"
	if u.ID == machineUser.ID {
		userType = "machine"
	}
	return object{
		"type": "user", "id": u.ID, "links": self("/v1/users/" + u.ID),
		"attributes":    object{"name": u.Name, "displayName": u.Name, "email": u.Email, "userType": userType, "roles": []string{"user"}},
		"relationships": object{"org": related("org", "/v1/orgs/", orgID)},
	}
}

func (s *Server) listTeams(r request) answer {
	if unknown := onlyKnows(r); unknown != nil {
		return invalid(*unknown)
	}
	var teams []object
	for _, t := range s.teams {
		teams = append(teams, object{
			"type": "team", "id": t.ID, "links": self("/v1/teams/" + t.ID),
			"attributes":    object{"name": t.Name, "displayName": t.Name, "members": append([]string{}, t.Members...)},
			"relationships": object{"org": related("org", "/v1/orgs/", orgID)},
		})
	}
	return page(r, teams, peoplePageLimit)
}

func (s *Server) listTags(r request) answer {
	if unknown := onlyKnows(r); unknown != nil {
		return invalid(*unknown)
	}
	var tags []object
	for _, t := range s.store.tags {
		tags = append(tags, object{
			"type": "tag", "id": t.id, "links": self("/v1/tags/" + t.id),
			"attributes":    object{"name": t.name, "deleted": false, "createdAt": stamp(t.createdAt), "updatedAt": stamp(t.createdAt)},
			"relationships": object{"org": related("org", "/v1/orgs/", orgID)},
		})
	}
	return page(r, tags, pageLimit)
}

func (s *Server) conversationMetadata(request) answer {
	properties := object{}
	for name, kind := range s.attributes {
		properties[name] = object{"type": kind, "displayName": name}
	}
	return one(http.StatusOK, object{
		"type": "metadata", "id": "conversation", "links": self("/v1/metadata/conversation"),
		"attributes":    object{"properties": properties},
		"relationships": object{"org": related("org", "/v1/orgs/", orgID)},
	})
}

// fullRoles are the permission-set roles that Callthread's requests need.
var fullRoles = []string{
	"org.permission.customer.read", "org.permission.customer.create", "org.permission.customer.update",
	"org.permission.conversation.read", "org.permission.conversation.create",
	"org.permission.conversation.update", "org.permission.conversation.delete",
	"org.permission.note.read", "org.permission.note.create",
	"org.permission.message.read", "org.permission.message.create",
	"org.permission.user.read", "org.permission.team.read", "org.permission.metadata.read",
}

// currentToken describes the key. That the answer includes roles is documented; its other
// names are inferred from the vendor's other resources.
func (s *Server) currentToken(request) answer {
	const id = "5f0c1a2b3c4d5e6f70819202"
	return one(http.StatusOK, object{
		"type": "token", "id": id, "links": self("/v1/auth/tokens/" + id),
		"attributes": object{"name": machineUser.Name, "type": "machine", "roles": fullRoles},
		"relationships": object{
			"org":  related("org", "/v1/orgs/", orgID),
			"user": related("user", "/v1/users/", machineUser.ID),
		},
	})
}
