package pocketbase

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/thumb"
	"dossier/wire"
)

// The headers of every file.
const (
	filePolicy    = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
	cachePublic   = "max-age=2592000, stale-while-revalidate=86400"
	cachePrivate  = "private, max-age=2592000, stale-while-revalidate=86400"
	cacheFallback = "max-age=60"
	cacheSecret   = "private, max-age=60"
	// thumbHeader says why the original is served although a thumbnail was asked for.
	thumbHeader = "X-Thumb-Fallback"
)

// alwaysThumb is the size that every picture may be asked for in.
const alwaysThumb = "100x100"

// inlineTypes are the media types that a browser may show; everything else is to be saved.
var inlineTypes = map[string]bool{
	"image/png": true, "image/jpg": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/x-icon": true, "image/bmp": true,
	"video/webm": true, "video/mp4": true, "video/3gpp": true, "video/quicktime": true, "video/x-ms-wmv": true,
	"audio/basic": true, "audio/aiff": true, "audio/mpeg": true, "audio/midi": true, "audio/mp3": true, "audio/wave": true, "audio/wav": true,
	"audio/x-wav": true, "audio/x-mpeg": true, "audio/x-m4a": true, "audio/aac": true,
	"application/pdf": true, "application/x-pdf": true,
}

// typeByExtension is shown instead of the sniffed type.
var typeByExtension = map[string]string{
	".svg": "image/svg+xml", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

// fileToken is POST /api/files/token.
func (h *handler) fileToken(w http.ResponseWriter, r *http.Request) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	if err := requireUser(who); err != nil {
		return err
	}
	token, err := h.signFile(who)
	if err != nil {
		return newError(http.StatusBadRequest, "Failed to generate file token.", nil)
	}
	return h.reply(w, r, map[string]any{"token": token})
}

// downloadFile is GET /api/files/{collection}/{record}/{filename}.
func (h *handler) downloadFile(w http.ResponseWriter, r *http.Request) error {
	c, ok := findCollection(h.svc.Space(), r.PathValue("collection"))
	if !ok {
		if _, table := findTable(h.svc.Space(), r.PathValue("collection")); table {
			return errNotFound
		}
		return newError(http.StatusNotFound, msgNoCollection, nil)
	}
	q := wire.ParseQueryLenient(r.URL.RawQuery)
	who, err := h.fileReader(r, q)
	if err != nil {
		return err
	}
	found, err := h.svc.RecordFile(r.Context(), who, c, dossier.ID(r.PathValue("record")), r.PathValue("filename"))
	if k := dossier.KindOf(err); k == dossier.Denied || k == dossier.NotFound {
		return errNotFound
	}
	if err != nil {
		return err
	}
	if outnumbered(found) {
		return errNotFound
	}
	return h.serveFile(w, r, found, q)
}

// outnumbered reports whether a field that became single holds a later file too: that is the one it shows.
func outnumbered(found *core.Found) bool {
	f, _ := found.Collection.Field(found.Field.Name)
	if f != found.Field || f.Multiple() {
		return false
	}
	held := found.Record.Files(f.Name)
	return len(held) > 1 && held[len(held)-1].ID != found.File.ID
}

// fileReader says who reads a file: the holder of the file token in the URL, a guest without one that holds.
func (h *handler) fileReader(r *http.Request, q wire.Pairs) (access.Principal, error) {
	text, _ := q.Get("token")
	p, err := h.verify(r, text, tokenFile)
	if dossier.KindOf(err) == dossier.Unauthenticated {
		p, err = proof{who: wire.GuestOf(r)}, nil
	}
	return within(p.who, contextProtected), err
}

// A served file is the bytes that answer, and their headers.
type served struct {
	name, mediaType, cache string
	inline                 bool
	content                wire.Content
}

