package pocketbase

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

// A listener reads a stream of events.
type listener struct {
	t      *testing.T
	id     string
	events chan map[string]string
}

// listen opens a stream on a server over b.
func (b *bench) listen(server *httptest.Server) *listener {
	b.t.Helper()
	resp, err := http.Get(server.URL + "/api/realtime")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("headers %v", resp.Header)
	}
	l := &listener{t: b.t, events: make(chan map[string]string, 100)}
	go func() {
		defer close(l.events)
		event := map[string]string{}
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, ok := strings.Cut(lines.Text(), ":")
			if ok {
				event[name] = value
				continue
			}
			l.events <- event
			event = map[string]string{}
		}
	}()
	first := l.next()
	if first["event"] != "PB_CONNECT" || len(first["id"]) != clientIDLength {
		b.t.Fatalf("first event %v", first)
	}
	l.id = first["id"]
	return l
}

func (l *listener) next() map[string]string {
	l.t.Helper()
	select {
	case e, ok := <-l.events:
		if !ok {
			l.t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(time.Minute):
		l.t.Fatal("no event")
	}
	return nil
}

// expect reads one event and returns its record.
func (l *listener) expect(topic, action string) map[string]any {
	l.t.Helper()
	e := l.next()
	var m struct {
		Action string
		Record map[string]any
	}
	if err := json.Unmarshal([]byte(e["data"]), &m); err != nil {
		l.t.Fatal(err)
	}
	if e["event"] != topic || m.Action != action || e["id"] != l.id {
		l.t.Fatalf("got %v, want %s of %s", e, action, topic)
	}
	return m.Record
}

func TestSubscribersHearWhatTheyMaySee(t *testing.T) {
	b := newBench(t)
	server := httptest.NewServer(b.mux)
	t.Cleanup(server.Close)
	token, me := b.member()
	own := `id = @request.auth.id`
	users := *b.collection("users")
	users.Rules.List = &own
	b.put(&users)

	guest, member := b.listen(server), b.listen(server)
	subscribe := func(l *listener, token string, topics ...string) *answer {
		body, err := json.Marshal(map[string]any{"clientId": l.id, "subscriptions": topics})
		if err != nil {
			t.Fatal(err)
		}
		return b.doFrom("127.0.0.1:1", call{method: "POST", path: "/api/realtime", token: token, body: string(body)})
	}
	filtered := "reports/*?options=" + url.QueryEscape(`{"query":{"filter":"amount > 5","fields":"title"}}`)
	for _, a := range []*answer{subscribe(guest, "", "reports/*", "users/*"), subscribe(member, token, filtered, "users/"+me["id"].(string))} {
		if a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	low := b.do(call{method: "POST", path: records, token: token, body: `{"title": "Low", "amount": 1}`}).ok()
	high := b.do(call{method: "POST", path: records, token: token, body: `{"title": "High", "amount": 9}`}).ok()
	b.do(call{method: "POST", path: records, token: token, body: `{"amount": 9}`}).fails(400, "Failed to create record.")
	b.do(call{method: "PATCH", path: "/api/collections/users/records/" + me["id"].(string), token: token, body: `{"name": "Me"}`}).ok()
	if a := b.do(call{method: "DELETE", path: records + "/" + low["id"].(string), token: token}); a.status != 204 {
		t.Fatal(a.status)
	}
	for _, want := range []struct{ action, title string }{{"create", "Low"}, {"create", "High"}, {"delete", "Low"}} {
		if r := guest.expect("reports/*", want.action); r["title"] != want.title || r["collectionName"] != "reports" {
			t.Errorf("guest hears %v, want %v", r, want)
		}
	}
	if r := member.expect(filtered, "create"); len(r) != 1 || r["title"] != "High" {
		t.Errorf("member hears %v, want the title of %v alone", r, high["id"])
	}
	if r := member.expect("users/"+me["id"].(string), "update"); r["name"] != "Me" || r["email"] != coretest.Member1 {
		t.Errorf("member hears %v", r)
	}
	if a := subscribe(member, "", "reports/*"); a.status != 403 {
		t.Errorf("a user becomes a guest: %d %s", a.status, a.body)
	}
	if a := subscribe(member, b.root(), "reports/*"); a.status != 403 {
		t.Errorf("a user becomes another: %d %s", a.status, a.body)
	}
	if a := subscribe(guest, token); a.status != 204 {
		t.Errorf("a guest becomes a user: %d %s", a.status, a.body)
	}
}

func TestSubscriptionsThatAreWrong(t *testing.T) {
	b := newBench(t)
	server := httptest.NewServer(b.mux)
	t.Cleanup(server.Close)
	l := b.listen(server)
	b.do(call{method: "POST", path: "/api/realtime", body: `{}`}).fails(400, msgGeneric)
	b.do(call{method: "POST", path: "/api/realtime", body: `{"clientId": "nobody"}`}).fails(404, "Missing or invalid client id.")
	b.doFrom("192.0.2.7:1", call{method: "POST", path: "/api/realtime", body: `{"clientId": "` + l.id + `"}`}).fails(400, "Invalid realtime client.")
	long := strings.Repeat("x", maxTopicBytes+1)
	b.doFrom("127.0.0.1:1", call{method: "POST", path: "/api/realtime", body: `{"clientId": "` + l.id + `", "subscriptions": ["` + long + `"]}`}).fails(400, msgGeneric)
}

func TestStreamEndsWithItsServer(t *testing.T) {
	svc := coretest.New(t)
	done := make(chan struct{})
	mux := http.NewServeMux()
	Mount(mux, svc, Options{Done: done})
	b := &bench{t: t, svc: svc, mux: mux}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l := b.listen(server)
	close(done)
	if _, open := <-l.events; open {
		t.Error("an event instead of the end")
	}
}

func TestSlowReaderIsDropped(t *testing.T) {
	b := newBench(t)
	h := newHub(b.svc.Random())
	c, err := h.enter("here")
	if err != nil {
		t.Fatal(err)
	}
	c.subs = []subscription{parseTopic("reports/*")}
	e := eventOf(b.collection("reports"), "abcdefghijklmno")
	for range maxWaiting + 1 {
		h.publish(e)
	}
	if waiting, lost := c.take(); !lost || len(waiting) != 0 {
		t.Errorf("%d notices wait, lost %v", len(waiting), lost)
	}
	h.leave(c)
	if _, ok := h.client(c.id); ok {
		t.Error("a client that left is there")
	}
}

func TestReaderWhosePasswordChangedIsAGuest(t *testing.T) {
	b := newBench(t)
	who := coretest.SignIn(t, b.svc, coretest.Member1, coretest.Member1Password)
	c := &client{who: who, wake: make(chan struct{}, 1)}
	next := who.Record.Clone()
	c.offer(eventOf(who.Collection, next.ID, next), []int{0})
	if c.who.IsGuest() {
		t.Error("a change of nothing made the reader a guest")
	}
	next = next.Clone()
	next.Account.TokenKey = "another"
	c.offer(eventOf(who.Collection, next.ID, next), []int{0})
	if !c.who.IsGuest() {
		t.Error("the reader is still known")
	}
}

func TestLargeEventsOfASlowReaderAreBounded(t *testing.T) {
	b := newBench(t)
	h := newHub(b.svc.Random())
	c, err := h.enter("here")
	if err != nil {
		t.Fatal(err)
	}
	c.subs = []subscription{parseTopic("reports/*"), parseTopic("reports")}
	e := eventOf(b.collection("reports"), "abcdefghijklmno")
	e[0].Record.Values = map[string]dossier.Value{"summary": dossier.Text(strings.Repeat("x", maxWaitingBytes+1))}
	h.publish(e)
	if waiting, lost := c.take(); lost || len(waiting) != 2 {
		t.Errorf("one large event: %d notices wait, lost %v", len(waiting), lost)
	}
	h.publish(e)
	h.publish(e)
	if waiting, lost := c.take(); !lost || len(waiting) != 0 {
		t.Errorf("two large events: %d notices wait, lost %v", len(waiting), lost)
	}
}

func TestStreamsFromOnePlaceAreBounded(t *testing.T) {
	b := newBench(t)
	h := newHub(b.svc.Random())
	var last *client
	for i := range maxOriginClients {
		c, err := h.enter(fmt.Sprintf("2001:db8::%x", i))
		if err != nil {
			t.Fatal(err)
		}
		last = c
	}
	if _, err := h.enter("2001:db8::ffff"); !errors.Is(err, errManyStreams) {
		t.Errorf("one more from the same network: %v", err)
	}
	if _, err := h.enter("192.0.2.1"); err != nil {
		t.Errorf("one from elsewhere: %v", err)
	}
	h.leave(last)
	if _, err := h.enter("2001:db8::ffff"); err != nil {
		t.Errorf("one for one that left: %v", err)
	}
}

func TestTopicsAreBounded(t *testing.T) {
	b := newBench(t)
	h := newHub(b.svc.Random())
	enter := func(host string) *client {
		c, err := h.enter(host)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	full := make([]subscription, maxTopics)
	for i := range full {
		full[i] = subscription{topic: strings.Repeat("x", maxTopicBytes)}
	}
	each := maxTopics * (topicOverhead + 3*maxTopicBytes)
	clients := []*client{}
	for range maxOriginTopicWeight / each {
		c := enter("192.0.2.1")
		if err := h.subscribe(c, access.Guest(), full); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	one := enter("192.0.2.1")
	if err := h.subscribe(one, access.Guest(), full); !errors.Is(err, errManyTopics) {
		t.Errorf("too many from one place: %v", err)
	}
	if err := h.subscribe(one, access.Guest(), full[:1]); err != nil {
		t.Errorf("few: %v", err)
	}
	if err := h.subscribe(clients[0], access.Guest(), nil); err != nil {
		t.Errorf("fewer: %v", err)
	}
	h.leave(clients[1])
	if err := h.subscribe(clients[1], access.Guest(), full); !errors.Is(err, errNoClient) {
		t.Errorf("a client that left: %v", err)
	}
	for _, c := range append(clients, one) {
		h.leave(c)
	}
	if h.weight != 0 || len(h.origins) != 0 || len(h.clients) != 0 {
		t.Errorf("left behind: %d bytes, %v", h.weight, h.origins)
	}
}

// A stuck writer waits for a reader that does not read until its deadline is over.
type stuck struct {
	*httptest.ResponseRecorder
	writing, over chan struct{}
}

func (s *stuck) Write([]byte) (int, error) {
	close(s.writing)
	<-s.over
	return 0, os.ErrDeadlineExceeded
}

func (s *stuck) SetWriteDeadline(t time.Time) error {
	if t.Before(time.Now()) {
		close(s.over)
	}
	return nil
}

func TestStreamThatIsStuckEnds(t *testing.T) {
	for name, end := range map[string]func(*hub, *client, []core.Event){
		"with the server": func(h *hub, _ *client, _ []core.Event) { h.close() },
		"when it has lost the thread": func(h *hub, _ *client, e []core.Event) {
			for range maxWaiting + 1 {
				h.publish(e)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			h := newHub(b.svc.Random())
			c, err := h.enter("here")
			if err != nil {
				t.Fatal(err)
			}
			c.subs = []subscription{parseTopic("reports/*")}
			w := &stuck{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
			s := &stream{w: w, control: http.NewResponseController(w), id: c.id}
			c.endWith(s.end)
			sent := make(chan error)
			go func() { sent <- s.send("reports/*", 1) }()
			<-w.writing
			end(h, c, eventOf(b.collection("reports"), "abcdefghijklmno"))
			if err := <-sent; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the write that was stuck: %v", err)
			}
			if err := s.send("reports/*", 2); !errors.Is(err, errOver) {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

// A kept connection has its deadlines taken away when a stream is over.
type kept struct {
	*httptest.ResponseRecorder
	released  func()
	deadlines []time.Time
}

func (k *kept) SetWriteDeadline(at time.Time) error {
	k.deadlines = append(k.deadlines, at)
	if at.IsZero() {
		k.released()
	}
	return nil
}

// Whoever ends all streams while one has just ended by itself does not end the answer that its connection carries next.
func TestStreamThatIsOverIsNotEndedAgain(t *testing.T) {
	b := newBench(t)
	h := &handler{svc: b.svc, hub: newHub(b.svc.Random())}
	gone, leave := context.WithCancel(t.Context())
	leave()
	w := &kept{ResponseRecorder: httptest.NewRecorder(), released: h.hub.close}
	if err := h.realtime(w, httptest.NewRequestWithContext(gone, "GET", "/api/realtime", nil)); err != nil {
		t.Fatal(err)
	}
	if last := w.deadlines[len(w.deadlines)-1]; !last.IsZero() {
		t.Errorf("the connection is left with the deadline %v", last)
	}
}
