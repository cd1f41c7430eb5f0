package core

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"dossier"
)

// writing is one record on its way into the store: put its values, check them, then settle what files they hold.
type writing struct {
	b        *Batch
	c        *dossier.Collection
	r        *dossier.Record // becomes what is stored
	old      *dossier.Record // as it was; nil for a new one
	touched  map[string]dossier.Value
	taken    map[dossier.ID]*dossier.File // files that this write took: they are checked against their field
	problems []dossier.Problem
	freeZero bool  // see Change
	err      error // not the input's fault
}

func (b *Batch) writing(c *dossier.Collection, r, old *dossier.Record) *writing {
	if r.Values == nil {
		r.Values = map[string]dossier.Value{}
	}
	return &writing{b: b, c: c, r: r, old: old, touched: map[string]dossier.Value{}, taken: map[dossier.ID]*dossier.File{}}
}

func (w *writing) fault(code dossier.Code, params map[string]any, path ...string) {
	w.problems = append(w.problems, dossier.Problem{Path: path, Code: code, Params: params})
}

// withDefaults adds to values what a new record gets in fields that are not given.
func withDefaults(space *dossier.Space, c *dossier.Collection, values map[string]dossier.Value, now time.Time) map[string]dossier.Value {
	out := maps.Clone(values)
	if out == nil {
		out = map[string]dossier.Value{}
	}
	for _, f := range c.Fields {
		if _, given := out[f.Name]; given {
			continue
		}
		if v := f.DefaultAt(now.In(space.Settings.Location())); v != nil {
			out[f.Name] = v
		}
	}
	return out
}

// put sets the values that are fields' of the collection; others are not its business.
func (w *writing) put(ctx context.Context, values map[string]dossier.Value) {
	for _, f := range w.c.Fields {
		v, given := values[f.Name]
		if !given || f.Type == dossier.TypeAutoNumber {
			continue
		}
		if err := dossier.Fits(f, v); err != nil {
			w.fault(dossier.CodeInvalid, nil, f.Name)
			continue
		}
		switch in := v.(type) {
		case dossier.FileRefs:
			v = w.files(ctx, f, in, w.heldBefore(f, nil), f.Name)
		case dossier.Rows:
			v = w.rows(ctx, f, in)
		case dossier.List:
			v = dossier.List(dossier.Distinct(in))
		case dossier.Secret:
			w.touched[f.Name] = v // in clear, for the check
			w.r.Values[f.Name] = dossier.Secret{Hash: in.Hash}
			continue
		}
		if f.Unique && v == dossier.Text("") {
			v = nil // an empty text is an empty value, of which a unique field has any number
		}
		if w.touched[f.Name] = v; dossier.IsEmpty(v) {
			delete(w.r.Values, f.Name)
		} else {
			w.r.Values[f.Name] = v
		}
	}
}

// heldBefore are the files that f held before this write, or, in a table, that inner held in any row.
func (w *writing) heldBefore(f, inner *dossier.Field) dossier.Files {
	if w.old == nil {
		return nil
	}
	if inner == nil {
		return w.old.Files(f.Name)
	}
	var all dossier.Files
	rows, _ := w.old.Values[f.Name].(dossier.Rows)
	for _, row := range rows {
		files, _ := row.Values[inner.Name].(dossier.Files)
		all = append(all, files...)
	}
	return all
}

// rows resolves the files in a table's rows and drops the IDs of rows that the table did not have.
func (w *writing) rows(ctx context.Context, f *dossier.Field, in dossier.Rows) dossier.Value {
	known := map[int64]bool{}
	if w.old != nil {
		before, _ := w.old.Values[f.Name].(dossier.Rows)
		for _, row := range before {
			known[row.ID] = true
		}
	}
	held := map[string]dossier.Files{} // once for all rows, of which there may be many
	for _, g := range f.Fields {
		if g.IsFile() {
			held[g.Name] = w.heldBefore(f, g)
		}
	}
	out := make(dossier.Rows, len(in))
	for i, row := range in {
		next := dossier.Row{ID: row.ID, Values: make(map[string]dossier.Value, len(row.Values))}
		if !known[row.ID] {
			next.ID = 0
		}
		known[row.ID] = false
		for _, g := range f.Fields {
			v := row.Values[g.Name]
			path := []string{f.Name, strconv.Itoa(i), g.Name}
			if err := dossier.Fits(g, v); err != nil {
				w.fault(dossier.CodeInvalid, nil, path...)
				continue
			}
			switch in := v.(type) {
			case dossier.FileRefs:
				v = w.files(ctx, g, in, held[g.Name], path...)
			case dossier.List:
				v = dossier.List(dossier.Distinct(in))
			}
			if !dossier.IsEmpty(v) {
				next.Values[g.Name] = v
			}
		}
		out[i] = next
	}
	return out
}

