package conformance

import (
	"io"
	"net"
	"strings"
	"testing"
)

// hangUps are the ways in which a client leaves in the middle of what it sends.
var hangUps = map[string]func(*net.TCPConn){
	"a closed connection": func(c *net.TCPConn) { _ = c.Close() },
	"the end of its half": func(c *net.TCPConn) { _ = c.CloseWrite() },
	"a reset":             func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
}

// TestDisconnectedUploadLeavesNothing leaves uploads in the middle, in each way through each dialect. Soon nothing of them is on the disk,
// and the server goes on.
func TestDisconnectedUploadLeavesNothing(t *testing.T) {
	s := ownServer(t, commonSchema)
	doors := newDoors(t, s.base)
	for name, hangUp := range hangUps {
		for _, d := range doors {
			for _, sent := range []int64{0, 1, 3 * mebibyte} {
				head, _ := d.form()
				conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
				request := d.head("POST", d.upload, "Content-Type: multipart/form-data; boundary="+boundary, "Content-Length: 50000000") + "\r\n" + head
				if _, err := io.Copy(conn, io.MultiReader(strings.NewReader(request), content(1, sent))); err != nil {
					t.Fatal(err)
				}
				if sent > mebibyte { // otherwise the bytes may not have reached the disk
					eventually(t, "the upload is under way", func() bool { _, parts := stored(t, s); return parts > 0 })
				}
				hangUp(conn.(*net.TCPConn))
				eventually(t, d.name+" forgets an upload of "+name, func() bool {
					blobs, parts := stored(t, s)
					return blobs == 0 && parts == 0
				})
			}
		}
	}
	for i, c := range newClients(t, s.base) {
		if err := c.create(t.Context(), "after "+dialects[i], "whole.bin", content(2, crashSize), crashSize); err != nil {
			t.Errorf("an upload after those that broke off: %v", err)
		}
	}
	s.stop()
	found := check(t, s.dir)
	if found["records"] < 3 || found["files"] != 3 || found["uploads"] != 0 || found["blobs"] != 3 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
	if blobs, parts := stored(t, s); blobs != 3 || parts != 0 {
		t.Errorf("%d blobs and %d half-written files on the disk, want 3 and 0", blobs, parts)
	}
}
