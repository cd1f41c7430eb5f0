package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/iotest"

	"dossier"
)

// allocated is how many bytes fn asks for. It is not for parallel tests.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestRoomForABodyIsMadeOnce(t *testing.T) {
	const size = 32 << 20
	body := bytes.Repeat([]byte(" "), size)
	r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
	var got int
	room := allocated(func() {
		if err := withBody(r, size, func(b []byte) error { got = len(b); return nil }); err != nil {
			t.Error(err)
		}
	})
	if got != size || room > size*7/4 {
		t.Errorf("%d bytes of %d took %d", got, size, room)
	}
}

func TestABodyThatIsOnlyAnnouncedHasNoRoom(t *testing.T) {
	gone := errors.New("gone")
	r := httptest.NewRequest("POST", "/", io.MultiReader(bytes.NewReader(make([]byte, 1000)), iotest.ErrReader(gone)))
	r.ContentLength = 64 << 20
	var err error
	room := allocated(func() { err = withBody(r, 64<<20, func([]byte) error { return nil }) })
	if dossier.KindOf(err) != dossier.Incomplete || !errors.Is(err, gone) || room > maxPooled {
		t.Errorf("%d bytes for a body that never came: %v", room, err)
	}
}

func TestABodyShorterThanAnnouncedIsRead(t *testing.T) {
	r := httptest.NewRequest("POST", "/", bytes.NewReader([]byte("short")))
	r.ContentLength = 2 << 20
	err := withBody(r, 4<<20, func(b []byte) error {
		if string(b) != "short" {
			t.Errorf("the body is %q", b)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
