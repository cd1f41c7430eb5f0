package pocketbase

import (
	"slices"
	"strconv"

	"dossier"
	"dossier/wire"
)

// An element is one file of a field's new list: one that the record holds, or one that has arrived.
type element struct {
	name string // of a file that the record holds
	in   *incoming
}

// files applies what the form says of a file field.
func (e *edit) files(f *dossier.Field) {
	have := e.held(f)
	list, touched := e.newList(f, have)
	if !touched {
		if len(have) > max(1, f.MaxSelect) {
			e.fault(dossier.CodeTooMany, map[string]any{"max": f.MaxSelect}, f.Name)
		}
		return
	}
	if !f.Multiple() && len(list) > 1 {
		list = list[len(list)-1:]
	}
	if e.faultyFiles(f, list, have) {
		return
	}
	refs := make(dossier.FileRefs, len(list))
	for i, x := range list {
		refs[i] = refOf(x, have)
	}
	e.values[f.Name] = refs
}

// held are the files that the field holds now; of one that became single, the last.
func (e *edit) held(f *dossier.Field) dossier.Files {
	files, _ := e.current(f).(dossier.Files)
	if !f.Multiple() && len(files) > 1 {
		return files[len(files)-1:]
	}
	return files
}

// newList is the field's list as the form makes it of the one that there is: by the names that it gives, and then by the files. Plain
// files come behind the plain names, whatever the signs say of names.
func (e *edit) newList(f *dossier.Field, have dossier.Files) (list []element, touched bool) {
	for _, file := range have {
		list = append(list, element{name: file.Slug})
	}
	list, named := signed(f, list, []sign{signSet, signRemove, signAppend, signPrepend}, e.names)
	if plain, ok := e.arrived(f.Name); ok {
		names, _ := e.names(f.Name)
		list, touched = append(names, plain...), true
	}
	list, added := signed(f, list, []sign{signAppend, signPrepend}, e.arrived)
	return dossier.Distinct(list), named || touched || added
}

// signed applies to list what is given under the field's name with the signs; given reports false where nothing is.
func signed(f *dossier.Field, list []element, signs []sign, given func(key string) ([]element, bool)) (out []element, touched bool) {
	for _, s := range signs {
		elements, ok := given(keyOf(f.Name, s))
		if !ok {
			continue
		}
		touched = true
		switch s {
		case signSet:
			list = elements
		case signRemove:
			list = slices.DeleteFunc(list, func(x element) bool { return slices.Contains(elements, x) })
		case signAppend:
			list = append(list, elements...)
		case signPrepend:
			list = append(elements, list...)
		}
	}
	return list, touched
}

// names are those of files that the form has under key.
func (e *edit) names(key string) (list []element, ok bool) {
	raw, ok := e.form.values[key]
	for _, name := range toList(raw) {
		list = append(list, element{name: name})
	}
	return list, ok
}

// arrived are the files that the form has under key.
func (e *edit) arrived(key string) (list []element, ok bool) {
	for _, in := range e.form.files[key] {
		list = append(list, element{in: in})
	}
	return list, list != nil
}

// faultyFiles notes the first thing that is wrong with a new list: foreign names, too many, a file that could not be taken.
func (e *edit) faultyFiles(f *dossier.Field, list []element, have dossier.Files) bool {
	var foreign []string
	var broken *dossier.Problem
	for _, x := range list {
		switch {
		case x.in == nil && fileNamed(have, x.name) == nil:
			foreign = append(foreign, x.name)
		case x.in != nil && x.in.problem != nil && broken == nil:
			broken = x.in.problem
		}
	}
	switch most := max(1, f.MaxSelect); {
	case foreign != nil:
		e.fault(dossier.CodeNoUpload, map[string]any{"keys": foreign}, f.Name)
	case len(list) > most:
		e.fault(dossier.CodeTooMany, map[string]any{"max": most}, f.Name)
	case broken != nil:
		e.problems = append(e.problems, *broken)
	default:
		return false
	}
	return true
}

func fileNamed(files dossier.Files, slug string) *dossier.File {
	for _, f := range files {
		if f.Slug == slug {
			return f
		}
	}
	return nil
}

