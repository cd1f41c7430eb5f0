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
		first, err := io.CopyN(buf, body, length/earnest)
		if err == io.EOF {
			return nil // shorter than announced, which is for others to judge
		}
		if err != nil {
			return err
		}
		buf.Grow(int(length-first) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(body)
	return err
}
