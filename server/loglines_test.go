package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/server"
)

// A blockedLog takes nothing before it is opened. Each write comes by itself.
type blockedLog struct {
	open  chan struct{}
	began chan struct{} // one for each write
	text  bytes.Buffer
	fail  atomic.Bool
}

func (b *blockedLog) Write(p []byte) (int, error) {
	b.began <- struct{}{}
	<-b.open
	if b.fail.Load() {
		return 0, errors.New("broken pipe")
	}
	return b.text.Write(p)
}

// TestNobodyWaitsForTheLog writes more lines than are kept while the log takes none.
func TestNobodyWaitsForTheLog(t *testing.T) {
	t.Parallel()
	out := &blockedLog{open: make(chan struct{}), began: make(chan struct{}, 100)}
	var lost atomic.Int64
	var lines *server.LogLines
	noted := make(chan struct{})
	lines = server.NewLogLines(out, func(n int64) {
		lost.Store(n)
		fmt.Fprintf(lines, "lost %d\n", n)
		close(noted)
	})
	put := func(text string) {
		if n, err := fmt.Fprintln(lines, text); err != nil || n != len(text)+1 {
			t.Errorf("%d, %v", n, err)
		}
	}
	put("first")
	<-out.began
	long := strings.Repeat("x", 1<<20-1)
	for range 10 {
		put(long)
	}
	close(out.open)
	<-noted
	lines.Close(time.Minute)
	put("after the end")
	if want := "first\n" + strings.Repeat(long+"\n", 4) + "lost 6\n"; lost.Load() != 6 || out.text.String() != want {
		t.Errorf("%d lines are lost; written are %d bytes that end with %q", lost.Load(), out.text.Len(), out.text.String()[max(0, out.text.Len()-20):])
	}
}

// TestABrokenLogIsNoFault writes to a log that fails for a while.
func TestABrokenLogIsNoFault(t *testing.T) {
	t.Parallel()
	out := &blockedLog{open: make(chan struct{}), began: make(chan struct{}, 100)}
	close(out.open)
	out.fail.Store(true)
	lines := server.NewLogLines(out, nil)
	fmt.Fprintln(lines, "lost")
	<-out.began
	fmt.Fprintln(lines, "lost or not")
	lines.Close(time.Minute)
	if out.text.Len() != 0 {
		t.Errorf("%q", &out.text)
	}
}

// TestTheEndDoesNotWaitForTheLog closes lines of which none is taken.
func TestTheEndDoesNotWaitForTheLog(t *testing.T) {
	t.Parallel()
	out := &blockedLog{open: make(chan struct{}), began: make(chan struct{}, 1)}
	lines := server.NewLogLines(out, nil)
	fmt.Fprintln(lines, "one")
	<-out.began
	lines.Close(time.Millisecond)
	close(out.open)
}
