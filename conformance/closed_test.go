package conformance

import (
	"strconv"
	"testing"
)

// TestClosedUploads starts a server that takes no uploads from whoever sends the word for a key, and one that does.
func TestClosedUploads(t *testing.T) {
	for _, c := range []struct {
		args []string
		want int
	}{{nil, 200}, {[]string{"--knack-closed-uploads"}, 401}} {
		if *against != "" {
			t.Skip("starts a server of its own")
		}
		s := start(t, t.TempDir(), commonSchema, c.args...)
		d := newDoors(t, s.base)[1]
		head, tail := d.form()
		for key, want := range map[string]int{"knack": c.want, apiKey: 200} {
			d.header = [][2]string{{"X-Knack-Application-Id", application}, {"X-Knack-REST-API-Key", key}}
			body := head + "hello" + tail
			a := one(t, s.base, d.head("POST", d.upload, "Connection: close", "Content-Type: multipart/form-data; boundary="+boundary,
				"Content-Length: "+strconv.Itoa(len(body)))+"\r\n"+body)
			if a.status != want {
				t.Errorf("%v, key %s: %d, want %d: %s", c.args, key, a.status, want, a.body)
			}
		}
	}
}
