package wire

import (
	"net/http"
	"strings"
	"time"
)

// checkConditions evaluates r's preconditions in the order of RFC 9110, section 13.2.2: 304, 412, or 200 to go on.
func checkConditions(r *http.Request, c Content) int {
	h := r.Header
	if tags := h.Values("If-Match"); len(tags) > 0 {
		if !matchTags(tags, c.ETag, true) {
			return http.StatusPreconditionFailed
		}
	} else if t, ok := conditionTime(h, "If-Unmodified-Since", c); ok && modified(c).After(t) {
		return http.StatusPreconditionFailed
	}
	if tags := h.Values("If-None-Match"); len(tags) > 0 {
		if matchTags(tags, c.ETag, false) {
			return http.StatusNotModified
		}
	} else if t, ok := conditionTime(h, "If-Modified-Since", c); ok && !modified(c).After(t) {
		return http.StatusNotModified
	}
	return http.StatusOK
}

// modified is the time that Last-Modified shows: whole seconds.
func modified(c Content) time.Time { return c.ModTime.Truncate(time.Second) }

// conditionTime reads a date; ok is false where it is absent, no date, or has nothing to be compared with.
func conditionTime(h http.Header, name string, c Content) (t time.Time, ok bool) {
	v := h.Get(name)
	if v == "" || c.ModTime.IsZero() {
		return t, false
	}
	t, err := http.ParseTime(v)
	return t, err == nil
}

// matchTags reports whether a list of entity tags has etag, or is "*". A weak tag never matches strongly. The list ends
// at its first malformed member.
func matchTags(lists []string, etag string, strong bool) bool {
	for _, list := range lists {
		for {
			list = strings.TrimLeft(list, " \t,")
			if list == "" {
				break
			}
			if list[0] == '*' {
				return true
			}
			rest, weak := strings.CutPrefix(list, "W/")
			tag, after, ok := cutTag(rest)
			if !ok {
				break
			}
			if tag == etag && !(strong && weak) {
				return true
			}
			list = after
		}
	}
	return false
}

// cutTag cuts the opaque tag, quotes included, that s begins with.
func cutTag(s string) (tag, after string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return "", "", false
	}
	return s[:end+2], s[end+2:], true
}
