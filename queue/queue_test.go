package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"dossier"
	"dossier/queue"
)

type job struct {
	queue.Ticket
	name string
}

var errClosed = errors.New("closed")

// A scribe writes down the names of jobs, and waits before each group until it is let go.
type scribe struct {
	*queue.Queue[*job]
	free  chan struct{}
	group []*job
	names [][]string // of each group
}

func newScribe(room int) *scribe {
	s := &scribe{Queue: queue.New[*job](room, errClosed), free: make(chan struct{})}
	s.Serve(slog.New(slog.DiscardHandler), "scribe", s.write, s.broke)
	return s
}

func (s *scribe) write() {
	for j := s.Wait(); j != nil; j = s.Wait() {
		s.group = append(s.group[:0], j)
		<-s.free
		for j := s.Next(); j != nil; j = s.Next() {
			s.group = append(s.group, j)
		}
		var names []string
		for _, j := range s.group {
			switch j.name {
			case "panic":
				panic("broken")
			case "exit":
				runtime.Goexit()
			}
			names = append(names, j.name)
		}
		s.names = append(s.names, names)
		s.answer(nil)
	}
}

func (s *scribe) broke() { s.answer(errors.New("broke off")) }

func (s *scribe) answer(err error) {
	for _, j := range s.group {
		j.Answer(err)
	}
}

// do starts a Do whose answer comes through the channel, and returns when it waits.
func (s *scribe) do(ctx context.Context, name string) <-chan error {
	answer := make(chan error, 1)
	dossier.Go(nil, name, func() { answer <- s.Do(ctx, &job{name: name}) })
	synctest.Wait()
	return answer
}

func TestWhoWaitsSharesTheNextGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScribe(8)
		answers := []<-chan error{s.do(t.Context(), "a"), s.do(t.Context(), "b"), s.do(t.Context(), "c")}
		s.free <- struct{}{}
		for _, answer := range answers {
			if err := <-answer; err != nil {
				t.Error(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if want := []string{"a", "b", "c"}; len(s.names) != 1 || !slices.Equal(s.names[0], want) {
			t.Errorf("got %q, want one group %q", s.names, want)
		}
	})
}

func TestWhoGoesAwayTakesBackWhatTheWriterHasNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScribe(1)
		ctx, cancel := context.WithCancel(t.Context())
		taken, inLine, before := s.do(ctx, "taken"), s.do(ctx, "in line"), s.do(ctx, "without room")
		cancel()
		for name, answer := range map[string]<-chan error{"in line": inLine, "without room": before} {
			if err := <-answer; dossier.KindOf(err) != dossier.Canceled || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		s.free <- struct{}{}
		if err := <-taken; err != nil {
			t.Errorf("taken: got %v", err)
		}
		_ = s.Close()
		if len(s.names) != 1 || !slices.Equal(s.names[0], []string{"taken"}) {
			t.Errorf("written: %q", s.names)
		}
	})
}

func TestACloseLetsTheLineFinishAndNobodyElseIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScribe(1)
		first, second, third := s.do(t.Context(), "first"), s.do(t.Context(), "second"), s.do(t.Context(), "without room")
		closed := make(chan error, 1)
		dossier.Go(nil, "close", func() { closed <- s.Close() })
		<-s.Closed()
		synctest.Wait()
		if err := s.Do(t.Context(), &job{name: "late"}); err != errClosed {
			t.Errorf("late: got %v", err)
		}
		close(s.free)
		if err := errors.Join(<-first, <-second, <-closed); err != nil {
			t.Error(err)
		}
		if err := <-third; err != errClosed {
			t.Errorf("without room: got %v", err)
		}
		if err := s.Close(); err != errClosed {
			t.Errorf("a second Close: got %v", err)
		}
	})
}

func TestAWriterThatBreaksOffGoesOn(t *testing.T) {
	for _, how := range []string{"panic", "exit"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScribe(8)
			lost := []<-chan error{s.do(t.Context(), how), s.do(t.Context(), "with it")}
			close(s.free)
			for _, answer := range lost {
				if err := <-answer; err == nil {
					t.Errorf("%s: a job that was not written is answered as if it were", how)
				}
			}
			if err := <-s.do(t.Context(), "after"); err != nil {
				t.Errorf("after a %s: %v", how, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachOfManyIsAnsweredOnce(t *testing.T) {
	s := newScribe(4)
	close(s.free)
	var callers sync.WaitGroup
	for range 64 {
		callers.Add(1)
		dossier.Go(nil, "caller", func() {
			defer callers.Done()
			if err := s.Do(context.Background(), &job{name: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	written := 0
	for _, group := range s.names {
		written += len(group)
	}
	if written != 64 || s.Len() != 0 {
		t.Errorf("%d are written, %d in line", written, s.Len())
	}
}
