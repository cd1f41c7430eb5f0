package kintone

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"

	"dossier"
)

// The forms of a file key. An upload's is a UUID, a record's begins with the time the file came; other front ends write a
// file's ID as 32 digits, or as the 24 that are enough.
var (
	uploadKeyForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	recordKeyForm = regexp.MustCompile(`^[0-9]{14}[0-9A-F]{32}[0-9]{3}$`)
	idKeyForm     = regexp.MustCompile(`^([0-9a-f]{32}|[0-9a-f]{24})$`)
)

// uploadKey is the key that an upload is answered with: its ID as a UUID.
func uploadKey(id dossier.ID) string {
	s := string(id)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// recordKey is the key of a file that a record holds: when it came, its ID, and three digits that say the key was not mistyped.
// It is the same as long as a record holds the file.
func recordKey(f *dossier.File) string {
	return f.Created.UTC().Format("20060102150405") + strings.ToUpper(string(f.ID)) + checkDigits(f.ID)
}

func checkDigits(id dossier.ID) string {
	return fmt.Sprintf("%03d", crc32.ChecksumIEEE([]byte(id))%1000)
}

// heldID is the ID in a record's key; ok is false where key is none.
func heldID(key string) (id dossier.ID, ok bool) {
	if !recordKeyForm.MatchString(key) {
		return "", false
	}
	id = dossier.ID(strings.ToLower(key[14:46]))
	return id, key[46:] == checkDigits(id)
}

// uploadID is the ID in an upload's key; ok is false where key is none.
func uploadID(key string) (id dossier.ID, ok bool) {
	if !uploadKeyForm.MatchString(key) {
		return "", false
	}
	return dossier.ID(strings.ToLower(strings.ReplaceAll(key, "-", ""))), true
}

// refOf is the file to attach that key names; ok is false where no key has that form.
func refOf(key string) (ref dossier.FileRef, ok bool) {
	if id, ok := uploadID(key); ok {
		return dossier.FileRef{ID: id, How: dossier.TakeUpload}, true
	}
	if id, ok := heldID(key); ok {
		return dossier.FileRef{ID: id, How: dossier.KeepFile}, true
	}
	if idKeyForm.MatchString(key) {
		return dossier.FileRef{ID: dossier.ID(key), How: dossier.TakeOrKeep}, true
	}
	return dossier.FileRef{}, false
}
