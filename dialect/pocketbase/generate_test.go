package pocketbase

import (
	"crypto/rand"
	"regexp"
	"testing"
)

func TestMadeTextMatchesItsPattern(t *testing.T) {
	for _, pattern := range []string{"", "abc", "[a-z0-9]{15}", "(ab|c)+x?", `\d{3}-\w*`, "[^\\n]{2,5}", "a{2,}", "user."} {
		whole := regexp.MustCompile("^(?s:" + pattern + ")$")
		for range 20 {
			text, err := madeText(pattern, rand.Reader)
			if err != nil || !whole.MatchString(text) {
				t.Fatalf("%s made %q, %v", pattern, text, err)
			}
		}
	}
	if _, err := madeText("(", rand.Reader); err == nil {
		t.Error("no error of a pattern that is none")
	}
}
