package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// maxLength is how many bytes a text or a row has at most, stored or made while something is looked for.
const maxLength = 256 << 20

// setLongest bounds the texts and rows of a connection. Functions that make texts out of nothing are not interrupted, so this is also what
// bounds their time.
func setLongest(conn driver.Conn, bytes int) error {
	db := sql.OpenDB(given{conn}) // the driver takes no other connection's limits
	defer func() { _ = db.Close() }()
	held, err := db.Conn(context.Background()) // never given back, or it would be closed
	if err != nil {
		return err
	}
	_, err = sqlite.Limit(held, lib.SQLITE_LIMIT_LENGTH, bytes)
	return err
}

// A given is a connector that has one connection, which somebody else owns.
type given struct{ conn driver.Conn }

func (g given) Connect(context.Context) (driver.Conn, error) { return g.conn, nil }
func (g given) Driver() driver.Driver                        { return &sqlite.Driver{} }
