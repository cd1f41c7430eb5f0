package server

import (
	"net"
	"net/http"
	"slices"
	"testing"
)

// A named is a connection that knows whether it was closed.
type named struct {
	net.Conn
	closed bool
}

func (n *named) Close() error {
	n.closed = true
	return nil
}

// TestTooManyConnections lets more clients connect than may.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	c := newConnections(3)
	var all []*named
	connect := func() { all = append(all, &named{}); c.note(all[len(all)-1], http.StateNew) }
	note := func(state http.ConnState, which ...int) {
		for _, i := range which {
			c.note(all[i], state)
		}
	}
	closed := func(want ...int) {
		t.Helper()
		var got []int
		for i, n := range all {
			if n.closed {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("closed are %v, want %v", got, want)
		}
	}
	connect()
	connect()
	connect()
	note(http.StateActive, 0, 1)
	closed()
	connect() // 2 has sent nothing
	closed(2)
	note(http.StateClosed, 2)
	note(http.StateActive, 3)
	connect() // all others are at work
	closed(2, 4)
	note(http.StateClosed, 4)
	note(http.StateIdle, 1, 3, 0)
	note(http.StateActive, 1)
	note(http.StateIdle, 1)
	connect() // 3 has been idle longest
	closed(2, 3, 4)
	note(http.StateClosed, 3)
	note(http.StateHijacked, 0)
	connect()
	closed(2, 3, 4)
	note(http.StateClosed, 1, 5, 6)
	if c.open != 0 || c.line.Len() != 0 || len(c.waiting) != 0 {
		t.Errorf("%d are open, %d in line, %d known", c.open, c.line.Len(), len(c.waiting))
	}
}
