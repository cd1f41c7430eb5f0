package knack

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/unicode/norm"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/thumb"
	"dossier/wire"
)

// assetPurpose names the signing key of secure assets' addresses.
const assetPurpose = "asset-url"

// partNames are the names of the parts that hold files; the others count only where there is no part of the first.
var partNames = []string{"files", "file", "files[]", "image"}

// uploadAssets keeps the files of a form. One answers as an object, several as a list; if one is refused none is kept.
func (h *handler) uploadAssets(w http.ResponseWriter, r *http.Request) error {
	kind := r.PathValue("kind")
	if kind != typeFile && kind != typeImage {
		return errNotFound
	}
	space := h.svc.Space()
	who, err := h.uploader(space, r)
	if err != nil {
		return err
	}
	h.tellLimits(w, space, 0) // uploads do not count
	uploads, err := h.receive(r, who, kind)
	if err != nil {
		return uploadFault(err)
	}
	a := h.addresser(r, space)
	out := make([]object, len(uploads))
	for i, u := range uploads {
		out[i] = a.uploaded(u, kind)
	}
	if len(out) == 1 {
		return writeJSON(w, out[0])
	}
	return writeJSON(w, out)
}

// uploaded is the vendor's answer for one upload, with the address under "url" too, where some clients look for it.
func (a *addresser) uploaded(u *dossier.Upload, kind string) object {
	address, thumb := a.addresses(&u.File, kind == typeImage, false)
	return object{
		{"id", string(u.ShortID())},
		{"type", kind},
		{"filename", u.Name},
		{"public_url", address},
		{"thumb_url", thumb},
		{"size", u.Size},
		{"url", address},
	}
}

// A received is an upload and the name of the part that it came in.
type received struct {
	part   string
	upload *dossier.Upload
}

// receive keeps the files of a form.
func (h *handler) receive(r *http.Request, who access.Principal, kind string) ([]*dossier.Upload, error) {
	form, err := wire.OpenMultipart(r, wire.Limits{GuessBoundary: true})
	if err != nil {
		return nil, err
	}
	defer form.Close()
	var all []received
	for {
		part, err := form.Next()
		if err == io.EOF {
			break
		}
		if err == nil && (!part.HasFileName || !slices.Contains(partNames, part.Name)) {
			continue
		}
		var u *dossier.Upload
		if err == nil {
			u, err = h.keep(r, who, kind, part)
		}
		if err != nil {
			h.discard(r, all, "")
			return nil, err
		}
		all = append(all, received{part.Name, u})
	}
	return h.choose(r, all)
}

// choose takes the uploads of the best part name that there is and lets go of the others.
func (h *handler) choose(r *http.Request, all []received) ([]*dossier.Upload, error) {
	if len(all) == 0 {
		return nil, errNoFile
	}
	best := ""
	if slices.ContainsFunc(all, func(x received) bool { return x.part == partNames[0] }) {
		best = partNames[0]
		h.discard(r, all, best)
	}
	var uploads []*dossier.Upload
	for _, x := range all {
		if best == "" || x.part == best {
			uploads = append(uploads, x.upload)
		}
	}
	return uploads, nil
}

// discard lets go of uploads, but for those of the part named except.
func (h *handler) discard(r *http.Request, all []received, except string) {
	for _, x := range all {
		if except == "" || x.part != except {
			h.svc.Discard(r.Context(), x.upload)
		}
	}
}

// keep streams one part into an upload.
func (h *handler) keep(r *http.Request, who access.Principal, kind string, part *wire.Part) (*dossier.Upload, error) {
	in := core.Incoming{Name: fileName(part.FileName), Declared: bareType(part.ContentType), Kind: kind, ImageOnly: kind == typeImage}
	var body io.Reader = part
	if in.Name == "" {
		peeked := bufio.NewReaderSize(part, sniffed)
		head, err := peeked.Peek(sniffed)
		if err != nil && err != io.EOF {
			return nil, err
		}
		in.Name, body = "file"+mimetype.Detect(head).Extension(), peeked
	}
	return h.svc.Upload(r.Context(), who, in, body)
}

// sniffed is how many bytes tell what a file without a name is.
const sniffed = 3072

// fileName is the name to keep of one that a client sent: composed, without folders and blanks or dots around it.
func fileName(raw string) string {
	return strings.Trim(norm.NFC.String(wire.CleanName(raw)), " .")
}

// bareType is a media type without its parameters, "" if s is none.
func bareType(s string) string {
	t, _, _ := strings.Cut(s, ";")
	if t = strings.ToLower(strings.TrimSpace(t)); !strings.Contains(t, "/") {
		return ""
	}
	return t
}

// uploadFault words what went wrong with an upload.
func uploadFault(err error) error {
	var e *dossier.Error
	if errors.As(err, &e) {
		for _, p := range e.Problems {
			switch p.Code {
			case dossier.CodeNotImage:
				return notImage
			case dossier.CodeFileTooLarge:
				return errBigFile
			}
		}
	}
	for _, cause := range []error{wire.ErrNotMultipart, wire.ErrContentEncoding, wire.ErrTruncated, wire.ErrDisposition, wire.ErrPartHeader, wire.ErrTooManyParts} {
		if errors.Is(err, cause) {
			return errMultipart
		}
	}
	return err
}

