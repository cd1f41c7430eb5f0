package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"dossier"
)

// A workload is one kind of request, sent by some clients, each waiting for its answer before it asks again.
type workload struct {
	name    string
	clients int
	times   int // requests of a run; 0 fills the time
	next    func(s *side, n int64, r *rand.Rand) message
	cold    *picture // what thumbnails are made of that nobody has asked for
}

// workloads are all of them, in the order in which they run.
func workloads(o options) []workload {
	block := blob(1 << 20)
	list := []workload{
		{name: "create a record, C=32", clients: 32, next: createRecord},
		{name: "create a record, C=8", clients: 8, next: createRecord},
		{name: "create with a file of 4 KiB, C=32", clients: 32, next: upload(block, 4<<10)},
		{name: "create with a file of 256 KiB, C=8", clients: 8, next: upload(block, 256<<10)},
		{name: "create with a file of 8 MiB, C=4", clients: 4, next: upload(block, 8<<20)},
		{name: "view by id, C=8", clients: 8, next: func(s *side, _ int64, r *rand.Rand) message {
			return get("/api/collections/items/records/" + pick(s.ids, r))
		}},
		{name: "list 30, filter and sort, with total, C=8", clients: 8, next: listItems("")},
		{name: "list 30, filter and sort, without total, C=8", clients: 8, next: listItems("&skipTotal=1")},
		{name: "download 4 KiB, C=8", clients: 8, next: func(s *side, _ int64, r *rand.Rand) message { return get(pick(s.small, r)) }},
		{name: "download 256 KiB, C=8", clients: 8, next: func(s *side, _ int64, r *rand.Rand) message { return get(pick(s.medium, r)) }},
		firstThumbs("a JPEG of 12 megapixels", &photoJPEG, 1, 3),
		firstThumbs("a JPEG of 12 megapixels", &photoJPEG, 8, 8),
		firstThumbs("a PNG of 2 megapixels with alpha", &photoPNG, 1, 5),
		firstThumbs("a GIF of 1 megapixel", &photoGIF, 1, 5),
		firstThumbs("a lossless WebP of 2 megapixels", &photoWebP, 1, 5),
		{name: "thumbnail again, C=8", clients: 8, next: func(s *side, _ int64, _ *rand.Rand) message { return get(s.hot) }},
	}
	if o.large {
		list = append(list, workload{name: "create with a file of 1 GiB, C=1", clients: 1, times: 1, next: upload(block, 1<<30)})
	}
	return list
}

func pick(list []string, r *rand.Rand) string { return list[r.IntN(len(list))] }

func createRecord(_ *side, n int64, _ *rand.Rand) message {
	return postJSON("/api/collections/notes/records", item(n))
}

// upload sends files of a size whose first bytes are their own, and the rest the block again and again.
func upload(block []byte, size int) func(*side, int64, *rand.Rand) message {
	return func(*side, int64, *rand.Rand) message {
		pieces := [][]byte{blob(16)}
		for left := size - 16; left > 0; left -= len(block) {
			pieces = append(pieces, block[:min(left, len(block))])
		}
		return postFile("/api/collections/papers/records", "loaded", "file.bin", pieces...)
	}
}

// listItems asks for the first page of what is above a number that is another one each time.
func listItems(more string) func(*side, int64, *rand.Rand) message {
	return func(_ *side, _ int64, r *rand.Rand) message {
		return get("/api/collections/items/records?perPage=30&sort=-n&filter=" + filterAbove(r.IntN(1_000_000)) + more)
	}
}

// firstThumbs asks for thumbnails that are not there yet.
func firstThumbs(of string, cold *picture, clients, times int) workload {
	w := workload{name: fmt.Sprintf("first thumbnail of %s, C=%d", of, clients), clients: clients, times: times, cold: cold}
	w.next = func(s *side, n int64, _ *rand.Rand) message {
		paths := s.cold[w.name]
		return get(paths[n%int64(len(paths))] + thumb)
	}
	return w
}

// together runs fn on connections of their own at the same time and returns the first errors.
func together(ctx context.Context, addr string, clients int, fn func(i int, c *conn) error) error {
	errs := make([]error, clients)
	var all sync.WaitGroup
	for i := range clients {
		all.Add(1)
		dossier.Go(nil, "client", func() {
			defer all.Done()
			c, err := dial(ctx, addr)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.close()
			errs[i] = fn(i, c)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// run sends a workload to one side and returns requests a second. A run by time counts what was begun in it.
func (w workload) run(ctx context.Context, s *side, length time.Duration) (float64, error) {
	var sent atomic.Int64
	first := s.made
	began := time.Now()
	err := together(ctx, s.addr, w.clients, func(i int, c *conn) error {
		r := rand.New(rand.NewPCG(uint64(first), uint64(i)))
		for ctx.Err() == nil {
			n := sent.Add(1)
			if w.times > 0 && n > int64(w.times) || w.times == 0 && time.Since(began) > length {
				sent.Add(-1)
				return nil
			}
			if err := c.do(w.next(s, first+n-1, r), io.Discard); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	s.made = first + sent.Load()
	return float64(sent.Load()) / time.Since(began).Seconds(), err
}
