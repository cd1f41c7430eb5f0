package kintone

import (
	"encoding/base64"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"
)

// charsets are the media types that are served with a charset, in exactly these forms.
var charsets = map[string]string{
	"text/plain": "text/plain;charset=utf-8",
	"text/html":  "text/html;charset=utf-8",
	"text/csv":   "text/csv; charset=UTF-8",
}

func servedType(t string) string {
	if with, ok := charsets[t]; ok {
		return with
	}
	return t
}

// disposition is the Content-Disposition of a download. The name in it has "_" for what is illegal in file names; one with more
// than ASCII is written as RFC 2047 words, as the vendor does, and again in the form of RFC 5987, which browsers understand.
func disposition(name string) string {
	safe := headerName(name)
	if isASCII(safe) {
		return `attachment; filename="` + safe + `"`
	}
	return `attachment; filename="` + encodedWords(safe) + `"; filename*=UTF-8''` + extValue(shownName(name))
}

var illegalInNames = strings.NewReplacer("%22", "_", `"`, "_", ":", "_", "*", "_", "?", "_", "<", "_", ">", "_", "|", "_", "/", "_", `\`, "_")

// headerName is name without what is illegal in file names and headers.
func headerName(name string) string {
	name = illegalInNames.Replace(strings.ToValidUTF8(name, "_"))
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, name)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// maxWord is how many bytes one encoded word takes; longer names are halved.
const maxWord = 45

// encodedWords is s as RFC 2047 words in base64 with a blank between them.
func encodedWords(s string) string {
	if len(s) > maxWord {
		runes := []rune(s)
		half := len(runes) / 2
		return encodedWords(string(runes[:half])) + " " + encodedWords(string(runes[half:]))
	}
	return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}

// extValue is s percent-encoded as RFC 5987 wants it.
func extValue(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.NewReplacer("+", "%20", "*", "%2A", "'", "%27", "(", "%28", ")", "%29").Replace(url.QueryEscape(s))
}

const octetStream = "application/octet-stream"

// typeByName is the media type that a name's extension stands for. The table is fixed: the host's own would differ from
// machine to machine.
func typeByName(name string) string {
	if t, ok := extensionTypes[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return octetStream
}

var extensionTypes = map[string]string{
	".7z": "application/x-7z-compressed", ".aac": "audio/aac", ".ai": "application/postscript", ".apk": "application/vnd.android.package-archive",
	".avi": "video/x-msvideo", ".avif": "image/avif", ".bmp": "image/bmp", ".bz2": "application/x-bzip2", ".c": "text/plain",
	".css": "text/css", ".csv": "text/csv", ".doc": "application/msword",
	".docm": "application/vnd.ms-word.document.macroEnabled.12",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".dot":  "application/msword", ".eml": "message/rfc822", ".epub": "application/epub+zip", ".eps": "application/postscript",
	".flac": "audio/flac", ".gif": "image/gif", ".gz": "application/gzip", ".heic": "image/heic", ".heif": "image/heif",
	".htm": "text/html", ".html": "text/html", ".ico": "image/vnd.microsoft.icon", ".ics": "text/calendar",
	".jar": "application/java-archive", ".jpe": "image/jpeg", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
	".js": "text/javascript", ".json": "application/json", ".jsonl": "application/jsonl", ".log": "text/plain",
	".m4a": "audio/mp4", ".m4v": "video/x-m4v", ".md": "text/markdown", ".mid": "audio/midi", ".mjs": "text/javascript",
	".mkv": "video/x-matroska", ".mov": "video/quicktime", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".mpeg": "video/mpeg",
	".mpg": "video/mpeg", ".msg": "application/vnd.ms-outlook", ".odp": "application/vnd.oasis.opendocument.presentation",
	".ods": "application/vnd.oasis.opendocument.spreadsheet", ".odt": "application/vnd.oasis.opendocument.text",
	".oga": "audio/ogg", ".ogg": "audio/ogg", ".ogv": "video/ogg", ".otf": "font/otf", ".pdf": "application/pdf",
	".png": "image/png", ".pot": "application/vnd.ms-powerpoint", ".pps": "application/vnd.ms-powerpoint",
	".ppt":  "application/vnd.ms-powerpoint",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".ps":   "application/postscript", ".psd": "image/vnd.adobe.photoshop", ".rar": "application/vnd.rar", ".rtf": "application/rtf",
	".sql": "application/sql", ".svg": "image/svg+xml", ".tar": "application/x-tar", ".text": "text/plain", ".tgz": "application/gzip",
	".tif": "image/tiff", ".tiff": "image/tiff", ".toml": "application/toml", ".tsv": "text/tab-separated-values",
	".ttf": "font/ttf", ".txt": "text/plain", ".vcf": "text/vcard", ".wav": "audio/wav", ".weba": "audio/webm",
	".webm": "video/webm", ".webp": "image/webp", ".wmv": "video/x-ms-wmv", ".woff": "font/woff", ".woff2": "font/woff2",
	".xhtml": "application/xhtml+xml", ".xls": "application/vnd.ms-excel",
	".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xml": "application/xml",
	".yaml": "application/yaml", ".yml": "application/yaml", ".zip": "application/zip",
}
