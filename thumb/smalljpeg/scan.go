package smalljpeg

// A scan is the header of a scan. B.2.3.
type scan struct {
	parts     []part
	from, to  int  // places of coefficients, in zigzag order
	high, low uint // what is known of them already, and what will be
}

// A part is a component of a scan with its tables.
type part struct {
	*component
	dc, ac *huffman
	last   int32 // the DC value of the block before
}

// readScanHeader reads the header of a scan, whose data follows.
func (d *decoder) readScanHeader(n int) error {
	if d.frame.count == 0 {
		return FormatError("a scan without a frame")
	}
	var p [4 + 2*3]byte
	if n < 6 || n > 4+2*d.frame.count || n%2 != 0 {
		return FormatError("the length of a scan's header")
	}
	if err := d.in.full(p[:n]); err != nil {
		return err
	}
	count := int(p[0])
	if n != 4+2*count {
		return FormatError("the length of a scan's header")
	}
	s := scan{to: 63}
	for i := range count {
		if err := d.addPart(&s, p[1+2*i], p[2+2*i]); err != nil {
			return err
		}
	}
	if d.frame.count > 1 && s.units() > 10 {
		return FormatError("sampling factors of a scan")
	}
	if d.frame.Progressive {
		s.from, s.to = int(p[n-3]), int(p[n-2])
		s.high, s.low = uint(p[n-1]>>4), uint(p[n-1]&15)
		if err := s.check(); err != nil {
			return err
		}
	}
	d.scan = s
	return nil
}

func (d *decoder) addPart(s *scan, id, tables byte) error {
	t := part{}
	for i := range d.frame.count {
		if d.comps[i].id == int(id) {
			t.component = &d.comps[i]
		}
	}
	for _, other := range s.parts {
		if other.component == t.component {
			return FormatError("a component twice in a scan")
		}
	}
	if t.component == nil {
		return FormatError("a scan of an unknown component")
	}
	dc, ac := tables>>4, tables&15
	if dc > 3 || ac > 3 || d.sequential && (dc > 1 || ac > 1) {
		return FormatError("the number of a table of codes")
	}
	t.dc, t.ac = &d.dc[dc], &d.ac[ac]
	s.parts = append(s.parts, t)
	return nil
}

// units is the number of blocks in one unit of an interleaved scan.
func (s *scan) units() int {
	sum := 0
	for _, t := range s.parts {
		sum += t.h * t.v
	}
	return sum
}

// check judges the numbers of a progressive scan. G.1.1.1.
func (s *scan) check() error {
	switch {
	case s.from > s.to || s.to > 63 || s.from == 0 && s.to != 0:
		return FormatError("a band of coefficients")
	case s.from > 0 && len(s.parts) > 1:
		return FormatError("high frequencies of more than one component")
	case s.high != 0 && s.high != s.low+1:
		return FormatError("bits of coefficients")
	}
	return nil
}

// readScan reads the data of the scan whose header was read last.
func (d *decoder) readScan() error {
	s := &d.scan
	if s.from > 0 && s.parts[0].side == 1 {
		return d.passScan()
	}
	read, err := d.reader(s)
	if err != nil {
		return err
	}
	d.run = 0
	d.bits.begin()
	if len(s.parts) == 1 {
		err = d.readAlone(&s.parts[0], read)
	} else {
		err = d.readTogether(s, read)
	}
	switch {
	case err != nil:
		return err
	case !d.bits.finish(&d.in):
		return d.bits.err
	case d.run > 0:
		return errStrict("a run of blocks is longer than its scan")
	}
	return nil
}

// passScan passes over a scan that is of no use.
func (d *decoder) passScan() error {
	d.bits.begin()
	for {
		if !d.bits.finish(&d.in) {
			return d.bits.err
		}
		if d.in.j-d.in.i < 2 {
			return d.in.more() // the end
		}
		if m := d.in.raw[d.in.i+1]; m != 0xFF && (m < markRST0 || m > markRST7) {
			return nil
		}
		d.in.i++
		if d.in.raw[d.in.i] != 0xFF {
			d.in.i++
		}
		d.bits.begin()
	}
}

// A reader reads a block of a component.
type reader func(t *part, x, y int) bool

// reader chooses what reads the blocks of s, and prepares its tables.
func (d *decoder) reader(s *scan) (reader, error) {
	for _, t := range s.parts {
		needsDC, needsAC := s.from == 0 && s.high == 0, s.to > 0
		if needsDC && !t.dc.defined || needsAC && !t.ac.defined {
			return nil, FormatError("a table of codes is missing")
		}
		if !d.frame.Progressive {
			d.dequantize(t.component)
			if t.side < 8 && !t.ac.skips {
				t.ac.makeSkips()
			}
		}
	}
	switch {
	case !d.frame.Progressive:
		return d.readBlock, nil
	case s.from == 0 && s.high == 0:
		return d.firstDC, nil
	case s.from == 0:
		return d.refineDC, nil
	case s.high == 0:
		return d.firstAC, nil
	}
	return d.refineAC, nil
}

// readTogether reads the blocks of several components, unit by unit. A.2.3.
func (d *decoder) readTogether(s *scan, read reader) error {
	c := s.parts[0].component
	wide, high := c.cols/c.h, c.rows/c.v
	left := wide * high
	restart := restarter{d: d, left: d.interval}
	for y := range high {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		for x := range wide {
			for i := range s.parts {
				t := &s.parts[i]
				for k := range t.h * t.v {
					if !d.bits.ready(&d.in) || !read(t, x*t.h+k%t.h, y*t.v+k/t.h) {
						return d.fault()
					}
				}
			}
			if left--; left > 0 && !restart.count() {
				return d.fault()
			}
		}
	}
	return nil
}

// readAlone reads the blocks of one component, those with pixels only, row by row. A.2.2.
func (d *decoder) readAlone(t *part, read reader) error {
	left := t.wide * t.high
	restart := restarter{d: d, left: d.interval}
	for y := range t.high {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		for x := range t.wide {
			if !d.bits.ready(&d.in) || !read(t, x, y) {
				return d.fault()
			}
			if left--; left > 0 && !restart.count() {
				return d.fault()
			}
		}
	}
	return nil
}

// fault is why a block could not be read: its data ended before what is wrong with it.
func (d *decoder) fault() error {
	if d.bits.within(); d.bits.err == nil {
		d.bits.err = FormatError("an invalid code")
	}
	return d.bits.err
}

// A restarter counts units and passes the restart markers. E.2.4.
type restarter struct {
	d    *decoder
	left int // units up to the next marker
	mark byte
}

// count counts one unit, behind which another one follows.
func (r *restarter) count() bool {
	d := r.d
	if d.interval == 0 {
		return true
	}
	if r.left--; r.left > 0 {
		return true
	}
	r.left = d.interval
	if !d.bits.finish(&d.in) {
		return false
	}
	m, err := d.in.marker()
	if err == nil && m != markRST0+r.mark {
		err = FormatError("a restart that is not due")
	}
	if err != nil {
		d.bits.err = err
		return false
	}
	r.mark = (r.mark + 1) & 7
	d.bits.begin()
	d.run = 0
	for i := range d.scan.parts {
		d.scan.parts[i].last = 0
	}
	return true
}
