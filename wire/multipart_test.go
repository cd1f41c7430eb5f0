package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"dossier"
)

const formType = "multipart/form-data; boundary=b"

// form is a request with a multipart body.
func form(contentType string, body io.Reader) *http.Request {
	r := httptest.NewRequest("POST", "/", body)
	r.Header.Set("Content-Type", contentType)
	return r
}

// crlf gives a literal the line ends of the wire.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// got is a part as read.
type got struct {
	name, file string
	isFile     bool
	body       string
}

// readAll reads every part of r.
func readAll(r *http.Request, l Limits) (parts []got, err error) {
	m, err := OpenMultipart(r, l)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	for {
		p, err := m.Next()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		body, err := io.ReadAll(struct{ io.Reader }{p})
		if err != nil {
			return parts, err
		}
		parts = append(parts, got{p.Name, p.FileName, p.HasFileName, string(body)})
	}
}

const twoParts = `--b
Content-Disposition: form-data; name="a"

text
--b
Content-Disposition: form-data; name="f"; filename="x.txt"
Content-Type: text/plain

line
--bee
--b-
--b --
-- b
--b
Content-Disposition: form-data; name="empty"; filename="y"

--b
content-disposition: FORM-DATA; NAME=last

end
--b--
`

var wantParts = []got{
	{"a", "", false, "text"},
	{"f", "x.txt", true, "line\n--bee\n--b-\n--b --\n-- b"},
	{"empty", "y", true, ""},
	{"last", "", false, "end"},
}

func TestMultipartParts(t *testing.T) {
	wantCRLF := append([]got(nil), wantParts...)
	wantCRLF[1].body = crlf(wantCRLF[1].body)
	one := []got{{"a", "", false, "1"}}
	for _, c := range []struct {
		name, body string
		want       []got
	}{
		{"CRLF", crlf(twoParts), wantCRLF},
		{"LF alone", twoParts, wantParts},
		{"no line end at the end", strings.TrimSuffix(crlf(twoParts), "\r\n"), wantCRLF},
		{"preamble", "hello\r\n --b\r\n--bx\r\n" + crlf(twoParts), wantCRLF},
		{"epilogue", crlf(twoParts) + "--b\r\nmore", wantCRLF},
		{"blanks after boundaries", crlf("--b \t\nContent-Disposition: form-data; name=a\n\n1\n--b-- \n"), one},
		{"no parts", "--b--\r\n", nil},
		{"content that looks like line ends", crlf("--b\nContent-Disposition: form-data; name=a\n\n") + "\r\r\n\r\n\r\r\n--b--", []got{{"a", "", false, "\r\r\n\r\n\r"}}},
		{"nested multipart is bytes", crlf("--b\nContent-Disposition: form-data; name=a; filename=\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n1\n--c--\n--b--\n"),
			[]got{{"a", "", true, "--c\r\n\r\n1\r\n--c--"}}},
		{"folded header", crlf("--b\nContent-Disposition: form-data;\n  name=a\n\n1\n--b--\n"), one},
		{"literal transfer encoding", crlf("--b\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: Binary\n\n1\n--b--\n"), one},
	} {
		t.Run(c.name, func(t *testing.T) {
			readers := map[string]io.Reader{
				"at once":       strings.NewReader(c.body),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(c.body)),
				"end with data": iotest.DataErrReader(strings.NewReader(c.body)),
			}
			for how, r := range readers {
				parts, err := readAll(form(formType, r), Limits{})
				if err != nil || !reflect.DeepEqual(parts, c.want) {
					t.Errorf("%s: got %+v, %v", how, parts, err)
				}
			}
		})
	}
}

