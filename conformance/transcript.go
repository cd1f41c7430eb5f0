package conformance

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Transcript is one parsed file.
type Transcript struct {
	Path  string
	Vars  []Pair
	Steps []*Step
}

// A Pair is a name with a value: a variable, a header, a query parameter.
type Pair struct{ Name, Value string }

// A Step is one request and what must come back.
type Step struct {
	Path    string
	Line    int
	Title   string
	Ours    string // why the original product answers otherwise, on purpose; "" where it answers alike
	Request Request
	Want    Want
}

// A Request is a request as written, its holes still open.
type Request struct {
	Method, Target string
	Query, Header  []Pair
	Body           string
}

// Want is the expected response as written, its holes still open.
type Want struct {
	Status int // 1 to 5 for a whole class
	Header []Pair
	Body   string
}

// Var returns the variable that the head of the transcript sets, or "".
func (t *Transcript) Var(name string) string {
	for _, v := range t.Vars {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

var (
	variableLine = regexp.MustCompile(`^@(\w+) *= *(.*)$`)
	oursLine     = regexp.MustCompile(`^@ours (\S.*)$`)
	requestLine  = regexp.MustCompile(`^([A-Z]+) (\S.*)$`)
	queryLine    = regexp.MustCompile(`^\s+[?&] (\S+) =(?: (.*))?$`)
	headerLine   = regexp.MustCompile(`^([A-Za-z0-9-]+):(?:\s+(.*))?$`)
	statusLine   = regexp.MustCompile(`^([1-5])([0-9][0-9]|xx)(?: .*)?$`)
)

// Parse reads a transcript. Errors name path and line.
func Parse(path, text string) (*Transcript, error) {
	p := &parser{path: path, lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
	t := &Transcript{Path: path}
	if err := p.head(t); err != nil {
		return nil, err
	}
	for p.more() {
		s, err := p.step()
		if err != nil {
			return nil, err
		}
		t.Steps = append(t.Steps, s)
	}
	if len(t.Steps) == 0 {
		return nil, p.errorf("no step: a step starts with a title, \"# …\"")
	}
	return t, lint(t)
}

// A parser walks over the lines of a transcript; at is the next one.
type parser struct {
	path  string
	lines []string
	at    int
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.path, p.at+1, fmt.Sprintf(format, args...))
}

// more skips blank lines and remarks and reports whether anything follows.
func (p *parser) more() bool {
	for p.at < len(p.lines) {
		line := p.lines[p.at]
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "##") {
			return true
		}
		p.at++
	}
	return false
}

// peek returns the next line, or "" at the end.
func (p *parser) peek() string {
	if p.at < len(p.lines) {
		return p.lines[p.at]
	}
	return ""
}

func (p *parser) blank() bool { return strings.TrimSpace(p.peek()) == "" }

func (p *parser) head(t *Transcript) error {
	for p.more() && !isTitle(p.peek()) {
		m := variableLine.FindStringSubmatch(p.peek())
		if m == nil {
			return p.errorf("want a variable, \"@name = value\", or a title, \"# …\"")
		}
		t.Vars = append(t.Vars, Pair{m[1], strings.TrimSpace(m[2])})
		p.at++
	}
	return nil
}

func (p *parser) step() (*Step, error) {
	s := &Step{Path: p.path, Line: p.at + 1}
	var title []string
	for isTitle(p.peek()) {
		title = append(title, strings.TrimSpace(p.peek()[2:]))
		p.at++
	}
	if len(title) == 0 {
		return nil, p.errorf("want a title, \"# …\"")
	}
	s.Title = strings.Join(title, " ")
	if m := oursLine.FindStringSubmatch(p.peek()); m != nil {
		s.Ours = m[1]
		p.at++
	}
	if err := p.request(&s.Request); err != nil {
		return nil, err
	}
	return s, p.want(&s.Want)
}

func (p *parser) request(r *Request) error {
	m := requestLine.FindStringSubmatch(p.peek())
	if m == nil {
		return p.errorf("want a request line, \"GET /path\"")
	}
	r.Method, r.Target = m[1], m[2]
	p.at++
	for ; !p.blank(); p.at++ {
		q := queryLine.FindStringSubmatch(p.peek())
		if q == nil {
			break
		}
		r.Query = append(r.Query, Pair{q[1], q[2]})
	}
	for !p.blank() {
		h, err := p.header()
		if err != nil {
			return err
		}
		r.Header = append(r.Header, h)
	}
	return p.requestBody(r)
}

func (p *parser) header() (Pair, error) {
	m := headerLine.FindStringSubmatch(p.peek())
	if m == nil {
		return Pair{}, p.errorf("want a header, \"Name: value\"")
	}
	p.at++
	h := Pair{m[1], m[2]}
	for !p.blank() && strings.HasPrefix(p.peek(), " ") {
		if queryLine.MatchString(p.peek()) {
			return Pair{}, p.errorf("want the query before the headers")
		}
		h.Value += " " + strings.TrimSpace(p.peek())
		p.at++
	}
	return h, nil
}

// requestBody takes the lines up to the first status line that follows a blank one.
func (p *parser) requestBody(r *Request) error {
	if p.at == len(p.lines) {
		return p.errorf("want a status line after a blank line")
	}
	p.at++
	start := p.at
	for ; p.at < len(p.lines); p.at++ {
		if statusLine.MatchString(p.peek()) && strings.TrimSpace(p.lines[p.at-1]) == "" {
			r.Body = trimBlank(p.lines[start:p.at])
			return nil
		}
		if isTitle(p.peek()) && strings.TrimSpace(p.lines[p.at-1]) == "" {
			break
		}
	}
	return p.errorf("want a status line after a blank line")
}

func (p *parser) want(w *Want) error {
	m := statusLine.FindStringSubmatch(p.peek())
	w.Status, _ = strconv.Atoi(strings.TrimSuffix(m[1]+m[2], "xx"))
	p.at++
	for !p.blank() && headerLine.MatchString(p.peek()) {
		h, err := p.header()
		if err != nil {
			return err
		}
		w.Header = append(w.Header, h)
	}
	start := p.at
	for ; p.at < len(p.lines); p.at++ {
		fresh := p.at > 0 && strings.TrimSpace(p.lines[p.at-1]) == ""
		if fresh && (isTitle(p.peek()) || strings.HasPrefix(p.peek(), "##")) {
			break
		}
	}
	w.Body = trimBlank(p.lines[start:p.at])
	return nil
}

func isTitle(line string) bool { return strings.HasPrefix(line, "# ") }

// trimBlank joins lines without the blank ones at both ends.
func trimBlank(lines []string) string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}
