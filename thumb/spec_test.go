package thumb

import (
	"errors"
	"strings"
	"testing"

	"dossier"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Spec{
		"70x50":       {70, 50, Center},
		"70x50t":      {70, 50, Top},
		"70x50b":      {70, 50, Bottom},
		"70x50f":      {70, 50, Fit},
		"0x50":        {0, 50, Center},
		"70x0":        {70, 0, Center},
		"0x50t":       {0, 50, Top},
		"10000x10000": {10000, 10000, Center},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("Parse(%q).String() = %q", text, got.String())
		}
	}
	if got, err := Parse("0007x008f"); err != nil || got.String() != "7x8f" {
		t.Errorf("leading zeros: %v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", "10", "10x", "x10", "0x0", "0x0t", "0x0b", "0x0f", "00x000", "99999x99999", "10001x1", "1x10001", "-1x5", "+1x5",
		"1e3x1", "100x100z", "100x100T", "100x100tf", "100x100 ", " 100x100", "100X100", "1x2x3", "１x１", "1.5x2", "1xt",
		strings.Repeat("9", 4096) + "x1", "1x" + strings.Repeat("x", 4096),
	} {
		got, err := Parse(text)
		var e *dossier.Error
		if !errors.As(err, &e) || e.Kind != dossier.Invalid || len(e.Problems) != 1 || got != (Spec{}) {
			t.Errorf("Parse(%.20q) = %+v, %v; want Invalid with a problem", text, got, err)
		}
		if len(err.Error()) > 200 {
			t.Errorf("Parse(%.20q) repeats its input", text)
		}
	}
}

func TestOutputType(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"image/jpeg": "image/jpeg", "image/jpg": "image/jpeg", "image/gif": "image/gif", "image/png": "image/png",
		"image/webp": "image/png", "image/svg+xml": "", "image/avif": "", "image/tiff": "", "image/bmp": "",
		"application/pdf": "", "text/plain": "", "": "",
	} {
		if got, ok := OutputType(in); got != want || ok != (want != "") {
			t.Errorf("OutputType(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}
