package thumb

import (
	"strconv"
	"strings"

	"dossier"
)

// MaxSide bounds each side of a Spec, in pixels.
const MaxSide = 10_000

// A Mode says how a picture meets a box of another aspect. It is of no effect where a side of the box is 0.
type Mode uint8

// The modes. The first three cover the box, enlarging if need be, and cut off what sticks out.
const (
	Center Mode = iota // cut equally on both sides
	Top                // keep the top edge
	Bottom             // keep the bottom edge
	Fit                // the whole picture inside the box, never enlarged
)

// modeLetters are the suffixes of the text form, by Mode.
var modeLetters = [...]string{Center: "", Top: "t", Bottom: "b", Fit: "f"}

// A Spec is the size and cut of a thumbnail. With Width or Height 0 that side follows from the other and the aspect of the
// source, and the picture is enlarged if need be; both 0 is no Spec.
type Spec struct {
	Width, Height int
	Mode          Mode
}

// Parse reads the text form of a Spec: width, "x", height, and "t", "b", "f" or nothing for the mode. What it does not
// accept is dossier.Invalid.
func Parse(s string) (Spec, error) {
	wide, rest, ok := strings.Cut(s, "x")
	if !ok {
		return Spec{}, invalid(dossier.CodePattern)
	}
	var spec Spec
	for m, letter := range modeLetters {
		if tall, found := strings.CutSuffix(rest, letter); letter != "" && found {
			spec.Mode, rest = Mode(m), tall
			break
		}
	}
	var err error
	if spec.Width, err = parseSide(wide); err != nil {
		return Spec{}, err
	}
	if spec.Height, err = parseSide(rest); err != nil {
		return Spec{}, err
	}
	if err := spec.check(); err != nil {
		return Spec{}, err
	}
	return spec, nil
}

// parseSide reads decimal digits, however many, up to MaxSide.
func parseSide(s string) (int, error) {
	if s == "" {
		return 0, invalid(dossier.CodePattern)
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, invalid(dossier.CodePattern)
		}
		n = min(n*10+int(s[i]-'0'), MaxSide+1)
	}
	return n, nil
}

// String returns the text form; Parse of it gives s again.
func (s Spec) String() string {
	letter := ""
	if int(s.Mode) < len(modeLetters) {
		letter = modeLetters[s.Mode]
	}
	return strconv.Itoa(s.Width) + "x" + strconv.Itoa(s.Height) + letter
}

// check reports what Parse would not have made.
func (s Spec) check() error {
	switch {
	case s.Width < 0 || s.Height < 0 || int(s.Mode) >= len(modeLetters):
		return invalid(dossier.CodePattern)
	case s.Width == 0 && s.Height == 0:
		return invalid(dossier.CodeTooSmall)
	case s.Width > MaxSide || s.Height > MaxSide:
		return invalid(dossier.CodeTooBig)
	}
	return nil
}

// invalid is the error for a size with the given fault. Its problem has no path: the caller knows where the size stood.
func invalid(c dossier.Code) error {
	p := dossier.Problem{Code: c}
	switch c {
	case dossier.CodeTooSmall:
		p.Params = map[string]any{"min": 1}
	case dossier.CodeTooBig:
		p.Params = map[string]any{"max": MaxSide}
	}
	return &dossier.Error{Kind: dossier.Invalid, Msg: "no size of a thumbnail", Problems: []dossier.Problem{p}}
}
