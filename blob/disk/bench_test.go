package disk

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
)

// A benchmark's directory is removed when it ends, and removing many files slows the making of new ones for some minutes on some file
// systems (docs/decisions/0005-chunks-are-blobs.md). Compare runs with a pause before them.

// BenchmarkPut4KiB is 32 callers that each put 4 KiB, hashed on the way as core does.
func BenchmarkPut4KiB(b *testing.B) { benchmarkPut(b, 32, 4<<10) }

// BenchmarkPut4KiBAlone is one caller: what a single upload waits for.
func BenchmarkPut4KiBAlone(b *testing.B) { benchmarkPut(b, 1, 4<<10) }

// BenchmarkPut64KiB is the size of a small picture.
func BenchmarkPut64KiB(b *testing.B) { benchmarkPut(b, 32, 64<<10) }

// BenchmarkPut1MiB is four callers that each put 1 MiB.
func BenchmarkPut1MiB(b *testing.B) { benchmarkPut(b, 4, 1<<20) }

func benchmarkPut(b *testing.B, callers, size int) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, size)
	var n atomic.Int64
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.SetParallelism((callers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	if callers == 1 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := io.TeeReader(bytes.NewReader(data), sha256.New())
			if _, err := s.Put(b.Context(), fmt.Sprintf("%024x/c", n.Add(1)), r); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}

// BenchmarkPut1GiB is one caller whose blob is large. Run it with -benchtime 2x.
func BenchmarkPut1GiB(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1 << 30)
	for b.Loop() {
		r := io.TeeReader(io.LimitReader(zeros{}, 1<<30), sha256.New())
		if _, err := s.Put(b.Context(), "u/c", r); err != nil {
			b.Fatal(err)
		}
		if err := s.Delete(b.Context(), "u/c"); err != nil {
			b.Fatal(err)
		}
	}
}

// zeros is a reader without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// BenchmarkOpen is a whole blob of 4 KiB, read.
func BenchmarkOpen(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Put(b.Context(), "u/c", bytes.NewReader(make([]byte, 4<<10))); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := s.Open(b.Context(), "u/c", 0, -1)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, r)
		r.Close()
	}
}
