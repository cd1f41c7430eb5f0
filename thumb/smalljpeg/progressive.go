package smalljpeg

// The scans of progressive pictures. Annex G.

func (c *component) at(x, y int) int { return y*c.cols + x }

// firstDC reads the high bits of a DC value.
func (d *decoder) firstDC(t *part, x, y int) bool {
	diff, ok := d.bits.dc(t.dc)
	if !ok {
		return false
	}
	t.last += diff
	t.coef[t.at(x, y)*t.side*t.side] = t.last << d.scan.low
	return true
}

// refineDC reads another bit of a DC value.
func (d *decoder) refineDC(t *part, x, y int) bool {
	if d.bits.take(1) != 0 {
		t.coef[t.at(x, y)*t.side*t.side] |= 1 << d.scan.low
	}
	return true
}

// take reads up to 32 bits.
func (b *bits) take(size uint) uint64 {
	b.acc, b.n, b.pos = refill(b.acc, b.n, b.pos, b.data)
	v := b.acc >> 1 >> (63 - size)
	b.acc, b.n = b.acc<<size, b.n-size
	return v
}

// symbol reads a symbol.
func (b *bits) symbol(h *huffman) (uint8, bool) {
	b.acc, b.n, b.pos = refill(b.acc, b.n, b.pos, b.data)
	s, length := h.symbol(b.acc)
	b.acc, b.n = b.acc<<length, b.n-length
	return s, length > 0
}

// slot returns the place of a coefficient among the side×side that are kept, given its place in zigzag order, and false for one
// that is not kept.
func (c *component) slot(zig int) (int, bool) {
	u := int(unzig[zig])
	x, y := u&7, u>>3
	return y*c.side + x, x < c.side && y < c.side
}

// firstAC reads the high bits of a band of coefficients.
func (d *decoder) firstAC(t *part, x, y int) bool {
	if d.run > 0 {
		d.run--
		return true
	}
	at := t.at(x, y)
	coef := t.coef[at*t.side*t.side:]
	b := &d.bits
	for k := d.scan.from; k <= d.scan.to; k++ {
		s, ok := b.symbol(t.ac)
		if !ok {
			return false
		}
		size := uint(s & 15)
		if size == 0 && s != zeroRun {
			b.acc, b.n = runOf(s, b.acc, b.n, &d.run)
			break
		}
		if k += int(s >> 4); size == 0 {
			continue
		}
		if k > d.scan.to {
			break
		}
		v := extend(b.acc, size) << d.scan.low
		b.acc, b.n = b.acc<<size, b.n-size
		t.known[at] |= 1 << k
		if i, ok := t.slot(k); ok {
			coef[i] = v
		}
	}
	return true
}

// refineAC reads another bit of a band of coefficients. G.1.2.3.
func (d *decoder) refineAC(t *part, x, y int) bool {
	at := t.at(x, y)
	k := d.scan.from
	for ; d.run == 0 && k <= d.scan.to; k++ {
		s, ok := d.bits.symbol(t.ac)
		if !ok || s&15 > 1 {
			return false
		}
		if s&15 == 0 && s != zeroRun {
			d.bits.acc, d.bits.n = runOf(s, d.bits.acc, d.bits.n, &d.run)
			d.run++ // this block's share is still to come
			break
		}
		v := int32(0)
		if s&15 == 1 {
			v = -1
			if d.bits.take(1) != 0 {
				v = 1
			}
		}
		if k = d.correct(t, at, k, int(s>>4)); k > d.scan.to {
			return false
		}
		if v != 0 {
			t.known[at] |= 1 << k
			if i, ok := t.slot(k); ok {
				t.coef[at*t.side*t.side+i] = v << d.scan.low
			}
		}
	}
	if d.run > 0 {
		d.run--
		d.correct(t, at, k, 64)
	}
	return true
}

// correct reads a bit for each known coefficient from the place k on, up to that of the unknown one behind zeros other unknown
// ones, which it returns; one behind the band if there is none.
func (d *decoder) correct(t *part, at, k, zeros int) int {
	for known := t.known[at]; k <= d.scan.to; k++ {
		if known>>k&1 == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		if d.bits.take(1) == 0 {
			continue
		}
		if i, ok := t.slot(k); ok {
			c := &t.coef[at*t.side*t.side+i]
			if *c >= 0 {
				*c += 1 << d.scan.low
			} else {
				*c -= 1 << d.scan.low
			}
		}
	}
	return k
}
