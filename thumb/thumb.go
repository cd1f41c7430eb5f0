// Package thumb makes a smaller picture of a picture, within bounds of pixels, bytes and time.
//
// A source is foreign input: its header is read first and judged before anything of its size is allocated, every read
// honours the deadline, and a panic of a decoder is an error like any other. JPEG, PNG, GIF (first frame) and WebP come in;
// JPEG, PNG and GIF go out, without any metadata of the source.
//
// Here: the size grammar, geometry, orientation, resampling, the formats, the bounds. Not here: caching, sharing of equal
// requests, records, which sizes a field allows, and what to serve when a picture cannot be made.
package thumb

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"dossier"
)

// A Maker writes to dst a picture of the size and cut of spec, made of the picture in src. On error dst may hold a part,
// which the caller drops. Errors: dossier.Invalid for a spec out of range, dossier.Unsupported for what is no decodable
// picture of a known format, dossier.TooLarge for a picture over the bounds of pixels, bytes or time, dossier.Busy when
// there was no room to work in time, dossier.Canceled when ctx ended. Errors of src and dst come back as they are, wrapped.
// Safe for concurrent use.
type Maker interface {
	Make(ctx context.Context, dst io.Writer, src io.Reader, spec Spec) error
}

// Options are the bounds of an Engine. A zero (or negative) value means the default.
type Options struct {
	MaxPixels     int64         // of a source and of a result; default 50 million
	MaxBytes      int64         // read of one source; default 64 MiB
	MaxInFlight   int64         // decoded bytes of all pictures under way; a larger single picture runs alone; default 256 MiB
	Workers       int           // pictures under way; default NumCPU + 2
	Wait          time.Duration // for a worker and for room in MaxInFlight; default 60 s
	DecodeTimeout time.Duration // from the first byte of a header to its end, then from there to the last byte written; default 10 s
}

// withDefaults returns o with every unset bound set.
func (o Options) withDefaults() Options {
	o.MaxPixels = orDefault(o.MaxPixels, 50_000_000)
	o.MaxBytes = orDefault(o.MaxBytes, 64<<20)
	o.MaxInFlight = orDefault(o.MaxInFlight, 256<<20)
	o.Workers = orDefault(o.Workers, runtime.NumCPU()+2)
	o.Wait = orDefault(o.Wait, time.Minute)
	o.DecodeTimeout = orDefault(o.DecodeTimeout, 10*time.Second)
	return o
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// An Engine is the Maker in pure Go. It keeps nothing between two pictures but free buffers.
type Engine struct {
	opts  Options
	slots chan struct{}
	room  *budget
	codec *codec
}

var _ Maker = (*Engine)(nil)

// New returns an Engine within the bounds of o.
func New(o Options) *Engine {
	o = o.withDefaults()
	return &Engine{
		opts:  o,
		slots: make(chan struct{}, o.Workers),
		room:  newBudget(o.MaxInFlight),
		codec: newCodec(),
	}
}

var (
	errNoRoom  = errors.New("no room to work in time")
	errTooSlow = errors.New("the time for one picture is over")
)

// Make implements Maker.
func (e *Engine) Make(ctx context.Context, dst io.Writer, src io.Reader, spec Spec) (err error) {
	if err := spec.check(); err != nil {
		return err
	}
	defer recoverAs(dossier.Internal, "make a thumbnail", &err)
	wait, stop := context.WithTimeoutCause(ctx, e.opts.Wait, errNoRoom)
	defer stop()
	if err := e.enter(wait); err != nil {
		return err
	}
	defer e.leave()

	j := &job{src: &source{r: src, left: e.opts.MaxBytes}, spec: spec}
	if err := e.within(ctx, func(ctx context.Context) error { return j.readHeader(ctx, e.opts.MaxPixels) }); err != nil {
		return err
	}
	held, err := e.room.take(wait, j.cost())
	if err != nil {
		return endOf(wait)
	}
	defer e.room.give(held)
	return e.within(ctx, func(ctx context.Context) error { return j.run(ctx, dst, e.codec) })
}

// within runs fn with a context that ends after the decode timeout.
func (e *Engine) within(ctx context.Context, fn func(context.Context) error) error {
	ctx, stop := context.WithTimeoutCause(ctx, e.opts.DecodeTimeout, errTooSlow)
	defer stop()
	return fn(ctx)
}

// enter waits for a worker's place; leave gives it back.
func (e *Engine) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return endOf(ctx)
	}
	select {
	case e.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return endOf(ctx)
	}
}

func (e *Engine) leave() { <-e.slots }

// endOf says why ctx ended, as an error with a Kind.
func endOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errNoRoom):
		return dossier.Errorf(dossier.Busy, "make a thumbnail: %w", cause)
	case errors.Is(cause, errTooSlow):
		return dossier.Errorf(dossier.TooLarge, "make a thumbnail: %w", cause)
	}
	return dossier.Errorf(dossier.Canceled, "make a thumbnail: %w", cause)
}
