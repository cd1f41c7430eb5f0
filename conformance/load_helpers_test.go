package conformance

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSameBytesFindsEveryDifference(t *testing.T) {
	const size = 200_000
	whole, err := io.ReadAll(content(7, size))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[size-1] ^= 1
	other, err := io.ReadAll(content(8, size))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  []byte
		same bool
	}{
		"the same":             {whole, true},
		"the last bit flipped": {flipped, false},
		"one byte short":       {whole[:size-1], false},
		"one byte long":        {append(bytes.Clone(whole), 0), false},
		"nothing":              {nil, false},
		"of another seed":      {other, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := sameBytes(io.NopCloser(bytes.NewReader(c.got)), 7, size); (err == nil) != c.same {
				t.Errorf("same: %v, error: %v", c.same, err)
			}
		})
	}
}

func TestCountsOfCheckAreRead(t *testing.T) {
	for name, text := range map[string]string{
		"nouns first":   "records: 12\nfiles: 10\nuploads: 3\nblobs: 13\nproblems: 0\n",
		"numbers first": "12 records\n10 files\n3 uploads\n13 blobs\n0 problems\n",
		"a table":       "Records    12\nFiles      10\nUploads     3\nBlobs     13\nProblems    0\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := counts(text)
			if d := cmp.Diff(map[string]int{"records": 12, "files": 10, "uploads": 3, "blobs": 13, "problems": 0}, got); d != "" {
				t.Error(d)
			}
		})
	}
}
