package smalljpeg

import "fmt"

// Markers. Table B.1.
const (
	markSOF0  = 0xC0 // baseline
	markSOF1  = 0xC1 // extended sequential
	markSOF2  = 0xC2 // progressive
	markDHT   = 0xC4
	markRST0  = 0xD0
	markRST7  = 0xD7
	markSOI   = 0xD8
	markEOI   = 0xD9
	markSOS   = 0xDA
	markDQT   = 0xDB
	markDRI   = 0xDD
	markAPP0  = 0xE0
	markAPP14 = 0xEE
	markAPP15 = 0xEF
	markCOM   = 0xFE
)

// readHeader reads up to the first scan, and says whether the picture is one that can be decoded.
func (d *decoder) readHeader() error {
	d.adobe = -1
	var start [2]byte
	if err := d.in.full(start[:]); err != nil {
		return err
	}
	if start != [2]byte{0xFF, markSOI} {
		return FormatError("no start of a picture")
	}
	if err := d.readSegments(); err != nil {
		return err
	}
	if d.eoi || d.frame.count == 0 {
		return FormatError("no picture")
	}
	if d.isRGB() {
		return fmt.Errorf("%w: RGB", ErrUnsupported)
	}
	return nil
}

// isRGB reports whether the three components are red, green and blue, as image/jpeg decides it.
func (d *decoder) isRGB() bool {
	if d.jfif || d.frame.count != 3 {
		return false
	}
	return d.adobe == 0 || d.comps[0].id == 'R' && d.comps[1].id == 'G' && d.comps[2].id == 'B'
}

// readSegments reads up to the header of a scan or the end of the picture.
func (d *decoder) readSegments() error {
	for {
		m, err := d.in.marker()
		switch {
		case err != nil:
			return err
		case m == markEOI:
			d.eoi = true
			return nil
		case m >= markRST0 && m <= markRST7:
			continue // one too many, behind a scan
		}
		n, err := d.length()
		if err != nil {
			return err
		}
		if m == markSOS {
			return d.readScanHeader(n)
		}
		if err := d.readSegment(m, n); err != nil {
			return err
		}
	}
}

// length reads the length of a segment, and returns that of what follows.
func (d *decoder) length() (int, error) {
	var l [2]byte
	if err := d.in.full(l[:]); err != nil {
		return 0, err
	}
	n := int(l[0])<<8 + int(l[1]) - 2
	if n < 0 {
		return 0, FormatError("a segment without length")
	}
	return n, nil
}

func (d *decoder) readSegment(m byte, n int) error {
	switch {
	case m >= markSOF0 && m <= markSOF2:
		return d.readFrame(m, n)
	case m == markDHT:
		return d.readTables(n)
	case m == markDQT:
		return d.readQuant(n)
	case m == markDRI:
		return d.readInterval(n)
	case m == markAPP0, m == markAPP14:
		return d.readApplication(m, n)
	case m > markAPP0 && m <= markAPP15, m == markCOM:
		return d.in.skip(n)
	}
	return fmt.Errorf("%w: marker %#x", ErrUnsupported, m)
}

// readFrame reads the header of the frame. B.2.2.
func (d *decoder) readFrame(m byte, n int) error {
	if d.frame.count != 0 {
		return FormatError("two frames")
	}
	if n != 6+3*1 && n != 6+3*3 {
		return fmt.Errorf("%w: number of components", ErrUnsupported)
	}
	var p [6 + 3*3]byte
	if err := d.in.full(p[:n]); err != nil {
		return err
	}
	f := Frame{
		Height: int(p[1])<<8 + int(p[2]), Width: int(p[3])<<8 + int(p[4]),
		Progressive: m == markSOF2, count: int(p[5]),
	}
	switch {
	case p[0] != 8:
		return fmt.Errorf("%w: samples of %d bits", ErrUnsupported, p[0])
	case n != 6+3*f.count:
		return FormatError("the length of a frame's header")
	case f.Width == 0 || f.Height == 0:
		return errStrict("a picture without pixels")
	}
	for i := range f.count {
		if err := d.readComponent(&f, i, p[6+3*i:]); err != nil {
			return err
		}
	}
	d.sequential = m == markSOF0
	d.frame = f
	return nil
}

