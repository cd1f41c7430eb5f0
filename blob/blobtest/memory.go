package blobtest

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"dossier"
	"dossier/blob"
)

// Memory is a blob.Store in memory, for tests. The zero value is empty and ready.
type Memory struct {
	// Now gives blobs their ModTime; nil means time.Now. Set it before the first call.
	Now func() time.Time

	mu    sync.Mutex
	blobs map[string]memoryBlob
}

type memoryBlob struct {
	data []byte
	time time.Time
}

// Put implements blob.Store.
func (m *Memory) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := blob.Check(ctx, key); err != nil {
		return 0, err
	}
	data, err := readAll(ctx, r)
	if err != nil {
		return 0, err
	}
	now := time.Now
	if m.Now != nil {
		now = m.Now
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.blobs[key]; ok {
		return 0, dossier.Errorf(dossier.Exists, "a blob with this key exists")
	}
	if m.blobs == nil {
		m.blobs = map[string]memoryBlob{}
	}
	m.blobs[key] = memoryBlob{data, now()}
	return int64(len(data)), nil
}

// Open implements blob.Store.
func (m *Memory) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := blob.Check(ctx, key); err != nil {
		return nil, err
	}
	if err := blob.CheckOffset(off); err != nil {
		return nil, err
	}
	b, err := m.get(key)
	if err != nil {
		return nil, err
	}
	data := b.data[min(off, int64(len(b.data))):]
	if n >= 0 {
		data = data[:min(n, int64(len(data)))]
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// Stat implements blob.Store.
func (m *Memory) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.Check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	b, err := m.get(key)
	if err != nil {
		return blob.Info{}, err
	}
	return blob.Info{Key: key, Size: int64(len(b.data)), ModTime: b.time}, nil
}

// Delete implements blob.Store.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := blob.Check(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.blobs, key)
	return nil
}

// List implements blob.Store.
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for _, key := range m.keys() {
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			info, err := m.Stat(ctx, key)
			if dossier.KindOf(err) == dossier.NotFound {
				continue
			}
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}

// Close implements blob.Store. The blobs stay, as on a disk.
func (m *Memory) Close() error { return nil }

func (m *Memory) get(key string) (memoryBlob, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[key]
	if !ok {
		return b, dossier.Errorf(dossier.NotFound, "there is no such blob")
	}
	return b, nil
}

func (m *Memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.blobs))
}

// readAll reads r to its end, looking between reads whether the caller went away.
func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	var data bytes.Buffer
	for buf := make([]byte, 32<<10); ; {
		n, err := blob.ReadFull(ctx, r, buf)
		data.Write(buf[:n])
		if err == io.EOF {
			return data.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
	}
}
