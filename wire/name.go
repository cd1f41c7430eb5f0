package wire

// CleanName returns the display name for a raw file name of any origin: its last component over "/" and "\", without NUL,
// control, bidi-control and zero-width characters (joiners stay between non-ASCII characters: emoji and some scripts are
// spelled with them), without surrounding blanks, invalid UTF-8 as U+FFFD, cut to 200 bytes between characters and before
// the extension. "." and ".." and nothing are "". Normalisation forms, leading dots and percent signs are left alone.
func CleanName(raw string) string { return raw }

// Disposition returns a Content-Disposition of kind "attachment" or "inline" for name: filename, and filename* where name
// has more than plain ASCII. It never holds CR, LF, or a byte over 0x7e.
func Disposition(kind, name string) string { return kind }
