package wire

import (
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dossier"
)

// holding sends a JSON text of n bytes from an address to a budget's handler, which calls inside while it holds it, and returns the error of
// reading it.
func holding(b *Budget, from string, n int, inside func()) (err error) {
	h := b.Of(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err = ReadJSON(r, 1<<20); err == nil {
			inside()
		}
	}))
	body := `"` + strings.Repeat("x", n-2) + `"`
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.RemoteAddr = net.JoinHostPort(from, "1234")
	h.ServeHTTP(httptest.NewRecorder(), r)
	return err
}

func TestABudgetIsForAllRequestsTogether(t *testing.T) {
	t.Parallel()
	const large = 200 << 10
	b := NewBudget(2*large - 2*freeBytes)
	idle := func() {}
	for round := range 3 { // what was held comes back
		err := holding(b, "192.0.2.1", large, func() {
			if err := holding(b, "192.0.2.2", large, func() {
				if err := holding(b, "192.0.2.3", large, idle); !errors.Is(err, dossier.Busy) {
					t.Errorf("round %d: a third large body: %v", round, err)
				}
				if err := holding(b, "192.0.2.3", freeBytes, idle); err != nil {
					t.Errorf("round %d: a small body beside large ones: %v", round, err)
				}
			}); err != nil {
				t.Errorf("round %d: a second large body: %v", round, err)
			}
		})
		if err != nil {
			t.Errorf("round %d: a large body: %v", round, err)
		}
	}
	if left := b.left.Load(); left != 2*large-2*freeBytes {
		t.Errorf("%d bytes are left of %d", left, 2*large-2*freeBytes)
	}
}

// Who holds as much as one place may leaves room for others, however many addresses they have, and gets it back.
func TestABudgetIsNotForOnePlaceAlone(t *testing.T) {
	t.Parallel()
	const quarter = 100 << 10
	idle := func() {}
	for _, c := range []struct {
		first, second string
		both          bool
	}{
		{"192.0.2.1", "192.0.2.1", false}, {"192.0.2.1", "::ffff:192.0.2.2", true}, {"2001:db8::1", "2001:db8::2", false},
		{"2001:db8::1", "2001:db8:0:1::1", true}, {"127.0.0.1", "127.0.0.1", true}, {"::1", "::1", true},
	} {
		b := NewBudget(4 * quarter)
		for round := range 2 {
			err := holding(b, c.first, 3*quarter+freeBytes, func() {
				err := holding(b, c.second, quarter/2+freeBytes, idle)
				if both := err == nil; both != c.both || err != nil && !errors.Is(err, dossier.Busy) {
					t.Errorf("%s beside %s, round %d: %v", c.second, c.first, round, err)
				}
			})
			if err != nil {
				t.Errorf("%s alone, round %d: %v", c.first, round, err)
			}
		}
		if len(b.by) != 0 || b.left.Load() != 4*quarter {
			t.Errorf("%d bytes are left of %d, and %v remembered", b.left.Load(), 4*quarter, b.by)
		}
	}
}

// TestFormsThatOnlyComeAreCounted has a client begin more forms than there is room for, and send nothing of them.
func TestFormsThatOnlyComeAreCounted(t *testing.T) {
	t.Parallel()
	b := NewBudget(4 * (formBytes - freeBytes))
	begin := func(from string, inside func()) (err error) {
		r := httptest.NewRequest("POST", "/", strings.NewReader("--b"))
		r.RemoteAddr = from + ":1234"
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		b.Of(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var m *Multipart
			if m, err = OpenMultipart(r, Limits{}); err == nil {
				inside()
				m.Close()
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(begin("192.0.2.1", func() {
		must(begin("192.0.2.1", func() {
			must(begin("192.0.2.1", func() {
				if err := begin("192.0.2.1", func() {}); !errors.Is(err, dossier.Busy) {
					t.Errorf("one place takes what is for all: %v", err)
				}
				must(begin("192.0.2.2", func() {
					if err := begin("192.0.2.3", func() {}); !errors.Is(err, dossier.Busy) {
						t.Errorf("there are more than there is room for: %v", err)
					}
				}))
			}))
		}))
	}))
	if left := b.left.Load(); left != 4*(formBytes-freeBytes) || len(b.by) != 0 {
		t.Errorf("%d bytes are left in the end, and %v", left, b.by)
	}
}

func TestABudgetCountsTextsAndNotFiles(t *testing.T) {
	t.Parallel()
	b := NewBudget(400 << 10)
	send := func(file bool) (err error) {
		var body strings.Builder
		form := multipart.NewWriter(&body)
		part, _ := form.CreateFormField("text")
		if file {
			part, _ = form.CreateFormFile("file", "large.bin")
		}
		_, _ = io.WriteString(part, strings.Repeat("x", 500<<10))
		form.Close()
		r := httptest.NewRequest("POST", "/", strings.NewReader(body.String()))
		r.Header.Set("Content-Type", form.FormDataContentType())
		b.Of(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			m, openErr := OpenMultipart(r, Limits{})
			if err = openErr; err != nil {
				return
			}
			defer m.Close()
			p, nextErr := m.Next()
			if err = nextErr; err != nil {
				return
			}
			if file {
				_, err = io.Copy(io.Discard, p)
			} else {
				_, err = p.Text()
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
		return err
	}
	if err := send(true); err != nil {
		t.Errorf("a file: %v", err)
	}
	if err := send(false); !errors.Is(err, dossier.Busy) {
		t.Errorf("a text: %v", err)
	}
}
