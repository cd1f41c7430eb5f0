package main

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/webp"
)

// echo answers with the method, the path, the form's title and the length of its file, or with 400.
func echo(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		f, h, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n, _ := io.Copy(io.Discard, f)
		io.WriteString(w, r.FormValue("title")+" "+h.Filename+" "+time.Duration(n).String())
		return
	}
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/wrong" {
		http.Error(w, "no", http.StatusNotFound)
		return
	}
	io.WriteString(w, r.Method+" "+r.URL.String()+" "+string(body))
}

func TestMessagesAreRequests(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	c, err := dial(t.Context(), strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for name, tt := range map[string]struct {
		m    message
		want string
	}{
		"a path with a filter":   {get("/a?filter=" + filterAbove(7)), "GET /a?filter=n%3E%3D7 "},
		"JSON":                   {postJSON("/b", `{"n":1}`), `POST /b {"n":1}`},
		"a file of three pieces": {postFile("/c", "title", "a.bin", blob(16), blob(100), blob(3)), "title a.bin 119ns"},
	} {
		for range 2 { // on the same connection, and without consuming the message
			got, err := c.read(tt.m)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
			}
		}
	}
	if err := c.do(get("/wrong"), io.Discard); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a wrong path: got %v", err)
	}
}

func TestRunCountsWhatWasAnswered(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	w := firstThumbs("a picture", &photoPNG, 2, 5)
	s := &side{process: &process{addr: strings.TrimPrefix(srv.URL, "http://")}, cold: map[string][]string{w.name: {"/x", "/y"}}}
	if rate, err := w.run(t.Context(), s, 0); err != nil || rate <= 0 || s.made != 5 {
		t.Errorf("got %v a second, %v, %d made", rate, err, s.made)
	}
	s.cold[w.name] = []string{"/wrong"}
	if _, err := w.run(t.Context(), s, 0); err == nil {
		t.Error("a run whose answers are wrong is no error")
	}
}

func TestRatiosAreOfNeighbours(t *testing.T) {
	t.Parallel()
	w := row{peer: []float64{10, 100, 20}, ours: []float64{30, 200, 20}}
	if got := median(w.ratios()); got != 2 {
		t.Errorf("got %v, want 2: the pairs are 3, 2 and 1", got)
	}
	if got := median([]float64{1, 2, 4, 8}); got != 3 {
		t.Errorf("median of an even number: got %v, want 3", got)
	}
}

func TestPhotographsArePictures(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes 19 megapixels")
	}
	for p, decode := range map[*picture]func(io.Reader) (image.Image, error){
		&photoJPEG: jpeg.Decode, &photoPNG: png.Decode, &photoGIF: gif.Decode, &photoWebP: webp.Decode,
	} {
		one, two := p.make(1), p.make(2)
		if bytes.Equal(one, two) {
			t.Errorf("%s: two numbers, the same bytes", p.file)
		}
		m, err := decode(bytes.NewReader(one))
		if err != nil {
			t.Errorf("%s: %v", p.file, err)
			continue
		}
		t.Logf("%s: %v, %d bytes", p.file, m.Bounds().Size(), len(one))
		if n, ok := m.(*image.NRGBA); ok && n.NRGBAAt(700, 600) != colours().NRGBAAt(700, 600) {
			t.Errorf("%s: a pixel is %v", p.file, n.NRGBAAt(700, 600))
		}
	}
}
