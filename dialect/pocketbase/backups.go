package pocketbase

import "net/http"

// noBackups answers superusers that backups are not made, listed or restored over HTTP: whoever runs the server copies its data.
func (h *handler) noBackups(_ http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return newError(http.StatusForbidden, "The server does not make backups over its API: copy its data directory.", nil)
}

// noBackup answers requests for the bytes of a backup, which carry a file token instead of an auth token.
func (h *handler) noBackup(http.ResponseWriter, *http.Request) error {
	return newError(http.StatusForbidden, "Insufficient permissions to access the resource.", nil)
}

// noSQL answers superusers that nobody sends SQL.
func (h *handler) noSQL(_ http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return newError(http.StatusForbidden, "The server does not take SQL.", nil)
}