func refOf(x element, have dossier.Files) dossier.FileRef {
	if x.in != nil {
		return dossier.FileRef{Staged: x.in.upload}
	}
	return dossier.FileRef{ID: fileNamed(have, x.name).ID, How: dossier.KeepFile}
}

// unused are the staged uploads that a change does not attach.
func (f *form) unused(values map[string]dossier.Value) []*dossier.Upload {
	used := map[*dossier.Upload]bool{}
	for _, v := range values {
		refs, _ := v.(dossier.FileRefs)
		for _, ref := range refs {
			used[ref.Staged] = true
		}
	}
	return slices.DeleteFunc(f.staged(), func(u *dossier.Upload) bool { return used[u] })
}

// table reads a list of row objects, or a text that holds one.
func (e *edit) table(f *dossier.Field, raw any, path []string) (dossier.Value, bool) {
	if text, ok := raw.(string); ok {
		if text == "" {
			return nil, true
		}
		parsed, err := wire.ParseJSON([]byte(text))
		if err != nil {
			e.fault(codeJSON, nil, path...)
			return nil, false
		}
		raw = parsed
	}
	list, ok := raw.([]any)
	if !ok {
		e.fault(dossier.CodeInvalid, nil, path...)
		return nil, false
	}
	rows, kept := make(dossier.Rows, 0, len(list)), e.kept(f)
	for i, element := range list {
		object, isObject := element.(map[string]any)
		row, good := e.row(f, kept, object, append(slices.Clone(path), strconv.Itoa(i)))
		if !isObject {
			e.fault(dossier.CodeInvalid, nil, append(slices.Clone(path), strconv.Itoa(i))...)
		}
		rows, ok = append(rows, row), ok && good && isObject
	}
	return rows, ok
}

// row reads one row of a table; a file column takes names of files that this column holds already in some row.
func (e *edit) row(table *dossier.Field, kept keptTable, object map[string]any, path []string) (dossier.Row, bool) {
	row := dossier.Row{Values: map[string]dossier.Value{}}
	if _, field := table.Field(rowKey); !field {
		row.ID = rowID(object[rowKey])
	}
	was := kept.rows[row.ID]
	ok := true
	for _, f := range table.Fields {
		at := append(slices.Clone(path), f.Name)
		if f.IsFile() {
			ok = e.rowFiles(kept.files[f.Name], f, object[f.Name], row, at) && ok
			continue
		}
		v, good := e.decode(f, object[f.Name], at...)
		if ok = ok && good; good && v != nil {
			row.Values[f.Name] = unlessSentBack(was.Values[f.Name], object[f.Name], v)
		}
	}
	return row, ok
}

// A keptTable is a table as it is now: its rows by their IDs, and the files that each column holds in any of them.
type keptTable struct {
	rows  map[int64]dossier.Row
	files map[string]dossier.Files
}

func (e *edit) kept(table *dossier.Field) keptTable {
	rows, _ := e.current(table).(dossier.Rows)
	k := keptTable{make(map[int64]dossier.Row, len(rows)), map[string]dossier.Files{}}
	for _, r := range rows {
		k.rows[r.ID] = r
		for _, f := range table.Fields {
			if files, ok := r.Values[f.Name].(dossier.Files); ok {
				k.files[f.Name] = append(k.files[f.Name], files...)
			}
		}
	}
	return k
}

func rowID(raw any) int64 {
	id, err := strconv.ParseInt(toText(raw), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// rowFiles reads the names of the files, of those that the column f has in any row, that row is to hold.
func (e *edit) rowFiles(have dossier.Files, f *dossier.Field, raw any, row dossier.Row, path []string) bool {
	var refs dossier.FileRefs
	var foreign []string
	for _, name := range toList(raw) {
		if file := fileNamed(have, name); file != nil {
			refs = append(refs, dossier.FileRef{ID: file.ID, How: dossier.KeepFile})
		} else {
			foreign = append(foreign, name)
		}
	}
	if foreign != nil {
		e.fault(dossier.CodeNoUpload, map[string]any{"keys": foreign}, path...)
		return false
	}
	row.Values[f.Name] = refs
	return true
}
