package kustomer

import (
	"context"
	"net/http"
)

// Customer is a person who calls. A phone number, an e-mail address and an external id
// each belong to one customer of the organisation (developer site, Get customer by
// phone number). Customers can be merged, so an id may become stale.
type Customer struct {
	ID     string
	Phones []string // in E.164, without entries that were not understood
}

func (c *Customer) read(r *resource) error {
	c.ID = r.id
	c.Phones, _ = attribute(r, "phones", asPhones)
	return r.needsID()
}

// Phone is a number in E.164. Type is mobile, home, work, fax or other
// (OpenAPI: POST /customers) and may be empty.
type Phone struct {
	Type  string `json:"type,omitempty"`
	Phone string `json:"phone"`
}

// NewCustomer is what CreateCustomer sends; every field is optional. Limits (OpenAPI:
// POST /customers): Name and ExternalID 256 characters, Phones 10 entries.
type NewCustomer struct {
	Name       string  `json:"name,omitempty"`
	ExternalID string  `json:"externalId,omitempty"`
	Phones     []Phone `json:"phones,omitempty"`
}

// Customer reads a customer. OpenAPI: GET /customers/{id}.
func (c *Client) Customer(ctx context.Context, id string) (*Customer, error) {
	return one[Customer](ctx, c, call{
		op: "read customer", method: http.MethodGet,
		route: "/v1/customers/{id}", params: map[string]string{"id": id},
	})
}

// CustomersByPhone finds all customers with a number, given in E.164 with its "+". It
// returns an empty list, not NotFound, if there is none. A shared number has several
// customers. That Kustomer then answers with an array is not documented; it is seen in
// a third-party client. OpenAPI: GET /customers/phone={phone}.
func (c *Client) CustomersByPhone(ctx context.Context, phone string) ([]Customer, error) {
	found, err := several[Customer](ctx, c, call{
		op: "find customers by phone", method: http.MethodGet,
		route: "/v1/customers/phone={phone}", params: map[string]string{"phone": phone},
	})
	if IsKind(err, NotFound) {
		return nil, nil
	}
	return found, err
}

// CustomerByExternalID finds the customer by the id that another system assigned. It
// fails with NotFound if there is none. OpenAPI: GET /customers/externalId={externalId}.
func (c *Client) CustomerByExternalID(ctx context.Context, externalID string) (*Customer, error) {
	return one[Customer](ctx, c, call{
		op: "find customer by external id", method: http.MethodGet,
		route: "/v1/customers/externalId={externalId}", params: map[string]string{"externalId": externalID},
	})
}

// CreateCustomer adds a customer. A number or external id that belongs to another
// customer is refused, presumably as a Conflict (the status is not documented): look
// the customer up again after any refusal. OpenAPI: POST /customers.
func (c *Client) CreateCustomer(ctx context.Context, in NewCustomer) (*Customer, error) {
	return one[Customer](ctx, c, call{
		op: "create customer", method: http.MethodPost, route: "/v1/customers", body: in,
	})
}
