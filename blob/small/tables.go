package small

import (
	"errors"
	"fmt"
	"time"

	"dossier"
)

// The marks in the file's header: that it is ours, and the form of its tables.
const (
	applicationID = 0x64_73_6d_6c
	version       = 1
)

// tables are two, so that List reads past no bytes, and rows of bytes are only ever added at the end.
var tables = []string{
	"BEGIN IMMEDIATE",
	"CREATE TABLE blobs (key TEXT PRIMARY KEY, id INTEGER NOT NULL, size INTEGER NOT NULL, time INTEGER NOT NULL) WITHOUT ROWID",
	"CREATE TABLE data (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
	fmt.Sprintf("PRAGMA application_id(%d)", applicationID),
	fmt.Sprintf("PRAGMA user_version(%d)", version),
	"COMMIT",
}

// writing is the connection that writes.
type writing struct {
	*conn
	lastID int64 // of the rows of data

	begin, commit, rollback            *statement
	addKey, addData, dropData, dropKey *statement
	checkpoint, free, shrink           *statement
}

// openWriting opens the file, makes it if there is none, and refuses one that it does not know. pages bounds its size unless 0.
func openWriting(path string, pages int) (*writing, error) {
	// auto_vacuum is fixed by the first page that is written, which journal_mode does.
	settings := []string{"PRAGMA auto_vacuum(INCREMENTAL)", "PRAGMA journal_mode(WAL)", "PRAGMA synchronous(FULL)", "PRAGMA cache_size(-8192)",
		"PRAGMA wal_autocheckpoint(0)", "PRAGMA journal_size_limit(33554432)"}
	if pages > 0 {
		settings = append(settings, fmt.Sprintf("PRAGMA max_page_count(%d)", pages))
	}
	c, err := connect(path, settings...)
	if err != nil {
		return nil, err
	}
	w := &writing{conn: c}
	err = w.check(path)
	if err == nil {
		err = w.prepareAll()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return w, nil
}

// check looks whether the file is one of ours, makes its tables if it is new, and finds the last row.
func (w *writing) check(path string) error {
	mode, err := w.one("PRAGMA journal_mode")
	if err == nil && mode != "wal" {
		err = dossier.Errorf(dossier.Unsupported, "%s: the file system takes no write-ahead log, the journal is %v", path, mode)
	}
	if err != nil {
		return err
	}
	id, err := w.one("PRAGMA application_id")
	if err != nil {
		return err
	}
	form, err := w.one("PRAGMA user_version")
	switch {
	case err != nil:
		return err
	case id == int64(0) && form == int64(0):
		return w.script(tables...)
	case id != int64(applicationID):
		return dossier.Errorf(dossier.Invalid, "%s is a database, but not of small blobs", path)
	case form != int64(version):
		return dossier.Errorf(dossier.Unsupported, "%s was made by a newer version: its form is %v, this version knows %d", path, form, version)
	}
	last, err := w.one("SELECT max(id) FROM data")
	w.lastID, _ = last.(int64)
	return err
}

func (w *writing) prepareAll() error {
	return errors.Join(
		w.prepare(&w.begin, "BEGIN IMMEDIATE"),
		w.prepare(&w.commit, "COMMIT"),
		w.prepare(&w.rollback, "ROLLBACK"),
		w.prepare(&w.addKey, "INSERT INTO blobs (key, id, size, time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
		w.prepare(&w.addData, "INSERT INTO data (id, bytes) VALUES (?, ?)"),
		w.prepare(&w.dropData, "DELETE FROM data WHERE id = (SELECT id FROM blobs WHERE key = ?)"),
		w.prepare(&w.dropKey, "DELETE FROM blobs WHERE key = ?"),
		w.prepare(&w.checkpoint, "PRAGMA wal_checkpoint(PASSIVE)"),
		w.prepare(&w.free, "PRAGMA freelist_count"),
		w.prepare(&w.shrink, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", shrinkStep)),
	)
}

// add adds a blob, unless its key exists.
func (w *writing) add(key string, data []byte, now time.Time) (added bool, err error) {
	id := w.lastID + 1
	changed, err := w.addKey.exec(key, id, int64(len(data)), now.UnixNano())
	if err != nil || changed == 0 {
		return false, err
	}
	w.lastID = id
	_, err = w.addData.exec(id, data)
	return true, err
}

// remove removes a blob, if it is there.
func (w *writing) remove(key string) error {
	if _, err := w.dropData.exec(key); err != nil {
		return err
	}
	_, err := w.dropKey.exec(key)
	return err
}