func TestMultipartRefuses(t *testing.T) {
	header := func(h string) string { return crlf("--b\n" + h + "\n\n1\n--b--\n") }
	const plain = "Content-Disposition: form-data; name=a"
	big := strings.Repeat("x", 70<<10)
	for _, c := range []struct {
		name, body string
		kind       dossier.Kind
		cause      error
	}{
		{"empty body", "", dossier.Invalid, ErrNotMultipart},
		{"JSON", `{"a":1}`, dossier.Invalid, ErrNotMultipart},
		{"another boundary", crlf(strings.ReplaceAll(twoParts, "--b", "--c")), dossier.Invalid, ErrNotMultipart},
		{"longer boundary", crlf(strings.ReplaceAll(twoParts, "--b", "--bx")), dossier.Invalid, ErrNotMultipart},
		{"endless preamble", big + crlf("\n"+twoParts), dossier.TooLarge, nil},
		{"ends in the preamble", "hello", dossier.Invalid, ErrNotMultipart},
		{"ends in a header", crlf("--b\nContent-Dis"), dossier.Invalid, ErrTruncated},
		{"ends after a boundary", crlf("--b\n"), dossier.Invalid, ErrTruncated},
		{"ends in a part", crlf("--b\n" + plain + "\n\nte"), dossier.Invalid, ErrTruncated},
		{"ends in a boundary", crlf("--b\n" + plain + "\n\ntext\n--b"), dossier.Invalid, ErrTruncated},
		{"ends in the closing boundary", crlf("--b\n" + plain + "\n\ntext\n--b-"), dossier.Invalid, ErrTruncated},
		{"no header", header(""), dossier.Invalid, ErrDisposition},
		{"no disposition", header("Content-Type: text/plain"), dossier.Invalid, ErrDisposition},
		{"two dispositions", header(plain + "\n" + plain), dossier.Invalid, ErrDisposition},
		{"attachment", header("Content-Disposition: attachment; name=a"), dossier.Invalid, ErrDisposition},
		{"empty name", header(`Content-Disposition: form-data; name=""`), dossier.Invalid, ErrDisposition},
		{"NUL in a header", header(plain + "; filename=\"a\x00b\""), dossier.Invalid, ErrPartHeader},
		{"CR in a header", header(plain + "; filename=\"a\rb\""), dossier.Invalid, ErrPartHeader},
		{"line that is no field", header(plain + "\nhello"), dossier.Invalid, ErrPartHeader},
		{"blank before the colon", header("Content-Disposition : form-data; name=a"), dossier.Invalid, ErrPartHeader},
		{"begins with a continuation", header(" x"), dossier.Invalid, ErrPartHeader},
		{"many header lines", header(plain + strings.Repeat("\nX: y", 10_001)), dossier.Invalid, ErrPartHeader},
		{"long header line", header("X: " + strings.Repeat("y", 11<<20)), dossier.Invalid, ErrPartHeader},
		{"long header", header(plain + strings.Repeat("\nX: "+strings.Repeat("y", 1000), 20)), dossier.Invalid, ErrPartHeader},
		{"quoted-printable", header(plain + "\nContent-Transfer-Encoding: quoted-printable"), dossier.Unsupported, nil},
		{"base64", header(plain + "\nContent-Transfer-Encoding: BASE64"), dossier.Unsupported, nil},
		{"many parts", crlf(strings.Repeat("--b\n"+plain+"\n\n1\n", 201) + "--b--\n"), dossier.TooLarge, ErrTooManyParts},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(form(formType, strings.NewReader(c.body)), Limits{})
			if dossier.KindOf(err) != c.kind || c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("got %v (%s)", err, dossier.KindOf(err))
			}
		})
	}
}

func TestOpenMultipartRefuses(t *testing.T) {
	for _, c := range []struct {
		contentType string
		kind        dossier.Kind
	}{
		{"", dossier.Unsupported},
		{"application/json", dossier.Unsupported},
		{"multipart/mixed; boundary=b", dossier.Unsupported},
		{"multipart/form-data", dossier.Invalid},
		{"multipart/form-data; boundary=", dossier.Invalid},
		{`multipart/form-data; boundary=""`, dossier.Invalid},
		{"multipart/form-data; boundary=b; boundary=c", dossier.Invalid},
		{"multipart/form-data; boundary=b; BOUNDARY=b", dossier.Invalid},
		{`multipart/form-data; boundary="b`, dossier.Invalid},
		{"multipart/form-data; boundary=\"b\r\nX: y\"", dossier.Invalid},
		{`multipart/form-data; boundary="b "`, dossier.Invalid},
		{"multipart/form-data; boundary=é", dossier.Invalid},
		{"multipart/form-data; boundary=" + strings.Repeat("b", 71), dossier.Invalid},
		{"multipart/form-data; boundary", dossier.Invalid},
	} {
		_, err := OpenMultipart(form(c.contentType, strings.NewReader(crlf(twoParts))), Limits{})
		if dossier.KindOf(err) != c.kind || !errors.Is(err, ErrNotMultipart) {
			t.Errorf("%.80q: got %v (%s)", c.contentType, err, dossier.KindOf(err))
		}
	}
}

