package sqlstore

import (
	"hash/maphash"
	"sync/atomic"

	"dossier"
)

// The bounds of the records that are kept in memory: places, and about how many bytes, of all and of one.
const (
	hotSlots    = 8192
	maxHotBytes = 8 << 20
	maxHotSize  = 64 << 10
)

// hotRecords keeps records that Views have read by their IDs, so that the next ones need not ask the database. What it gives a View is what
// the View's snapshot has (docs/decisions/0029-records-in-memory.md):
//
// Commits are numbered. Before a commit, the slot of every record that it changes gets its number, and when it is over committed becomes
// that number. A View notes committed before anything else, so its snapshot has all commits up to there. Where a slot has no higher number,
// nothing in it has changed from then until now: what the View reads may be kept, with the slot's number, and is good for every View that
// noted that commit or a later one, as long as the slot has that number.
type hotRecords struct {
	seed      maphash.Seed
	begun     int64 // the last commit's number, of the writer alone
	committed atomic.Int64
	slots     [hotSlots]hotSlot
	bytes     atomic.Int64
	hand      atomic.Uint64 // the slot that is cleared next
}

// A hotSlot has room for one record of those whose IDs lead to it.
type hotSlot struct {
	changed atomic.Int64 // the last commit that changed, or is changing, a record of the slot
	record  atomic.Pointer[hotRecord]
}

// A hotRecord is a record as the commit that last changed its slot left it. It never changes.
type hotRecord struct {
	layout *layout
	record *dossier.Record
	since  int64
	size   int64
}

// A hit is a slot whose record was given to a View, and its number then.
type hit struct {
	slot  *hotSlot
	since int64
}

func (h *hotRecords) slot(id dossier.ID) *hotSlot {
	return &h.slots[maphash.String(h.seed, string(id))%hotSlots]
}

// begin says that the changes of a group are about to be committed.
func (h *hotRecords) begin(group []*job) {
	h.begun++
	for _, j := range group {
		if len(j.tables) > 0 { // a schema that changes may change every record
			for i := range h.slots {
				h.slots[i].changed.Store(h.begun)
			}
			return
		}
		for _, id := range j.changed {
			h.slot(id).changed.Store(h.begun)
		}
	}
}

// end says that the commit is over, however it went.
func (h *hotRecords) end() { h.committed.Store(h.begun) }

// get returns the record as all snapshots from the commit seen until now have it, nil if it is not kept. It belongs to the caller.
func (h *hotRecords) get(l *layout, id dossier.ID, seen int64) (*dossier.Record, hit) {
	s := h.slot(id)
	r := s.record.Load()
	if r == nil || r.layout != l || r.record.ID != id || r.since > seen || r.since != s.changed.Load() {
		return nil, hit{}
	}
	return r.record.Clone(), hit{s, r.since}
}

// put keeps a record that was read in a snapshot that is not older than the commit seen, unless it may have changed since.
func (h *hotRecords) put(l *layout, rec *dossier.Record, seen int64) {
	s := h.slot(rec.ID)
	r := &hotRecord{layout: l, since: s.changed.Load(), size: recordSize(rec)}
	if r.since > seen || r.size > maxHotSize {
		return
	}
	r.record = rec.Clone()
	h.swap(s, r)
	for n := 0; n < hotSlots && h.bytes.Load() > maxHotBytes; n++ {
		h.swap(&h.slots[h.hand.Add(1)%hotSlots], nil)
	}
}

func (h *hotRecords) swap(s *hotSlot, r *hotRecord) {
	grown := int64(0)
	if r != nil {
		grown = r.size
	}
	if old := s.record.Swap(r); old != nil {
		grown -= old.size
	}
	h.bytes.Add(grown)
}

// intact reports whether nothing has changed what a View was given.
func intact(hits []hit) bool {
	for _, h := range hits {
		if h.slot.changed.Load() != h.since {
			return false
		}
	}
	return true
}

// What parts of a record take, about, in bytes.
const (
	recordBytes = 600
	valueBytes  = 64
	fileBytes   = 600
)

// recordSize is about how many bytes of memory a record takes.
func recordSize(r *dossier.Record) int64 { return recordBytes + valuesSize(r.Values) }

func valuesSize(values map[string]dossier.Value) (n int64) {
	for _, v := range values {
		n += valueBytes + valueSize(v)
	}
	return n
}

func valueSize(v dossier.Value) (n int64) {
	switch v := v.(type) {
	case dossier.Text:
		return int64(len(v))
	case dossier.JSON:
		return int64(len(v))
	case dossier.List:
		for _, s := range v {
			n += valueBytes + int64(len(s))
		}
	case dossier.Files:
		return fileBytes * int64(len(v))
	case dossier.Rows:
		for _, row := range v {
			n += recordBytes + valuesSize(row.Values)
		}
	}
	return n
}
