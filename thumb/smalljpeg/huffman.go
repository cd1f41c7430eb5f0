package smalljpeg

// Huffman codes are looked up by their first bits. Two tables serve two needs: short gives one symbol, and skip the effect of
// several on the place in the block, for coefficients that nobody needs.
const (
	shortBits = 9
	skipBits  = 13
)

// A huffman is a table of codes. Annex C.
type huffman struct {
	defined bool
	short   [1 << shortBits]uint16 // symbol<<8 | length of its code, 0 for a longer code
	values  [256]uint8
	limit   [17]uint32 // for a length: the least 16 bits that begin with no code of that length or a shorter one
	offset  [17]int32  // for a length: the place in values of a code, less the code
	skips   bool       // skip is made
	skip    [1 << skipBits]uint16
}

// define makes a table of the number of codes of each length and their symbols.
func (h *huffman) define(counts *[16]uint8, symbols []byte) error {
	h.defined, h.skips = true, false
	clear(h.short[:])
	copy(h.values[:], symbols)
	code, at := uint32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := uint32(counts[length-1])
		if code+n > 1<<length {
			h.defined = false
			return errStrict("codes that cannot be told apart")
		}
		h.offset[length] = at - int32(code)
		for range n {
			h.shorten(code, length, symbols[at])
			code, at = code+1, at+1
		}
		h.limit[length] = code << (16 - length)
		code <<= 1
	}
	return nil
}

// shorten enters a code at all places that begin with it.
func (h *huffman) shorten(code uint32, length int, symbol byte) {
	if length > shortBits {
		return
	}
	first := code << (shortBits - length)
	for i := range uint32(1) << (shortBits - length) {
		h.short[first+i] = uint16(symbol)<<8 | uint16(length)
	}
}

// symbol returns the symbol that acc begins with and the length of its code, 0 if there is none.
func (h *huffman) symbol(acc uint64) (symbol uint8, length uint) {
	if e := h.short[acc>>(64-shortBits)]; e != 0 {
		return uint8(e >> 8), uint(e & 0xFF)
	}
	top := uint32(acc >> 48)
	for n := shortBits + 1; n <= 16; n++ {
		if top < h.limit[n] {
			return h.values[uint8(int32(top>>(16-n))+h.offset[n])], uint(n)
		}
	}
	return 0, 0
}

// The symbols of AC coefficients: zeros to pass, and bits of the value. F.1.2.2.1.
const (
	endOfBlock = 0x00
	zeroRun    = 0xF0 // 16 zeros
)

// An entry of skip is the bits of as many whole symbols as its index holds, and the coefficients that they move on by: bits in the
// low 5 bits, coefficients above. A symbol's value may lie behind the index. blockEnds is added if the last of the symbols ends
// the block. 0 is for a first symbol that the index does not hold, or that says more.
const blockEnds = 128

// makeSkips fills skip.
func (h *huffman) makeSkips() {
	h.skips = true
	for i := range h.skip {
		h.skip[i] = h.skipOf(uint64(i) << (64 - skipBits))
	}
}

func (h *huffman) skipOf(acc uint64) uint16 {
	var used, on uint
	for used < skipBits {
		s, length := h.symbol(acc << used)
		if length == 0 || used+length > skipBits {
			break
		}
		size := uint(s & 15)
		if size == 0 && s != endOfBlock && s != zeroRun || on+uint(s>>4) >= 63 {
			break
		}
		used += length + size
		if s == endOfBlock {
			on += blockEnds
			break
		}
		on += uint(s>>4) + 1
	}
	return uint16(on<<5 | used)
}
