package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
)

// An object is one of JSON.
type object = map[string]any

// A client speaks the JSON API of one of the two.
type client struct {
	base, token string
	refused     int // 1 if the last question was
}

func (c *client) send(ctx context.Context, method, path, contentType string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", c.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

// do sends in as JSON and decodes the answer into out, which may be nil. An answer that is not 2xx is an error.
func (c *client) do(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	status, data, err := c.send(ctx, method, path, "application/json", bytes.NewReader(body))
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("%s %s%s: %d\n%s\n%s", method, c.base, path, status, body, data)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func (c *client) signIn(ctx context.Context, email, password string) error {
	var got struct{ Token string }
	err := c.do(ctx, "POST", "/api/collections/_superusers/auth-with-password", object{"identity": email, "password": password}, &got)
	c.token = got.Token
	return err
}

// create makes a record of values and of files, whose names are in files by field.
func (c *client) create(ctx context.Context, collection string, values object, files map[string][]string) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	payload, err := json.Marshal(values)
	if err != nil {
		return err
	}
	if err := form.WriteField("@jsonPayload", string(payload)); err != nil {
		return err
	}
	for field, names := range files {
		for _, name := range names {
			part, err := form.CreateFormFile(field, name)
			if err != nil {
				return err
			}
			if _, err := io.WriteString(part, "text of "+name); err != nil {
				return err
			}
		}
	}
	if err := form.Close(); err != nil {
		return err
	}
	status, data, err := c.send(ctx, "POST", "/api/collections/"+collection+"/records", form.FormDataContentType(), &body)
	if err == nil && status != 200 {
		err = fmt.Errorf("create in %s%s: %d\n%s\n%s", c.base, collection, status, payload, data)
	}
	return err
}

// list asks for ids; without a sort they are sorted here.
func (c *client) list(ctx context.Context, q question) (ids []string, status int, err error) {
	v := url.Values{"perPage": {"1000"}, "fields": {"id"}}
	if q.filter != "" {
		v.Set("filter", q.filter)
	}
	if q.sort != "" {
		v.Set("sort", q.sort)
	}
	status, data, err := c.send(ctx, "GET", "/api/collections/"+q.collection+"/records?"+v.Encode(), "", nil)
	if err != nil || status != 200 {
		return nil, status, err
	}
	var got struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(data, &got); err != nil {
		return nil, status, err
	}
	for _, item := range got.Items {
		ids = append(ids, item.ID)
	}
	if q.sort == "" {
		slices.Sort(ids)
	}
	return ids, status, nil
}
