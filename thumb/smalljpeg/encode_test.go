package smalljpeg

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
)

// A sketch is a picture as coefficients, to be written in every way that there is.
type sketch struct {
	frame    Frame
	blocks   [3][][64]int // in zigzag order, of all blocks, padding included
	interval int          // units between restarts

	out bytes.Buffer
	acc uint64
	n   uint
}

// newSketch is a picture of random coefficients, the same each time, that no decoder has to clamp.
func newSketch(w, h int, comps ...sampling) *sketch {
	s := &sketch{frame: Frame{Width: w, Height: h, count: len(comps)}}
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	for i, c := range comps {
		s.frame.comps[i] = c
		g := s.frame.grid(i, 8)
		s.blocks[i] = make([][64]int, g.cols*g.rows)
		for b := range s.blocks[i] {
			block := &s.blocks[i][b]
			block[0] = random.IntN(120) - 60
			for k := 1; k < 64 && random.IntN(40) != 0; k += 1 + random.IntN(3)*random.IntN(12) {
				block[k] = random.IntN(7) - 3
				if k < 6 {
					block[k] *= 5
				}
			}
			if random.IntN(4) == 0 {
				clear(block[1:])
			}
			if random.IntN(9) == 0 {
				block[63] = 1 // no end of the block is written
			}
		}
	}
	return s
}

func (s *sketch) segment(mark byte, body ...byte) {
	s.out.Write([]byte{0xFF, mark})
	s.out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(body)+2)))
	s.out.Write(body)
}

// acCodes are symbols by the length of their codes: short ones, so that several fit into a look-up, and very long ones.
var acCodes = func() (byLength [17][]byte) {
	byLength[2] = []byte{0x00, 0x01}
	byLength[3] = []byte{0x11}
	for s := range 256 {
		switch {
		case s == 0x00 || s == 0x01 || s == 0x11:
		case s < 0xE0:
			byLength[10] = append(byLength[10], byte(s))
		default:
			byLength[16] = append(byLength[16], byte(s))
		}
	}
	return byLength
}()

var dcCodes = [17][]byte{4: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}

func (s *sketch) table(class byte, codes [17][]byte) {
	body := []byte{class << 4}
	for _, c := range codes[1:] {
		body = append(body, byte(len(c)))
	}
	s.segment(markDHT, append(body, bytes.Join(codes[1:], nil)...)...)
}

func (s *sketch) symbol(codes [17][]byte, symbol byte) {
	code := 0
	for length := 1; length <= 16; length++ {
		if i := bytes.IndexByte(codes[length], symbol); i >= 0 {
			s.put(code+i, uint(length))
			return
		}
		code = (code + len(codes[length])) << 1
	}
	panic("no code")
}

func (s *sketch) put(v int, n uint) {
	for i := int(n) - 1; i >= 0; i-- {
		s.acc, s.n = s.acc<<1|uint64(v>>i&1), s.n+1
		if s.n == 8 {
			s.out.WriteByte(byte(s.acc))
			if byte(s.acc) == 0xFF {
				s.out.WriteByte(0)
			}
			s.acc, s.n = 0, 0
		}
	}
}

func (s *sketch) flush() {
	for s.n > 0 {
		s.put(1, 1)
	}
}

// value writes a number after the symbol that tells its size. F.1.2.1.
func (s *sketch) value(codes [17][]byte, run, v int) {
	size, a := uint(0), max(v, -v)
	for a>>size > 0 {
		size++
	}
	s.symbol(codes, byte(run<<4)|byte(size))
	if v < 0 {
		v += 1<<size - 1
	}
	s.put(v, size)
}

// head writes everything before the first scan.
func (s *sketch) head(sof byte) {
	s.out.Reset()
	s.out.Write([]byte{0xFF, markSOI})
	quant := []byte{0}
	for range 64 {
		quant = append(quant, 2)
	}
	s.segment(markDQT, quant...)
	f := s.frame
	body := []byte{8, byte(f.Height >> 8), byte(f.Height), byte(f.Width >> 8), byte(f.Width), byte(f.count)}
	for i := range f.count {
		body = append(body, byte(i+1), byte(f.comps[i].h<<4|f.comps[i].v), 0)
	}
	s.segment(sof, body...)
	s.table(0, dcCodes)
	s.table(1, acCodes)
	if s.interval > 0 {
		s.segment(markDRI, 0, byte(s.interval))
	}
}

// A step is a scan: of which components, and of what of them.
type step struct {
	comps               []int
	from, to, high, low int
}

func (s *sketch) all() (comps []int) {
	for i := range s.frame.count {
		comps = append(comps, i)
	}
	return comps
}

// sequential writes one scan, or one for each component.
func (s *sketch) sequential(together bool) []byte {
	s.head(markSOF0)
	if together {
		s.scan(step{comps: s.all(), to: 63})
	} else {
		for i := range s.frame.count {
			s.scan(step{comps: []int{i}, to: 63})
		}
	}
	return s.end()
}

// progressive writes scans of bands and of bits.
func (s *sketch) progressive() []byte {
	s.head(markSOF2)
	s.scan(step{comps: s.all(), low: 1})
	for i := range s.frame.count {
		s.scan(step{comps: []int{i}, from: 1, to: 5, low: 2})
		s.scan(step{comps: []int{i}, from: 6, to: 63, low: 1})
	}
	s.scan(step{comps: s.all(), high: 1})
	for i := range s.frame.count {
		s.scan(step{comps: []int{i}, from: 1, to: 5, high: 2, low: 1})
		s.scan(step{comps: []int{i}, from: 1, to: 63, high: 1})
	}
	return s.end()
}

