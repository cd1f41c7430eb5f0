package smalljpeg

// needed is, for the side of a block, the last place in zigzag order of a coefficient that it needs.
var needed = [9]int{1: 0, 2: 4, 4: 24, 8: 63}

// extend makes a value of its bits, which acc begins with. F.2.2.1, figure F.12.
func extend(acc uint64, size uint) int32 {
	v := int32(acc >> (64 - size))
	if size > 0 && int64(acc) >= 0 {
		v -= 1<<size - 1
	}
	return v
}

// readBlock reads a block of a sequential picture and writes its samples. F.2.2.
func (d *decoder) readBlock(t *part, x, y int) bool {
	diff, ok := d.bits.dc(t.dc)
	if !ok {
		return false
	}
	t.last += diff
	b := &d.block
	switch t.side {
	case 1:
	case 2:
		b[1], b[8], b[9] = 0, 0, 0
	default:
		clear(b[:8*t.side])
	}
	b[0] = t.last
	if d.run > 0 {
		d.run--
	} else if !d.bits.ac(t.ac, needed[t.side], b, &d.run) {
		return false
	}
	t.put(b, x, y)
	return true
}

// dc reads the difference of a DC value to the one before.
func (b *bits) dc(h *huffman) (diff int32, ok bool) {
	acc, n, pos := refill(b.acc, b.n, b.pos, b.data)
	size, length := h.symbol(acc)
	if length == 0 || size > 16 {
		return 0, false
	}
	diff = extend(acc<<length, uint(size))
	length += uint(size)
	b.acc, b.n, b.pos = acc<<length, n-length, pos
	return diff, true
}

// ac reads the other coefficients of a block, of which those up to the place last are stored.
func (b *bits) ac(h *huffman, last int, block *[64]int32, run *int) bool {
	acc, n, pos, data := b.acc, b.n, b.pos, b.data
	k := 1
	for k <= last {
		acc, n, pos = refill(acc, n, pos, data)
		s, length := h.symbol(acc)
		if length == 0 {
			return false
		}
		acc, n = acc<<(length&63), n-length
		size := uint(s & 15)
		k += int(s >> 4)
		if size == 0 {
			if s != zeroRun {
				acc, n = runOf(s, acc, n, run)
				k = 64
				break
			}
			k++
			continue
		}
		if k > 63 {
			break // the rest of the symbol belongs to nobody
		}
		block[unzig[k]&63] = extend(acc, size)
		acc, n = acc<<(size&63), n-size
		k++
	}
	if k < 64 {
		return b.pass(h, k, acc, n, pos, run)
	}
	b.acc, b.n, b.pos = acc, n, pos
	return true
}

// pass reads on from the place k, several symbols at a time, without making values of them.
func (b *bits) pass(h *huffman, k int, acc uint64, n uint, pos int, run *int) bool {
	data := b.data
	for k < 64 {
		acc, n, pos = refill(acc, n, pos, data)
		e := uint(h.skip[acc>>(64-skipBits)])
		used, to := e&31, k+int(e>>5)
		if e != 0 && to < 64 {
			acc, n, k = acc<<used, n-used, to
			continue
		}
		if e != 0 && (to == 64 || to >= blockEnds && to < blockEnds+64) {
			acc, n = acc<<used, n-used
			break
		}
		// The symbols may run over the end of the block: one at a time.
		s, length := h.symbol(acc)
		if length == 0 {
			return false
		}
		acc, n = acc<<(length&63), n-length
		size := uint(s & 15)
		if size == 0 && s != zeroRun {
			acc, n = runOf(s, acc, n, run)
			break
		}
		if k += int(s>>4) + 1; k > 64 {
			break
		}
		acc, n = acc<<(size&63), n-size
	}
	b.acc, b.n, b.pos = acc, n, pos
	return true
}

// runOf reads how many blocks behind this one end here, too. G.1.2.2; sequential pictures know the run of one block only, and
// others are read as image/jpeg does.
func runOf(s uint8, acc uint64, n uint, run *int) (uint64, uint) {
	size := uint(s >> 4)
	*run = 1<<size + int(acc>>1>>(63-size)) - 1
	return acc << size, n - size
}
