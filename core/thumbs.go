package core

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"dossier"
	"dossier/thumb"
)

// A Picture is a thumbnail, ready to be served.
type Picture struct {
	Key  string // names the picture for ever: its bytes never change
	Type string // media type
	Size int64  // bytes
	open func(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

// Open returns n bytes of the picture from off, to the end if n < 0. The caller closes it.
func (p *Picture) Open(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	return p.open(ctx, off, n)
}

// IsPicture reports whether Thumbnail can be asked of f, judged by its sniffed type.
func IsPicture(f *dossier.File) bool { _, ok := thumb.OutputType(bareType(f.Sniffed)); return ok }

// Thumbnail makes or finds the smaller picture of f. Unsupported where f is no picture that can be made smaller, TooLarge or Busy
// where it must not be now: the caller then serves f itself. A picture is made once, for all who ask for it at that time and
// later, whoever of them goes away.
func (s *Service) Thumbnail(ctx context.Context, f *dossier.File, spec thumb.Spec) (*Picture, error) {
	mediaType, ok := thumb.OutputType(bareType(f.Sniffed))
	if !ok || s.thumbs == nil {
		return nil, dossier.Errorf(dossier.Unsupported, "no picture can be made of a %s", f.Sniffed)
	}
	key := string(f.ID) + "/thumb-" + spec.String()
	if b := s.hot.get(key); b != nil {
		return inMemory(key, mediaType, b), nil
	}
	if p, err := s.picture(ctx, key, mediaType); dossier.KindOf(err) != dossier.NotFound {
		return p, err
	}
	if err := s.failed.of(key, s.now()); err != nil {
		return nil, err
	}
	b, err := s.making.do(ctx, s, key, func(ctx context.Context, ready func([]byte)) error {
		return s.makeThumb(ctx, f, spec, key, ready)
	})
	if err != nil {
		return nil, err
	}
	if b != nil {
		return inMemory(key, mediaType, b), nil
	}
	return s.picture(ctx, key, mediaType)
}

// SettleThumbnails waits until no thumbnail is being made or written any more, or ctx ends.
func (s *Service) SettleThumbnails(ctx context.Context) { s.making.settle(ctx) }

// picture is a thumbnail that is kept already.
func (s *Service) picture(ctx context.Context, key, mediaType string) (*Picture, error) {
	info, err := s.blobs.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	p := &Picture{Key: key, Type: mediaType, Size: info.Size, open: func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
		return s.blobs.Open(ctx, key, off, n)
	}}
	return s.heat(ctx, p), nil
}

// makeThumb makes a thumbnail and keeps it as a blob of the file's own, so that it goes when the file goes. A small one is ready as soon as
// it is made: it can be made again, so nobody needs to wait for the disk.
func (s *Service) makeThumb(ctx context.Context, f *dossier.File, spec thumb.Spec, key string, ready func([]byte)) error {
	if _, err := s.blobs.Stat(ctx, key); dossier.KindOf(err) != dossier.NotFound {
		return err // somebody was done just before
	}
	src, err := s.OpenFile(ctx, f, 0, -1)
	if err != nil {
		return err
	}
	defer src.Close()
	out := &spool{spill: func(r *io.PipeReader) error {
		_, err := s.blobs.Put(ctx, key, r)
		_ = r.CloseWithError(err)
		return err
	}, log: s.log}
	defer out.end(dossier.Errorf(dossier.Internal, "making the thumbnail panicked"))
	err = s.thumbs.Make(ctx, out, src, spec)
	putErr := out.end(err)
	switch dossier.KindOf(err) {
	case dossier.Unsupported, dossier.TooLarge, dossier.Invalid:
		s.failed.add(key, err, s.now())
		return err
	case "":
		if out.pipe == nil {
			s.hot.add(key, out.bytes)
			ready(out.bytes)
			_, putErr = s.blobs.Put(ctx, key, bytes.NewReader(out.bytes))
		}
		err = putErr
	}
	if dossier.KindOf(putErr) == dossier.Exists {
		return nil // another server was faster
	}
	return err
}

// A spool keeps what is written to it, until that is too much for memory: then it hands it on to spill, which runs on its own.
type spool struct {
	bytes   []byte
	pipe    *io.PipeWriter // nil while all is in bytes
	spill   func(*io.PipeReader) error
	spilled chan error
	log     *slog.Logger
}

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	if s.pipe != nil {
		return s.pipe.Write(p)
	}
	s.bytes = append(s.bytes, p...)
	if len(s.bytes) <= maxHotSize {
		return len(p), nil
	}
	r, w := io.Pipe()
	s.pipe, s.spilled = w, make(chan error, 1)
	dossier.Go(s.log, "thumbnail", func() {
		var err error = dossier.Errorf(dossier.Internal, "keeping the thumbnail panicked")
		defer func() { s.spilled <- err }()
		err = s.spill(r)
	})
	if _, err := w.Write(s.bytes); err != nil {
		return 0, err
	}
	return len(p), nil
}

