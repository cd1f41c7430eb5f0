package small

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"dossier"
)

// classify gives the database's error its Kind, and says what was being done. nil stays nil.
func classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	cause := fmt.Errorf("%s: %w", doing, err)
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return cause
	}
	switch {
	case e.Code()&0xff == lib.SQLITE_FULL, e.Code() == lib.SQLITE_IOERR_SHMSIZE:
		return &dossier.Error{Kind: dossier.Full, Msg: "the disk has no room", Err: cause}
	case e.Code()&0xff == lib.SQLITE_BUSY:
		return &dossier.Error{Kind: dossier.Busy, Msg: "another process has the file of small blobs; try again later", Err: cause}
	}
	return cause
}

func exists() error { return dossier.Errorf(dossier.Exists, "a blob with this key exists") }

func missing() error { return dossier.Errorf(dossier.NotFound, "there is no such blob") }

func closed() error { return dossier.Errorf(dossier.Internal, "the store of small blobs is closed") }
