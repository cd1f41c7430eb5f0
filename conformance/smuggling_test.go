package conformance

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// TestRequestsOfTwoReadings sends requests that two servers in a row could understand in two ways, each followed by one that an attacker
// would want to smuggle through. All are refused with 400 or 501, the connection ends, and the second is never answered.
func TestRequestsOfTwoReadings(t *testing.T) {
	s := ownServer(t, commonSchema)
	for _, d := range newDoors(t, s.base) {
		smuggled := d.head("GET", "/healthz") + "\r\n"
		body := `{"title":"x","app":2,"record":{"title":{"value":"smuggled"}},"field_10":"smuggled"}`
		length := fmt.Sprint("Content-Length: ", len(body))
		chunk := fmt.Sprintf("%x\r\n%s\r\n", len(body), body)
		chunked := "Transfer-Encoding: chunked"
		for name, c := range map[string]struct {
			header []string
			body   string
		}{
			"two lengths":                    {[]string{length, "Content-Length: 5"}, body},
			"two lengths in one":             {[]string{length + ", 5"}, body},
			"a negative length":              {[]string{"Content-Length: -1"}, body},
			"a length with a sign":           {[]string{fmt.Sprint("Content-Length: +", len(body))}, body},
			"a hexadecimal length":           {[]string{"Content-Length: 0x10"}, body},
			"a length beyond numbers":        {[]string{"Content-Length: 99999999999999999999"}, body},
			"a length of words":              {[]string{"Content-Length: ten"}, body},
			"an empty length":                {[]string{"Content-Length: "}, body},
			"an unknown coding":              {[]string{"Transfer-Encoding: xchunked"}, chunk + "0\r\n\r\n"},
			"two codings":                    {[]string{"Transfer-Encoding: gzip, chunked"}, chunk + "0\r\n\r\n"},
			"the coding twice":               {[]string{chunked, chunked}, chunk + "0\r\n\r\n"},
			"chunked, then not":              {[]string{"Transfer-Encoding: chunked, identity"}, chunk + "0\r\n\r\n"},
			"a blank before the colon":       {[]string{"Transfer-Encoding : chunked"}, chunk + "0\r\n\r\n"},
			"a control character in a field": {[]string{"X-A: a\x00b", length}, body},
			"two hosts":                      {[]string{"Host: other.example", length}, body},
			"a chunk of no size":             {[]string{chunked}, "\r\n" + body + "\r\n0\r\n\r\n"},
			"a chunk of words":               {[]string{chunked}, "zz\r\n" + body + "\r\n0\r\n\r\n"},
			"a negative chunk":               {[]string{chunked}, "-5\r\n" + body + "\r\n0\r\n\r\n"},
			"a chunk beyond numbers":         {[]string{chunked}, "fffffffffffffffff\r\n" + body + "\r\n0\r\n\r\n"},
			"a chunk longer than it says":    {[]string{chunked}, "5\r\n" + body + "\r\n0\r\n\r\n"},
			"a long chunk extension":         {[]string{chunked}, fmt.Sprintf("%x;%s\r\n%s\r\n0\r\n\r\n", len(body), strings.Repeat("a", 1<<20), body)},
		} {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				request := d.head("POST", d.json, append(c.header, "Content-Type: application/json")...) + "\r\n" + c.body + smuggled
				answers := exchange(t, s.base, strings.NewReader(request))
				if len(answers) != 1 || !answers[0].closed || answers[0].status != 400 && answers[0].status != 501 {
					t.Errorf("want one refusal and the end of the connection, got %+v", answers)
				}
				for _, a := range answers {
					bare(t, a)
				}
			})
		}
		if _, err := newClients(t, s.base)[2].fetch(t.Context(), "smuggled"); err == nil || !strings.Contains(err.Error(), "got []") {
			t.Errorf("%s: a refused request has made a record: %v", d.name, err)
		}
	}
}

// TestHeaderBombs sends more header than anybody needs.
func TestHeaderBombs(t *testing.T) {
	s := ownServer(t, commonSchema)
	for name, head := range map[string]string{
		"one long field":    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + strings.Repeat("a", 2<<20) + "\r\n\r\n",
		"many short fields": "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X-A: a\r\n", 200_000) + "\r\n",
		"a long target":     "GET /" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"a long query":      "GET /k/v1/records.json?app=2&query=" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		answers := exchange(t, s.base, strings.NewReader(head))
		if len(answers) > 1 || len(answers) == 1 && (answers[0].status != 431 || !answers[0].closed) {
			t.Errorf("%s: %+v", name, answers)
		}
	}
	memoryStaysBelow(t, s, 100)
}