func (s *sketch) end() []byte {
	s.out.Write([]byte{0xFF, markEOI})
	return bytes.Clone(s.out.Bytes())
}

// scan writes a scan in stretches between restarts.
func (s *sketch) scan(p step) {
	body := []byte{byte(len(p.comps))}
	for _, i := range p.comps {
		body = append(body, byte(i+1), 0)
	}
	s.segment(markSOS, append(body, byte(p.from), byte(p.to), byte(p.high<<4|p.low))...)
	units := s.units(p.comps)
	per := len(units)
	if s.interval > 0 {
		per = s.interval
	}
	for mark := 0; len(units) > 0; mark++ {
		part := units[:min(per, len(units))]
		units = units[len(part):]
		s.stretch(p, part)
		s.flush()
		if len(units) > 0 {
			s.out.Write([]byte{0xFF, markRST0 + byte(mark%8)})
		}
	}
}

// A spot is a block of a component.
type spot struct{ comp, at int }

// units are the blocks of a scan in their order.
func (s *sketch) units(comps []int) (units [][]spot) {
	if len(comps) == 1 {
		g := s.frame.grid(comps[0], 8)
		for k := range g.wide * g.high {
			units = append(units, []spot{{comps[0], k/g.wide*g.cols + k%g.wide}})
		}
		return units
	}
	first, most := s.frame.grid(0, 8), s.frame.comps[0]
	for m := range first.cols / most.h * (first.rows / most.v) {
		x, y := m%(first.cols/most.h), m/(first.cols/most.h)
		var unit []spot
		for _, i := range comps {
			g, c := s.frame.grid(i, 8), s.frame.comps[i]
			for k := range c.h * c.v {
				unit = append(unit, spot{i, (y*c.v+k/c.h)*g.cols + x*c.h + k%c.h})
			}
		}
		units = append(units, unit)
	}
	return units
}

func (s *sketch) stretch(p step, units [][]spot) {
	var last [3]int
	var alone [][64]int
	for _, unit := range units {
		for _, at := range unit {
			b := s.blocks[at.comp][at.at]
			switch {
			case p.from > 0:
				alone = append(alone, b)
				continue
			case p.high > 0:
				s.put(b[0]>>p.low&1, 1)
				continue
			}
			dc := b[0] >> p.low
			s.value(dcCodes, 0, dc-last[at.comp])
			last[at.comp] = dc
			if p.to > 0 {
				s.band([][64]int{b}, step{from: 1, to: 63})
			}
		}
	}
	s.band(alone, p)
}

// point is a coefficient without its low bits. G.1.2.1.
func point(v, low int) int {
	if v < 0 {
		return -(-v >> low)
	}
	return v >> low
}

// band writes a band of blocks, in its first scan or a later one. What ends before the band does is followed by a run of blocks
// without new coefficients. G.1.2.2 and G.1.2.3.
func (s *sketch) band(blocks [][64]int, p step) {
	for len(blocks) > 0 {
		k := s.fresh(&blocks[0], p)
		if k > p.to {
			blocks = blocks[1:]
			continue
		}
		run := 1
		for run < len(blocks) && news(&blocks[run], p, p.from) == 0 {
			run++
		}
		size := uint(0)
		for run>>(size+1) > 0 {
			size++
		}
		s.symbol(acCodes, byte(size<<4))
		s.put(run-1<<size, size)
		for i := range run {
			s.corrections(&blocks[i], p, k, p.to+1)
			k = p.from
		}
		blocks = blocks[run:]
	}
}

// news counts the coefficients from k on that this scan is the first to tell of.
func news(b *[64]int, p step, k int) (n int) {
	for ; k <= p.to; k++ {
		if isNew(b[k], p) {
			n++
		}
	}
	return n
}

func isNew(v int, p step) bool { return point(v, p.low) != 0 && (p.high == 0 || point(v, p.high) == 0) }

// corrections writes a bit for each coefficient between from and to that is known.
func (s *sketch) corrections(b *[64]int, p step, from, to int) {
	for k := from; k < to && p.high > 0; k++ {
		if point(b[k], p.high) != 0 {
			s.put(point(max(b[k], -b[k]), p.low)&1, 1)
		}
	}
}

// fresh writes the new coefficients of a block and returns the place behind the last.
func (s *sketch) fresh(b *[64]int, p step) int {
	start := p.from
	for news(b, p, start) > 0 {
		zeros, k := 0, start
		for ; !isNew(b[k], p); k++ {
			if p.high > 0 && point(b[k], p.high) != 0 {
				continue
			}
			if zeros++; zeros == 16 {
				s.symbol(acCodes, zeroRun)
				s.corrections(b, p, start, k)
				start, zeros = k+1, 0
			}
		}
		v := point(b[k], p.low)
		if p.high == 0 {
			s.value(acCodes, zeros, v)
		} else {
			s.symbol(acCodes, byte(zeros<<4|1))
			s.put((v+1)/2, 1)
			s.corrections(b, p, start, k)
		}
		start = k + 1
	}
	return start
}
