package pocketbase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"dossier"
	"dossier/access"
	"dossier/archive"
	"dossier/wire"
)

// What a name of a backup that a client chooses looks like.
var backupName = regexp.MustCompile(`^[a-z0-9_-]+\.zip$`)

// The bounds of such a name, and of the part of one that comes from the name of the application, in bytes.
const (
	maxBackupName = 150
	maxAppLabel   = 50
)

// The beginnings of made names.
const (
	manualPrefix  = "pb_backup_"
	plannedPrefix = "@auto_pb_backup_"
	backupStamp   = "20060102150405"
)

var (
	errBackupBusy   = newError(http.StatusBadRequest, "Try again later - another backup/restore process has already been started.", nil)
	errNoBackupFile = newError(http.StatusBadRequest, "Missing or invalid backup file.", nil)
	errBackupToken  = newError(http.StatusForbidden, "Insufficient permissions to access the resource.", nil)
)

// A shownBackup is a backup as clients see it.
type shownBackup struct {
	Modified string `json:"modified"`
	Key      string `json:"key"`
	Size     int64  `json:"size"`
}

// listBackups is GET /api/backups.
func (h *handler) listBackups(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	all, err := h.svc.Backups(r.Context(), who)
	if err != nil {
		return err
	}
	shown := []shownBackup{}
	for _, b := range all {
		shown = append(shown, shownBackup{formatTime(b.ModTime), b.Name, b.Size})
	}
	return h.reply(w, r, shown)
}

// createBackup is POST /api/backups. It answers when the backup is whole, and makes it also if the client does not wait for it.
func (h *handler) createBackup(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	if !h.svc.CanBackup() {
		return errBackupBusy
	}
	raw, err := h.readFields(r)
	if err != nil {
		return loadError(err)
	}
	name, ok := raw["name"].(string)
	if !ok && raw["name"] != nil {
		return newError(http.StatusBadRequest, msgInvalidLoad, nil)
	}
	if f := backupNameFault(name); f.Code != "" {
		return invalidFields(msgInvalidSubmit, map[string]fault{"name": f})
	}
	if name == "" {
		name = manualPrefix + h.settings().label() + h.svc.Now().Format(backupStamp) + ".zip"
	}
	err = h.svc.CreateBackup(context.WithoutCancel(r.Context()), who, name)
	switch dossier.KindOf(err) {
	case "":
		w.WriteHeader(http.StatusNoContent)
		return nil
	case dossier.Exists:
		return invalidFields(msgInvalidSubmit, map[string]fault{"name": takenBackup("The backup file name is invalid or already exists.")})
	}
	return h.backupFailed(r, "Failed to create backup.", err)
}

// backupFailed is the answer to a backup or restore that failed. The reason is for the log, unless it is the archive.
func (h *handler) backupFailed(r *http.Request, message string, err error) error {
	switch dossier.KindOf(err) {
	case dossier.Busy:
		return errBackupBusy
	case dossier.Invalid, dossier.Unsupported:
		return newError(http.StatusBadRequest, message+" Raw error: \n"+err.Error(), nil)
	case dossier.Internal:
		h.svc.Log().ErrorContext(r.Context(), "backup", "error", err)
		return newError(http.StatusBadRequest, message, nil)
	}
	return err
}

// backupNameFault is what is wrong with a chosen name; "" is one that is made.
func backupNameFault(name string) fault {
	switch {
	case name == "":
		return fault{}
	case len(name) > maxBackupName:
		return outOfRange(1, maxBackupName)
	case !backupName.MatchString(name):
		return badForm
	}
	return fault{}
}

func takenBackup(message string) fault {
	return fault{Code: "validation_backup_name_exists", Message: message}
}

