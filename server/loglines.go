package server

import (
	"io"
	"sync"
	"time"

	"dossier"
)

// maxLogLines is how many bytes of lines wait for a log that does not take them. What comes then is dropped.
const maxLogLines = 4 << 20

// LogLines is a writer of log lines for which nobody waits: they are kept, and written by a goroutine of their own. Where the log does not
// take them, as a pipe that nobody reads does not, requests go on and lines are dropped. NewLogLines makes one; safe for concurrent use.
type LogLines struct {
	out  io.Writer
	note func(lines int64) // of lines that were dropped

	mu      sync.Mutex
	some    *sync.Cond // lines wait, or the end has come
	waiting []byte
	dropped int64 // lines, since this was last said
	closed  bool
	ended   chan struct{} // closed when everything is written
}

// NewLogLines writes lines to out. When out takes lines again after some were dropped, note, which may itself write a line, is told how many;
// nil: it is told nobody.
func NewLogLines(out io.Writer, note func(lines int64)) *LogLines {
	l := &LogLines{out: out, note: note, ended: make(chan struct{})}
	l.some = sync.NewCond(&l.mu)
	dossier.Go(nil, "log", l.write)
	return l
}

// Write keeps a line, or drops it. It never fails.
func (l *LogLines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.waiting)+len(line) > maxLogLines {
		l.dropped++
		return len(line), nil
	}
	l.waiting = append(l.waiting, line...)
	l.some.Signal()
	return len(line), nil
}

// write writes what waits until it is closed and nothing waits any more.
func (l *LogLines) write() {
	defer close(l.ended)
	var lines []byte
	for {
		lines = l.next(lines[:0])
		if len(lines) == 0 {
			return
		}
		if _, err := l.out.Write(lines); err != nil {
			continue // there is nobody to tell
		}
		if n := l.lost(); n > 0 && l.note != nil {
			l.note(n)
		}
	}
}

// next waits for lines and returns all that wait; none at the end. empty is where the next ones are kept.
func (l *LogLines) next(empty []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.closed {
		l.some.Wait()
	}
	lines := l.waiting
	l.waiting = empty
	return lines
}

// lost is how many lines were dropped since it last said so. It says so only when there is room for a line that tells it.
func (l *LogLines) lost() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > 0 {
		return 0
	}
	n := l.dropped
	l.dropped = 0
	return n
}

// Close waits for what was kept to be written, but not for longer than patience. What comes later is dropped.
func (l *LogLines) Close(patience time.Duration) {
	l.mu.Lock()
	l.closed = true
	l.some.Signal()
	l.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-l.ended:
	case <-timer.C:
	}
}