// readComponent reads what a frame's header says of component i. Supported are those samplings whose scans of one component
// all decoders read in the same way.
func (d *decoder) readComponent(f *Frame, i int, p []byte) error {
	c := &d.comps[i]
	c.id, c.tq = int(p[0]), int(p[2])
	s := sampling{h: int(p[1] >> 4), v: int(p[1] & 15)}
	for j := range i {
		if d.comps[j].id == c.id {
			return FormatError("two components of the same name")
		}
	}
	if c.tq > 3 {
		return FormatError("the number of a quantization table")
	}
	if s.h < 1 || s.h > 4 || s.v < 1 || s.v > 4 {
		return FormatError("sampling factors")
	}
	if f.count == 1 {
		s = sampling{1, 1} // A.2.2: the factors of a single component mean nothing
	}
	first := s
	if i > 0 {
		first = f.comps[0]
	}
	odd := s.h == 3 || s.v > 2
	uneven := s.h != first.h && s.h != 1 || s.v != first.v && s.v != 1
	if odd || uneven || i == 2 && s != f.comps[1] {
		return fmt.Errorf("%w: sampling factors", ErrUnsupported)
	}
	f.comps[i], c.sampling = s, s
	return nil
}

// readTables reads tables of codes. B.2.4.2.
func (d *decoder) readTables(n int) error {
	for n > 0 {
		var head [17]byte
		if n < len(head) {
			return FormatError("the length of a table of codes")
		}
		if err := d.in.full(head[:]); err != nil {
			return err
		}
		class, number := head[0]>>4, head[0]&15
		if class > 1 || number > 3 || d.sequential && number > 1 {
			return FormatError("the number of a table of codes")
		}
		counts, sum := (*[16]uint8)(head[1:]), 0
		for _, c := range counts {
			sum += int(c)
		}
		if n -= len(head) + sum; n < 0 || sum == 0 || sum > 256 {
			return FormatError("the length of a table of codes")
		}
		var symbols [256]byte
		if err := d.in.full(symbols[:sum]); err != nil {
			return err
		}
		h := &d.dc[number]
		if class == 1 {
			h = &d.ac[number]
		}
		if err := h.define(counts, symbols[:sum]); err != nil {
			return err
		}
	}
	return nil
}

// readQuant reads quantization tables. B.2.4.1.
func (d *decoder) readQuant(n int) error {
	for n > 0 {
		head, err := d.in.byte()
		if err != nil {
			return err
		}
		wide, number := int(head>>4), head&15
		if wide > 1 || number > 3 {
			return FormatError("the number of a quantization table")
		}
		size := 64 * (1 + wide)
		if n -= 1 + size; n < 0 {
			return FormatError("the length of a quantization table")
		}
		var p [128]byte
		if err := d.in.full(p[:size]); err != nil {
			return err
		}
		for i := range 64 {
			if wide == 1 {
				d.quant[number][i] = int32(p[2*i])<<8 | int32(p[2*i+1])
			} else {
				d.quant[number][i] = int32(p[i])
			}
		}
	}
	return nil
}

// readInterval reads how many units lie between restarts. B.2.4.4.
func (d *decoder) readInterval(n int) error {
	if n != 2 {
		return FormatError("the length of a restart interval")
	}
	var p [2]byte
	if err := d.in.full(p[:]); err != nil {
		return err
	}
	d.interval = int(p[0])<<8 + int(p[1])
	return nil
}

// readApplication reads the two segments that tell about colours: JFIF, and Adobe's.
func (d *decoder) readApplication(m byte, n int) error {
	var p [12]byte
	if size := map[byte]int{markAPP0: 5, markAPP14: 12}[m]; n < size {
		return d.in.skip(n)
	} else if err := d.in.full(p[:size]); err != nil {
		return err
	} else {
		n -= size
	}
	switch {
	case m == markAPP0:
		d.jfif = string(p[:5]) == "JFIF\x00"
	case string(p[:5]) == "Adobe":
		d.adobe = int(p[11])
	}
	return d.in.skip(n)
}
