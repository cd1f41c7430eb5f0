package small

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"dossier"
	"dossier/blob/blobtest"
	"dossier/blob/disk"
)

// crashDir names the directory in which a child of the test writes until it is killed.
const crashDir = "DOSSIER_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeForever(dir)
	}
	os.Exit(m.Run())
}

func openBoth(dir string) (*Store, error) {
	big, err := disk.Open(dir, disk.Options{})
	if err != nil {
		return nil, err
	}
	return Open(filepath.Join(dir, "small.db"), big, Options{})
}

// crashBlob is the i-th blob that a child puts: of all sizes around the boundary, and mostly small.
func crashBlob(i int) (key string, data []byte) {
	data = sized(i * 131 % (maxSize + 300))
	return fmt.Sprintf("u%d/c", i), append(data, fmt.Sprint(i)...)
}

// writeForever puts blobs by several writers, deletes every fifth again, and prints what was acknowledged.
func writeForever(dir string) {
	s, err := openBoth(dir)
	if err != nil {
		panic(err)
	}
	done := make(chan string)
	for w := range 8 {
		dossier.Go(nil, "writer", func() {
			for i := w; ; i += 8 {
				key, data := crashBlob(i)
				if _, err := s.Put(context.Background(), key, bytes.NewReader(data)); err != nil {
					panic(err)
				}
				line := fmt.Sprintln("put", i)
				if i%5 == 0 {
					if err := s.Delete(context.Background(), key); err != nil {
						panic(err)
					}
					line = fmt.Sprintln("deleted", i)
				}
				done <- line
			}
		})
	}
	for line := range done {
		fmt.Print(line)
	}
}

// TestKilled kills a writing process in the middle and looks for what it had acknowledged.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acked := map[int]string{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var what string
		var n int
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err == nil {
			acked[n] = what
		}
		if len(acked) == 2500 { // some checkpoints in
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	if len(acked) < 2500 {
		t.Fatalf("the child ended by itself after %d", len(acked))
	}
	s, err := openBoth(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, what := range acked {
		key, data := crashBlob(i)
		if what == "put" {
			holds(t, s, key, data)
		} else {
			_, err := s.Stat(t.Context(), key)
			mustBe(t, "a deleted blob", err, dossier.NotFound)
		}
	}
	whole(t, s)
	put(t, s, "after", sized(10))
}

// whole checks that the rows belong together and every blob that is listed can be read.
func whole(t *testing.T, s *Store) {
	t.Helper()
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(t.Context(), info.Key, 0, -1)
		if err != nil {
			t.Fatalf("%s is listed: %v", info.Key, err)
		}
		_ = r.Close()
	}
	err := s.read(t.Context(), func(r *reader) error {
		lone, err := r.one("SELECT count(*) FROM data WHERE id NOT IN (SELECT id FROM blobs)")
		if err == nil && lone != int64(0) {
			err = fmt.Errorf("%v rows of bytes have no key", lone)
		}
		sound, serr := r.one("PRAGMA integrity_check")
		if serr == nil && sound != "ok" {
			serr = fmt.Errorf("%v", sound)
		}
		return errors.Join(err, serr)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFullDisk fills a file that may not grow: what does not fit is refused as Full and leaves nothing, in company too, what is there stays
// readable, and room that was given back is used again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, new(blobtest.Memory), Options{pages: 60})
	n := 0
	var err error
	for ; err == nil; n++ {
		_, err = s.Put(t.Context(), fmt.Sprintf("fill/%d", n), bytes.NewReader(sized(10_000)))
	}
	n--
	mustBe(t, "a Put without room", err, dossier.Full)
	if n < 10 {
		t.Fatalf("only %d fit", n)
	}
	var wg sync.WaitGroup
	for i := range 40 { // in groups with some that do not fit, the others do
		wg.Go(func() {
			size, want := 1, dossier.Kind("")
			if i%4 == 1 {
				size, want = maxSize, dossier.Full
			}
			if _, err := s.Put(t.Context(), fmt.Sprintf("more/%d", i), bytes.NewReader(sized(size))); dossier.KindOf(err) != want {
				t.Errorf("%d bytes: %v, want %q", size, err, want)
			}
		})
	}
	wg.Wait()
	if got := len(keys(t, s, "more/")); got != 30 {
		t.Errorf("%d blobs of the last ones are there, want 30", got)
	}
	for i := range n {
		key := fmt.Sprintf("fill/%d", i)
		holds(t, s, key, sized(10_000))
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "again", sized(maxSize))
	whole(t, s)
}

func TestAGroupKeepsWhatItsMembersAreWorth(t *testing.T) {
	t.Parallel()
	s := open(t, new(blobtest.Memory), Options{})
	put(t, s, "taken", []byte("old"))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			key, want := fmt.Sprintf("k/%d", i), dossier.Kind("")
			if i%3 == 0 {
				key, want = "taken", dossier.Exists
			}
			if _, err := s.Put(t.Context(), key, strings.NewReader(key)); dossier.KindOf(err) != want {
				t.Errorf("%s: %v, want %q", key, err, want)
			}
		})
	}
	wg.Wait()
	if got := len(keys(t, s, "k/")); got != 133 {
		t.Errorf("%d blobs, want 133", got)
	}
	holds(t, s, "taken", []byte("old"))
	whole(t, s)
}

func TestDeletedBlobsGiveTheirRoomBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "small.db")
	s := openAt(t, path, new(blobtest.Memory), Options{})
	const n = 700
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := s.Put(t.Context(), fmt.Sprintf("u%d/c", i), bytes.NewReader(sized(maxSize))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range n - 1 {
		if err := s.Delete(t.Context(), fmt.Sprintf("u%d/c", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if limit := int64(freePages+100) * 4096; info.Size() > limit {
		t.Errorf("the file has %d bytes for one blob, want %d at most", info.Size(), limit)
	}
	s = openAt(t, path, new(blobtest.Memory), Options{})
	holds(t, s, fmt.Sprintf("u%d/c", n-1), sized(maxSize))
	whole(t, s)
}

func TestALongPutHoldsLittle(t *testing.T) {
	t.Parallel()
	s := open(t, openDisk(t), Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const size = 64 << 20
	if n, err := s.Put(t.Context(), "long", &endless{left: size}); err != nil || n != size {
		t.Fatal(n, err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > size/2 {
		t.Errorf("%d bytes were allocated for a blob of %d", grown, size)
	}
}

// endless is a reader of many bytes.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.left)
	e.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
