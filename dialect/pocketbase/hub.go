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

// Bounds of the streams of events. Everybody may open one, so what all of them and what those from one place may take is bounded. A place is
// an address, or the /64 of an IPv6 address; all clients behind one proxy are one.
const (
	maxClients       = 10_000
	maxOriginClients = 2_000
	// maxTopicWeight bounds what the subscriptions of all clients take, and by that how long a writer waits for the hub to look through them.
	maxTopicWeight       = 128 << 20 // bytes
	maxOriginTopicWeight = maxTopicWeight / 2
	topicOverhead        = 1024 // bytes counted for a subscription besides its topic
	// What may wait for one client. Notices beyond either bound end its stream; one event may wait however large it is.
	maxWaiting      = 1000
	maxWaitingBytes = 16 << 20
)

var (
	errManyStreams = newError(http.StatusTooManyRequests, "Too many realtime connections.", nil)
	errManyTopics  = newError(http.StatusTooManyRequests, "Too many realtime subscriptions.", nil)
)

// A hub knows the streams that are open, and hands each the events that it asked for.
type hub struct {
	random  io.Reader
	mu      sync.RWMutex
	clients map[string]*client
	weight  int // of all subscriptions, in bytes
	origins map[string]origin
}

// An origin is what the clients from one place have.
type origin struct{ clients, weight int }

func newHub(random io.Reader) *hub {
	return &hub{random: random, clients: map[string]*client{}, origins: map[string]origin{}}
}

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
	from := access.PlaceOf(host)
	if len(h.clients) >= maxClients || h.origins[from].clients >= maxOriginClients {
		return nil, errManyStreams
	}
	c := &client{id: id, host: host, wake: make(chan struct{}, 1)}
	h.clients[id] = c
	h.count(from, 1, 0)
	return c, nil
}

// count changes what a place has; one that has nothing is forgotten.
func (h *hub) count(from string, clients, weight int) {
	p := h.origins[from]
	p.clients, p.weight = p.clients+clients, p.weight+weight
	h.weight += weight
	if h.origins[from] = p; p == (origin{}) {
		delete(h.origins, from)
	}
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
	if h.clients[c.id] == c {
		delete(h.clients, c.id)
		h.count(access.PlaceOf(c.host), -1, -c.weight)
	}
}

// subscribe replaces the subscriptions of c, a client that the hub knows, and says who reads it. A guest may become a user, but a user
// nobody else.
func (h *hub) subscribe(c *client, who access.Principal, subs []subscription) error {
	weight := 0
	for _, s := range subs {
		weight += topicOverhead + 3*len(s.topic) // as sent, and taken apart
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.clients[c.id] != c {
		return errNoClient
	}
	from := access.PlaceOf(c.host)
	more := weight - c.weight
	if more > 0 && (h.weight+more > maxTopicWeight || h.origins[from].weight+more > maxOriginTopicWeight) {
		return errManyTopics
	}
	if !c.subscribe(who, subs) {
		return newError(http.StatusForbidden, "The current and the previous request authorization don't match.", nil)
	}
	c.weight = weight
	h.count(from, 0, more)
	return nil
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
	if len(h.clients) == 0 {
		return
	}
	sizes := make([]int, len(events))
	for i, e := range events {
		sizes[i] = sizeOf(e)
	}
	for _, c := range h.clients {
		c.offer(events, sizes)
	}
}

// A client is one stream and its reader.
type client struct {
	id, host string
	weight   int           // of the subscriptions, in bytes; the hub's mu guards it
	wake     chan struct{} // has an element while notices wait

	mu      sync.Mutex
	who     access.Principal
	subs    []subscription
	waiting []notice
	end     func() // ends the stream, though it be writing; nil until there is one
	held    int    // bytes of the events that wait
	lost    bool   // there was more than may wait
}

// A notice is an event that a subscription of a client asked for, and who the client was then.
type notice struct {
	event core.Event
	sub   *subscription // never changes
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

// endWith says what ends the client's stream.
func (c *client) endWith(end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = end
}

// close ends all streams, so that a server that stops need not wait for their readers.
func (h *hub) close() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, c := range h.clients {
		c.mu.Lock()
		if c.end != nil {
			c.end()
		}
		c.mu.Unlock()
	}
}

// offer queues a notice for every subscription that an event is for.
func (c *client) offer(events []core.Event, sizes []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range events {
		c.follow(e)
		c.queue(e, sizes[i])
	}
	if len(c.waiting) > 0 || c.lost {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// queue adds the notices of one event. A client for which too much waits has lost the thread: nothing more is kept for it.
func (c *client) queue(e core.Event, size int) {
	taken := false
	for i := range c.subs {
		if !c.subs[i].matches(e) {
			continue
		}
		if !taken {
			c.held += size // the notices of one event share it
			taken = true
		}
		if len(c.waiting) >= maxWaiting || c.held > maxWaitingBytes && len(c.waiting) > 0 && c.held > size {
			c.lost, c.waiting, c.subs = true, nil, nil
			if c.end != nil {
				c.end()
			}
			return
		}
		c.waiting = append(c.waiting, notice{event: e, sub: &c.subs[i], who: c.who})
	}
}

// sizeOf is about how many bytes e keeps from being freed.
func sizeOf(e core.Event) int {
	n := 256
	for _, v := range e.Record.Values {
		switch v := v.(type) {
		case dossier.Text:
			n += len(v)
		case dossier.JSON:
			n += len(v)
		case dossier.List:
			for _, s := range v {
				n += 16 + len(s)
			}
		case dossier.Rows:
			for _, row := range v {
				n += sizeOf(core.Event{Record: &dossier.Record{Values: row.Values}})
			}
		case dossier.Files:
			n += 256 * len(v)
		default:
			n += 64
		}
	}
	return n
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
	next := access.User(c.who.Collection, e.Record) // with the collection as it was when they signed in: see core.Service.Present
	next.Request = c.who.Request
	c.who = next
}

// take empties the queue.
func (c *client) take() (waiting []notice, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting, c.waiting, c.held = c.waiting, nil, 0
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
	s := subscription{topic: topic}
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
	s.query = make(map[string]string, len(query))
	for k, v := range query {
		s.query[k] = toText(v)
	}
	headers, _ := object["headers"].(map[string]any)
	s.headers = make(map[string]string, len(headers))
	for k, v := range headers {
		s.headers[wire.HeaderKey(k)] = toText(v)
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
