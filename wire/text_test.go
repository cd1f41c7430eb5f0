package wire

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadText(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, firstPiece - 1, firstPiece, firstPiece + 1, 3 * firstPiece, 2*largestPiece + 7} {
		want := strings.Repeat("abcdefg", n/7+1)[:n]
		if got, over, err := readText(strings.NewReader(want), int64(n)); got != want || over || err != nil {
			t.Errorf("%d bytes at once: got %d, %v, %v", n, len(got), over, err)
		}
		if got, over, err := readText(iotest.HalfReader(strings.NewReader(want)), int64(n)); got != want || over || err != nil {
			t.Errorf("%d bytes in halves: got %d, %v, %v", n, len(got), over, err)
		}
		if n > 0 {
			if _, over, err := readText(strings.NewReader(want), int64(n-1)); !over || err != nil {
				t.Errorf("%d bytes are within %d (%v)", n, n-1, err)
			}
		}
	}
	broken := errors.New("broken")
	if _, _, err := readText(iotest.ErrReader(broken), 10); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
