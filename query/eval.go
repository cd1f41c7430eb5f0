package query

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"dossier"
)

// A Source gives Eval the records that a filter hops to.
type Source interface {
	// Related returns the record of c with that ID, dossier.NotFound if there is none.
	Related(ctx context.Context, c *dossier.Collection, id dossier.ID) (*dossier.Record, error)
	// Referring returns the records of c whose relation field refers to id.
	Referring(ctx context.Context, c *dossier.Collection, field *dossier.Field, id dossier.ID) ([]*dossier.Record, error)
	// All returns the records of c.
	All(ctx context.Context, c *dossier.Collection) ([]*dossier.Record, error)
}

// Eval reports whether r, a record of c, passes the filter: the definition of what a filter means. src may be nil if the
// filter hops to no other record. A filter that Check would refuse is dossier.Invalid.
func Eval(ctx context.Context, space *dossier.Space, c *dossier.Collection, filter Filter, r *dossier.Record, src Source) (bool, error) {
	if c == nil || r == nil {
		return false, invalid("a filter needs a record")
	}
	e := evaluator{ctx, src}
	return e.filter(&frame{scope: NewScope(space, c), record: r}, filter)
}

type evaluator struct {
	ctx context.Context
	src Source
}

// A frame is the record or element at hand, in its scope.
type frame struct {
	scope  *Scope
	record *dossier.Record // of scopes of records
	row    dossier.Row     // of scopes of rows
	file   *dossier.File   // of scopes of files
	option string          // of scopes of options
	outer  *frame
}

func (e evaluator) filter(at *frame, f Filter) (bool, error) {
	switch f := f.(type) {
	case nil:
		return true, nil
	case Const:
		return bool(f), nil
	case And:
		return e.all(at, f, true)
	case Or:
		return e.all(at, f, false)
	case Not:
		ok, err := e.filter(at, f.Filter)
		return !ok, err
	case Compare:
		return e.compare(at, f)
	case In:
		return e.in(at, f)
	case Empty:
		v, err := e.operand(at, f.Of)
		return dossier.IsEmpty(v), err
	case Blank:
		v, err := e.operand(at, f.Of)
		return dossier.IsEmpty(v) || strings.Trim(TextOf(v), Spaces) == "", err
	case Like:
		v, err := e.operand(at, f.Of)
		return !dossier.IsEmpty(v) && match(f.Pattern, TextOf(v), f.Case), err
	case Contains:
		return e.contains(at, f)
	case Some:
		return e.some(at, f.Over, f.Where, true)
	case Every:
		none, err := e.some(at, f.Over, f.Where, false)
		return !none, err
	}
	return false, invalid("a %T is no filter", f)
}

// all is And if unit is true, Or if it is false: it ends at the first filter that differs from unit.
func (e evaluator) all(at *frame, filters []Filter, unit bool) (bool, error) {
	for _, f := range filters {
		if ok, err := e.filter(at, f); err != nil || ok != unit {
			return ok, err
		}
	}
	return unit, nil
}

func (e evaluator) compare(at *frame, f Compare) (bool, error) {
	left, err := e.operand(at, f.Left)
	if err != nil {
		return false, err
	}
	right, err := e.operand(at, f.Right)
	if err != nil || dossier.IsEmpty(left) || dossier.IsEmpty(right) {
		return false, err
	}
	n := CompareValues(left, right)
	switch f.Op {
	case Eq:
		return n == 0, nil
	case Ne:
		return n != 0, nil
	case Lt:
		return n < 0, nil
	case Le:
		return n <= 0, nil
	case Gt:
		return n > 0, nil
	case Ge:
		return n >= 0, nil
	}
	return false, invalid("%q is no comparison", f.Op)
}

func (e evaluator) contains(at *frame, f Contains) (bool, error) {
	of, err := e.operand(at, f.Of)
	if err != nil {
		return false, err
	}
	part, err := e.operand(at, f.Part)
	if err != nil || dossier.IsEmpty(of) || dossier.IsEmpty(part) {
		return false, err
	}
	return strings.Contains(FoldText(TextOf(of), f.Case), FoldText(TextOf(part), f.Case)), nil
}

