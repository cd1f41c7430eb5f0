package pocketbase

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// Bounds of the log.
const (
	maxLines     = 1000 // requests that are remembered
	maxLineURL   = 2000 // bytes
	maxLineAgent = 500  // bytes of the Referer and of the User-Agent
)

// The levels of lines.
const (
	levelInfo  = 0
	levelError = 8
)

// A line is what the log remembers of one request. It never changes once it is in the log.
type line struct {
	number           int64 // rises by one from line to line
	created          time.Time
	took             time.Duration
	level, status    int
	method, url      string
	referer, agent   string
	auth, authID     string // authID is "" where the settings say so
	userIP, remoteIP string // of the client and of the connection, likewise
	withIP, withID   bool
	message, failure string
	details          map[string]any
}

// lines are the last requests to this dialect, oldest first, as long as the process lives. The zero lines is ready.
type lines struct {
	mu    sync.Mutex
	ring  []*line
	last  int64 // the number of the newest
	rules atomic.Pointer[logRules]
}

// logRules are the settings of the log with the text that they were read from.
type logRules struct {
	text string
	logSettings
}

// add puts l behind all others.
func (s *lines) add(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	l.number = s.last
	if len(s.ring) < maxLines {
		s.ring = append(s.ring, l)
		return
	}
	s.ring[(s.last-1)%maxLines] = l
}

// since are the lines that are not older than t, oldest first.
func (s *lines) since(t time.Time) []*line {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*line
	for i := range int64(len(s.ring)) {
		l := s.ring[(s.last+i)%int64(len(s.ring))]
		if !l.created.Before(t) {
			all = append(all, l)
		}
	}
	return all
}

// logRules are the settings of the log, read anew when they change: every request asks for them.
func (h *handler) logRules() logSettings {
	text := h.svc.Space().Settings.Extra[extraSettings]
	if known := h.lines.rules.Load(); known != nil && known.text == text {
		return known.logSettings
	}
	rules := &logRules{text, h.settings().Logs}
	h.lines.rules.Store(rules)
	return rules.logSettings
}

// lineKey is where a request's context holds its line.
type lineKey struct{}

// noteUser tells the line of r who sent it.
func noteUser(r *http.Request, who access.Principal) {
	if l, ok := r.Context().Value(lineKey{}).(*line); ok && who.Collection != nil {
		l.auth, l.authID = who.Collection.Name, string(who.ID)
	}
}

// quiet reports whether requests like r are logged only where they fail: those that look at the log, and streams, which never end.
func quiet(r *http.Request) bool {
	return r.Method == http.MethodGet && (strings.HasPrefix(r.URL.Path, "/api/logs") || r.URL.Path == "/api/realtime")
}

// withLog remembers every request.
func (h *handler) withLog(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		rules := h.logRules()
		if rules.MaxDays <= 0 {
			return next(w, r)
		}
		l := &line{created: h.svc.Now()}
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		err := next(s, r.WithContext(context.WithValue(r.Context(), lineKey{}, l)))
		l.took, l.status = h.svc.Now().Sub(l.created), s.status
		if err != nil {
			l.fail(err)
		}
		if l.level >= rules.MinLevel && (err != nil || !quiet(r)) {
			l.describe(r, rules)
			h.lines.add(l)
		}
		return err
	}
}

// fail notes how the request failed.
func (l *line) fail(err error) {
	e := translate(err)
	l.level, l.status, l.failure, l.details = levelError, e.status, e.message, e.data
	if e.status == http.StatusInternalServerError {
		l.failure = err.Error()
	}
}

// describe notes what r was. Strings are cloned: a part of a request's head would keep all of it.
func (l *line) describe(r *http.Request, rules logSettings) {
	l.method, l.url = cut(r.Method, 50), cut(hideTokens(r.URL), maxLineURL)
	l.referer, l.agent = cut(r.Referer(), maxLineAgent), cut(r.UserAgent(), maxLineAgent)
	if l.message = l.method + " " + l.url; strings.Contains(l.url, "%") {
		if text, err := url.PathUnescape(l.url); err == nil {
			l.message = l.method + " " + strings.ToValidUTF8(text, "\uFFFD")
		}
	}
	if l.withIP = rules.LogIP; l.withIP {
		l.userIP, l.remoteIP = strings.Clone(longAddress(wire.RemoteHost(r))), strings.Clone(longAddress(wire.SocketHost(r)))
	}
	l.withID = rules.LogAuthID && l.authID != ""
}

// cut is a copy of the first n bytes of s.
func cut(s string, n int) string {
	return strings.ToValidUTF8(strings.Clone(s[:min(n, len(s))]), "\uFFFD")
}

// hideTokens is a URL without the tokens in its query.
func hideTokens(u *url.URL) string {
	text := u.RequestURI()
	if !strings.Contains(strings.ToLower(u.RawQuery), "token") && !strings.Contains(u.RawQuery, "%") {
		return text
	}
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err != nil || strings.EqualFold(plain, "token") {
			pairs[i] = name + "=***"
		}
	}
	path, _, _ := strings.Cut(text, "?")
	return path + "?" + strings.Join(pairs, "&")
}

