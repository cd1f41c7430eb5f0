package kintone

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"dossier"
	"dossier/core"
	"dossier/wire"
)

// uploadFile answers POST file.json. The bytes go from the socket to where they stay; the request token of a session may come
// after them, so a refusal can come when they are there.
func (h *handler) uploadFile(c *call) (any, error) {
	form, err := wire.OpenMultipart(c.r, wire.Limits{})
	if err != nil {
		return nil, c.uploadFault(err)
	}
	defer form.Close()
	upload, err := c.receive(form)
	if err != nil {
		if upload != nil {
			h.svc.Discard(context.WithoutCancel(c.ctx()), upload)
		}
		return nil, c.uploadFault(err)
	}
	return map[string]string{"fileKey": uploadKey(upload.ID)}, nil
}

// receive reads the form to its end and keeps its one file. An upload that comes with an error is to be discarded.
func (c *call) receive(form *wire.Multipart) (upload *dossier.Upload, err error) {
	var token any
	for {
		part, err := form.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return upload, err
		}
		switch part.Name {
		case requestTokenKey:
			if token, err = part.Text(); err != nil {
				return upload, err
			}
		case "file":
			if upload != nil {
				return upload, fail(codeIllegal)
			}
			if upload, err = c.keep(part); err != nil {
				return nil, err
			}
		}
	}
	if upload == nil {
		return nil, fail(codeIllegal)
	}
	if token == nil {
		token = queryToken(c.r)
	}
	return upload, c.checkRequestToken(token)
}

// queryToken is the request token in the query string, nil if it is not there.
func queryToken(r *http.Request) any {
	if token, ok := wire.ParseQueryLenient(r.URL.RawQuery).Get(requestTokenKey); ok {
		return token
	}
	return nil
}

// keep takes the bytes of the part "file".
func (c *call) keep(part *wire.Part) (*dossier.Upload, error) {
	name := wire.CleanName(part.FileName)
	if !part.HasFileName || name == "" {
		return nil, fail(codeIllegal)
	}
	in := core.Incoming{Name: name, Declared: declaredType(part.ContentType, name)}
	return c.h.svc.Upload(c.ctx(), c.who, in, part)
}

// uploadFault is what an upload that failed is answered with.
func (c *call) uploadFault(err error) error {
	var f *fault
	switch {
	case errors.As(err, &f):
	case errors.Is(err, wire.ErrTooManyParts):
		f = &fault{code: codeIllegal, err: err}
	case errors.Is(err, dossier.TooLarge):
		f = &fault{code: codeBigFile, err: err}
	case errors.Is(err, dossier.Invalid), errors.Is(err, dossier.Unsupported), errors.Is(err, dossier.Incomplete):
		f = &fault{code: codeMultipart, err: err}
	default:
		f = faultOf(err, c.who)
	}
	begun := *f
	begun.begun = true
	return &begun
}

// declaredType is the bare media type of a file: what the sender says, else what the name says.
func declaredType(said, name string) string {
	if t, _, err := mime.ParseMediaType(said); err == nil && strings.Contains(t, "/") && t != octetStream {
		return t
	}
	return typeByName(name)
}

// contentType is the bare media type that a file is shown with.
func contentType(f *dossier.File) string {
	if f.Declared != "" {
		bare, _, _ := strings.Cut(f.Declared, ";")
		return strings.TrimSpace(bare)
	}
	return typeByName(f.Name)
}

// downloadFile answers GET file.json: the bytes behind a key that a record shows.
func (h *handler) downloadFile(c *call) (any, error) {
	key := strings.TrimSpace(c.str("fileKey"))
	if key == "" && len(c.wrong) == 0 {
		c.wrong.add("fileKey", say(textParam))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	found, err := c.held(key)
	if err != nil {
		return nil, err
	}
	file := found.File
	header := c.w.Header()
	header.Set("Content-Type", servedType(contentType(file)))
	header.Set("Content-Disposition", disposition(file.Name))
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	r := c.r
	if r.Method == http.MethodPost { // with X-HTTP-Method-Override
		r = r.WithContext(c.ctx())
		r.Method = http.MethodGet
	}
	return nil, wire.Serve(c.w, r, wire.Content{
		Size: file.Size, ModTime: file.Created, ETag: `"` + file.SHA256 + `"`,
		Open: func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
			return h.svc.OpenFile(ctx, file, off, n)
		},
	})
}

// held finds the file behind a record's key where the caller may view a record and field that hold it.
func (c *call) held(key string) (*core.Found, error) {
	missing := fail(codeNoFile, key)
	id, ok := heldID(key)
	if !ok {
		missing.hint = c.uploadHint(key)
		return nil, missing
	}
	found, err := c.h.svc.HeldFile(c.ctx(), c.who, id)
	if dossier.KindOf(err) == dossier.NotFound {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	switch {
	case found.Collection == nil || found.Collection.System || found.Collection.Draft || recordKey(found.File) != key:
		return nil, missing
	case c.guestSpace != "":
		return nil, fail(codeForbidden)
	case found.Field != nil && found.Field.Hidden && !c.who.IsSuper():
		return nil, fail(deniedTo(c.who))
	}
	return found, nil
}

// uploadHint tells who tries to download by an upload's key that it is one; "" where the key names no upload that waits.
func (c *call) uploadHint(key string) text {
	id, ok := uploadID(key)
	if !ok {
		return ""
	}
	if _, err := c.h.svc.FindUpload(c.ctx(), c.who, id); err != nil {
		return ""
	}
	return textHintUpload
}
