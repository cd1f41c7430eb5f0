package pocketbase

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/wire"
)

// Bounds of the streams of events.
const (
	maxClients = 10_000
	maxWaiting = 1000 // notices that wait for one client
)

// A hub knows the streams that are open, and hands each the events that it asked for.
type hub struct {
	random  io.Reader
	mu      sync.RWMutex
	clients map[string]*client
}

func newHub(random io.Reader) *hub { return &hub{random: random, clients: map[string]*client{}} }

// clientIDLength is how many random characters name a client.
const clientIDLength = 40

// enter adds a client that reads from host.
func (h *hub) enter(host string) (*client, error) {
	id, err := randomWord(h.random, clientIDLength)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) >= maxClients {
		return nil, newError(http.StatusTooManyRequests, "Too Many Requests.", nil)
	}
	c := &client{id: id, host: host, wake: make(chan struct{}, 1)}
	h.clients[id] = c
	return c, nil
}

// wordLetters has 64 letters, so that six random bits choose one.
const wordLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789Az"

func randomWord(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", dossier.Errorf(dossier.Internal, "read randomness: %w", err)
	}
	for i := range b {
		b[i] = wordLetters[b[i]%64]
	}
	return string(b), nil
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c.id)
}

func (h *hub) client(id string) (*client, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	c, ok := h.clients[id]
	return c, ok
}

// publish hands committed events to the clients. It only sorts them into queues.
func (h *hub) publish(events []core.Event) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, c := range h.clients {
		c.offer(events)
	}
}

// A client is one stream and its reader.
type client struct {
	id, host string
	wake     chan struct{} // has an element while notices wait

	mu      sync.Mutex
	who     access.Principal
	subs    []subscription
	waiting []notice
	lost    bool // there were more notices than may wait
}

// A notice is an event that a subscription of a client asked for, and who the client was then.
type notice struct {
	event core.Event
	sub   subscription
	who   access.Principal
}

// subscribe replaces the client's subscriptions. A guest may become a user, but a user nobody else: ok is false then.
func (c *client) subscribe(who access.Principal, subs []subscription) (ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.who.IsGuest() && (who.IsGuest() || c.who.ID != who.ID || c.who.Collection.ID != who.Collection.ID) {
		return false
	}
	c.who, c.subs = who, subs
	return true
}

// offer queues a notice for every subscription that an event is for.
func (c *client) offer(events []core.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range events {
		c.follow(e)
		for _, sub := range c.subs {
			if !sub.matches(e) {
				continue
			}
			if len(c.waiting) >= maxWaiting {
				c.lost = true
				break
			}
			c.waiting = append(c.waiting, notice{event: e, sub: sub, who: c.who})
		}
	}
	if len(c.waiting) > 0 {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// follow keeps the reader's record up to date. One whose tokens were ended, or who is gone, is a guest from then on.
func (c *client) follow(e core.Event) {
	if c.who.Record == nil || c.who.Collection.ID != e.Collection.ID || c.who.ID != e.Record.ID {
		return
	}
	if e.Action == access.Delete || e.Record.Account == nil || e.Record.Account.TokenKey != c.who.Record.Account.TokenKey {
		c.who = access.Guest()
		return
	}
	c.who = access.User(e.Collection, e.Record)
}

// take empties the queue.
func (c *client) take() (waiting []notice, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting, c.waiting = c.waiting, nil
	return waiting, c.lost
}

// A subscription is a topic: a collection, or one record of it, with options.
type subscription struct {
	topic      string // byte for byte as the client sent it: the name of its messages
	collection string // name or ID
	record     string // "" is every record
	query      map[string]string
	headers    map[string]string
}

// parseTopic reads "collection/*", "collection/record" or "collection", with options as JSON behind "?options=".
func parseTopic(topic string) subscription {
	s := subscription{topic: topic, query: map[string]string{}, headers: map[string]string{}}
	path, options, _ := strings.Cut(topic, "?")
	s.collection, s.record, _ = strings.Cut(path, "/")
	if s.record == "*" {
		s.record = ""
	}
	if strings.ContainsAny(topic, "\r\n") {
		s.collection = "" // would end the line that names the message: it matches nothing
	}
	values, err := url.ParseQuery(options)
	if err != nil {
		return s
	}
	v, err := wire.ParseJSON([]byte(values.Get("options")))
	if err != nil {
		return s
	}
	object, _ := v.(map[string]any)
	query, _ := object["query"].(map[string]any)
	for k, v := range query {
		s.query[k] = toText(v)
	}
	headers, _ := object["headers"].(map[string]any)
	for k, v := range headers {
		s.headers[strings.ReplaceAll(strings.ToLower(k), "-", "_")] = toText(v)
	}
	return s
}

// matches reports whether e is of the subscription's collection and record.
func (s subscription) matches(e core.Event) bool {
	if s.record != "" && s.record != string(e.Record.ID) {
		return false
	}
	c := e.Collection
	return s.collection != "" && (s.collection == collectionID(c) || s.collection == string(c.ID) || dossier.SameName(s.collection, c.Name))
}

// action is whose rule decides: who follows every record must be able to list it, who follows one to view it.
func (s subscription) action() access.Action {
	if s.record == "" {
		return access.List
	}
	return access.View
}

// request is what rules see of the subscription.
func (s subscription) request() access.Request {
	return access.Request{Method: http.MethodGet, Context: contextRealtime, Query: s.query, Headers: s.headers}
}