// end tells spill, if it runs, how the writing ended, and returns how spill did. Later calls do nothing.
func (s *spool) end(err error) error {
	if s.spilled == nil {
		return nil
	}
	_ = s.pipe.CloseWithError(err)
	result := <-s.spilled
	s.spilled = nil
	return result
}

// flights are things being made, by key, so that nothing is made twice at a time.
type flights struct {
	mu sync.Mutex
	by map[string]*flight
}

type flight struct {
	done  chan struct{} // closed when bytes or err are there
	over  chan struct{} // closed when nothing is being done any more
	bytes []byte        // what was made, if it was ready early
	err   error
}

// maxFlights is how many different thumbnails may be under way or wait for a worker: each holds open what it reads and writes.
const maxFlights = 256

// do runs fn once for all who call with the same key meanwhile, and returns what it called ready with, nil if it did not. fn goes on when
// they have gone away, and behind ready. Busy where too many others are under way.
func (fs *flights) do(ctx context.Context, s *Service, key string, fn func(ctx context.Context, ready func([]byte)) error) ([]byte, error) {
	fs.mu.Lock()
	f := fs.by[key]
	if f == nil && len(fs.by) >= maxFlights {
		fs.mu.Unlock()
		return nil, dossier.Errorf(dossier.Busy, "too many thumbnails are being made")
	}
	if f == nil {
		if fs.by == nil {
			fs.by = map[string]*flight{}
		}
		f = &flight{done: make(chan struct{}), over: make(chan struct{}), err: dossier.Errorf(dossier.Internal, "it panicked")}
		fs.by[key] = f
		detached := context.WithoutCancel(ctx)
		dossier.Go(s.log, "make once", func() { fs.fly(detached, s, key, f, fn) })
	}
	fs.mu.Unlock()
	select {
	case <-f.done:
		return f.bytes, f.err
	case <-ctx.Done():
		return nil, dossier.Errorf(dossier.Canceled, "wait for a thumbnail: %w", ctx.Err())
	}
}

func (fs *flights) fly(ctx context.Context, s *Service, key string, f *flight, fn func(ctx context.Context, ready func([]byte)) error) {
	early := false
	defer func() {
		fs.mu.Lock()
		delete(fs.by, key)
		fs.mu.Unlock()
		if !early {
			close(f.done)
		}
		close(f.over)
	}()
	err := fn(ctx, func(b []byte) {
		early, f.bytes, f.err = true, b, nil
		close(f.done)
	})
	switch {
	case !early:
		f.err = err
	case err != nil:
		s.log.Warn("a thumbnail was made and cannot be kept", "key", key, "error", err)
	}
}

// settle waits for all flights, or for ctx to end.
func (fs *flights) settle(ctx context.Context) {
	for {
		var one *flight
		fs.mu.Lock()
		for _, one = range fs.by {
			break
		}
		fs.mu.Unlock()
		if one == nil {
			return
		}
		select {
		case <-one.over:
		case <-ctx.Done():
			return
		}
	}
}

// The bounds of what is remembered of pictures that could not be made.
const (
	maxFailures = 10_000
	failureLife = 10 * time.Minute // a disk that was slow for a while must not cost a picture for ever
)

// failures remembers for a while what cannot be made, so that it is not tried at every request.
type failures struct {
	mu sync.Mutex
	by map[string]failure
}

type failure struct {
	err   error
	until time.Time
}

func (f *failures) of(key string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.by[key]; now.Before(known.until) {
		return known.err
	}
	return nil
}

func (f *failures) add(key string, err error, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil || len(f.by) >= maxFailures {
		f.by = map[string]failure{}
	}
	f.by[key] = failure{err, now.Add(failureLife)}
}
