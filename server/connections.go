package server

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// maxConnections is how many connections there may be at a time. There are fewer where the process may have few descriptors: half of them, so
// that the store can open its files.
const maxConnections = 16 << 10

// connections bounds how many there are. Beyond max the one that has waited longest for a request is closed, which costs its client a new
// connection; where none waits, the new one is. So whoever opens many keeps nobody out.
type connections struct {
	max int

	mu      sync.Mutex
	open    int
	line    list.List // of those that wait for a request, the longest first
	waiting map[net.Conn]*list.Element
}

func newConnections(limit int) *connections {
	return &connections{max: limit, waiting: map[net.Conn]*list.Element{}}
}

// note is told what becomes of each connection: http.Server.ConnState.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	if over := c.count(conn, state); over != nil {
		_ = over.Close()
	}
}

// count notes a connection's state and returns one that is too many.
func (c *connections) count(conn net.Conn, state http.ConnState) (over net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(conn)
	switch state {
	case http.StateNew:
		c.open++
		if c.open > c.max {
			if over = c.longest(); over == nil {
				return conn
			}
		}
		c.waiting[conn] = c.line.PushBack(conn)
	case http.StateIdle:
		c.waiting[conn] = c.line.PushBack(conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
	return over
}

// leave takes a connection out of the line, if it is in it.
func (c *connections) leave(conn net.Conn) {
	if at := c.waiting[conn]; at != nil {
		c.line.Remove(at)
		delete(c.waiting, conn)
	}
}

// longest takes the one out of the line that has waited longest; nil if it is empty.
func (c *connections) longest() net.Conn {
	front := c.line.Front()
	if front == nil {
		return nil
	}
	conn := front.Value.(net.Conn)
	c.leave(conn)
	return conn
}
