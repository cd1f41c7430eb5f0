package knack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dossier"
)

// signedFor is how long the address of a secure asset is good.
const signedFor = time.Hour

// An addresser makes the addresses of assets for one answer.
type addresser struct {
	base string // origin, without a slash at the end
	app  string
	key  []byte    // signs addresses of secure assets
	now  time.Time // of the answer
}

// addresses are a file's address and its thumbnail's, which is "" unless it is shown as an image.
func (a *addresser) addresses(f *dossier.File, asImage, secure bool) (address, thumb string) {
	id, name := string(f.ShortID()), url.PathEscape(f.Name)
	query := ""
	if secure {
		query = a.signature(f.ShortID())
	}
	if !asImage {
		return a.base + "/v1/applications/" + a.app + "/download/asset/" + id + "/" + name + query, ""
	}
	folder := a.base + "/assets/" + a.app + "/" + id
	return folder + "/original/" + name + query, folder + "/thumb/" + name + query
}

// signature is the query that opens a secure asset for a while. The end is rounded up to a minute, so that answers of one minute
// agree.
func (a *addresser) signature(id dossier.ID) string {
	expires := strconv.FormatInt(a.now.Add(signedFor).Truncate(time.Minute).Add(time.Minute).Unix(), 10)
	return "?expires=" + expires + "&signature=" + sign(a.key, id, expires)
}

func sign(key []byte, id dossier.ID, expires string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(string(id) + "\x00" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// signed reports whether expires and signature open the asset at that time.
func signed(key []byte, id dossier.ID, expires, signature string, now time.Time) bool {
	end, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || now.Unix() >= end {
		return false
	}
	return hmac.Equal([]byte(sign(key, id, expires)), []byte(signature))
}

// asset is the vendor's raw value of a file in f, its nine keys.
func (a *addresser) asset(f *dossier.Field, file *dossier.File) object {
	isImage := f.Type == dossier.TypeImage
	address, thumb := a.addresses(file, isImage, f.Protected)
	return object{
		{"id", string(file.ShortID())},
		{"application_id", a.app},
		{"s3", true},
		{"type", assetType(f)},
		{"filename", file.Name},
		{"url", address},
		{"thumb_url", thumb},
		{"size", file.Size},
		{"field_key", fieldKey(f)},
	}
}

// markup is the vendor's formatted value of a file in f: an anchor, or a picture.
func (a *addresser) markup(f *dossier.Field, file *dossier.File) string {
	address, _ := a.addresses(file, f.Type == dossier.TypeImage, f.Protected)
	if f.Type == dossier.TypeImage {
		return `<img src="` + escapeAttr(address) + `" />`
	}
	name := escapeAttr(file.Name)
	return `<a class="kn-view-asset" data-field-key="` + fieldKey(f) + `" data-asset-id="` + string(file.ShortID()) +
		`" data-file-name="` + name + `" href="` + escapeAttr(address) + `">` + name + `</a>`
}

// assets are the two values of a file field. The raw value of several files is the first one's, with all of them under "files".
func (a *addresser) assets(f *dossier.Field, files dossier.Files) (formatted string, raw object) {
	all := make([]object, len(files))
	tags := make([]string, len(files))
	for i, file := range files {
		all[i], tags[i] = a.asset(f, file), a.markup(f, file)
	}
	raw = all[0]
	if len(all) > 1 {
		raw = append(raw[:len(raw):len(raw)], pair{"files", all})
	}
	return strings.Join(tags, "<br />"), raw
}

// assetID reads the ID of an asset in any form that a dialect gives out: 24 or 32 hexadecimal digits, a UUID, or the formatted value
// of an asset. "" if it is none.
func assetID(s string) dossier.ID {
	s = strings.TrimSpace(s)
	if id, ok := attribute(s, "a", "data-asset-id"); ok {
		s = id
	} else if src, ok := attribute(s, "img", "src"); ok {
		s = assetInAddress(src)
	} else if strings.Contains(s, "/") {
		s = assetInAddress(s)
	}
	s = strings.ToLower(strings.ReplaceAll(s, "-", ""))
	if len(s) != dossier.FileIDPrefix && len(s) != 2*16 || strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return dossier.ID(s)
}

// assetInAddress finds the ID in an address of this server: the segment after "asset", or the one before "original" or "thumb".
func assetInAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	segments := strings.Split(u.Path, "/")
	for i, s := range segments {
		switch {
		case s == "asset" && i+1 < len(segments):
			return segments[i+1]
		case i > 0 && (s == "original" || strings.HasPrefix(s, "thumb")):
			return segments[i-1]
		}
	}
	return ""
}