func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, found *core.Found, q wire.Pairs) error {
	s := h.original(found)
	if size, _ := q.Get("thumb"); size != "" {
		small, why := h.thumbnail(r.Context(), found, size)
		if why != "" {
			w.Header().Set(thumbHeader, why)
			s.cache = cacheFallback
			if found.Protected {
				s.cache = cacheSecret
			}
		} else {
			s = small
		}
	}
	if download, _ := q.Get("download"); isTrue(download) {
		s.inline = false
	}
	s.head(w.Header())
	err := wire.Serve(w, r, s.content)
	if errors.Is(err, errBlob) {
		w.Header().Del(thumbHeader)
		return h.blobError(r, err)
	}
	return err
}

// isTrue reads the truth value of a query parameter; what is none is false.
func isTrue(text string) bool {
	b, _ := strconv.ParseBool(text)
	return b
}

// head sets what describes the file.
func (s *served) head(head http.Header) {
	head.Del("X-Frame-Options")
	head.Set("Content-Security-Policy", filePolicy)
	head.Set("Cache-Control", s.cache)
	head.Set("Content-Type", s.mediaType)
	kind := "attachment"
	if s.inline {
		kind = "inline"
	}
	head.Set("Content-Disposition", kind+"; filename="+s.name)
}

// original is the file as it was uploaded.
func (h *handler) original(found *core.Found) *served {
	f := found.File
	return &served{
		name: f.Slug, mediaType: shownType(f), inline: inlineTypes[bareType(f.Sniffed)], cache: cacheOf(found),
		content: wire.Content{
			Size: f.Size, ModTime: f.Created, ETag: `"` + f.SHA256 + `"`, HeadRanges: true,
			Open: func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
				return opened(h.svc.OpenFile(ctx, f, off, n))
			},
		},
	}
}

func cacheOf(found *core.Found) string {
	if found.Protected {
		return cachePrivate
	}
	return cachePublic
}

// shownType is the sniffed type, or the one that the extension says where browsers need it.
func shownType(f *dossier.File) string {
	if t, ok := typeByExtension[path.Ext(f.Slug)]; ok {
		return t
	}
	if _, _, err := mime.ParseMediaType(f.Sniffed); err != nil {
		return "application/octet-stream"
	}
	return f.Sniffed
}

// thumbnail is the picture in that size, or why there is none.
func (h *handler) thumbnail(ctx context.Context, found *core.Found, size string) (s *served, why string) {
	if size != alwaysThumb && (found.Field == nil || !slices.Contains(found.Field.Thumbs, size)) {
		return nil, "size"
	}
	spec, err := thumb.Parse(size)
	if err != nil {
		return nil, "size"
	}
	if !core.IsPicture(found.File) {
		return nil, "type"
	}
	p, err := h.svc.Thumbnail(ctx, found.File, spec)
	if err != nil {
		return nil, "failed"
	}
	return &served{
		name: size + "_" + found.File.Slug, mediaType: p.Type, inline: true, cache: cacheOf(found),
		content: wire.Content{
			Size: p.Size, ModTime: found.File.Created, ETag: pictureTag(p.Key), HeadRanges: true,
			Open: func(ctx context.Context, off, n int64) (io.ReadCloser, error) { return opened(p.Open(ctx, off, n)) },
		},
	}, ""
}

// pictureTag is a tag that tells nothing of the key.
func pictureTag(key string) string {
	sum := sha256.Sum256([]byte(key))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// errBlob marks errors of opening bytes.
var errBlob = errors.New("open the bytes")

// opened marks the error of opening bytes.
func opened(rc io.ReadCloser, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, errors.Join(errBlob, err)
	}
	return rc, nil
}

// blobError answers that the bytes of a file cannot be opened: not found where they are missing.
func (h *handler) blobError(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return err
	}
	if errors.Is(err, dossier.NotFound) {
		return errNotFound // given up by its record just before
	}
	h.svc.Log().ErrorContext(r.Context(), "file cannot be opened", "error", err)
	return newError(http.StatusBadRequest, "Filesystem initialization failure.", nil)
}
