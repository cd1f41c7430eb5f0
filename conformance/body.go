package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/gif"  // decoders of the pictures that a server may answer with
	_ "image/jpeg" // idem
	_ "image/png"  // idem
	"io/fs"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/webp" // idem
)

// A bodyRule says what a body is without spelling it out.
type bodyRule struct {
	file          string
	size          int
	sha256        string
	width, height int
	media         string
	verb          string
}

var bodyRuleForm = regexp.MustCompile(`^(?:@(\S+)|size (\d+)|sha256 ([0-9a-f]{64})|image (\d+)x(\d+) (image/\w+))$`)

// parseBodyRule reads what follows "= " in an expected body.
func parseBodyRule(s string) (*bodyRule, error) {
	m := bodyRuleForm.FindStringSubmatch(s)
	if m == nil {
		return nil, fmt.Errorf("= %s: want = @file, = size N, = sha256 HEX or = image WxH image/type", s)
	}
	r := &bodyRule{file: m[1], sha256: m[3], media: m[6]}
	r.size, _ = strconv.Atoi(m[2])
	r.width, _ = strconv.Atoi(m[4])
	r.height, _ = strconv.Atoi(m[5])
	switch {
	case r.file != "":
		r.verb = "file"
	case r.sha256 != "":
		r.verb = "sha256"
	case r.media != "":
		r.verb = "image"
	default:
		r.verb = "size"
	}
	return r, nil
}

// diff returns "" where body is as the rule says.
func (r *bodyRule) diff(files fs.FS, body []byte, media string) string {
	switch r.verb {
	case "file":
		return r.diffFile(files, body)
	case "sha256":
		sum := sha256.Sum256(body)
		return cmp.Diff(r.sha256, hex.EncodeToString(sum[:]))
	case "image":
		return r.diffImage(body, media)
	default:
		return cmp.Diff(fmt.Sprintf("%d bytes", r.size), fmt.Sprintf("%d bytes", len(body)))
	}
}

func (r *bodyRule) diffFile(files fs.FS, body []byte) string {
	want, err := fs.ReadFile(files, r.file)
	if err != nil {
		return err.Error()
	}
	if bytes.Equal(want, body) {
		return ""
	}
	return cmp.Diff(brief(want), brief(body)) + fmt.Sprintf("expected the %d bytes of %s, received %d bytes\n", len(want), r.file, len(body))
}

func (r *bodyRule) diffImage(body []byte, media string) string {
	want := fmt.Sprintf("%dx%d %s", r.width, r.height, r.media)
	pic, format, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return cmp.Diff(want, "no picture: "+err.Error()+": "+brief(body))
	}
	got := fmt.Sprintf("%dx%d image/%s", pic.Bounds().Dx(), pic.Bounds().Dy(), format)
	if d := cmp.Diff(want, got); d != "" {
		return d
	}
	return cmp.Diff("Content-Type: "+r.media, "Content-Type: "+media)
}

// brief is a body for reports: text as it is, the beginning of anything else quoted.
func brief(b []byte) string {
	const most, part = 3000, 200
	if len(b) <= most && utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return string(b)
	}
	return fmt.Sprintf("%q… (%d bytes)", b[:min(part, len(b))], len(b))
}