func TestOpenMultipartRefusesWhatItCannotRead(t *testing.T) {
	twice := form(formType, nil)
	twice.Header.Add("Content-Type", formType)
	if _, err := OpenMultipart(twice, Limits{}); !errors.Is(err, ErrNotMultipart) {
		t.Error("two content types:", err)
	}
	packed := form(formType, strings.NewReader(""))
	packed.Header.Set("Content-Encoding", "gzip")
	if _, err := OpenMultipart(packed, Limits{}); dossier.KindOf(err) != dossier.Unsupported || !errors.Is(err, ErrContentEncoding) {
		t.Error("compressed:", err)
	}
	if _, err := OpenMultipart(form(formType, strings.NewReader("12345")), Limits{Body: 4}); dossier.KindOf(err) != dossier.TooLarge {
		t.Error("declared too large:", err)
	}
	endless := form(formType, io.MultiReader(strings.NewReader(crlf(twoParts)), strings.NewReader("more")))
	if _, err := readAll(endless, Limits{Body: int64(len(crlf(twoParts)))}); dossier.KindOf(err) != dossier.TooLarge {
		t.Error("too large without length:", err)
	}
}

func TestBoundaryForms(t *testing.T) {
	for boundary, param := range map[string]string{
		"b":                     "b",
		"----=_Part_1=?":        "----=_Part_1=?", // not a token, and sent all the same
		"a b'()+_,-./:=?":       `"a b'()+_,-./:=?"`,
		strings.Repeat("x", 70): strings.Repeat("x", 70),
	} {
		body := strings.ReplaceAll(crlf("--b\nContent-Disposition: form-data; name=a\n\n1\n--b--\n"), "--b", "--"+boundary)
		parts, err := readAll(form("Multipart/Form-Data; charset=utf-8; Boundary="+param+" ;", strings.NewReader(body)), Limits{})
		if err != nil || !reflect.DeepEqual(parts, []got{{"a", "", false, "1"}}) {
			t.Errorf("%s: got %v, %v", param, parts, err)
		}
	}
}

func TestGuessBoundary(t *testing.T) {
	for _, c := range []struct {
		name, body string
		ok         bool
	}{
		{"CRLF", crlf(twoParts), true},
		{"LF", twoParts, true},
		{"preamble", "x\r\n" + crlf(twoParts), false},
		{"JSON", "{}", false},
		{"empty", "", false},
		{"nothing after the dashes", "--\r\n", false},
		{"too long", "--" + strings.Repeat("b", 71) + "\r\n", false},
		{"endless", strings.Repeat("-", 1<<20), false},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.body), iotest.OneByteReader(strings.NewReader(c.body))} {
			parts, err := readAll(form("multipart/form-data", r), Limits{GuessBoundary: true})
			if c.ok && (err != nil || len(parts) != len(wantParts)) || !c.ok && !errors.Is(err, ErrNotMultipart) {
				t.Errorf("%s: got %v, %v", c.name, parts, err)
			}
		}
	}
}

func TestPartText(t *testing.T) {
	field := func(values ...string) string {
		var b strings.Builder
		for _, v := range values {
			b.WriteString("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" + v + "\r\n")
		}
		return b.String() + "--b--\r\n"
	}
	l := Limits{FieldBytes: 4, TotalFieldBytes: 6}
	for _, c := range []struct {
		name string
		body string
		want []string
		kind dossier.Kind
	}{
		{"within", field("日1", "xy"), []string{"日1", "xy"}, ""},
		{"one too long", field("12345"), nil, dossier.TooLarge},
		{"all too long", field("1234", "567"), []string{"1234"}, dossier.TooLarge},
		{"not UTF-8", field("\xff"), nil, dossier.Invalid},
		{"NUL", field("\x00"), nil, dossier.Invalid},
		{"cut off", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n12", nil, dossier.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := OpenMultipart(form(formType, strings.NewReader(c.body)), l)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for err == nil {
				var p *Part
				if p, err = m.Next(); err == nil {
					var s string
					if s, err = p.Text(); err == nil {
						texts = append(texts, s)
					}
				}
			}
			if err == io.EOF {
				err = nil
			}
			if dossier.KindOf(err) != c.kind || !reflect.DeepEqual(texts, c.want) {
				t.Errorf("got %q, %v", texts, err)
			}
		})
	}
}

