package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// A client speaks the JSON API with the rights of whoever signed in.
type client struct {
	base  string
	token string
}

// do sends in as JSON and decodes the answer into out; either may be nil. An answer that is not 2xx is an error.
func (c *client) do(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s\n%s", method, path, res.Status, data)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

// signIn takes on the rights of a superuser.
func (c *client) signIn(ctx context.Context, u user) error {
	var got struct{ Token string }
	err := c.do(ctx, "POST", "/api/collections/_superusers/auth-with-password", object{"identity": u.Email, "password": u.Password}, &got)
	c.token = got.Token
	return err
}