// A statusWriter remembers the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// ReadFrom keeps the way open to the connection's own ReadFrom.
func (w *statusWriter) ReadFrom(src io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, src) }

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// data is what the line says besides its message.
func (l *line) data() map[string]any {
	data := map[string]any{
		"type": "request", "execTime": float64(l.took) / float64(time.Millisecond), "url": l.url, "method": l.method, "status": l.status,
		"referer": l.referer, "userAgent": l.agent, "auth": l.auth,
	}
	if l.withID {
		data["authId"] = l.authID
	}
	if l.withIP {
		data["userIP"], data["remoteIP"] = l.userIP, l.remoteIP
	}
	if l.level == levelError {
		data["error"], data["details"] = l.failure, l.details
	}
	return data
}

func (l *line) id() string { return fmt.Sprintf("%015d", l.number) }

// A shownLine is a line as clients see it.
type shownLine struct {
	ID      string         `json:"id"`
	Created string         `json:"created"`
	Data    map[string]any `json:"data"`
	Message string         `json:"message"`
	Level   int            `json:"level"`
}

func (l *line) show() shownLine {
	return shownLine{ID: l.id(), Created: formatTime(l.created), Data: l.data(), Message: l.message, Level: l.level}
}

// logbook is a collection whose records are the lines, so that lists of them are filtered and sorted like any.
var logbook = &dossier.Collection{Name: "logs", Fields: []*dossier.Field{
	{Name: "level", Type: dossier.TypeNumber}, {Name: "message", Type: dossier.TypeText}, {Name: "data", Type: dossier.TypeJSON},
}}

// record is l as a record of the logbook.
func (l *line) record() (*dossier.Record, error) {
	data, err := json.Marshal(l.data())
	return &dossier.Record{ID: dossier.ID(l.id()), Number: l.number, Created: l.created, Updated: l.created, Values: map[string]dossier.Value{
		"level": dossier.Number(strconv.Itoa(l.level)), "message": dossier.Text(l.message), "data": dossier.JSON(data),
	}}, err
}

// kept are the lines that the settings still keep.
func (h *handler) kept() []*line {
	return h.lines.since(h.svc.Now().AddDate(0, 0, -h.logRules().MaxDays))
}

// A logEntry is a line and its record.
type logEntry struct {
	*line
	record *dossier.Record
}

// entries are the lines that the settings still keep, with their records.
func (h *handler) entries() ([]logEntry, error) {
	kept := h.kept()
	all := make([]logEntry, len(kept))
	for i, l := range kept {
		record, err := l.record()
		if err != nil {
			return nil, dossier.Errorf(dossier.Internal, "line %d of the log: %w", l.number, err)
		}
		all[i] = logEntry{l, record}
	}
	return all, nil
}

// findLog is the lines that the list parameters of r ask for, for a superuser, and the page of them that r wants.
func (h *handler) findLog(r *http.Request) ([]logEntry, listQuery, error) {
	who, err := h.superuser(r)
	if err != nil {
		return nil, listQuery{}, err
	}
	l, err := parseListQuery(wire.ParseQueryLenient(r.URL.RawQuery))
	if err != nil {
		return nil, l, err
	}
	q, err := h.lowerRoster(logbook, who, l)
	if err != nil {
		return nil, l, err
	}
	all, err := h.entries()
	if err != nil {
		return nil, l, err
	}
	found, err := searchRoster(r.Context(), h.svc.Space(), logbook, all, func(e logEntry) *dossier.Record { return e.record }, q)
	return found, l, err
}

// listLogs is GET /api/logs.
func (h *handler) listLogs(w http.ResponseWriter, r *http.Request) error {
	found, l, err := h.findLog(r)
	if err != nil {
		return err
	}
	page, total := pageOf(found, l)
	items := []shownLine{}
	for _, e := range page {
		items = append(items, e.show())
	}
	return h.reply(w, r, l.answer(items, total))
}

// viewLog is GET /api/logs/{id}.
func (h *handler) viewLog(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	for _, l := range h.kept() {
		if l.id() == r.PathValue("id") {
			return h.reply(w, r, l.show())
		}
	}
	return errNotFound
}

// A logHour is how many lines an hour has.
type logHour struct {
	Date  string `json:"date"`
	Total int    `json:"total"`
}

// logStats is GET /api/logs/stats: how many lines each hour has of those that the filter lets through.
func (h *handler) logStats(w http.ResponseWriter, r *http.Request) error {
	found, _, err := h.findLog(r)
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b logEntry) int { return a.created.Compare(b.created) })
	hours := []logHour{}
	for _, e := range found {
		date := formatTime(e.created.Truncate(time.Hour))
		if n := len(hours); n > 0 && hours[n-1].Date == date {
			hours[n-1].Total++
			continue
		}
		hours = append(hours, logHour{date, 1})
	}
	return h.reply(w, r, hours)
}