// label is the name of the application as names of backups have it, with "_" at its end.
func (s settings) label() string {
	words := strings.FieldsFunc(strings.ToLower(s.Meta.AppName), func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	label := strings.Join(words, "_")
	return label[:min(len(label), maxAppLabel)] + "_"
}

// uploadBackup is POST /api/backups/upload: the part "file" of a form, however large, goes to the shelf if it is a backup.
func (h *handler) uploadBackup(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	m, err := wire.OpenMultipart(r, wire.Limits{})
	if err != nil {
		return invalidFields(msgInvalidSubmit, map[string]fault{"file": blank})
	}
	defer m.Close()
	for {
		p, err := m.Next()
		switch {
		case errors.Is(err, io.EOF):
			return invalidFields(msgInvalidSubmit, map[string]fault{"file": blank})
		case err != nil:
			return loadError(err)
		case p.Name != "file" || !p.HasFileName:
			continue
		}
		if err := h.addBackup(r, who, p); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// zipMark begins every zip file with something in it.
var zipMark = []byte("PK\x03\x04")

// addBackup puts a part on the shelf.
func (h *handler) addBackup(r *http.Request, who access.Principal, p *wire.Part) error {
	wrong := func(f fault) error { return invalidFields(msgInvalidSubmit, map[string]fault{"file": f}) }
	name := wire.CleanName(p.FileName)
	head := make([]byte, len(zipMark))
	n, err := io.ReadFull(p, head)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return loadError(err)
	case !bytes.Equal(head[:n], zipMark):
		return wrong(fault{Code: "validation_invalid_mime_type", Message: fmt.Sprintf("%q mime type must be one of: application/zip.", name)})
	case archive.CheckName(name) != nil:
		return wrong(badForm)
	}
	err = h.svc.AddBackup(r.Context(), who, name, io.MultiReader(bytes.NewReader(head), p))
	switch {
	case dossier.KindOf(err) == dossier.Exists:
		return wrong(takenBackup("Backup file with the specified name already exists."))
	case errors.Is(err, wire.ErrTruncated):
		return loadError(err)
	case dossier.KindOf(err) == dossier.Invalid, dossier.KindOf(err) == dossier.Unsupported:
		return wrong(fault{Code: "validation_invalid_backup", Message: "The file is no backup that can be restored here: " + err.Error()})
	}
	return err
}

// downloadBackup is GET /api/backups/{key}: it wants a superuser's file token.
func (h *handler) downloadBackup(w http.ResponseWriter, r *http.Request) error {
	who, err := h.fileReader(r, wire.ParseQueryLenient(r.URL.RawQuery))
	if err != nil {
		return err
	}
	if !who.IsSuper() {
		return errBackupToken
	}
	file, err := h.svc.OpenBackup(r.Context(), who, r.PathValue("key"))
	if k := dossier.KindOf(err); k == dossier.NotFound || k == dossier.Invalid {
		return errNotFound
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info := file.Info()
	s := served{name: info.Name, mediaType: "application/zip", cache: "private, no-store", content: wire.Content{
		Size: info.Size, ModTime: info.ModTime, Open: func(_ context.Context, off, n int64) (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(file, off, n)), nil
		},
	}}
	s.head(w.Header())
	return wire.Serve(w, r, s.content)
}

// deleteBackup is DELETE /api/backups/{key}.
func (h *handler) deleteBackup(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	err = h.svc.DeleteBackup(r.Context(), who, r.PathValue("key"))
	switch dossier.KindOf(err) {
	case "":
		w.WriteHeader(http.StatusNoContent)
		return nil
	case dossier.Busy:
		return newError(http.StatusBadRequest, "The backup is currently being used and cannot be deleted.", nil)
	case dossier.NotFound, dossier.Invalid:
		return newError(http.StatusBadRequest, "Invalid or already deleted backup file.", nil)
	}
	return err
}

// restoreBackup is POST /api/backups/{key}/restore. It answers when the archive has been read and found whole; the space changes right after.
func (h *handler) restoreBackup(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	if archive.CheckName(r.PathValue("key")) != nil {
		return errNoBackupFile
	}
	err = h.svc.RestoreBackup(r.Context(), who, r.PathValue("key"))
	switch dossier.KindOf(err) {
	case "":
		w.WriteHeader(http.StatusNoContent)
		return nil
	case dossier.NotFound:
		return errNoBackupFile
	}
	return h.backupFailed(r, "Failed to restore the backup.", err)
}

// noSQL answers superusers that nobody sends SQL.
func (h *handler) noSQL(_ http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return newError(http.StatusForbidden, "The server does not take SQL.", nil)
}
