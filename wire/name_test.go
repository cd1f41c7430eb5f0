package wire

import (
	"errors"
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"dossier"
)

func TestParseDisposition(t *testing.T) {
	file := func(name string) formName { return formName{"f", name, true} }
	for _, c := range []struct {
		name, in string
		want     formName
	}{
		{"text field", `form-data; name="f"`, formName{"f", "", false}},
		{"tokens", `form-data; name=f; filename=a.txt`, file("a.txt")},
		{"token with blanks", `form-data; name=f ; filename=a b.txt `, file("a b.txt")},
		{"case and blanks", "FORM-DATA ;\tName = \"f\" ; FileName=\"a\" ;", file("a")},
		{"empty parameters", `form-data;; name="f"; ;filename="a";`, file("a")},
		{"empty file name", `form-data; name="f"; filename=""`, file("")},
		{"raw UTF-8", `form-data; name="f"; filename="見積 書.txt"`, file("見積 書.txt")},
		{"raw bytes", "form-data; name=\"f\"; filename=\"\x93\xfa.txt\"", file("\x93\xfa.txt")},
		{"escaped quote", `form-data; name="f"; filename="a\"b.txt"`, file(`a"b.txt`)},
		{"escaped backslash", `form-data; name="f"; filename="a\\b.txt"`, file(`a\b.txt`)},
		{"backslash as separator", `form-data; name="f"; filename="C:\x\y.txt"`, file(`C:\x\y.txt`)},
		{"backslash in a relative path", `form-data; name="f"; filename="back\slash.txt"`, file(`back\slash.txt`)},
		{"climbing", `form-data; name="f"; filename="..\..\win.ini"`, file(`..\..\win.ini`)},
		{"percent signs stay", `form-data; name="f"; filename="double%22quote%0D%0A.txt"`, file(`double%22quote%0D%0A.txt`)},
		{"semicolon in quotes", `form-data; name="f"; filename="a; name=g"`, file("a; name=g")},
		{"unknown parameters", `form-data; name="f"; x=1; x=2; filename="a"`, file("a")},
		{"UTF-8 wins", `form-data; name="f"; filename="a.txt"; filename*=UTF-8''%E6%97%A5.txt`, file("日.txt")},
		{"wins in any order", `form-data; name="f"; filename*=utf-8'ja'%E6%97%A5.txt; filename="a.txt"`, file("日.txt")},
		{"quoted extended value", `form-data; name="f"; filename*="UTF-8''a%20b"`, file("a b")},
		{"Latin-1", `form-data; name="f"; filename*=ISO-8859-1''%E9.txt`, file("é.txt")},
		{"Shift_JIS", `form-data; name="f"; filename*=Shift_JIS''%93%FA.txt`, file("日.txt")},
		{"GBK", `form-data; name="f"; filename*=GBK''%C8%D5.txt`, file("日.txt")},
		{"EUC-JP", `form-data; name="f"; filename*=EUC-JP''%C6%FC.txt`, file("日.txt")},
		{"unknown charset falls back", `form-data; name="f"; filename="a.txt"; filename*=KLINGON''%E9`, file("a.txt")},
		{"unknown charset is still a file", `form-data; name="f"; filename*=KLINGON''%E9`, file("")},
		{"bad escape is still a file", `form-data; name="f"; filename*=UTF-8''%ZZ`, file("")},
		{"cut escape falls back", `form-data; name="f"; filename="a"; filename*=UTF-8''%4`, file("a")},
		{"no quotes falls back", `form-data; name="f"; filename="a"; filename*=x`, file("a")},
		{"path in an extended value", `form-data; name="f"; filename*=UTF-8''a%2Fb%2Fc.txt`, file("a/b/c.txt")},
		{"markup", `form-data; name="f"; filename="<script>alert(1)</script>.png"`, file("<script>alert(1)</script>.png")},
	} {
		got, err := parseDisposition(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}

func TestParseDispositionRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":                   ``,
		"another kind":              `attachment; name="f"`,
		"no name":                   `form-data; filename="a"`,
		"empty name":                `form-data; name=""; filename="a"`,
		"name not UTF-8":            "form-data; name=\"\xff\"",
		"raw quote inside":          `form-data; name="f"; filename="a"b.txt"`,
		"raw quote and parameter":   `form-data; name="f"; filename="a";b.txt"`,
		"raw quote in a token":      `form-data; name="f"; filename=a"b"`,
		"unterminated":              `form-data; name="f"; filename="a`,
		"unterminated by an escape": `form-data; name="f"; filename="a\"`,
		"file name twice":           `form-data; name="f"; filename="a"; filename="a"`,
		"file name twice, case":     `form-data; name="f"; filename="a"; FILENAME="b"`,
		"extended twice":            `form-data; name="f"; filename*=UTF-8''a; filename*=UTF-8''b`,
		"name twice":                `form-data; name="f"; filename="x"; name="g"`,
		"continuations":             `form-data; name="f"; filename*0="a"; filename*1="b"`,
		"extended name":             `form-data; name="f"; name*=UTF-8''g`,
		"NUL by an escape":          `form-data; name="f"; filename*=UTF-8''a%00b`,
		"no value":                  `form-data; name="f"; filename`,
		"no parameter name":         `form-data; name="f"; ="a"`,
	} {
		got, err := parseDisposition(in)
		if !errors.Is(err, ErrDisposition) || dossier.KindOf(err) != dossier.Invalid {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// FuzzDisposition holds the parser to what the standard library writes, and to its own kinds of error.
func FuzzDisposition(f *testing.F) {
	for _, s := range []string{`a.txt`, `a"b\c`, `日.txt`, `form-data; name="f"; filename*=UTF-8''%ZZ`, `form-data; name=f; filename="\`, `filename*0`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := parseDisposition(s); err != nil && !errors.Is(err, ErrDisposition) || err == nil && d.name == "" {
			t.Fatalf("got %+v, %v", d, err)
		}
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return
		}
		header := mime.FormatMediaType("form-data", map[string]string{"name": "f", "filename": s})
		if d, err := parseDisposition(header); err != nil || d != (formName{"f", s, true}) {
			t.Fatalf("%q as %q: got %+v, %v", s, header, d, err)
		}
		name := CleanName(s)
		if CleanName(name) != name || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\r\n\x00") {
			t.Fatalf("cleaned %q to %q, again to %q", s, name, CleanName(name))
		}
		checkDisposition(t, name)
	})
}

// checkDisposition checks that name comes back from its header, which is plain ASCII.
func checkDisposition(t *testing.T, name string) {
	t.Helper()
	header := Disposition("attachment", name)
	for i := range len(header) {
		if header[i] < ' ' || header[i] > '~' {
			t.Fatalf("%q has byte %#x", header, header[i])
		}
	}
	if _, extended, ok := strings.Cut(header, "; filename*="); ok {
		if back, ok := decodeExtended(extended); !ok || back != name {
			t.Fatalf("%q as %q came back as %q", name, header, back)
		}
		return
	}
	_, params, err := mime.ParseMediaType(header)
	if err != nil || params["filename"] != name {
		t.Fatalf("%q as %q came back as %q, %v", name, header, params, err)
	}
}

func TestCleanName(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, c := range []struct{ name, in, want string }{
		{"plain", "見積 書.txt", "見積 書.txt"},
		{"path", "../../etc/passwd", "passwd"},
		{"backslashes", `..\..\win.ini`, "win.ini"},
		{"drive", `C:\x\y.txt`, "y.txt"},
		{"mixed", `a/b\c.txt`, "c.txt"},
		{"slash", "/", ""},
		{"slash at the end", "a/", ""},
		{"dot", ".", ""},
		{"dots", "..", ""},
		{"dots in disguise", ". \u202e.", ". ."},
		{"dots with controls", " \x00.\u200b. ", ""},
		{"empty", "", ""},
		{"blank", " \t ", ""},
		{"NUL", "a\x00b", "ab"},
		{"line ends", "a\r\nb\u2028c\u0085", "abc"},
		{"escape sequences", "a\x1b[31m", "a[31m"},
		{"override", "\u202egpj.exe", "gpj.exe"},
		{"isolates", "a\u2066b\u2069", "ab"},
		{"zero width", "a\u200bb\ufeffc\u2060d\u200e", "abcd"},
		{"joiner between letters of ASCII", "a\u200db\u200cc", "abc"},
		{"joiner in an emoji", "👨\u200d👩\u200d👧.png", "👨\u200d👩\u200d👧.png"},
		{"joiner in Persian", "می\u200cخواهم.txt", "می\u200cخواهم.txt"},
		{"joiner at the end", "é\u200d", "é"},
		{"two joiners", "é\u200d\u200dé", "é\u200dé"},
		{"bytes", "a\xffb\xfe.txt", "a\ufffdb\ufffd.txt"},
		{"NFD stays", "e\u0301", "e\u0301"},
		{"NFC stays", "é", "é"},
		{"device", "CON", "CON"},
		{"dot file", ".htaccess", ".htaccess"},
		{"dot at the end", "a.", "a."},
		{"blanks around", "  a b ", "a b"},
		{"percent", "double%22quote.txt", "double%22quote.txt"},
		{"special characters", `colon:star*"<>|?.txt`, `colon:star*"<>|?.txt`},
		{"formula", "=HYPERLINK(1)", "=HYPERLINK(1)"},
		{"long", long, long[:200]},
		{"long with extension", long + ".txt", long[:196] + ".txt"},
		{"long extension", "a." + long, ("a." + long)[:200]},
		{"long dot file", "." + long, ("." + long)[:200]},
		{"long emoji", strings.Repeat("😀", 70) + ".png", strings.Repeat("😀", 49) + ".png"},
		{"cut before a blank", strings.Repeat("a", 195) + " b" + long + ".txt", strings.Repeat("a", 195) + ".txt"},
		{"200 bytes", long[:200], long[:200]},
	} {
		if got := CleanName(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDisposition(t *testing.T) {
	for _, c := range []struct{ kind, name, want string }{
		{"inline", "scan_a1.png", "inline; filename=scan_a1.png"},
		{"attachment", "", "attachment"},
		{"evil\r\nX: y", "a", "attachment; filename=a"},
		{"attachment", "a b.txt", `attachment; filename="a b.txt"`},
		{"attachment", `a"b;c\d%41.txt`, `attachment; filename=a_b_c_d_41.txt; filename*=UTF-8''a%22b%3Bc%5Cd%2541.txt`},
		{"inline", "日 本.txt", `inline; filename="_ _.txt"; filename*=UTF-8''%E6%97%A5%20%E6%9C%AC.txt`},
		{"inline", "a\r\nX: y\x00\xff", `inline; filename="aX: y_"; filename*=UTF-8''aX%3A%20y%EF%BF%BD`},
		{"inline", "it's(1)*", `inline; filename="it's(1)*"`},
	} {
		if got := Disposition(c.kind, c.name); got != c.want {
			t.Errorf("%q: got %s", c.name, got)
		}
	}
}
