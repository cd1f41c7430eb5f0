package pocketbase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// How long a stream of events lasts, and how long without a message. Clients come back by themselves.
const (
	streamTime = 30 * time.Minute
	streamIdle = 5 * time.Minute
	// streamWrite is how long a client may take to read one message.
	streamWrite = 30 * time.Second
)

// contextRealtime is the value of Principal.Request.Context for a rule that decides about a message.
const contextRealtime = "realtime"

// realtime is GET /api/realtime: a stream of events. What it tells of is said by POST.
func (h *handler) realtime(w http.ResponseWriter, r *http.Request) error {
	c, err := h.hub.enter(wire.RemoteHost(r))
	if err != nil {
		return err
	}
	s := &stream{w: w, control: http.NewResponseController(w), id: c.id}
	defer s.release() // when nobody can end the stream any more: the connection's next answer is not its
	defer h.hub.leave(c)
	c.endWith(s.end)
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if err := s.send("PB_CONNECT", map[string]any{"clientId": c.id}); err != nil {
		return nil // the client is gone
	}
	h.follow(r.Context(), s, c)
	return nil
}

// follow sends what c's subscriptions tell until the stream ends.
func (h *handler) follow(ctx context.Context, s *stream, c *client) {
	end, idle := time.NewTimer(streamTime), time.NewTimer(streamIdle)
	defer end.Stop()
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.done:
			return
		case <-end.C:
			return
		case <-idle.C:
			return
		case <-c.wake:
		}
		sent, err := h.tell(ctx, s, c)
		if err != nil {
			return
		}
		if sent {
			idle.Reset(streamIdle)
		}
	}
}

// tell sends the messages of the events that wait for c. An error ends the stream.
func (h *handler) tell(ctx context.Context, s *stream, c *client) (sent bool, err error) {
	waiting, lost := c.take()
	if lost {
		return false, dossier.Errorf(dossier.Busy, "a client that reads too slowly")
	}
	for _, n := range waiting {
		m, ok, err := h.message(ctx, n)
		if err != nil {
			h.svc.Log().WarnContext(ctx, "event not told", "topic", n.sub.collection, "error", err)
			continue
		}
		if !ok {
			continue
		}
		if err := s.send(n.sub.topic, m); err != nil {
			return sent, err
		}
		sent = true
	}
	return sent, nil
}

// A message is the data of an event.
type message struct {
	Record any           `json:"record"`
	Action access.Action `json:"action"`
}

// message is what a notice tells its client; ok is false where the rule or the client's filter says nothing.
func (h *handler) message(ctx context.Context, n notice) (m message, ok bool, err error) {
	who := h.svc.Present(n.who)
	who.Request = n.sub.request()
	e := n.event
	extra := listQuery{filter: n.sub.query["filter"]}
	if err := extra.checkRestricted(who); err != nil {
		return m, false, nil
	}
	q, err := h.lowerList(e.Collection, who, extra)
	if err != nil {
		return m, false, nil // the client's filter does not fit this collection
	}
	if ok, err = h.svc.Matches(ctx, who, e.Collection, e.Record, n.sub.action(), q.Filter); err != nil || !ok {
		return m, false, err
	}
	p, err := parsePicker(n.sub.query["fields"])
	if err != nil {
		return m, false, nil
	}
	shown, err := h.viewer(ctx, who).records(e.Collection, []*dossier.Record{e.Record}, n.sub.query["expand"])
	if err != nil {
		return m, false, err
	}
	return message{Record: p.pick(shown[0]), Action: e.Action}, true, nil
}

// A stream writes messages to one client.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	id      string
	over    atomic.Bool
}

var errOver = errors.New("the stream is over")

// end makes the stream's writes fail, one that waits for its reader included.
func (s *stream) end() {
	s.over.Store(true)
	_ = s.control.SetWriteDeadline(time.Unix(1, 0)) // where there are no deadlines the write ends with the connection
}

// send writes one message. Clients know their id by the id of messages.
func (s *stream) send(event string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(streamWrite)) // where there are no deadlines the connection's end is enough
	if s.over.Load() {                                          // asked after the deadline is set, or it could be the later one
		return errOver
	}
	if _, err := fmt.Fprintf(s.w, "id:%s\nevent:%s\ndata:%s\n\n", s.id, event, data); err != nil {
		return err
	}
	return s.control.Flush()
}

// release lets the connection serve other requests.
func (s *stream) release() { _ = s.control.SetWriteDeadline(time.Time{}) }

// subscribe is POST /api/realtime: it replaces what a stream tells of, and says who reads it.
func (h *handler) subscribe(w http.ResponseWriter, r *http.Request) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	id, topics, err := h.readTopics(r)
	if err != nil {
		return err
	}
	if wrong := checkTopics(id, topics); len(wrong) > 0 {
		return newError(http.StatusBadRequest, msgGeneric, wrong)
	}
	c, ok := h.hub.client(id)
	if !ok {
		return errNoClient
	}
	if c.host != wire.RemoteHost(r) {
		return newError(http.StatusBadRequest, "Invalid realtime client.", nil)
	}
	subs := make([]subscription, len(topics))
	for i, topic := range topics {
		subs[i] = parseTopic(topic)
	}
	if err := h.hub.subscribe(c, who, subs); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Bounds of subscriptions.
const (
	maxTopics     = 1000
	maxTopicBytes = 2500
)

// maxClientID bounds the name of a client.
const maxClientID = 255

var errNoClient = newError(http.StatusNotFound, "Missing or invalid client id.", nil)

// readTopics is the body of a subscription: a client's ID and a list of topics, which may be missing. Topics that come twice are one.
func (h *handler) readTopics(r *http.Request) (id string, topics []string, err error) {
	values, err := h.readFields(r)
	if err != nil {
		return "", nil, err
	}
	id, isText := values["clientId"].(string)
	if !isText && values["clientId"] != nil {
		return "", nil, errGeneric
	}
	list, isList := values["subscriptions"].([]any)
	if raw := values["subscriptions"]; raw != nil && !isList {
		if wire.MediaType(r) == typeJSONBody {
			return "", nil, errGeneric
		}
		list = []any{raw} // one value of a form
	}
	if len(list) > maxTopics { // before any are left out
		return id, make([]string, len(list)), nil
	}
	for _, v := range list {
		topic, ok := v.(string)
		if !ok {
			return "", nil, errGeneric
		}
		if !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	return id, topics, nil
}

// checkTopics is what is wrong with a subscription.
func checkTopics(id string, topics []string) map[string]any {
	wrong := map[string]any{}
	switch {
	case id == "":
		wrong["clientId"] = blank
	case len(id) > maxClientID:
		wrong["clientId"] = outOfRange(1, maxClientID)
	}
	if len(topics) > maxTopics {
		wrong["subscriptions"] = tooLong(maxTopics)
	}
	for i, topic := range topics {
		if len(topic) > maxTopicBytes {
			nest(wrong, []string{"subscriptions", strconv.Itoa(i)}, tooLong(maxTopicBytes))
		}
	}
	return wrong
}
