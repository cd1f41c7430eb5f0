package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestLargeJSONIsRefusedUnread sends documents that no record needs, also as somebody without any proof. They are refused before they are
// in memory. The Kintone dialect waits for the rest before it ends the connection, for clients that look at an answer only then; there is
// none here.
func TestLargeJSONIsRefusedUnread(t *testing.T) {
	s := ownServer(t, commonSchema)
	doors := newDoors(t, s.base)
	doors = append(doors, door{name: "pocketbase", json: "/api/collections/customers/records"})
	for _, d := range doors {
		request := d.head("POST", d.json, "Content-Type: application/json", fmt.Sprint("Content-Length: ", 500<<20), "Connection: close") + "\r\n{\"company\":\""
		a := only(t, request, exchange(t, s.base, last{strings.NewReader(request)}))
		if a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s, 500 MiB: %d %s", d.json, a.status, a.body)
		}
		d.decent(t, a)
	}
	memoryStaysBelow(t, s, 150)
}

// TestLengthAndChunksEndTheConnection sends a request with both, and another behind it. RFC 9112, 6.1, lets a server take the first, but not
// the connection any further.
func TestLengthAndChunksEndTheConnection(t *testing.T) {
	s := ownServer(t, commonSchema)
	d := newDoors(t, s.base)[0]
	body := `{"app":2,"record":{"title":{"value":"x"}}}`
	for _, both := range [][]string{{fmt.Sprint("Content-Length: ", len(body)), "Transfer-Encoding: chunked"}, {"Transfer-Encoding: chunked", "Content-Length: 3"}} {
		request := d.head("POST", d.json, append(both, "Content-Type: application/json")...) + "\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		answers := exchange(t, s.base, strings.NewReader(request+d.head("GET", "/healthz")+"\r\n"))
		if len(answers) != 1 || !answers[0].closed {
			t.Errorf("%v: want one answer and the end of the connection, got %d answers", both, len(answers))
		}
	}
}
