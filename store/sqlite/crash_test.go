package sqlite

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"dossier"
	"dossier/store"
	"dossier/store/sqlstore"
)

// crashDir names the directory in which a child of the test writes until it is killed.
const crashDir = "DOSSIER_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeForever(dir)
	}
	os.Exit(m.Run())
}

// writeForever inserts records by several writers, each update two records, and prints the number of each that was acknowledged.
func writeForever(dir string) {
	s, err := Open(filepath.Join(dir, "crash.db"), Options{})
	if err != nil {
		panic(err)
	}
	_, c := tickets()
	if err := s.Update(ctx, func(tx store.Tx) error { return tx.Collections().Put(ctx, c) }); err != nil {
		panic(err)
	}
	acked := make(chan int64)
	for w := range int64(8) {
		dossier.Go(nil, "writer", func() {
			for i := w * 2; ; i += 16 {
				if err := s.Update(ctx, func(tx store.Tx) error {
					return errors.Join(tx.Records(c).Insert(ctx, ticket(i)), tx.Records(c).Insert(ctx, ticket(i+1)))
				}); err != nil {
					panic(err)
				}
				acked <- i
			}
		})
	}
	for i := range acked {
		fmt.Println(i)
	}
}

// TestKilled kills a writing process and looks for what it had acknowledged: all of it, and nothing by halves.
func TestKilled(t *testing.T) {
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
	var acked []int64
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n int64
		if _, err := fmt.Sscan(lines.Text(), &n); err == nil {
			acked = append(acked, n)
		}
		if len(acked) == 500 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	if len(acked) < 500 {
		t.Fatalf("the child ended by itself after %d", len(acked))
	}
	s, err := Open(filepath.Join(dir, "crash.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	checkAcked(t, s, acked)
}

func checkAcked(t *testing.T, s store.Store, acked []int64) {
	t.Helper()
	_, c := tickets()
	there := map[dossier.ID]bool{}
	if err := s.View(ctx, func(tx store.Tx) error {
		space := &dossier.Space{Collections: []*dossier.Collection{c}}
		all, err := store.Source(tx, space).All(ctx, c)
		for _, r := range all {
			there[r.ID] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, i := range acked {
		if !there[ticket(i).ID] {
			t.Fatalf("%d was acknowledged and is gone", i)
		}
	}
	for i := int64(0); i < 100_000; i += 2 {
		if there[ticket(i).ID] != there[ticket(i+1).ID] {
			t.Fatalf("half of update %d is there", i)
		}
	}
}

// TestFullDisk fills a database that may not grow: what does not fit is refused as Full and changes nothing, what is there stays
// readable, and what fits is still taken.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "full.db")
	d := &sqlite.Driver{}
	if err := register(d); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.Open(ctx, sqlstore.Options{Flavor: newFlavor(), Writer: connector{d, dsn(path, "max_page_count(100)")},
		Reader: connector{d, dsn(path)}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, c := tickets()
	insert := func(i int64, body string) error {
		return s.Update(ctx, func(tx store.Tx) error {
			r := ticket(i)
			r.Values["body"] = dossier.Text(body)
			return tx.Records(c).Insert(ctx, r)
		})
	}
	if err := s.Update(ctx, func(tx store.Tx) error { return tx.Collections().Put(ctx, c) }); err != nil {
		t.Fatal(err)
	}
	if err := insert(1, "small"); err != nil {
		t.Fatal(err)
	}
	if err := insert(2, strings.Repeat("large", 200_000)); !errors.Is(err, dossier.Full) {
		t.Fatalf("got %v", err)
	}
	if err := insert(3, "small"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range int64(40) { // in groups with one that does not fit, the others do
		wg.Go(func() {
			body, want := "small", dossier.Kind("")
			if i%10 == 5 {
				body, want = strings.Repeat("large", 200_000), dossier.Full
			}
			if err := insert(10+i, body); dossier.KindOf(err) != want {
				t.Errorf("%d: got %v, want %q", i, err, want)
			}
		})
	}
	wg.Wait()
	if err := s.View(ctx, func(tx store.Tx) error {
		_, err := tx.Records(c).Get(ctx, ticket(2).ID)
		if !errors.Is(err, dossier.NotFound) {
			t.Errorf("got %v", err)
		}
		_, err = tx.Records(c).Get(ctx, ticket(1).ID)
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestNewerDatabase refuses a database that a newer version has made.
func TestNewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "newer.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	conn, err := (&sqlite.Driver{}).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	stmt, err := conn.Prepare("UPDATE schema_version SET version = 999")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stmt.Exec(nil); err != nil {
		t.Fatal(err)
	}
	_ = stmt.Close()
	_ = conn.Close()
	if _, err := Open(path, Options{}); !errors.Is(err, dossier.Unsupported) {
		t.Errorf("got %v", err)
	}
}