// downloadAsset sends the bytes of an asset.
func (h *handler) downloadAsset(w http.ResponseWriter, r *http.Request) error {
	found, err := h.findAsset(r)
	if err != nil {
		return err
	}
	return h.serveFile(w, r, found)
}

// downloadImage sends the bytes of an image, or its thumbnail. There is one thumbnail, whatever number is asked for.
func (h *handler) downloadImage(w http.ResponseWriter, r *http.Request) error {
	size := r.PathValue("size")
	numbered, isNumbered := strings.CutPrefix(size, "thumb_")
	if _, err := strconv.ParseUint(numbered, 10, 32); size != "original" && size != "thumb" && (!isNumbered || err != nil) {
		return errNotFound
	}
	found, err := h.findAsset(r)
	if err != nil {
		return err
	}
	if size == "original" {
		return h.serveFile(w, r, found)
	}
	return h.serveThumb(w, r, found)
}

// findAsset finds the asset in the path. A protected one needs a signed address, or a key or user whom the record's rules let in: a
// guest does not get it here, even where the rules would have it.
func (h *handler) findAsset(r *http.Request) (*core.Found, error) {
	space := h.svc.Space()
	id := assetID(r.PathValue("asset"))
	if id == "" || !strings.EqualFold(r.PathValue("app"), space.Application) {
		return nil, errNotFound
	}
	found, err := h.svc.SharedFile(r.Context(), access.Guest(), id)
	if dossier.KindOf(err) != dossier.Denied && (err != nil || !found.Protected) {
		return found, err
	}
	if h.isSigned(r, id) {
		return h.svc.SharedFile(r.Context(), access.System(), id)
	}
	who, authErr := h.downloader(space, r)
	if authErr != nil || who.IsGuest() {
		return nil, errToken
	}
	found, err = h.svc.SharedFile(r.Context(), who, id)
	if dossier.KindOf(err) == dossier.Denied {
		return nil, errToken
	}
	return found, err
}

// downloader is the holder of a real key or of a user's token; the application in the path is enough.
func (h *handler) downloader(space *dossier.Space, r *http.Request) (access.Principal, error) {
	if id := strings.TrimSpace(r.Header.Get(headerApp)); id != "" && !strings.EqualFold(id, space.Application) {
		return access.Guest(), errToken
	}
	if key := strings.TrimSpace(r.Header.Get(headerKey)); key != "" && !isLiteral(key) {
		return h.keyHolder(key)
	}
	return h.byToken(space, r)
}

// isSigned reports whether the address of the request is signed for the asset.
func (h *handler) isSigned(r *http.Request, id dossier.ID) bool {
	params := wire.ParseQueryLenient(r.URL.RawQuery)
	expires, _ := params.Get("expires")
	signature, _ := params.Get("signature")
	return signed(h.svc.SpaceKey(assetPurpose), id[:dossier.FileIDPrefix], expires, signature, h.svc.Now())
}

// thumbnail is the one size of thumbnails: "Images", 200 pixels at most each way.
var thumbnail = thumb.Spec{Width: 200, Height: 200, Mode: thumb.Fit}

// serveThumb sends the thumbnail, or the file where there cannot be one.
func (h *handler) serveThumb(w http.ResponseWriter, r *http.Request, found *core.Found) error {
	p, err := h.svc.Thumbnail(r.Context(), found.File, thumbnail)
	switch dossier.KindOf(err) {
	case "":
	case dossier.Unsupported, dossier.TooLarge, dossier.Invalid, dossier.Busy:
		return h.serveFile(w, r, found)
	default:
		return err
	}
	setFileHeaders(w.Header(), found, p.Type)
	return wire.Serve(w, r, wire.Content{Size: p.Size, ETag: `"` + string(found.File.ShortID()) + "-200x200f" + `"`, ModTime: found.File.Created, Open: p.Open})
}

func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, found *core.Found) error {
	f := found.File
	setFileHeaders(w.Header(), found, f.Sniffed)
	content := wire.Content{Size: f.Size, ETag: `"` + f.SHA256 + `"`, ModTime: f.Created}
	content.Open = func(ctx context.Context, off, n int64) (io.ReadCloser, error) { return h.svc.OpenFile(ctx, f, off, n) }
	return wire.Serve(w, r, content)
}

// setFileHeaders sets what makes foreign bytes harmless in a browser.
func setFileHeaders(header http.Header, found *core.Found, mediaType string) {
	header.Set("Content-Type", mediaType)
	header.Set("Content-Disposition", wire.Disposition(dispositionOf(mediaType), found.File.Name))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if found.Protected {
		header.Set("Cache-Control", "private, no-store")
	}
}

// dispositionOf says whether a browser may show a type in its window: raster images, PDF, plain text, sound and film.
func dispositionOf(mediaType string) string {
	t := bareType(mediaType)
	kind, _, _ := strings.Cut(t, "/")
	switch {
	case t == "image/svg+xml":
	case kind == "image", kind == "audio", kind == "video", t == "application/pdf", t == "text/plain":
		return "inline"
	}
	return "attachment"
}
