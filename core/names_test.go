package core_test

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"dossier/core"
)

func TestSlug(t *testing.T) {
	t.Parallel()
	const r = "[a-z0-9]{10}"
	long := strings.Repeat("a", 400)
	for _, c := range []struct{ name, sniffed, want string }{
		{"My Photo.PNG", "image/png", "my_photo_" + r + `\.PNG`},
		{"CamelCaseName.TXT", "text/plain", "camel_case_name_" + r + `\.TXT`},
		{"Hello.World.tar.gz", "application/gzip", "hello_world_" + r + `\.tar\.gz`},
		{"x.tar.gz", "application/gzip", "x" + r + "_" + r + `\.tar\.gz`},
		{"a.b.c.d.txt", "text/plain", "a_b_c_" + r + `\.d\.txt`},
		{"my-file_v1.2.txt", "text/plain", "my_file_v1_" + r + `\.2\.txt`},
		{".hidden", "text/plain", r + "_" + r + `\.hidden`},
		{"noext", "text/plain; charset=utf-8", "noext_" + r + `\.txt`},
		{"noext", "application/octet-stream", "noext_" + r},
		{"noext", "", "noext_" + r},
		{"x", "application/pdf", "x" + r + "_" + r + `\.pdf`},
		{"ünïcödé ファイル.pdf", "application/pdf", "n_c_d_" + r + `\.pdf`},
		{"日本語.txt", "text/plain", r + "_" + r + `\.txt`},
		{"file.j$p%g", "image/jpeg", `file_` + r + `\.jpg`},
		{`semi;quote%22x.txt`, "text/plain", "semi_quote_22x_" + r + `\.txt`},
		{"foo (1).jpeg", "image/jpeg", "foo_1_" + r + `\.jpeg`},
		{"trailing.", "text/plain", "trailing_" + r + `\.txt`},
		{"", "text/plain", r + "_" + r + `\.txt`},
		{"...", "text/plain", r + "_" + r + `\.txt`},
		{"ab.png", "image/png", "ab" + r + "_" + r + `\.png`},
		{"abc.png", "image/png", "abc_" + r + `\.png`},
		{"HTTPServer2Go.md", "text/plain", "httpserver2_go_" + r + `\.md`},
		{"../../etc/passwd.txt", "text/plain", r + "_" + r + `\.etcpasswd\.txt`},
		{"<script>.html", "text/html", "script_" + r + `\.html`},
		{long + ".txt", "text/plain", strings.Repeat("a", 100) + "_" + r + `\.txt`},
		{"name." + long, "text/plain", `a{3,100}_` + r + `\.txt`},
		{"name." + strings.Repeat("e", 30), "text/plain", "name_" + r + `\.e{20}`},
		{"name.x." + strings.Repeat("e", 19), "text/plain", "name_" + r + `\.e{19}`},
		{"a\x00b\r\n.txt", "text/plain", "a_b_" + r + `\.txt`},
	} {
		got, err := core.Slug(rand.Reader, c.name, c.sniffed)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile("^" + c.want + "$").MatchString(got) {
			t.Errorf("%.40q of %s becomes %q, want %s", c.name, c.sniffed, got, c.want)
		}
		again, err := core.Slug(rand.Reader, c.name, c.sniffed)
		if err != nil || again == got {
			t.Errorf("%q twice is %q and %q, %v", c.name, got, again, err)
		}
	}
	if _, err := core.Slug(bytes.NewReader(nil), "a.txt", ""); err == nil {
		t.Error("a slug without randomness")
	}
}

// Whatever the name, a slug is made of harmless characters and hides nothing.
func FuzzSlug(f *testing.F) {
	for _, s := range []string{"a.txt", "../x", "日本.tar.gz", "\x00", ".", "a/b\\c.d", strings.Repeat("x.", 200)} {
		f.Add(s, "text/plain")
	}
	harmless := regexp.MustCompile(`^[a-z0-9][a-z0-9_]*_[a-z0-9]{10}(\.[A-Za-z0-9_.*+=#-]+)?$`)
	f.Fuzz(func(t *testing.T, name, sniffed string) {
		got, err := core.Slug(rand.Reader, name, sniffed)
		if err != nil || !harmless.MatchString(got) || len(got) > 150 || strings.HasSuffix(got, ".") {
			t.Errorf("%q becomes %q, %v", name, got, err)
		}
	})
}

func TestRandomText(t *testing.T) {
	t.Parallel()
	counts := map[byte]int{}
	for range 200 {
		s, err := core.RandomText(rand.Reader, 100)
		if err != nil || len(s) != 100 {
			t.Fatalf("%q, %v", s, err)
		}
		for i := range len(s) {
			counts[s[i]]++
		}
	}
	if len(counts) != 62 {
		t.Errorf("%d characters occur", len(counts))
	}
	for c, n := range counts { // 20,000 draws of 62: 323 each, give or take 18
		if n < 200 || n > 450 {
			t.Errorf("%q occurs %d times", c, n)
		}
	}
}
