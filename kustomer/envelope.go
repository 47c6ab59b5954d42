package kustomer

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

const (
	pageSize = 100 // OpenAPI: the default, and the most that every list accepts
	// 100 pages are 10,000 records. No conversation has as many notes, no customer as many
	// conversations and no org as many users: a longer list means that its links form a cycle.
	maxPages = 100
)

// entity is a pointer to a struct that reads its fields from a resource. read fails
// only if a field is missing that every caller needs.
type entity[T any] interface {
	*T
	read(*resource) error
}

// done sends a request and ignores the body of a success.
func (c *Client) done(ctx context.Context, in call) error {
	_, err := c.do(ctx, in)
	return err
}

// one sends a request that is answered with a single object. Of an array, it returns
// the first item.
func one[T any, E entity[T]](ctx context.Context, c *Client, in call) (*T, error) {
	found, err := several[T, E](ctx, c, in)
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// several sends a request that is answered with one object or an array of them; a
// third-party client has seen arrays from the look-up by phone. A look-up answered with
// null, an empty array or no content has found nothing (inferred). It fails with
// NotFound, like a 404.
func several[T any, E entity[T]](ctx context.Context, c *Client, in call) ([]T, error) {
	got, err := c.do(ctx, in)
	if err != nil {
		return nil, err
	}
	items, ok := got.items()
	switch {
	case !ok:
		return nil, got.notUnderstood("it has no data in the documented form")
	case len(items) == 0 && in.method == http.MethodGet:
		return nil, got.fail(NotFound, "")
	case len(items) == 0:
		return nil, got.notUnderstood("it has no id")
	}
	return readAll[T, E](items)
}

// all sends a request for a paged list and returns every item. It fails if any page
// fails, because part of a list looks like a whole one.
func all[T any, E entity[T]](ctx context.Context, c *Client, in call) ([]T, error) {
	query, _ := url.ParseQuery(in.query) // encoded by this package
	query.Set("pageSize", strconv.Itoa(pageSize))
	in.query = query.Encode()
	var list []T
	for number := 1; ; number++ {
		got, err := c.do(ctx, in)
		if err != nil {
			return nil, err
		}
		items, ok := got.items()
		if _, isList := asList(at(got.body, "data")); !ok || !isList && len(items) > 0 {
			return nil, got.notUnderstood("it is not a list in the documented form")
		}
		page, err := readAll[T, E](items)
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
		next, ok := got.next(len(items) >= pageSize)
		switch {
		case ok && next == "":
			return list, nil
		case !ok || number == maxPages || next == in.query:
			return nil, got.notUnderstood("the list does not end")
		}
		in.query = next
	}
}

// items returns the objects that an answer contains.
func (a *answer) items() (items []resource, ok bool) {
	if a.status == http.StatusNoContent {
		return nil, true
	}
	data := at(a.body, "data")
	if data == nil {
		return nil, false
	}
	return a.resources(data)
}

// next returns the query of the next page. It is empty on the last page, whose link is
// null (OpenAPI). An unreadable link matters only if there may be another page. Only
// the query of a link is used, so that a link cannot send the key to another host or path.
func (a *answer) next(isFull bool) (query string, ok bool) {
	raw := at(a.body, "links", "next")
	link, isText := asText(raw)
	switch {
	case isNull(raw), isText && link == "":
		return "", true
	case !isText:
		return "", !isFull
	}
	next, err := url.Parse(link)
	if err != nil {
		return "", false
	}
	return next.RawQuery, next.RawQuery != ""
}

func readAll[T any, E entity[T]](items []resource) (list []T, err error) {
	for i := range items {
		var one T
		if err := E(&one).read(&items[i]); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}
