package blob

import (
	"strings"

	"dossier"
)

// maxKey is the length of the longest key, in bytes. With a suffix it is a file name on every file system (255 bytes).
const maxKey = 200

// CheckKey returns nil for a key that a Store takes, and dossier.Invalid for any other. Every Store calls it before anything else, so a
// key never leads out of the place where blobs are kept.
func CheckKey(key string) error {
	if len(key) <= maxKey {
		ok := true
		for segment := range strings.SplitSeq(key, "/") {
			ok = ok && isSegment(segment)
		}
		if ok {
			return nil
		}
	}
	return &dossier.Error{
		Kind:     dossier.Invalid,
		Msg:      "a blob key is made of letters, digits, _ and -, in segments joined by /, 200 bytes at most",
		Problems: []dossier.Problem{{Path: []string{"key"}, Code: dossier.CodeInvalid}},
	}
}

func isSegment(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return s != ""
}
