package smalljpeg

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	rawSize  = 64 << 10
	dataSize = 64 << 10
	// room is more than the bytes that one block can take: a code and a value of up to 16 bits each, 64 times, and what is
	// looked at behind it.
	room = 64*4 + 16
)

// An input is the bytes of a file, read in pieces.
type input struct {
	r    io.Reader
	raw  []byte
	i, j int // raw[i:j] is to be consumed
}

func (in *input) reset(r io.Reader, raw []byte) { *in = input{r: r, raw: raw} }

// more reads on, keeping what is there, of which raw has room for at least one byte more. The end is io.ErrUnexpectedEOF.
func (in *input) more() error {
	in.j = copy(in.raw, in.raw[in.i:in.j])
	in.i = 0
	for range 100 {
		n, err := in.r.Read(in.raw[in.j:])
		in.j += n
		switch {
		case n > 0:
			return nil
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

func (in *input) byte() (byte, error) {
	if in.i == in.j {
		if err := in.more(); err != nil {
			return 0, err
		}
	}
	in.i++
	return in.raw[in.i-1], nil
}

// full fills p.
func (in *input) full(p []byte) error {
	for {
		n := copy(p, in.raw[in.i:in.j])
		in.i += n
		if p = p[n:]; len(p) == 0 {
			return nil
		}
		if err := in.more(); err != nil {
			return err
		}
	}
}

// skip passes over n bytes.
func (in *input) skip(n int) error {
	for in.j-in.i < n {
		n -= in.j - in.i
		in.i = in.j
		if err := in.more(); err != nil {
			return err
		}
	}
	in.i += n
	return nil
}

// marker passes over everything up to a marker, and the marker: bytes that belong to nothing, and fill bytes. B.1.1.2.
func (in *input) marker() (byte, error) {
	for {
		at := bytes.IndexByte(in.raw[in.i:in.j], 0xFF)
		if at < 0 {
			in.i = in.j
			if err := in.more(); err != nil {
				return 0, err
			}
			continue
		}
		in.i += at + 1
		m := byte(0xFF)
		for m == 0xFF {
			var err error
			if m, err = in.byte(); err != nil {
				return 0, err
			}
		}
		if m != 0 {
			return m, nil
		}
	}
}

// bits is the coded data of a scan up to the next marker, without the zeros that are stuffed behind bytes of 0xFF (F.1.2.3).
// Behind its end stand zeros, and it is an error to have used them: ready and finish find that out.
type bits struct {
	acc   uint64 // the next bits, from the top
	n     uint   // how many of them count
	pos   int    // in data, of what follows the n bits
	data  []byte
	ended bool // at a marker, or the end of the file
	end   int  // where the zeros begin, if ended
	err   error
}

// begin starts with the data that in has next.
func (b *bits) begin() {
	if b.data == nil {
		b.data = make([]byte, 0, dataSize+room+8)
	}
	*b = bits{data: b.data[:0]}
}

// refill leaves at least 56 bits in acc. The data must be ready.
func refill(acc uint64, n uint, pos int, data []byte) (uint64, uint, int) {
	acc |= binary.BigEndian.Uint64(data[pos:]) >> (n & 63)
	return acc, n | 56, pos + int((63-n)>>3)
}

// ready makes sure that a block can be decoded without looking for the end of the data.
func (b *bits) ready(in *input) bool {
	if len(b.data)-b.pos >= room {
		return true
	}
	if !b.ended {
		b.fill(in)
	}
	if b.ended && len(b.data)-b.pos < room {
		if !b.within() {
			return false
		}
		b.data = append(b.data, make([]byte, room)...)
	}
	return b.err == nil
}

// within reports whether no bit was used that is not there.
func (b *bits) within() bool {
	if b.err == nil && b.ended && 8*b.pos-int(b.n) > 8*b.end {
		b.err = FormatError("the data of a scan is too short")
	}
	return b.err == nil
}

// fill moves what is left to the front and reads on behind it.
func (b *bits) fill(in *input) {
	left := copy(b.data, b.data[b.pos:])
	b.data, b.pos = b.data[:left], 0
	for !b.ended && len(b.data) < room {
		b.unstuff(in)
	}
	if b.ended {
		b.end = len(b.data)
		b.data = append(b.data, make([]byte, room)...)
	}
}

// unstuff appends what raw has, up to a marker.
func (b *bits) unstuff(in *input) {
	if in.j-in.i < 2 {
		if err := in.more(); err != nil {
			b.ended = true
			if err != io.ErrUnexpectedEOF {
				b.err = err
			}
			return
		}
	}
	for in.i < in.j && len(b.data) < dataSize {
		part := in.raw[in.i:min(in.j, in.i+dataSize-len(b.data))]
		at := bytes.IndexByte(part, 0xFF)
		if at < 0 {
			b.data = append(b.data, part...)
			in.i += len(part)
			continue
		}
		b.data = append(b.data, part[:at]...)
		if in.i += at; in.j-in.i < 2 {
			return // the next piece tells what follows
		}
		if in.raw[in.i+1] != 0 {
			b.ended = true
			return
		}
		b.data = append(b.data, 0xFF)
		in.i += 2
	}
}

// finish leaves the rest of the data aside and reports whether no more was used than there was.
func (b *bits) finish(in *input) bool {
	for b.err == nil && !b.ended {
		b.pos = len(b.data)
		b.n = 0
		b.fill(in)
	}
	return b.within()
}