// TestMultipartBombs sends forms that are all form: too many parts, parts that are all header, text that never ends.
func TestMultipartBombs(t *testing.T) {
	s := ownServer(t, commonSchema)
	part := func(header, body string) string {
		return "--" + boundary + "\r\n" + header + "\r\n\r\n" + body + "\r\n"
	}
	for _, d := range newDoors(t, s.base) {
		text := func(name, body string) string { return part(`Content-Disposition: form-data; name="`+name+`"`, body) }
		file := part(`Content-Disposition: form-data; name="`+d.field+`"; filename="a.bin"`, "bytes")
		for name, body := range map[string]string{
			"1001 parts":                strings.Repeat(text("summary", "x"), 1000) + file,
			"1001 files":                strings.Repeat(file, 1001),
			"a part of 20,000 headers":  part(`Content-Disposition: form-data; name="`+d.field+`"; filename="a.bin"`+strings.Repeat("\r\nX-A: a", 20_000), "bytes"),
			"a part header of 11 MiB":   part(`Content-Disposition: form-data; name="`+d.field+`"; filename="a.bin"`+"\r\nX-A: "+strings.Repeat("a", 11<<20), "bytes"),
			"a name of 1 MiB":           part(`Content-Disposition: form-data; name="`+strings.Repeat("a", 1<<20)+`"`, "bytes"),
			"a text of 40 MiB":          text("summary", strings.Repeat("a", 40<<20)) + file,
			"a preamble of 40 MiB":      strings.Repeat("a", 40<<20) + "\r\n" + file,
			"a part without a header":   "--" + boundary + "\r\n\r\nbytes\r\n",
			"a part without a name":     part("Content-Disposition: form-data; filename=\"a.bin\"", "bytes"),
			"no closing boundary":       file[:len(file)-2],
			"nothing":                   "",
			"a boundary and no newline": "--" + boundary,
		} {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				closing := "--" + boundary + "--\r\n"
				if strings.HasPrefix(name, "no ") || name == "nothing" || strings.HasSuffix(name, "no newline") {
					closing = ""
				}
				request := d.head("POST", d.upload, "Content-Type: multipart/form-data; boundary="+boundary, fmt.Sprint("Content-Length: ", len(body)+len(closing)), "Connection: close") + "\r\n"
				answers := exchange(t, s.base, io.MultiReader(strings.NewReader(request), strings.NewReader(body), strings.NewReader(closing)))
				if name == "a text of 40 MiB" && d.name != "pocketbase" && len(answers) == 1 && answers[0].status == 200 {
					return // these skip the texts of a form, whatever their size
				}
				refusedOnce(t, d, answers)
			})
		}
	}
	memoryStaysBelow(t, s, 200)
	s.stop()
	if found := check(t, s.dir); found["uploads"] != 2 || found["files"] != 0 || found["problems"] != 0 {
		t.Errorf("two forms were taken, and check finds %v", found)
	}
	if found := check(t, s.dir, "--repair"); found["blobs"] != 2 {
		t.Errorf("%d blobs, want 2", found["blobs"])
	}
	if _, parts := stored(t, s); parts != 0 {
		t.Errorf("%d half-written files on the disk", parts)
	}
}

// refusedOnce checks that what came back is one refusal in the words of the dialect.
func refusedOnce(t *testing.T, d door, answers []answer) {
	t.Helper()
	if len(answers) != 1 || answers[0].broken || answers[0].status < 400 || answers[0].status >= 500 {
		for _, a := range answers {
			t.Errorf("want one refusal, got %d %.300s", a.status, a.body)
		}
		t.Fatalf("%d answers", len(answers))
	}
	d.decent(t, answers[0])
}

// TestJSONBombs sends documents that are hard on a reader, or that two readers understand in two ways.
func TestJSONBombs(t *testing.T) {
	s := ownServer(t, commonSchema)
	wrap := map[string]string{
		"kintone":    `{"app":2,"record":{"title":{"value":%s}}}`,
		"knack":      `{"field_10":%s}`,
		"pocketbase": `{"title":%s}`,
	}
	for _, d := range newDoors(t, s.base) {
		inside := func(v string) string { return fmt.Sprintf(wrap[d.name], v) }
		good := inside(`"x"`)
		for name, body := range map[string]string{
			"a depth of 100":            inside(strings.Repeat("[", 100) + strings.Repeat("]", 100)),
			"a depth of 100,000":        inside(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
			"a depth of objects":        inside(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)),
			"a depth without an end":    strings.Repeat("[", 1_000_000),
			"40 MiB of small things":    inside("[" + strings.Repeat("[],", 13<<20) + "0]"),
			"a key twice":               strings.Replace(good, `{`, `{"title":"y","app":2,"field_10":"y","title":"z","app":3,"field_10":"z",`, 1),
			"a key twice, far below":    inside(`{"a":1,"a":2}`),
			"half a document":           good[:len(good)-1],
			"half a surrogate":          inside(`"\ud800"`),
			"broken UTF-8":              inside("\"\xff\xfe\""),
			"a comment":                 "/* a */" + good,
			"a trailing comma":          strings.TrimSuffix(good, "}") + ",}",
			"a number that is none":     inside("01"),
			"no number at all":          inside("NaN"),
			"a list where an object is": "[" + good + "]",
			"a text where an object is": `"x"`,
		} {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				request := d.head("POST", d.json, "Content-Type: application/json", fmt.Sprint("Content-Length: ", len(body)), "Connection: close") + "\r\n"
				answers := exchange(t, s.base, io.MultiReader(strings.NewReader(request), strings.NewReader(body)))
				refusedOnce(t, d, answers)
			})
		}
	}
	memoryStaysBelow(t, s, 512)
}

// memoryStaysBelow checks the most memory that a server ever held, in MiB, where the system tells.
func memoryStaysBelow(t *testing.T, s *server, most int64) {
	t.Helper()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		return
	}
	peak := peakMemory(t, s.cmd.Process.Pid) / mebibyte
	if t.Logf("peak of %d MiB", peak); peak >= most {
		t.Errorf("peak memory is %d MiB, want less than %d", peak, most)
	}
}
