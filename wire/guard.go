package wire

import (
	"net/http"
	"time"
)

// The slowest client that is waited for, where nobody decides otherwise.
const (
	MinRate    = 1 << 10          // bytes a second
	RateWindow = 30 * time.Second // over which the rate is measured
)

// GuardBody replaces r.Body with one that cuts off a client which sends less than minRate bytes a second over window, by
// moving the connection's read deadline with its progress. Only time spent waiting for the client counts. Reads then fail
// as dossier.Incomplete, as do those of a body that ends early. It needs http.Server.ReadTimeout to be 0, and does
// nothing where deadlines are not supported.
func GuardBody(w http.ResponseWriter, r *http.Request, minRate int64, window time.Duration) {}

// GuardWriter returns a writer over w that cuts off a client which takes less than minRate bytes a second over window, by
// moving the connection's write deadline before each piece of at most 64 KiB. The last deadline stays in force for the
// server's own flush, so guard every response of a server or none. Serve guards itself.
func GuardWriter(w http.ResponseWriter, minRate int64, window time.Duration) http.ResponseWriter {
	return w
}
