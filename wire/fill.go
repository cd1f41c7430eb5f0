package wire

import (
	"bytes"
	"io"
)

// earnest is the part of an announced body, one in so many, that must have come before room is made for all of it: to announce is free.
const earnest = 8

// fill reads body, whose length the sender said (negative: not), into buf. The room for a large one is made once, as growing step by step
// takes twice as much.
func fill(buf *bytes.Buffer, body io.Reader, length int64) error {
	if length > maxPooled {
		pieces, n, err := readPieces(body, length/earnest)
		room := int64(n)
		if err == nil {
			room = length + bytes.MinRead
		}
		all := make([]byte, 0, room)
		for _, piece := range pieces {
			all = append(all, piece...)
		}
		*buf = *bytes.NewBuffer(all)
		if err == io.EOF {
			return nil // shorter than announced, which is for others to judge
		}
		if err != nil {
			return err
		}
	}
	_, err := buf.ReadFrom(body)
	return err
}

// The pieces in which a body or a text is read: room for a small one, and no more than a little too much for a large one.
const (
	firstPiece   = 512
	largestPiece = 1 << 20
)

// readPieces reads want bytes of r in pieces that grow, so that little is asked for where little comes. An
// end before that is io.EOF.
func readPieces(r io.Reader, want int64) (pieces [][]byte, n int, err error) {
	for size := int64(firstPiece); int64(n) < want && err == nil; size = min(2*size, largestPiece) {
		piece := make([]byte, min(size, want-int64(n)))
		k := 0
		for k < len(piece) && err == nil {
			var more int
			more, err = r.Read(piece[k:])
			k += more
		}
		pieces, n = append(pieces, piece[:k]), n+k
	}
	return pieces, n, err
}
