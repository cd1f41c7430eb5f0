package dossier

import (
	"strings"
	"testing"
)

func TestValidHeaderName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"X-Forwarded-For": true, "x-real-ip": true, "X_9": true, "a!#$%&'*+-.^_`|~": true, strings.Repeat("x", 256): true,
		"": false, "X Real": false, " X": false, "X:": false, "X,Y": false, "X\n": false, "X\x00": false, "é": false, `"X"`: false, "(x)": false,
		strings.Repeat("x", 257): false,
	} {
		if got := ValidHeaderName(name); got != want {
			t.Errorf("%.20q is valid: %v, want %v", name, got, want)
		}
	}
}
