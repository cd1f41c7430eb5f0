package dossier

import "time"

// A Chunk is a run of bytes of an upload or file, kept as one blob.
type Chunk struct {
	Key  string // the blob's key: the file's ID, "/", something random
	Size int64  // bytes
}

// A File is a kept run of bytes with what is known of it. It exists once it is uploaded; records hold it by its ID.
type File struct {
	ID   ID     // 32 hexadecimal digits; its first FileIDPrefix digits are enough to find it
	Name string // the name it was uploaded under, cleaned
	// Slug is the name it has in a URL: made once from Name, unique in practice, and of harmless characters only.
	Slug string
	// Declared is the media type that the uploader gave or the name implies; Sniffed the one that the bytes show. Both are bare,
	// but Sniffed may carry a charset.
	Declared, Sniffed string
	Size              int64  // bytes
	SHA256            string // of the bytes, 64 hexadecimal digits
	Chunks            []Chunk
	Created           time.Time // when the upload was complete
}

// ShortID is the part of the ID that is enough to find the file.
func (f *File) ShortID() ID { return f.ID[:FileIDPrefix] }

// An Upload is bytes that no record holds: a lease that ends at Expires.
type Upload struct {
	File
	Owner   string // who sent it, for the log and quotas; the key alone is what lets others attach it
	Kind    string // what its dialect wants to remember of it; core does not read it
	Expires time.Time
	// Length is the number of bytes announced, -1 where the upload came whole. Size counts those that have arrived.
	Length int64
}

// Complete reports whether all announced bytes have arrived.
func (u *Upload) Complete() bool { return u.Length < 0 || u.Size == u.Length }

// An Attachment is one use of a file: by a field of a record, or by a field of a table's rows in it.
type Attachment struct {
	File       *File
	Collection ID
	Record     ID
	Field      string // the top-level field's name
	Inner      string // the table field's field's name; "" outside tables
}