// files turns references into the files they name.
func (w *writing) files(ctx context.Context, f *dossier.Field, refs dossier.FileRefs, before dossier.Files, path ...string) dossier.Value {
	out := make(dossier.Files, 0, len(refs))
	for i, ref := range refs {
		file, err := w.file(ctx, ref, before)
		switch dossier.KindOf(err) {
		case "":
			if !slices.ContainsFunc(out, func(f *dossier.File) bool { return f.ID == file.ID }) {
				out = append(out, file)
			}
		case dossier.NotFound, dossier.Expired, dossier.Incomplete, dossier.Denied:
			w.fault(dossier.CodeNoUpload, map[string]any{"key": string(ref.ID), "index": i}, path...)
		default:
			w.err = err
			return nil
		}
	}
	w.checkFiles(f, out, path...)
	if len(out) == 0 {
		return nil
	}
	return out
}

// file is the file that ref names, which it takes, keeps or shares.
func (w *writing) file(ctx context.Context, ref dossier.FileRef, before dossier.Files) (*dossier.File, error) {
	uploads := w.b.tx.Uploads()
	if ref.Staged != nil {
		if err := w.b.s.checkQuota(ctx, w.b.tx, ref.Staged.Size); err != nil {
			return nil, err
		}
		if err := uploads.Create(ctx, ref.Staged); err != nil {
			return nil, err
		}
		w.b.staged = append(w.b.staged, ref.Staged.ID)
		return w.took(uploads.Take(ctx, ref.Staged.ID, w.b.lease))
	}
	if !fileID(ref.ID) {
		return nil, notFound("upload")
	}
	if ref.How != dossier.TakeUpload {
		if file := among(before, ref.ID); file != nil {
			return file, nil
		}
	}
	if ref.How != dossier.KeepFile {
		file, err := w.took(uploads.Take(ctx, ref.ID, w.b.lease))
		if err == nil || ref.How != dossier.Share || dossier.KindOf(err) != dossier.NotFound {
			return file, err
		}
	}
	if ref.How != dossier.Share {
		return nil, notFound("file")
	}
	for _, file := range w.taken {
		if file.ID == ref.ID || file.ShortID() == ref.ID {
			return file, nil
		}
	}
	found, err := w.b.s.held(ctx, w.b.tx, w.b.who, ref.ID, false)
	if err != nil {
		return nil, err
	}
	return w.took(found.File, nil)
}

// took notes a file that this write takes.
func (w *writing) took(file *dossier.File, err error) (*dossier.File, error) {
	if err == nil {
		w.taken[file.ID] = file
	}
	return file, err
}

// fileID reports whether id has the form of a file's ID or of its prefix.
func fileID(id dossier.ID) bool {
	if len(id) != dossier.FileIDPrefix && len(id) != 32 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func among(files dossier.Files, id dossier.ID) *dossier.File {
	for _, f := range files {
		if f.ID == id || f.ShortID() == id {
			return f
		}
	}
	return nil
}

// settle notes who holds which file after the write, and lets go of those that are no longer held.
func (w *writing) settle(ctx context.Context) error {
	before, after := w.uses(w.old), w.uses(w.r)
	for key, use := range after {
		if _, had := before[key]; !had {
			if err := w.b.tx.Files().Hold(ctx, use); err != nil {
				return err
			}
		}
	}
	for key, use := range before {
		if _, has := after[key]; !has {
			w.b.freed = true
			if err := w.b.tx.Files().Drop(ctx, use, w.b.lease); err != nil {
				return err
			}
		}
	}
	return nil
}

type useKey struct {
	file         dossier.ID
	field, inner string
}

// uses are the attachments of r.
func (w *writing) uses(r *dossier.Record) map[useKey]dossier.Attachment {
	out := map[useKey]dossier.Attachment{}
	if r == nil {
		return out
	}
	add := func(file *dossier.File, field, inner string) {
		out[useKey{file.ID, field, inner}] = dossier.Attachment{File: file, Collection: w.c.ID, Record: r.ID, Field: field, Inner: inner}
	}
	for _, f := range w.c.Fields {
		for _, file := range r.Files(f.Name) {
			add(file, f.Name, "")
		}
		rows, _ := r.Values[f.Name].(dossier.Rows)
		for _, row := range rows {
			for _, g := range f.Fields {
				files, _ := row.Values[g.Name].(dossier.Files)
				for _, file := range files {
					add(file, f.Name, g.Name)
				}
			}
		}
	}
	return out
}
