package conformance

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"dossier/core/coretest"
	kintonedoor "dossier/dialect/kintone"
	knackdoor "dossier/dialect/knack"
	pbdoor "dossier/dialect/pocketbase"
	router "dossier/wire"
)

// inProcess serves all dialects within the test's own process, where what they leave behind can be counted.
func inProcess(t *testing.T) *httptest.Server {
	t.Helper()
	svc := coretest.New(t)
	mux := http.NewServeMux()
	kintonedoor.Mount(mux, svc, kintonedoor.Options{})
	knackdoor.Mount(mux, svc, knackdoor.Options{})
	pbdoor.Mount(mux, svc, pbdoor.Options{})
	s := httptest.NewServer(router.Front(mux))
	t.Cleanup(s.Close)
	return s
}

// TestBrokenTransfersLeaveNoGoroutine breaks off uploads, downloads, thumbnails and streams of events in the middle, many of each, and
// counts goroutines when all is quiet again.
func TestBrokenTransfersLeaveNoGoroutine(t *testing.T) {
	s := inProcess(t)
	const size, times = 8 * mebibyte, 10
	clients := newClients(t, s.URL)
	if err := clients[2].create(t.Context(), "leaks", "big.bin", content(1, size), size); err != nil {
		t.Fatal(err)
	}
	file := fileURL(t, clients[2].(*pocketbase), "leaks")
	doors := newDoors(t, s.URL)
	before := quiet()
	for range times {
		for _, d := range doors {
			head, _ := d.form()
			leave(t, s, d.head("POST", d.upload, "Content-Type: multipart/form-data; boundary="+boundary, "Content-Length: 50000000")+"\r\n"+head+strings.Repeat("x", 100_000), 0)
			leave(t, s, d.head("POST", d.json, "Content-Type: application/json", "Content-Length: 5000000")+"\r\n{\"a\": ", 0)
		}
		leave(t, s, "GET "+file+" HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000)
		leave(t, s, "GET "+file+" HTTP/1.1\r\nHost: localhost\r\nRange: bytes=5-,100-200\r\n\r\n", 1000)
		leave(t, s, "GET /api/realtime HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)
	}
	var after int
	eventually(t, "all goroutines are gone", func() bool { after = quiet(); return after <= before+2 })
	t.Logf("%d goroutines before, %d after", before, after)
}

// leave sends the beginning of a request, reads so many bytes of the answer, and hangs up.
func leave(t *testing.T, s *httptest.Server, request string, read int64) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, conn, read); err != nil {
		t.Error(fmt.Errorf("%.60q: %w", request, err))
	}
}

// quiet is how many goroutines there are without those of idle connections.
func quiet() int {
	http.DefaultClient.CloseIdleConnections()
	return runtime.NumGoroutine()
}