func (e evaluator) in(at *frame, f In) (bool, error) {
	v, err := e.operand(at, f.Of)
	if err != nil || dossier.IsEmpty(v) {
		return false, err
	}
	for _, w := range f.Values {
		if !dossier.IsEmpty(w) && CompareValues(v, w) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// some reports whether an element of over makes where equal to want.
func (e evaluator) some(at *frame, over Set, where Filter, want bool) (bool, error) {
	elements, err := e.elements(at, over)
	if err != nil {
		return false, err
	}
	for _, el := range elements {
		if ok, err := e.filter(el, where); err != nil || ok == want {
			return err == nil, err
		}
	}
	return false, nil
}

func (e evaluator) elements(at *frame, over Set) ([]*frame, error) {
	r, err := at.scope.Enter(over)
	if err != nil {
		return nil, err
	}
	var records []*dossier.Record
	switch r.Kind {
	case OverReferring:
		if err := e.needSource(); err != nil {
			return nil, err
		}
		records, err = e.src.Referring(e.ctx, r.Collection, r.Field, at.record.ID)
	case OverAll:
		if err := e.needSource(); err != nil {
			return nil, err
		}
		records, err = e.src.All(e.ctx, r.Collection)
	default:
		return e.columnElements(at, r)
	}
	if err != nil {
		return nil, err
	}
	out := make([]*frame, len(records))
	for i, rec := range records {
		out[i] = &frame{scope: r.Inner, record: rec, outer: at}
	}
	slices.SortStableFunc(out, func(a, b *frame) int { return compareInts(a.record.Number, b.record.Number) })
	return out, nil
}

func (e evaluator) columnElements(at *frame, r Range) ([]*frame, error) {
	v, err := e.column(at, r.Column)
	if err != nil {
		return nil, err
	}
	var out []*frame
	add := func(f frame) {
		f.scope, f.outer = r.Inner, at
		out = append(out, &f)
	}
	switch v := v.(type) {
	case dossier.Files:
		for _, file := range v {
			add(frame{file: file})
		}
	case dossier.Rows:
		for _, row := range v {
			add(frame{row: row})
		}
	default:
		for _, s := range strs(v) {
			if r.Kind == OverOptions {
				add(frame{option: s})
				continue
			}
			rec, err := e.related(r.Collection, s)
			if err != nil {
				return nil, err
			}
			if rec != nil {
				add(frame{record: rec})
			}
		}
	}
	return out, nil
}

// strs are the options or IDs of v.
func strs(v dossier.Value) []string {
	switch v := v.(type) {
	case dossier.Text:
		return []string{string(v)}
	case dossier.List:
		return v
	}
	return nil
}

func (e evaluator) needSource() error {
	if e.src == nil {
		return dossier.Errorf(dossier.Internal, "a filter hops to other records and there is no source of them")
	}
	return nil
}

// related is the record of c with that id, nil if there is none.
func (e evaluator) related(c *dossier.Collection, id string) (*dossier.Record, error) {
	if err := e.needSource(); err != nil {
		return nil, err
	}
	r, err := e.src.Related(e.ctx, c, dossier.ID(id))
	if errors.Is(err, dossier.NotFound) {
		return nil, nil
	}
	return r, err
}

func (e evaluator) operand(at *frame, o Operand) (dossier.Value, error) {
	if _, err := at.scope.TypeOf(o); err != nil {
		return nil, err
	}
	switch o := o.(type) {
	case Literal:
		return o.Value, nil
	case Element:
		if at.record != nil {
			return dossier.Text(at.record.ID), nil
		}
		return dossier.Text(at.option), nil
	case Outer:
		return e.operand(at.outer, o.Of)
	case Lower:
		v, err := e.operand(at, o.Of)
		if err != nil || dossier.IsEmpty(v) {
			return nil, err
		}
		return dossier.Text(FoldText(TextOf(v), o.Case)), nil
	case Length:
		v, err := e.operand(at, o.Of)
		return integer(int64(elementCount(v))), err
	case JSONPath:
		v, err := e.named(at, o.Of)
		doc, _ := v.(dossier.JSON)
		return JSONValue(doc, o.Path, o.As), err
	case Column:
		return e.named(at, o)
	}
	return e.computed(at, o)
}

func elementCount(v dossier.Value) int {
	switch v := v.(type) {
	case dossier.Files:
		return len(v)
	case dossier.Rows:
		return len(v)
	case dossier.JSON:
		return JSONLength(v)
	}
	return len(strs(v))
}

func (e evaluator) named(at *frame, c Column) (dossier.Value, error) {
	r, err := at.scope.Resolve(c)
	if err != nil {
		return nil, err
	}
	return e.column(at, r)
}

// column is the value of a resolved column, empty if its path leads to a missing record.
func (e evaluator) column(at *frame, r Resolved) (dossier.Value, error) {
	for _, step := range r.Steps {
		id, ok := at.value(step.Field.Name).(dossier.Text)
		if !ok {
			return nil, nil
		}
		rec, err := e.related(step.To, string(id))
		if rec == nil || err != nil {
			return nil, err
		}
		at = &frame{record: rec}
	}
	switch {
	case r.Field != nil:
		return at.value(r.Field.Name), nil
	case r.File:
		return fileColumn(at.file, r.Meta), nil
	}
	return recordColumn(at.record, r.Meta), nil
}

func (f *frame) value(name string) dossier.Value {
	if f.record != nil {
		return f.record.Values[name]
	}
	return f.row.Values[name]
}

func recordColumn(r *dossier.Record, name string) dossier.Value {
	switch name {
	case ID:
		return dossier.Text(r.ID)
	case Number:
		return integer(r.Number)
	case Revision:
		return integer(r.Revision)
	case Created:
		return dossier.InstantOf(r.Created)
	case Updated:
		return dossier.InstantOf(r.Updated)
	case CreatedBy:
		return textOrEmpty(r.CreatedBy)
	case UpdatedBy:
		return textOrEmpty(r.UpdatedBy)
	}
	if r.Account == nil {
		return nil
	}
	switch name {
	case Email:
		return textOrEmpty(r.Account.Email)
	case EmailVisible:
		return dossier.Bool(r.Account.EmailVisible)
	case Verified:
		return dossier.Bool(r.Account.Verified)
	}
	return nil
}

func fileColumn(f *dossier.File, name string) dossier.Value {
	switch name {
	case FileName:
		return dossier.Text(f.Name)
	case FileSlug:
		return dossier.Text(f.Slug)
	case FileSize:
		return integer(f.Size)
	case FileType:
		return dossier.Text(f.Sniffed)
	case FileID:
		return dossier.Text(f.ID)
	}
	return nil
}

func integer(n int64) dossier.Value { return dossier.Number(strconv.FormatInt(n, 10)) }

func textOrEmpty(s string) dossier.Value {
	if s == "" {
		return nil
	}
	return dossier.Text(s)
}
