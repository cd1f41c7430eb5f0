package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

// A Player sends the requests of one transcript, in order, and compares the responses. It is not safe for concurrent
// use; every transcript gets its own.
type Player struct {
	base   string
	files  fs.FS
	client *http.Client
	values Values
}

// NewPlayer returns a player for t against the server with the origin base. Files are those that @name means.
func NewPlayer(base string, files fs.FS, t *Transcript) *Player {
	p := &Player{base: strings.TrimSuffix(base, "/"), files: files, values: Values{}}
	p.client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, v := range t.Vars {
		p.values[v.Name] = v.Value
	}
	p.values["base"] = p.base
	p.values["host"] = p.base[strings.Index(p.base, "//")+2:]
	return p
}

// Close drops the connections to the server.
func (p *Player) Close() { p.client.CloseIdleConnections() }

// Play sends the request of a step and returns a report of every difference, or nil.
func (p *Player) Play(ctx context.Context, s *Step) error {
	req, sent, err := p.request(ctx, s)
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", s.Path, s.Line, s.Title, err)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return p.report(s, req, sent, err.Error())
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return p.report(s, req, sent, "reading the body: "+err.Error())
	}
	if diff := p.diff(&s.Want, res, body); diff != "" {
		return p.report(s, req, sent, diff)
	}
	return nil
}

// Try sends the request of a step for the sake of what it changes and what can be captured, and judges nothing.
func (p *Player) Try(ctx context.Context, s *Step) { _ = p.Play(ctx, s) }

// request builds what a step sends, and returns the body once more for reports.
func (p *Player) request(ctx context.Context, s *Step) (*http.Request, []byte, error) {
	target, err := p.target(&s.Request)
	if err != nil {
		return nil, nil, err
	}
	header := http.Header{}
	for _, h := range s.Request.Header {
		value, err := p.expand(h.Value, false)
		if err != nil {
			return nil, nil, err
		}
		header.Add(h.Name, value)
	}
	body, err := p.body(&s.Request, header)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, s.Request.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header = header
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	return req, body, nil
}

func (p *Player) target(r *Request) (string, error) {
	target, err := p.expand(r.Target, false)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(target, "/") {
		target = p.base + target
	}
	sign := "?"
	if strings.Contains(target, "?") {
		sign = "&"
	}
	for _, q := range r.Query {
		value, err := p.expand(q.Value, false)
		if err != nil {
			return "", err
		}
		target += sign + url.QueryEscape(q.Name) + "=" + url.QueryEscape(value)
		sign = "&"
	}
	return target, nil
}

func (p *Player) body(r *Request, header http.Header) ([]byte, error) {
	contentType := header.Get("Content-Type")
	if isShorthand(contentType) {
		header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		return multipartBody(p.files, contentType)
	}
	if source, ok := strings.CutPrefix(r.Body, "< "); ok {
		data, _, err := partContent(p.files, source)
		return data, err
	}
	text, err := p.expand(r.Body, looksJSON(r.Body))
	if strings.HasPrefix(contentType, "multipart/") {
		text = strings.ReplaceAll(text, "\n", "\r\n") + "\r\n"
	}
	return []byte(text), err
}

// expand fills the holes of what is sent; inside JSON, captured texts are escaped.
func (p *Player) expand(s string, inJSON bool) (string, error) {
	pieces, err := split(s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, piece := range pieces {
		if piece.hole == nil {
			b.WriteString(piece.text)
			continue
		}
		if _, ok := p.values[piece.hole.name]; !ok {
			return "", fmt.Errorf("%s has no value: the step that captures it failed", piece.hole.source)
		}
		text := p.values.text(piece.hole.name)
		if _, isText := p.values[piece.hole.name].(string); isText && inJSON {
			text = escapeJSON(text)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func escapeJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

// diff compares a response with what was expected and returns all differences.
func (p *Player) diff(want *Want, res *http.Response, body []byte) string {
	var b strings.Builder
	if res.StatusCode != want.Status && res.StatusCode/100 != want.Status {
		fmt.Fprintf(&b, "status: expected %d, received %d\n", want.Status, res.StatusCode)
	}
	for _, h := range want.Header {
		if d := p.diffHeader(h, res.Header); d != "" {
			fmt.Fprintf(&b, "header %s: %s\n", h.Name, d)
		}
	}
	if d := p.diffBody(want.Body, res, body); d != "" {
		fmt.Fprintf(&b, "body, expected (-) and received (+):\n%s\n", d)
	}
	if b.Len() > 0 {
		fmt.Fprintf(&b, "received:\n%s\n%s", headerText(res.Header), brief(body))
	}
	return b.String()
}

func (p *Player) diffHeader(want Pair, header http.Header) string {
	values, present := header[http.CanonicalHeaderKey(want.Name)]
	got := strings.Join(values, ", ")
	if h := alone(want.Value); h != nil && h.none() {
		if present {
			return fmt.Sprintf("expected none, received %q", got)
		}
		return ""
	}
	if !present {
		return fmt.Sprintf("expected %q, received none", want.Value)
	}
	if p.values.DiffText(want.Value, got) != "" {
		return fmt.Sprintf("expected %q, received %q", want.Value, got)
	}
	return ""
}

func (p *Player) diffBody(want string, res *http.Response, body []byte) string {
	if rule, ok := strings.CutPrefix(want, "= "); ok {
		r, err := parseBodyRule(rule)
		if err != nil {
			return err.Error()
		}
		return r.diff(p.files, body, res.Header.Get("Content-Type"))
	}
	if !looksJSON(want) {
		return p.values.DiffText(want, string(body))
	}
	w, err := decodeJSON([]byte(want))
	if err != nil {
		return err.Error()
	}
	g, err := decodeJSON(body)
	if err != nil {
		return "no JSON: " + err.Error()
	}
	return p.values.Diff(w, g)
}

func headerText(h http.Header) string {
	var b bytes.Buffer
	_ = h.Write(&b) // a bytes.Buffer takes everything
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// report puts the place, the request and the differences together.
func (p *Player) report(s *Step, req *http.Request, sent []byte, diff string) error {
	return fmt.Errorf("%s:%d: %s\n%s %s\n%s\n%s\n\n%s", s.Path, s.Line, s.Title, req.Method, req.URL.RequestURI(),
		headerText(req.Header), brief(sent), diff)
}
