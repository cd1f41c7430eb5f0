package conformance

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"modernc.org/sqlite"
)

// A damage is what can happen to the bytes of a file behind the server's back.
type damage struct {
	do func(path string) error
	// hidden says that the size is as it was: only reading and hashing all bytes can tell.
	hidden bool
}

var damages = map[string]damage{
	"deleted":   {os.Remove, false},
	"truncated": {func(path string) error { return os.Truncate(path, crashSize/2) }, false},
	"emptied":   {func(path string) error { return os.Truncate(path, 0) }, false},
	"extended":  {func(path string) error { return patch(path, crashSize, "more") }, false},
	"altered":   {func(path string) error { return patch(path, crashSize/2, "other") }, true},
}

func patch(path string, at int64, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text), at)
	return errors.Join(err, f.Close())
}

// TestDamagedBytesAreNeverServedAsGood damages the one file of a server. No dialect then answers a download with a good end, unless the
// damage is hidden; other files are not affected, and a check reports the file and fails.
func TestDamagedBytesAreNeverServedAsGood(t *testing.T) {
	for name, d := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ownServer(t, commonSchema)
			clients := newClients(t, s.base)
			if err := clients[0].create(t.Context(), "damaged", "damaged.bin", content(1, crashSize), crashSize); err != nil {
				t.Fatal(err)
			}
			if err := d.do(theBlob(t, s.dir)); err != nil {
				t.Fatal(err)
			}
			if err := clients[1].create(t.Context(), "good", "good.bin", content(2, crashSize), crashSize); err != nil {
				t.Fatal(err)
			}
			for i, c := range clients {
				err := readWhole(t.Context(), c, "damaged")
				if err == nil && !d.hidden {
					t.Errorf("%s serves a file that was %s as if it were good", dialects[i], name)
				}
				if err != nil && strings.Contains(err.Error(), "404 Not Found") {
					t.Errorf("%s says that there is no such file: %v", dialects[i], err)
				}
				body, err := c.fetch(t.Context(), "good")
				if err == nil {
					err = sameBytes(body, 2, crashSize)
				}
				if err != nil {
					t.Errorf("%s, the other file: %v", dialects[i], err)
				}
			}
			s.stop()
			reported(t, s.dir, !d.hidden)
		})
	}
}

// A rowDamage is what can happen to the bytes of a small file, SQL on the database that holds them.
type rowDamage struct {
	sql string
	// hidden says that no download can tell, quiet that no check can which does not read all bytes.
	hidden, quiet bool
}

var rowDamages = map[string]rowDamage{
	"deleted":   {"DELETE FROM blobs", false, false},
	"lost":      {"DELETE FROM data", false, true},
	"truncated": {"UPDATE data SET bytes = substr(bytes, 1, 100)", false, true},
	"emptied":   {"UPDATE data SET bytes = x''", false, true},
	"extended":  {"UPDATE data SET bytes = bytes || x'00'", false, true},
	"replaced":  {"UPDATE blobs SET size = 3; UPDATE data SET bytes = x'000000'", false, false},
	"altered":   {"UPDATE data SET bytes = zeroblob(length(bytes))", true, true},
}

// TestDamagedRowsAreNeverServedAsGood damages the one small file of a server.
func TestDamagedRowsAreNeverServedAsGood(t *testing.T) {
	for name, d := range rowDamages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ownServer(t, commonSchema)
			clients := newClients(t, s.base)
			if err := clients[0].create(t.Context(), "damaged", "damaged.bin", content(1, smallSize), smallSize); err != nil {
				t.Fatal(err)
			}
			execute(t, filepath.Join(s.dir, "small.db"), d.sql)
			if err := clients[1].create(t.Context(), "good", "good.bin", content(2, smallSize), smallSize); err != nil {
				t.Fatal(err)
			}
			for i, c := range clients {
				err := readWhole(t.Context(), c, "damaged")
				if (err == nil) != d.hidden || err != nil && strings.Contains(err.Error(), "404 Not Found") {
					t.Errorf("%s serves a file that was %s: %v", dialects[i], name, err)
				}
				if err := readWhole(t.Context(), c, "good"); err != nil {
					t.Errorf("%s, the other file: %v", dialects[i], err)
				}
			}
			s.stop()
			reported(t, s.dir, !d.quiet)
		})
	}
}

// execute runs SQL on a database that a server may have open.
func execute(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := (&sqlite.Driver{}).Open(path + "?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.(driver.ExecerContext).ExecContext(t.Context(), sql, nil)
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
}

// readWhole downloads a report's file to its end; nil says that client and server hold it for whole.
func readWhole(ctx context.Context, c client, title string) error {
	body, err := c.fetch(ctx, title)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return err
}

// theBlob is the path of the only blob below dir.
func theBlob(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".blob") {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("want one blob, found %v, %v", found, err)
	}
	return found[0]
}

// reported checks that a check finds one problem, names the file and fails; without reading all bytes if shallow.
func reported(t *testing.T, dir string, shallow bool) {
	t.Helper()
	if out, code := run(t, "check", "--data", dir); shallow != (code == 1) || shallow != strings.Contains(out, "damaged.bin") {
		t.Errorf("check: exit status %d\n%s", code, out)
	}
	out, code := run(t, "check", "--data", dir, "--read-data")
	if code != 1 || counts(out)["problems"] != 1 || !strings.Contains(out, "damaged.bin") || strings.Contains(out, "good.bin") {
		t.Errorf("check --read-data: exit status %d\n%s", code, out)
	}
}

// TestDamagedBytesAreRefusedInPartsToo asks for ranges of a file that lost its second half.
func TestDamagedBytesAreRefusedInPartsToo(t *testing.T) {
	s := ownServer(t, commonSchema)
	clients := newClients(t, s.base)
	k := clients[0].(*kintone)
	if err := k.create(t.Context(), "damaged", "damaged.bin", content(1, crashSize), crashSize); err != nil {
		t.Fatal(err)
	}
	target := fileURL(t, clients[2].(*pocketbase), "damaged")
	if err := os.Truncate(theBlob(t, s.dir), crashSize/2); err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(content(1, crashSize))
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"bytes=0-9", "bytes=60000-60009", "bytes=-10", "bytes=0-", "bytes=0-9,60000-60009"} {
		request := "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nRange: " + wanted + "\r\n\r\n"
		for _, a := range exchange(t, s.base, strings.NewReader(request)) {
			good := wanted == "bytes=0-9" && a.body == string(whole[:10])
			if a.status < 400 && !a.broken && !good {
				t.Errorf("%s of half a file: %d with %d bytes", wanted, a.status, len(a.body))
			}
			if a.status == 404 {
				t.Errorf("%s of half a file: 404", wanted)
			}
		}
	}
}
