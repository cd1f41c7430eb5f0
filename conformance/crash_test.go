package conformance

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	crashRounds  = 3
	crashWriters = 12
	crashSize    = 100_000 // a file of its own on the disk
	smallSize    = 4_000   // one of many in a database
)

// crashBytes is the size of the file with this seed.
func crashBytes(seed uint64) int64 {
	if seed%3 == 0 {
		return crashSize
	}
	return smallSize
}

// TestKilledServerKeepsWhatItAcknowledged kills the server in the middle of a load, several times on one data directory. After
// every restart each acknowledged record has its bytes and each acknowledged upload can still be attached; in the end nothing is
// left on the disk that no record and no live upload uses.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	s := ownServer(t, commonSchema)
	l := &ledger{}
	for round := range crashRounds {
		loadAndKill(t, s, l, 40+30*round)
		s = start(t, s.dir, commonSchema)
		verify(t, s, l)
		if t.Failed() {
			t.Fatalf("round %d; standard error of the server:\n%s", round, s.log)
		}
	}
	s.stop()
	checkDirectory(t, s.dir, l)
}

// A ledger is what the client knows: which operations the server acknowledged.
type ledger struct {
	mu       sync.Mutex
	next     uint64
	records  []uint64          // seeds of the files that acknowledged records hold
	uploads  map[uint64]string // keys of acknowledged uploads that nobody tried to attach
	attempts uint64            // operations that were begun, acknowledged or not
}

func (l *ledger) seed() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	l.attempts++
	return l.next
}

// addRecord notes an acknowledged record and returns how many there are.
func (l *ledger) addRecord(seed uint64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, seed)
	return len(l.records)
}

func (l *ledger) addUpload(seed uint64, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.uploads == nil {
		l.uploads = map[uint64]string{}
	}
	l.uploads[seed] = key
}

func crashTitle(seed uint64) string { return fmt.Sprintf("crash %d", seed) }

// loadAndKill writes through all dialects at once and kills the server when it has acknowledged more records than before by
// want, with the other writers in the middle of theirs.
func loadAndKill(t *testing.T, s *server, l *ledger, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	want += len(l.records)
	each(crashWriters+1, func(i int) {
		if i == crashWriters {
			<-ctx.Done()
			s.kill()
			return
		}
		for ctx.Err() == nil {
			n, err := writeOne(context.WithoutCancel(ctx), l, clients, i)
			if err != nil && ctx.Err() == nil {
				t.Errorf("%s before the kill: %v", dialects[i%3], err)
				cancel()
			}
			if n >= want {
				cancel()
			}
		}
	})
}

// writeOne makes one record, or, now and then, an upload that is left for later, and returns the number of records.
func writeOne(ctx context.Context, l *ledger, clients []client, writer int) (int, error) {
	seed := l.seed()
	name := fmt.Sprintf("crash-%d.bin", seed)
	if k, ok := clients[writer%3].(*kintone); ok && seed%4 == 0 {
		key, err := k.put(ctx, name, content(seed, crashBytes(seed)), crashBytes(seed))
		if err == nil {
			l.addUpload(seed, key)
		}
		return 0, err
	}
	if err := clients[writer%3].create(ctx, crashTitle(seed), name, content(seed, crashBytes(seed)), crashBytes(seed)); err != nil {
		return 0, err
	}
	return l.addRecord(seed), nil
}

// verify checks everything in the ledger, each record through a dialect of its own, and attaches the uploads that wait.
func verify(t *testing.T, s *server, l *ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	for seed, key := range l.uploads {
		if err := clients[0].(*kintone).attach(ctx, crashTitle(seed), key); err != nil {
			t.Errorf("acknowledged upload %d: %v", seed, err)
			continue
		}
		l.addRecord(seed)
	}
	l.uploads = nil
	for _, seed := range l.records {
		body, err := clients[seed%3].fetch(ctx, crashTitle(seed))
		if err == nil {
			err = sameBytes(body, seed, crashBytes(seed))
		}
		if err != nil {
			t.Errorf("acknowledged record %d, read through %s: %v", seed, dialects[seed%3], err)
		}
	}
}

// checkDirectory compares a stopped server's directory with the ledger: no problems, no fewer records than were acknowledged,
// no more than were tried, and after a repair exactly one blob for every file and upload.
func checkDirectory(t *testing.T, dir string, l *ledger) {
	t.Helper()
	found := check(t, dir)
	if found["problems"] != 0 {
		t.Errorf("check found %d problems", found["problems"])
	}
	if n := found["files"]; n < len(l.records) || n > int(l.attempts) {
		t.Errorf("check counts %d files; %d were acknowledged, %d were tried", n, len(l.records), l.attempts)
	}
	found = check(t, dir, "--repair")
	if want := found["files"] + found["uploads"]; found["blobs"] != want {
		t.Errorf("%d blobs, %d files and %d uploads", found["blobs"], found["files"], found["uploads"])
	}
	if blobs := countFiles(t, dir, ".blob"); blobs == 0 || blobs >= found["blobs"] {
		t.Errorf("%d of %d blobs are files of their own, want some of them", blobs, found["blobs"])
	}
	if parts := countFiles(t, dir, ".part"); parts != 0 {
		t.Errorf("%d half-written files on the disk", parts)
	}
}

var countLine = regexp.MustCompile(`(?mi)^\s*(?:(records|files|uploads|blobs|problems)\s*[:=]?\s+(\d+)|(\d+)\s+(records|files|uploads|blobs|problems))\b`)

// check runs "dossier check" and returns the counts that it prints, one a line.
func check(t *testing.T, dir string, args ...string) map[string]int {
	t.Helper()
	out, code := run(t, append([]string{"check", "--data", dir}, args...)...)
	if code != 0 {
		t.Fatalf("dossier check %s: exit status %d\n%s", strings.Join(args, " "), code, out)
	}
	found := counts(out)
	for _, noun := range []string{"records", "files", "uploads", "blobs", "problems"} {
		if _, ok := found[noun]; !ok {
			t.Fatalf("dossier check prints no line \"%s: N\":\n%s", noun, out)
		}
	}
	return found
}

// counts reads the lines of a check.
func counts(text string) map[string]int {
	found := map[string]int{}
	for _, m := range countLine.FindAllStringSubmatch(text, -1) {
		found[strings.ToLower(m[1]+m[4])], _ = strconv.Atoi(m[2] + m[3]) // digits, by the expression
	}
	return found
}

// countFiles counts the files below dir with this ending.
func countFiles(t *testing.T, dir, ending string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ending) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
