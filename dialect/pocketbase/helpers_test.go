package pocketbase

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// jsonDiff compares two JSON texts by structure.
func jsonDiff(t *testing.T, got []byte, want string) string {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("answer is no JSON: %v: %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("expectation is no JSON: %v: %s", err, want)
	}
	return cmp.Diff(w, g)
}
