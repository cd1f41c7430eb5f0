package small

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// BenchmarkPut is so many callers that each put so many bytes, hashed on the way as core does.
func BenchmarkPut(b *testing.B) {
	for _, c := range []struct{ callers, kib int }{{1, 4}, {8, 4}, {32, 4}, {8, 16}, {8, 32}, {8, 64}, {32, 64}} {
		b.Run(fmt.Sprintf("%dx%dKiB", c.callers, c.kib), func(b *testing.B) { benchmarkPut(b, c.callers, c.kib<<10) })
	}
}

func benchmarkPut(b *testing.B, callers, size int) {
	s := open(b, openDisk(b), Options{})
	data := make([]byte, size)
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
			if _, err := s.Put(b.Context(), fmt.Sprintf("%016x%016x/%016x", rand.Uint64(), rand.Uint64(), rand.Uint64()), r); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}

// BenchmarkOpen is a whole blob of 4 KiB, read.
func BenchmarkOpen(b *testing.B) {
	s := open(b, openDisk(b), Options{})
	if _, err := s.Put(b.Context(), "u/c", bytes.NewReader(make([]byte, 4<<10))); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := s.Open(b.Context(), "u/c", 0, -1)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r)
		_ = r.Close()
	}
}
