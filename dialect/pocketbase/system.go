package pocketbase

import (
	"net/http"

	"dossier"
	"dossier/wire"
)

// systemTables are collections that clients know, by name and ID, and that have no records here: who signs in through another service or
// with a second proof is kept nowhere, pending codes in memory.
var systemTables = map[string]string{
	"_externalAuths": "pbc_2281828961", "_mfas": "pbc_2279338944", "_otps": "pbc_1638494021", "_authOrigins": "pbc_4275539003",
}

// isSystemTable reports whether key names such a collection, and no other that somebody made.
func isSystemTable(space *dossier.Space, key string) bool {
	if _, made := findCollection(space, key); made {
		return false
	}
	for name, id := range systemTables {
		if key == id || dossier.SameName(key, name) {
			return true
		}
	}
	return false
}

// listNothing answers the list of a collection without records.
func (h *handler) listNothing(w http.ResponseWriter, r *http.Request) error {
	l, err := parseListQuery(wire.ParseQueryLenient(r.URL.RawQuery))
	if err != nil {
		return err
	}
	total := int64(0)
	if l.skipTotal {
		total = -1
	}
	return h.reply(w, r, l.answer([]map[string]any{}, total))
}
