package conformance

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// boundary ends the parts of a body that a transcript writes in short form.
const boundary = "----conformance-5d0c77b1f3a94e02c6a8b1d4"

// isShorthand reports whether a Content-Type lists the parts to send.
func isShorthand(contentType string) bool {
	return strings.HasPrefix(contentType, "multipart/form-data;") && !strings.Contains(contentType, "boundary=")
}

// multipartBody makes the body that a Content-Type in short form lists.
func multipartBody(files fs.FS, list string) ([]byte, error) {
	var b bytes.Buffer
	for _, item := range splitItems(strings.TrimPrefix(list, "multipart/form-data;")) {
		if err := writePart(&b, files, item); err != nil {
			return nil, fmt.Errorf("part %q: %w", item, err)
		}
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes(), nil
}

// splitItems cuts at every semicolon that a blank follows, outside quotes.
func splitItems(s string) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == ';' && (i+1 == len(s) || s[i+1] == ' '):
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	var items []string
	for _, item := range append(out, s[start:]) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

var (
	itemForm   = regexp.MustCompile(`(?s)^([^=]+)=(.*)$`)
	optionForm = regexp.MustCompile(`(?s)^(.*?);(filename|type)=("(?:[^"\\]|\\.)*"|[^;]*)$`)
	inlineForm = regexp.MustCompile(`(?s)^<inline (".*")>$`)
	zerosForm  = regexp.MustCompile(`^<zeros (\d+)>$`)
)

func writePart(b *bytes.Buffer, files fs.FS, item string) error {
	m := itemForm.FindStringSubmatch(item)
	if m == nil {
		return fmt.Errorf("want field=value")
	}
	field, value, options := m[1], m[2], map[string]string{}
	for {
		o := optionForm.FindStringSubmatch(value)
		if o == nil {
			break
		}
		value, options[o[2]] = o[1], unquote(o[3])
	}
	data, name, err := partContent(files, value)
	if err != nil {
		return err
	}
	if given, ok := options["filename"]; ok {
		name = given
	}
	fmt.Fprintf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, field)
	if name != "" {
		fmt.Fprintf(b, "; filename=\"%s\"", browserName.Replace(name))
	}
	if media := partType(name, options["type"]); media != "" {
		fmt.Fprintf(b, "\r\nContent-Type: %s", media)
	}
	fmt.Fprintf(b, "\r\n\r\n%s\r\n", data)
	return nil
}

// browserName writes a file name as browsers and the clients of the dialects do: UTF-8, with these three escaped.
var browserName = strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A")

// partContent returns the bytes that a value stands for, and the file name where it is a file.
func partContent(files fs.FS, value string) (data []byte, name string, err error) {
	if file, ok := strings.CutPrefix(value, "@"); ok {
		data, err = fs.ReadFile(files, file)
		return data, path.Base(file), err
	}
	if m := inlineForm.FindStringSubmatch(value); m != nil {
		text, err := strconv.Unquote(m[1])
		return []byte(text), "inline.txt", err
	}
	if m := zerosForm.FindStringSubmatch(value); m != nil {
		n, err := strconv.Atoi(m[1])
		return make([]byte, n), "zeros.bin", err
	}
	return []byte(unquote(value)), "", nil
}

func unquote(s string) string {
	if text, err := strconv.Unquote(s); err == nil && strings.HasPrefix(s, `"`) {
		return text
	}
	return s
}

// mediaTypes are what a client declares for an extension when the transcript does not say.
var mediaTypes = map[string]string{
	".txt": "text/plain", ".html": "text/html", ".json": "application/json", ".pdf": "application/pdf",
	".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml", ".csv": "text/csv",
}

func partType(name, given string) string {
	switch {
	case given == "none" || name == "" && given == "":
		return ""
	case given != "":
		return given
	}
	if media := mediaTypes[path.Ext(name)]; media != "" {
		return media
	}
	return "application/octet-stream"
}