func TestPartHeaderIsKept(t *testing.T) {
	m, err := OpenMultipart(form(formType, strings.NewReader(crlf(twoParts))), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := m.Next()
	p, err := m.Next()
	want := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="f"; filename="x.txt"`}, "Content-Type": {"text/plain"}}
	if err != nil || p.ContentType != "text/plain" || !reflect.DeepEqual(p.Header, want) {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := first.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Error("a part was read after Next:", err)
	}
	m.Close()
	if _, err := p.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Error("a part was read after Close:", err)
	}
	if _, err := m.Next(); err == nil || err == io.EOF {
		t.Error("Next after Close:", err)
	}
}

func TestErrorsOfTheBodyKeepTheirKind(t *testing.T) {
	whole := crlf(twoParts)
	for _, c := range []struct {
		name string
		body string
		err  error
		kind dossier.Kind
	}{
		{"slow client", whole[:60], dossier.Errorf(dossier.Incomplete, "slow"), dossier.Incomplete},
		{"slow client after the last boundary", whole, dossier.Errorf(dossier.Incomplete, "slow"), dossier.Incomplete},
		{"over the server's limit", whole[:60], &http.MaxBytesError{Limit: 60}, dossier.TooLarge},
		{"client gone", whole[:60], io.ErrUnexpectedEOF, dossier.Invalid},
		{"client gone, under guard", whole[:60], bodyError(io.ErrUnexpectedEOF), dossier.Invalid},
		{"connection reset", whole[:60], errors.New("reset"), dossier.Incomplete},
	} {
		_, err := readAll(form(formType, io.MultiReader(strings.NewReader(c.body), iotest.ErrReader(c.err))), Limits{})
		if dossier.KindOf(err) != c.kind {
			t.Errorf("%s: got %v (%s)", c.name, err, dossier.KindOf(err))
		}
	}
}

func TestEpilogueIsReadOnlySoFar(t *testing.T) {
	rest := &repeater{b: []byte("epilogue"), left: 100 << 20}
	if _, err := readAll(form(formType, io.MultiReader(strings.NewReader(crlf(twoParts)), rest)), Limits{}); err != nil {
		t.Fatal(err)
	}
	if read := 100<<20 - rest.left; read > 64<<10+partBuffer {
		t.Errorf("%d bytes were read", read)
	}
}

// TestBigPartIsNotBuffered reads a part of 64 MiB in constant memory, in each of the ways a part can be read.
func TestBigPartIsNotBuffered(t *testing.T) {
	const size = 64 << 20
	content := noise(1 << 20)
	for name, read := range map[string]func(*Part) (int64, error){
		"WriteTo": func(p *Part) (int64, error) { return io.Copy(io.Discard, p) },
		"Read":    func(p *Part) (int64, error) { return io.Copy(io.Discard, struct{ io.Reader }{p}) },
		"skipped": func(*Part) (int64, error) { return size, nil },
	} {
		m, err := OpenMultipart(form("multipart/form-data; boundary="+benchBoundary, bigForm(size, content)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if n, err := read(p); n != size || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if _, err := m.Next(); err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
		m.Close()
	}
}

// FuzzMultipart holds the reader to what a writer wrote, and to itself whatever the size of the reads.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte(crlf(twoParts)))
	f.Add([]byte(twoParts))
	f.Add([]byte("--b--"))
	f.Add([]byte("x\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b\r\n"))
	f.Add([]byte("\r\n--b\r\n\r\n--b \t--b--"))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, err1 := readAll(form(formType, bytes.NewReader(b)), Limits{})
		single, err2 := readAll(form(formType, iotest.OneByteReader(bytes.NewReader(b))), Limits{})
		if !reflect.DeepEqual(whole, single) || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("at once %+v, %v; byte by byte %+v, %v", whole, err1, single, err2)
		}
		if k := dossier.KindOf(err1); err1 != nil && k != dossier.Invalid && k != dossier.TooLarge && k != dossier.Unsupported {
			t.Fatalf("kind %s: %v", k, err1)
		}
		var buf bytes.Buffer
		mw := multipart.NewWriter(&buf)
		pw, _ := mw.CreateFormFile("f", "x")
		_, _ = pw.Write(b)
		_ = mw.Close()
		again, err := readAll(form(mw.FormDataContentType(), &buf), Limits{})
		if err != nil || !reflect.DeepEqual(again, []got{{"f", "x", true, string(b)}}) {
			t.Fatalf("written %q, read %+v, %v", b, again, err)
		}
	})
}
