package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// large is the size of a large file.
const large = 1 << 30

// zeros reads as n zero bytes and costs nothing.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	return n, nil
}

// upload makes a record with a file of n bytes and returns the file's address.
func (p *binary) upload(n int64) string {
	p.b.Helper()
	contentType, before, after := part("file", "large.bin")
	before = "--between0parts0\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nLarge\r\n" + before
	req, err := http.NewRequest("POST", "http://"+p.addr+"/api/collections/orders/records",
		io.MultiReader(strings.NewReader(before), &zeros{n}, strings.NewReader(after)))
	must(p.b, err)
	req.ContentLength = int64(len(before)) + n + int64(len(after))
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	must(p.b, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(p.b, err)
	var record struct{ ID, File string }
	if err := json.Unmarshal(body, &record); err != nil || resp.StatusCode != http.StatusOK || record.File == "" {
		p.b.Fatalf("upload: %s: %s", resp.Status, body)
	}
	return fmt.Sprintf("http://%s/api/files/orders/%s/%s", p.addr, record.ID, record.File)
}

// download reads a file and returns its size.
func (p *binary) download(url string) int64 {
	p.b.Helper()
	resp, err := http.Get(url)
	must(p.b, err)
	defer resp.Body.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, make([]byte, 1<<20))
	must(p.b, err)
	return n
}

// BenchmarkUpload1GiB sends 1 GiB to a server of its own process, with the most memory that it held.
func BenchmarkUpload1GiB(b *testing.B) {
	p := start(b)
	b.SetBytes(large)
	for b.Loop() {
		p.upload(large)
	}
	b.ReportMetric(p.peak(), "peak-MiB")
}

// BenchmarkDownload1GiB reads 1 GiB from a server of its own process, with the most memory that it held.
func BenchmarkDownload1GiB(b *testing.B) {
	p := start(b)
	url := p.upload(large)
	b.SetBytes(large)
	for b.Loop() {
		if n := p.download(url); n != large {
			b.Fatalf("%d bytes came", n)
		}
	}
	b.ReportMetric(p.peak(), "peak-MiB")
}
