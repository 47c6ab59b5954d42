package kustomer

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

const (
	pageSize = 100 // OpenAPI: the default, and the most that every list accepts
	// 100 pages are 10,000 records, which no conversation's notes, no customer's
	// conversations and no staff come near: more means that the links go round in circles.
	maxPages = 100
)

// entity is a pointer to a flat struct that holds attributes and can be told
// what JSON:API keeps beside them.
type entity[T any] interface {
	*T
	identify(identity)
}

type identity struct{ id, customerID, conversationID string }

// resource is one JSON:API object whose attributes decode into T.
type resource[T any, E entity[T]] struct {
	ID            string `json:"id"`
	Attributes    T      `json:"attributes"`
	Relationships struct {
		Customer     relationship `json:"customer"`
		Conversation relationship `json:"conversation"`
	} `json:"relationships"`
}

type relationship struct {
	Data struct {
		ID string `json:"id"`
	} `json:"data"`
}

func (r *resource[T, E]) entity() *T {
	related := r.Relationships
	E(&r.Attributes).identify(identity{r.ID, related.Customer.Data.ID, related.Conversation.Data.ID})
	return &r.Attributes
}

// one sends a request that is answered with a single object. An array stands
// for its first item.
func one[T any, E entity[T]](ctx context.Context, c *Client, in call) (*T, error) {
	found, err := several[T, E](ctx, c, in)
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// several sends a request that is answered with an object or, as a third-party
// client has seen from the look-up by phone, with an array of them. An empty one
// is a look-up's way of finding nothing (inferred), and like it NotFound.
func several[T any, E entity[T]](ctx context.Context, c *Client, in call) ([]T, error) {
	got, err := c.do(ctx, in)
	if err != nil {
		return nil, err
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(got.body, &envelope) != nil {
		return nil, got.unreadable("the answer is not JSON")
	}
	items := make([]resource[T, E], 1)
	if data := envelope.Data; bytes.HasPrefix(data, []byte("[")) {
		err = json.Unmarshal(data, &items)
	} else {
		err = json.Unmarshal(data, &items[0])
	}
	switch {
	case err != nil:
		return nil, got.unreadable("the answer does not have the documented form")
	case len(items) == 0 && in.method == http.MethodGet:
		return nil, got.fail(NotFound, "")
	case len(items) == 0:
		return nil, got.unreadable("the answer has no id")
	}
	var found []T
	for i := range items {
		if items[i].ID == "" {
			return nil, got.unreadable("the answer has no id")
		}
		found = append(found, *items[i].entity())
	}
	return found, nil
}

// all sends a request that is answered page by page and returns every item, or
// none: half a list would pass for a whole one.
func all[T any, E entity[T]](ctx context.Context, c *Client, in call) ([]T, error) {
	query, _ := url.ParseQuery(in.query) // encoded by this package
	query.Set("pageSize", strconv.Itoa(pageSize))
	in.query = query.Encode()
	var items []T
	for number := 1; ; number++ {
		got, err := c.do(ctx, in)
		if err != nil {
			return nil, err
		}
		var page page[T, E]
		if json.Unmarshal(got.body, &page) != nil || page.Data == nil {
			return nil, got.unreadable("the answer is not a list in the documented form")
		}
		for i := range page.Data {
			if page.Data[i].ID == "" {
				return nil, got.unreadable("an item of the list has no id")
			}
			items = append(items, *page.Data[i].entity())
		}
		if page.Links.Next == "" {
			return items, nil
		}
		next, err := url.Parse(page.Links.Next)
		if err != nil || number == maxPages || next.RawQuery == in.query {
			return nil, got.unreadable("the list does not end")
		}
		// Only its query: a link cannot send the key to another host or path.
		in.query = next.RawQuery
	}
}

type page[T any, E entity[T]] struct {
	Data  []resource[T, E] `json:"data"`
	Links struct {
		Next string `json:"next"` // null on the last page (OpenAPI)
	} `json:"links"`
}
