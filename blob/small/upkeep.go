package small

const (
	// checkpointAfter is how many bytes are written before they are moved from the write-ahead log to the file.
	checkpointAfter = 16 << 20
	// rowCost is about what a row writes beside its bytes: a page of the index, and parts of others.
	rowCost = 8 << 10
	// freePages is how many unused pages (4 KiB) the file may have when nobody waits, for the blobs to come.
	freePages = 2048
	// shrinkStep is how many pages are given back to the disk at a time.
	shrinkStep = 256
)

// upkeep is what there is to do besides writing.
type upkeep struct {
	logged int  // bytes since the last checkpoint, about
	freed  bool // something was deleted since the unused pages were counted
}

// note counts what a group has written.
func (u *upkeep) note(group []*job, bytes int) {
	u.logged += bytes + rowCost*len(group)
	for _, j := range group {
		u.freed = u.freed || j.gone
	}
}

// tidy keeps the log short, and the file once nobody waits. What fails is tried again later: no caller depends on it.
func (w *writer) tidy() {
	if w.care.logged >= checkpointAfter {
		w.moveLog()
	}
	for w.care.freed && w.queue.Len() == 0 {
		if more, err := w.giveBack(); err != nil {
			w.log.Warn("shrink the file of small blobs", "error", err)
			return
		} else if !more {
			w.care.freed = false
		}
	}
}

func (w *writer) moveLog() {
	w.care.logged = 0
	if _, err := w.checkpoint.exec(); err != nil {
		w.log.Warn("checkpoint small blobs", "error", err)
	}
}

// giveBack returns one step of unused pages to the disk, and whether there are more.
func (w *writer) giveBack() (more bool, err error) {
	v, err := w.free.value()
	if free, _ := v.(int64); err != nil || free <= freePages {
		return false, err
	}
	if _, err := w.shrink.exec(); err != nil {
		return false, err
	}
	w.moveLog() // the file is cut when the log has been moved
	return true, nil
}
