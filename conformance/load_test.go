package conformance

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// content returns size bytes that are always the same for seed, and of which no two seeds share any run.
func content(seed uint64, size int64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return io.LimitReader(rand.NewChaCha8(key), size)
}

// sameBytes compares a stream with the content of seed, without holding either, and closes it.
func sameBytes(got io.ReadCloser, seed uint64, size int64) error {
	defer got.Close()
	want := content(seed, size)
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); ; {
		n, err := io.ReadFull(got, a)
		m, _ := io.ReadFull(want, b)
		if n != m || string(a[:n]) != string(b[:m]) {
			return fmt.Errorf("bytes differ in the 64 KiB from %d: expected %d of them, received %d", at, m, n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
		at += int64(n)
	}
}

// ownServer starts a server of our own; tests that stop, measure or fill one cannot use somebody else's.
func ownServer(t *testing.T, schema string) *server {
	t.Helper()
	if *against != "" {
		t.Skip("starts a server of its own")
	}
	return start(t, t.TempDir(), schema)
}

// TestConcurrentUploads uploads and attaches 200 files of 1 MiB at once, a third through each dialect, and reads every one
// back through both of the others.
func TestConcurrentUploads(t *testing.T) {
	const files, size = 200, 1 << 20
	s := ownServer(t, commonSchema)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	title := func(i int) string { return fmt.Sprintf("load %d", i) }
	each(files, func(i int) {
		err := clients[i%3].create(ctx, title(i), fmt.Sprintf("file-%d.bin", i), content(uint64(i), size), size)
		if err != nil {
			t.Errorf("%s, file %d: %v", dialects[i%3], i, err)
		}
	})
	if t.Failed() {
		t.Fatalf("not all uploads succeeded; standard error of the server:\n%s", s.log)
	}
	each(2*files, func(k int) {
		i, reader := k/2, (k/2+1+k%2)%3
		body, err := clients[reader].fetch(ctx, title(i))
		if err == nil {
			err = sameBytes(body, uint64(i), size)
		}
		if err != nil {
			t.Errorf("file %d, written through %s, read through %s: %v", i, dialects[i%3], dialects[reader], err)
		}
	})
}

// each calls f with 0 to n-1, all at the same time, and waits.
func each(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
