package knack

import (
	"html"
	"strings"
	"testing"

	"dossier"
)

// TestHostileNames says that a name is text wherever it stands: between two tags of ours there is no other tag, and what a reader
// decodes is the name.
func TestHostileNames(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	for _, name := range []string{`"><img src=x onerror=alert(1)>.txt`, `' onmouseover='x`, `</a><script>x</script>`, "a&lt;b", "&amp;", "\u202egpj.exe", `{{x}}`, "テスト <b>.pdf"} {
		got := e.markup(fieldNamed(t, c, "doc"), &dossier.File{ID: fileID, Name: name})
		inner, ok := strings.CutPrefix(got, "<a ")
		inner, closed := strings.CutSuffix(inner, "</a>")
		tag, shown, parted := strings.Cut(inner, ">")
		if !ok || !closed || !parted || strings.ContainsAny(tag, "<>") || strings.ContainsAny(shown, "<>") {
			t.Errorf("%q: more than one tag: %s", name, got)
		}
		if strings.Count(tag, `"`) != 10 || strings.Contains(tag, "'") {
			t.Errorf("%q leaves its attribute: %s", name, tag)
		}
		if html.UnescapeString(shown) != name {
			t.Errorf("%q reads as %q", name, html.UnescapeString(shown))
		}
		if attr, _ := attribute(got, "a", "data-file-name"); attr != name {
			t.Errorf("%q has the attribute %q", name, attr)
		}
	}
}

func TestSanitize(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                          "plain",
		"a &amp; b":                      "a &amp; b",
		"1 < 2 > 0":                      "1 &lt; 2 &gt; 0",
		"<p>a<br>b</p>":                  "<p>a<br />b</p>",
		"<P CLASS='x' onclick=y()>a</P>": `<p class="x">a</p>`,
		`<a href="http://x?a&amp;b" target=_blank>l</a>`: `<a href="http://x?a&amp;b" target="_blank">l</a>`,
		`<a href="javascript:alert(1)">l</a>`:            "<a>l</a>",
		`<a href=" JaVaScRiPt:alert(1)">l</a>`:           "<a>l</a>",
		`<a href="java&#9;script:alert(1)">l</a>`:        "<a>l</a>",
		`<a href="data:text/html,x">l</a>`:               "<a>l</a>",
		`<img src="x" onerror="y">`:                      `<img src="x" />`,
		`<img src=x/onerror=y>`:                          `<img src="x/onerror=y" />`,
		"a<script>b</script>c":                           "ac",
		"a<SCRIPT >b</script >c":                         "ac",
		"a<style>b":                                      "a",
		"a<!-- <b> -->c":                                 "ac",
		"a<!-- <b>":                                      "a",
		"<!DOCTYPE html>a":                               "a",
		"<?php x ?>a":                                    "a",
		"<form action=x>a<input></form>":                 "a",
		"<svg><script>x</script></svg>a":                 "a",
		"<b":                                             "&lt;b",
		"a<b c=\"<i>d":                                   "a&lt;b c=\"&lt;i&gt;d",
		"</b>a":                                          "</b>a",
		"<1>":                                            "&lt;1&gt;",
		"<b style=\"x\" title='\"><script>'>a</b>":       `<b title="&#34;&gt;&lt;script&gt;">a</b>`,
	} {
		if got := sanitize(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"<p>a</p><p>b &amp; c</p>": "a b & c", "x": "x", "<script>y</script>": ""} {
		if got := plainText(in); got != want {
			t.Errorf("%s: the text is %q, want %q", in, got, want)
		}
	}
}

// FuzzSanitize says that what comes out is clean: cleaning it again changes nothing, and no script, handler or style is in a tag.
func FuzzSanitize(f *testing.F) {
	for _, seed := range []string{"<a href=javascript:x>", "<b onclick='x'><!--", "<scr<script>ipt>", "<img src=\"x\" \"y\"=z>", "<p/ /=a=b>", "</script >"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := sanitize(in)
		if again := sanitize(out); again != out {
			t.Fatalf("%q is cleaned to %q, and that to %q", in, out, again)
		}
		for rest := out; ; {
			_, after, ok := strings.Cut(rest, "<")
			if !ok {
				return
			}
			tag, next, ok := strings.Cut(after, ">")
			name := strings.Trim(strings.SplitN(strings.TrimPrefix(tag, "/"), " ", 2)[0], "/")
			if !ok || !richElements[name] {
				t.Fatalf("%q is cleaned to %q: a tag <%s", in, out, tag)
			}
			rest = next
		}
	})
}
